//! Lists the contents of files written by `torch.save`: `cargo run -p pth --example 01-list -- FILE...`.
//! Without arguments, it lists files that come with the tests.

#![allow(clippy::print_stdout)] // An example prints its results.

use pth::TorchFile;
use std::path::PathBuf;

fn main() -> pth::Result<()> {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/official/zip");
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        files = ["reals.pth", "noise_amp.pth", "1/netG.pth"]
            .map(|name| PathBuf::from(bundled).join(name))
            .to_vec();
    }
    for path in files {
        println!("{}", path.display());
        let file = TorchFile::open(&path)?;
        if let Ok(named) = file.named() {
            let mut named: Vec<_> = named.into_iter().collect();
            named.sort_by(|a, b| a.0.cmp(&b.0));
            for (name, tensor) in named {
                println!("  {name}: {:?}", tensor.dims());
            }
        } else if let Ok(numbers) = file.numbers() {
            println!("  numbers: {numbers:?}");
        } else {
            for (index, tensor) in file.list()?.iter().enumerate() {
                println!("  item {index}: {:?}", tensor.dims());
            }
        }
    }
    Ok(())
}
