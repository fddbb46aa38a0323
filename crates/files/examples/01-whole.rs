//! Fills three directories, of which one fails halfway, and lists what exists afterwards: `cargo run -p files
//! --example 01-whole`.

#![allow(clippy::print_stdout)] // An example prints its results.

use files::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::temp_dir().join(format!("files-example-{}", std::process::id()));
    for fails in [false, true, false] {
        let folder = files::free_name(&dir.join("photo"), "");
        match fill(&folder, fails) {
            Ok(()) => println!("{} is whole", folder.display()),
            Err(error) => println!("{} is not there: {error}", folder.display()),
        }
    }
    for entry in std::fs::read_dir(&dir)? {
        println!("found: {}", entry?.path().display());
    }
    Ok(std::fs::remove_dir_all(&dir)?)
}

fn fill(folder: &Path, fails: bool) -> files::Result<()> {
    files::make_directory(folder, |temporary| {
        files::write(&temporary.join("first.txt"), b"first")?;
        if fails {
            let source = std::io::Error::other("the second file is too much");
            return Err(Error::Io { path: folder.to_path_buf(), source });
        }
        files::write(&temporary.join("second.txt"), b"second")
    })
}
