//! The operations as launches of the kernels in `cuda/`, a file for each kind.

mod border;
mod choice;
mod conv;
mod loss;
mod norm;
mod pointwise;
mod resize;
mod weight_grad;
