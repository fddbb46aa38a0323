//! New pictures of other sizes and shapes: `cargo run --release -p consingan --example 02_sample_any_size --
//! RUN`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{SampleRequest, Target, Task};

fn main() -> consingan::Result<()> {
    // A run that was trained before, or a small one.
    let run = match std::env::args().nth(1) {
        Some(dir) => consingan::open(dir)?,
        None => common::small_run(Task::Generation)?,
    };
    // Fresh noise everywhere, at twice the width; then the fixed noise at stage 0, which keeps the layout.
    let wide = SampleRequest { seed: 1, target: Target::Scale(1.0, 2.0), ..SampleRequest::default() };
    let alike = SampleRequest { seed: 1, start_stage: 1, ..SampleRequest::default() };
    for (name, request) in [("wide", wide), ("alike", alike)] {
        let sampler = run.sampler(request)?;
        for index in 0..3 {
            // Picture 2 is the same whether or not 0 and 1 were drawn before it.
            let path = run.dir().join(format!("{name}-{index}.png"));
            sampler.picture(index)?.save_png(&path)?;
            println!("{}", path.display());
        }
    }
    Ok(())
}
