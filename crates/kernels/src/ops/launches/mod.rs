//! The kernel launches of the operations on a GPU. Each file covers one kind of operation; the kernels are in
//! `cuda/`.

mod border;
mod choice;
mod conv;
mod loss;
mod norm;
mod pointwise;
mod resize;
mod weight_grad;
