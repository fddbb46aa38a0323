//! How well a trained harmonization or editing run does on pictures whose truth is known.
//!
//! ```sh
//! cargo run --release -p lab --example 02-retouching -- RUN PICTURE [CASES [TRANSFER [SHEETS [FINE_TUNE_NITER]]]]
//! ```
//!
//! Prints a line a case and the mean ratio; sheets show truth, naive picture, the network's picture and the
//! result.

#![allow(clippy::print_stdout)] // an example prints

use lab::retouching::{RetouchCase, RetouchTrial, try_editing, try_harmonization};
use pyramid::{Target, imresize};
use std::path::Path;
use tasks::{Task, Transfer};
use train::Run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, run, picture, rest @ ..] = args.as_slice() else {
        return Err("name a run and the picture that it was trained on".into());
    };
    let run = Run::open(Path::new(run))?;
    let picture = pyramid::load(Path::new(picture))?;
    let (h, w) = picture.size();
    // A third more than the run's, so that its result has to be enlarged.
    let size = run.config.max_size as f64 * 1.3;
    let small = imresize(picture.pixels(), Target::Scale((size / h.max(w) as f64).min(1.0)))?;
    let picture = pyramid::Picture::from_pixels(small)?;
    let cases = rest.first().map_or(Ok(8), |n| n.parse())?;
    let transfer = rest.get(1).and_then(|name| Transfer::ALL.into_iter().find(|t| t.name() == name));
    let folder = rest.get(2).filter(|name| *name != "-").map(Path::new);
    let niter: usize = rest.get(3).map_or(Ok(0), |n| n.parse())?;
    let tuned = run.dir.with_extension(format!("tuned-{}", std::process::id()));
    let fine_tune = (niter > 0).then_some((niter, tuned.as_path()));
    let trial = RetouchTrial { picture: &picture, cases, seed: 1, transfer, with_mask: true, fine_tune };
    let look = |case: u32, pictures: &RetouchCase| {
        if let Some(folder) = folder {
            let RetouchCase { truth, naive, retouched } = pictures;
            let network = imresize(retouched.network.pixels(), Target::Size(truth.size()))?;
            let tiles = [truth, naive, &pyramid::Picture::from_pixels(network)?, &retouched.picture]
                .map(Clone::clone);
            pyramid::contact_sheet(&tiles, 4, 2).save_png(folder.join(format!("case-{case}.png")))?;
        }
        Ok(())
    };
    let figures = match run.info.task {
        Task::Editing => try_editing(&run, &trial, look)?,
        _ => try_harmonization(&run, &trial, look)?,
    };
    let (mut mean, mut sums) = (0.0, (0.0, 0.0));
    for (case, f) in figures.iter().enumerate() {
        let moved = f.moved.map_or(String::new(), |m| format!(", inside {m:.3}"));
        println!("{case}: {:.4} -> {:.4}, ratio {:.2}{moved}", f.naive, f.result, f.result / f.naive);
        sums = (sums.0 + f.naive, sums.1 + f.result);
        mean += f.result / f.naive / figures.len() as f64;
    }
    println!("mean ratio {mean:.3}, ratio of means {:.3}", sums.1 / sums.0);
    Ok(())
}
