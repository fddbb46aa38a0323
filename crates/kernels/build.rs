//! Compiles the kernels in `cuda/`: by nvcc to PTX (feature `cuda`), and as C++ for tests on the processor (feature `emulate`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cuda");
    #[cfg(feature = "cuda")]
    ptx();
    #[cfg(feature = "emulate")]
    emulated();
}

/// As candle compiles its own: for the GPU of this machine or `CUDA_COMPUTE_CAP`.
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

/// Fibers need a C library with contexts, and kernels a compiler that knows C++17.
#[cfg(feature = "emulate")]
fn emulated() {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").file("cuda/emulated.cpp").opt_level(2).warnings(false);
    // Multiplications are not fused with additions, as on the CPU; and fibers jump between stacks.
    build.flag_if_supported("-ffp-contract=off").define("_FORTIFY_SOURCE", "0");
    build.compile("kernels_emulated");
}
