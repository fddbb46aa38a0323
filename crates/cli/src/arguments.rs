//! Arguments that several commands take. A command flattens them into its own; `--device` is in `device.rs`.

use crate::refusal::refusal;
use anyhow::Result;
use clap::{Args, ValueEnum, value_parser};
use consingan::{Depth, Format, Palette, Picture, Run, Target};
use std::path::Path;
use std::str::FromStr;

/// `--threads`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// Worker threads, 1 to 256; the results are the same bytes [default: one per core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

impl Threads {
    /// Sets the number of worker threads.
    pub(crate) fn apply(self) {
        if let Some(n) = self.threads {
            consingan::set_threads(n.into());
        }
    }
}

/// `--seed`, 0 where it is not given.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Seed {
    /// Seed of every random number; the same seed gives the same results
    #[arg(id = "seed", long, value_name = "N", default_value_t = 0)]
    #[arg(allow_negative_numbers = true, value_parser = seed())]
    pub(crate) value: u64,
}

/// The largest seed: the largest integer of TOML.
pub(crate) fn seed() -> clap::builder::RangedU64ValueParser {
    value_parser!(u64).range(0..=i64::MAX as u64)
}

/// What `-n` takes: 1 to `most`. Its default differs from command to command.
pub(crate) fn count(most: u32) -> clap::builder::RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=most.into())
}

/// `--size` and `--scale`: how large pictures should be.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TargetSize {
    /// Height and width of the result, like 250x500 [default: the training picture's]
    #[arg(long, value_name = "HxW", allow_hyphen_values = true, value_parser = size, conflicts_with = "scale")]
    size: Option<Target>,
    /// Factors on the training picture's height and width, like 1x2
    #[arg(long, value_name = "FHxFW", allow_hyphen_values = true, value_parser = scale)]
    scale: Option<Target>,
}

impl TargetSize {
    /// The wanted size; that of the training picture if no flag is given.
    pub(crate) fn target(self) -> Target {
        self.size.or(self.scale).unwrap_or_default()
    }
}

fn size(text: &str) -> Result<Target, String> {
    let (h, w) = pair(text).ok_or("give height and width like 250x500")?;
    Ok(Target::Size(h, w))
}

fn scale(text: &str) -> Result<Target, String> {
    let (h, w) = pair(text).ok_or("give factors on height and width like 1x2 or 1.5x0.8")?;
    Ok(Target::Scale(h, w))
}

fn pair<T: FromStr>(text: &str) -> Option<(T, T)> {
    let (a, b) = text.split_once(['x', 'X'])?;
    Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
}

/// `--format` of pictures; animations have one of their own.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PictureFormat {
    /// File format of the pictures [default: as --out ends where that is a file, else what keeps
    /// the picture's precision: png, png16 or tiff]
    #[arg(long, value_enum)]
    format: Option<FormatArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// 8 bits a channel
    Png,
    /// PNG with 16 bits a channel
    Png16,
    /// 16 bits a channel, floats for pictures of floats
    #[value(alias = "tif")]
    Tiff,
    /// OpenEXR, floats
    Exr,
    /// Lossless, 8 bits a channel
    Webp,
    /// Quality 95, without transparency
    #[value(alias = "jpg")]
    Jpeg,
    /// The tensor `image`, [1, C, H, W] in [-1, 1]
    Safetensors,
}

impl PictureFormat {
    /// The format that was chosen, if one was.
    pub(crate) fn chosen(self) -> Option<Format> {
        Some(match self.format? {
            FormatArg::Png => Format::Png,
            FormatArg::Png16 => Format::Png16,
            FormatArg::Tiff => Format::Tiff,
            FormatArg::Exr => Format::Exr,
            FormatArg::Webp => Format::Webp,
            FormatArg::Jpeg => Format::Jpeg,
            FormatArg::Safetensors => Format::Safetensors,
        })
    }

    /// The format of the file `out`, whose ending names it, for a picture of this precision.
    ///
    /// # Errors
    /// Where the ending names no format, or another one than was chosen.
    pub(crate) fn of_file(self, out: &Path, depth: Depth) -> Result<Format> {
        let Some(of_ending) = Format::of_path(out) else {
            let endings: Vec<String> = Format::ENDINGS.iter().map(|(name, _)| format!(".{name}")).collect();
            let what = format!("{}: its ending names no format of pictures", out.display());
            return Err(refusal(what, format!("end it in one of {}", endings.join(", "))));
        };
        let Some(chosen) = self.chosen() else {
            let deep = of_ending == Format::Png && depth != Depth::Eight;
            return Ok(if deep { Format::Png16 } else { of_ending });
        };
        if chosen.extension() == of_ending.extension() {
            return Ok(chosen);
        }
        let what = format!("{}: ends like another format than that of --format", out.display());
        Err(refusal(what, format!("end it in .{}, or leave out --format", chosen.extension())))
    }
}

/// `--palette`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PaletteArg {
    /// Map results to the picture's own colours, of which there must be no more than 256
    #[arg(id = "palette", long)]
    wanted: bool,
}

impl PaletteArg {
    /// The colours of a picture, if they are wanted.
    ///
    /// # Errors
    /// Where they are, and there are too many.
    pub(crate) fn of_picture(self, picture: &Picture) -> Result<Option<Palette>> {
        if !self.wanted {
            return Ok(None);
        }
        let bytes = Palette::bytes_of(picture);
        bytes.map(|bytes| Some(Palette::from_bytes(&bytes))).ok_or_else(|| {
            refusal(format!("the picture has more than {} colours", Palette::MOST), "leave out --palette")
        })
    }

    /// The palette of the run, if it is wanted.
    ///
    /// # Errors
    /// Where it is, and the run's picture has too many colours.
    pub(crate) fn of(self, run: &Run) -> Result<Option<Palette>> {
        if !self.wanted {
            return Ok(None);
        }
        let palette = run.palette();
        palette.map(Some).ok_or_else(|| {
            let what = format!(
                "{}: its picture has more than {} colours, or the run was made before they were kept",
                run.dir().display(),
                Palette::MOST
            );
            refusal(what, "leave out --palette, or train on a picture of fewer colours")
        })
    }
}

/// `--json`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Json {
    /// Print JSON lines on standard output instead of text
    #[arg(id = "json", long)]
    pub(crate) wanted: bool,
}
