//! `consingan sample`: new pictures from a run.

use crate::args::{SampleArgs, TileArg};
use crate::output::line;
use anyhow::Result;
use candle_core::Device;
use kernels::Wrap;
use pyramid::{Picture, imresize};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tasks::{SampleRequest, Sampler};
use train::Run;

/// Pictures on a sheet; more would not be looked at.
const SHEET: u32 = 64;

/// Longer side of a picture on the sheet; larger ones are scaled down, or a sheet of large samples would not fit in memory.
const TILE: usize = 512;

pub(crate) fn run(args: SampleArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = Run::open(&args.run)?;
    let request = SampleRequest {
        seed: args.seed,
        target: args.size.or(args.scale).unwrap_or_default(),
        stages: args.stages,
        start_stage: args.start_stage,
        wrap: args.tile.map_or(Wrap::default(), TileArg::wrap),
    };
    let sampler = Sampler::new(&run, &request, &Device::Cpu)?;
    let format = args.format.into_format();
    let out = match &args.out {
        Some(out) => out.clone(),
        None => free_name(&run.dir.join("samples").join(format!("seed-{}", args.seed))),
    };
    make_folder(&out)?;
    let say = |path: &Path| {
        if args.json {
            line(&serde_json::json!({"file": path.to_string_lossy(), "size": sampler.size()}).to_string());
        }
    };
    if args.reconstruction {
        let (path, _) = format.write(&sampler.reconstruction()?, &out, "reconstruction")?;
        say(&path);
        if !args.json {
            line(&path.display().to_string());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut tiles = Vec::new();
    for index in 0..args.n {
        let (path, picture) = format.write(&sampler.sample(index)?, &out, &format!("sample-{index:04}"))?;
        say(&path);
        if index < SHEET {
            tiles.push(tile(picture)?);
        }
    }
    let sheet = out.join("sheet.png");
    let columns = (tiles.len() as f64).sqrt().ceil() as usize;
    pyramid::contact_sheet(&tiles, columns, 2).save_png(&sheet)?;
    say(&sheet);
    if !args.json {
        line(&format!(
            "{} samples of {}x{} and sheet.png in {}",
            args.n,
            sampler.size().0,
            sampler.size().1,
            out.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the directory `out` for results; what lies in one that is there already is not written over.
pub(crate) fn make_folder(out: &Path) -> Result<()> {
    let taken = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        anyhow::bail!("{}: exists already; choose another name or remove it", out.display());
    }
    std::fs::create_dir_all(out).map_err(|e| {
        anyhow::anyhow!("{}: cannot be made ({e}); name another directory with --out", out.display())
    })
}

fn tile(picture: Picture) -> Result<Picture> {
    let (h, w) = picture.size();
    if h.max(w) <= TILE {
        return Ok(picture);
    }
    let small = imresize(picture.pixels(), pyramid::Target::Scale(TILE as f64 / h.max(w) as f64))?;
    Ok(Picture::from_pixels(small)?)
}

/// `path`, or with the first number that is free behind it.
pub(crate) fn free_name(path: &Path) -> PathBuf {
    let taken = |p: &Path| p.symlink_metadata().is_ok();
    if !taken(path) {
        return path.to_path_buf();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..).map(|i: u32| path.with_file_name(format!("{name}-{i}")));
    numbered.into_iter().find(|p| !taken(p)).unwrap_or_else(|| path.to_path_buf())
}
