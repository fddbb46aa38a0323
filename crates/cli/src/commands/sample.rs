//! `consingan sample`: new pictures from a run.

use crate::args::{SampleArgs, TileArg};
use crate::output::line;
use crate::places::{free_name, make_folder};
use anyhow::Result;
use kernels::Wrap;
use pyramid::{Picture, imresize};
use std::path::Path;
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
    let sampler = Sampler::new(&run, &request, &args.device.open()?)?;
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

fn tile(picture: Picture) -> Result<Picture> {
    let (h, w) = picture.size();
    if h.max(w) <= TILE {
        return Ok(picture);
    }
    let small = imresize(picture.pixels(), pyramid::Target::Scale(TILE as f64 / h.max(w) as f64))?;
    Ok(Picture::from_pixels(small)?)
}
