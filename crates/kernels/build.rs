//! Compiles the kernels in `cuda/`: with nvcc to PTX (feature `cuda`), and as C++ for tests on the CPU
//! (feature `emulate`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cuda");
    #[cfg(feature = "cuda")]
    ptx();
    #[cfg(feature = "emulate")]
    emulated();
}

/// Compiles for the GPU of this machine or for `CUDA_COMPUTE_CAP`, like candle does with its own kernels.
#[cfg(feature = "cuda")]
fn ptx() {
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let output = cudaforge::KernelBuilder::new()
        .source_dir("cuda")
        .watch(["cuda/common.cuh", "cuda/conv.cuh", "cuda/weight_grad.cuh"])
        .arg("-std=c++17")
        .arg("-O3")
        .build_ptx();
    match output.and_then(|o| o.write(out.join("ptx.rs"))) {
        Ok(()) => {}
        Err(error) => {
            panic!("the CUDA kernels cannot be compiled (nvcc of CUDA 12 or later is needed): {error}")
        }
    }
}

/// Needs a compiler for C++17, and a C library with `ucontext.h` for the fibers.
#[cfg(feature = "emulate")]
fn emulated() {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").file("cuda/emulated.cpp").opt_level(2).warnings(false);
    // As in the crate `cpu`, multiplications are not fused with additions. `_FORTIFY_SOURCE` must be off
    // because it rejects the jumps of fibers between stacks.
    build.flag_if_supported("-ffp-contract=off").define("_FORTIFY_SOURCE", "0");
    build.compile("kernels_emulated");
}
