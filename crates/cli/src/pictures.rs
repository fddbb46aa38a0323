//! Pictures that a command reads, and how its results are written: with the precision of what was read.

use crate::arguments::{PaletteArg, PictureFormat};
use crate::refusal::refusal;
use anyhow::Result;
use clap::Args;
use consingan::{
    Depth, Given, GivenKind, LeftOut, Loaded, Map, MapKind, Output, Picture, Reading, Run, load_with,
};
use std::path::{Path, PathBuf};

/// `--page`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PageArg {
    /// Page of a TIFF file, from 1
    #[arg(id = "page", long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
}

impl PageArg {
    /// Reads a picture, and says what of the file is not used and how its numbers are taken.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn load(self, path: &Path) -> Result<Loaded> {
        let loaded = load_with(path, &Reading { page: self.number as usize, like: None })?;
        tell_left_out(path, &loaded, self.number);
        let encoding = loaded.encoding;
        if !encoding.is_full() {
            let name = path.display();
            let scale = if encoding.depth == Depth::Sixteen { 65_535.0 } else { 1.0 };
            let (low, high) = (encoding.low * scale, encoding.high * scale);
            let how = if encoding.knee.is_some() { "on a logarithmic scale " } else { "" };
            tracing::info!(
                "{name}: values from {low:.6} to {high:.6} are stretched {how}and written back in their range"
            );
        }
        Ok(loaded)
    }
}

fn tell_left_out(path: &Path, loaded: &Loaded, page: u32) {
    let name = path.display();
    match &loaded.left_out {
        None => {}
        Some(LeftOut::Frames) => tracing::warn!("{name}: is animated; its first frame is used"),
        Some(LeftOut::Pages(pages)) if page == 1 => {
            tracing::warn!("{name}: has {pages} pages; the first is used (--page chooses another)");
        }
        Some(LeftOut::Pages(_)) => {}
        Some(LeftOut::Channels(names)) => {
            tracing::warn!("{name}: its channels {} are not used", names.join(", "));
        }
    }
}

/// Reads a picture that belongs to a run, whose numbers mean what they mean in the run's own picture.
///
/// # Errors
/// Where the file cannot be read.
pub(crate) fn load_like(path: &Path, map: &Map) -> Result<Picture> {
    let loaded = load_with(path, &Reading { like: Some(map.encoding()), ..Reading::default() })?;
    tell_left_out(path, &loaded, 1);
    Ok(loaded.picture)
}

/// How the pictures of a run are written; says where a format loses precision.
///
/// # Errors
/// Where the palette is wanted and the run has none.
pub(crate) fn output_of(run: &Run, format: PictureFormat, palette: PaletteArg) -> Result<Output> {
    let output = Output { format: format.chosen(), palette: palette.of(run)?, ..run.output()? };
    tell_losses(&output);
    Ok(output)
}

/// Says where a format does not keep the precision of what was read.
pub(crate) fn tell_losses(output: &Output) {
    let bits = |depth| match depth {
        Depth::Eight => "8 bits",
        Depth::Sixteen => "16 bits",
        Depth::Float => "floats",
    };
    for (map, own, left) in output.losses() {
        let of = if map.name.is_empty() { String::new() } else { format!(" of {}", map.name) };
        let stretched = if map.encoding().is_full() { "" } else { ", stretched to the full range" };
        tracing::warn!(
            "results{of} are written with {} a channel{stretched}; the picture has {} (--format {} keeps them)",
            bits(left),
            bits(own),
            if own == Depth::Float { "tiff or exr" } else { "png16 or tiff" }
        );
    }
}

/// `--with`: a file, and what it is.
#[derive(Clone, Debug)]
pub(crate) struct WithArg {
    /// The file.
    pub(crate) path: PathBuf,
    kind: GivenKind,
}

/// Parses FILE, FILE:labels, FILE:normals or FILE:colour.
pub(crate) fn with(text: &str) -> Result<WithArg, String> {
    let kinds = [
        ("labels", GivenKind::Labels),
        ("normals", GivenKind::Normals),
        ("colour", GivenKind::Colour),
        ("color", GivenKind::Colour),
    ];
    if let Some((path, last)) = text.rsplit_once(':')
        && !path.is_empty()
    {
        if let Some((_, kind)) = kinds.iter().find(|(name, _)| *name == last) {
            return Ok(WithArg { path: path.into(), kind: *kind });
        }
        // A colon may be part of a path, but then a slash or a dot follows.
        if !last.contains(['/', '\\', '.']) {
            return Err("after the colon: labels, normals or colour".into());
        }
    }
    Ok(WithArg { path: text.into(), kind: GivenKind::Auto })
}

/// The picture and those that are aligned with it, each under its file's name.
///
/// # Errors
/// Where a file cannot be read.
pub(crate) fn given(image: &Path, page: PageArg, with: &[WithArg]) -> Result<Vec<Given>> {
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut given = vec![Given { name: name(image), loaded: page.load(image)?, kind: GivenKind::Colour }];
    if with.is_empty() {
        return Ok(given);
    }
    given[0].kind = GivenKind::Auto;
    for WithArg { path, kind } in with {
        given.push(Given { name: name(path), loaded: page.load(path)?, kind: *kind });
    }
    Ok(given)
}

/// Says what each of several aligned pictures is taken as.
pub(crate) fn tell_maps(maps: &[Map]) {
    if maps.len() < 2 {
        return;
    }
    let told = maps.iter().map(|map| match &map.kind {
        MapKind::Colour => map.name.clone(),
        MapKind::Normals => format!("{} (normals)", map.name),
        MapKind::Labels(labels) | MapKind::Classes(labels) => {
            format!("{} ({} labels)", map.name, labels.len())
        }
    });
    tracing::info!("aligned pictures: {}", told.collect::<Vec<_>>().join(", "));
}

/// The picture to change and, for a run that generates several, the pictures that go with it.
///
/// # Errors
/// Where there are more or fewer than the run needs, or one cannot be read.
pub(crate) fn stack_for(run: &Run, first: &Path, with: &[PathBuf]) -> Result<Picture> {
    let maps = run.maps()?;
    let others: Vec<&str> = maps.iter().skip(1).map(|map| map.name.as_str()).collect();
    if with.len() != others.len() {
        let what = if others.is_empty() {
            format!("{}: generates one picture, so nothing goes with it", run.dir().display())
        } else {
            format!("{}: generates {} with its first picture", run.dir().display(), others.join(", "))
        };
        return Err(refusal(what, format!("give --with {} times, in this order", others.len())));
    }
    let first = load_like(first, &maps[0])?;
    if with.is_empty() {
        return Ok(first);
    }
    let mut pictures = vec![first];
    for (path, map) in with.iter().zip(&maps[1..]) {
        pictures.push(load_like(path, map)?);
    }
    Ok(run.stack(&pictures)?)
}
