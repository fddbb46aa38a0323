//! Sampling, and refinement of paintings.

use crate::{Result, Run, Source};
use candle_core::Tensor;
use pyramid::{Picture, Shrunk, Size};
use std::path::{Path, PathBuf};
use tasks::{PaintRequest, SampleRequest};
use train::{Observer, Output};

/// A run that is prepared for sampling. Picture number n depends only on the request's seed and on n.
#[derive(Debug)]
pub struct Sampler(tasks::Sampler);

/// Which picture of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// The sample of this number.
    Sample(u32),
    /// What the fixed noise gives.
    Reconstruction,
}

/// A picture that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its files, one for each map.
    pub files: Vec<PathBuf>,
    /// Each map's picture, no side longer than 512 pixels, for a sheet.
    pub small: Vec<Picture>,
}

/// Longer side of a small picture. Sheets of large samples would not fit in memory.
const SMALL: usize = 512;

fn small(picture: Picture) -> Result<Picture> {
    let (h, w) = picture.size();
    if h.max(w) <= SMALL {
        return Ok(picture);
    }
    let scale = pyramid::Target::Scale(SMALL as f64 / h.max(w) as f64);
    Ok(Picture::from_pixels(pyramid::imresize(picture.pixels(), scale)?)?)
}

/// A painting that is prepared for refinement. The pictures differ in their detail. Picture number n depends
/// only on the request's seed and on n.
#[derive(Debug)]
pub struct Painter(tasks::Painter);

impl Run {
    /// Prepares the run for sampling.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] for a run without a finished stage, and for stages and sizes that do not work.
    pub fn sampler(&self, request: SampleRequest) -> Result<Sampler> {
        Ok(Sampler(tasks::Sampler::new(&self.run, &request, &self.device)?))
    }

    /// Prepares the run for turning a rough painting into pictures.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] where the painting cannot be read, [`crate::Error::Tasks`] for a run without
    /// a finished stage, and for values outside their ranges.
    pub fn painter<'a>(&self, painting: impl Into<Source<'a>>, request: PaintRequest) -> Result<Painter> {
        let painting = painting.into().picture()?;
        Ok(Painter(tasks::Painter::new(&self.run, &painting, &request, &self.device)?))
    }
}

impl Sampler {
    /// Height and width of the pictures.
    pub fn size(&self) -> Size {
        self.0.size()
    }

    /// Whether pictures are so large that they are drawn in strips.
    pub fn is_large(&self) -> bool {
        self.0.is_large()
    }

    /// Picture number `index`.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] where the memory does not suffice.
    pub fn picture(&self, index: u32) -> Result<Picture> {
        Ok(train::picture(&self.tensor(index)?)?)
    }

    /// Picture number `index` as a tensor, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// As [`Sampler::picture`].
    pub fn tensor(&self, index: u32) -> Result<Tensor> {
        Ok(self.0.sample(index)?)
    }

    /// Writes a picture of the run to `dir` as [`Output::write`] does. Pictures that are too large for memory are drawn and
    /// written in strips, of which the observer is notified; PNG and TIFF files are then written as the strips come.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] and [`crate::Error::Train`] where it cannot be drawn or written, or the observer stops it; no
    /// file is left then.
    pub fn write(
        &self,
        what: Drawn,
        output: &Output,
        (dir, stem): (&Path, &str),
        observer: &mut dyn Observer,
    ) -> Result<Written> {
        let drawing = match what {
            Drawn::Sample(index) => self.0.drawing(index)?,
            Drawn::Reconstruction => self.0.fixed_drawing()?,
        };
        if !self.is_large() {
            let picture = train::picture(&drawing.picture()?)?;
            let small = output.pictures(&picture)?.into_iter().map(small).collect::<Result<_>>()?;
            return Ok(Written { files: output.write(&picture, dir, stem)?, small });
        }
        let maps = output.maps.iter().map(|map| map.channels);
        let mut shrunk: Vec<Shrunk> =
            maps.map(|channels| Shrunk::new(self.size(), channels, 2 * SMALL)).collect();
        let files = output.write_strips(self.size(), dir, stem, |write| -> Result<()> {
            drawing.each_strip(observer, |strip| -> Result<()> {
                let rows = train::picture(&strip)?;
                for (shrunk, rows) in shrunk.iter_mut().zip(&output.pictures(&rows)?) {
                    shrunk.add(rows);
                }
                Ok(write(&rows)?)
            })
        })?;
        let small = shrunk.iter().map(|shrunk| small(shrunk.picture())).collect::<Result<_>>()?;
        Ok(Written { files, small })
    }

    /// The reconstruction: the picture of the fixed noise, which resembles the training picture as far as the
    /// run has learnt it.
    ///
    /// # Errors
    /// As [`Sampler::picture`].
    pub fn reconstruction(&self) -> Result<Picture> {
        Ok(train::picture(&self.0.reconstruction()?)?)
    }
}

impl Painter {
    /// Height and width of the pictures.
    pub fn size(&self) -> Size {
        self.0.size()
    }

    /// The painting as the generator gets it: small, and in few colours where the request asks for them.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`], which a fault of this crate alone can cause.
    pub fn painting(&self) -> Result<Picture> {
        Ok(self.0.painting()?)
    }

    /// Picture number `index`.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] where the memory does not suffice.
    pub fn picture(&self, index: u32) -> Result<Picture> {
        Ok(train::picture(&self.tensor(index)?)?)
    }

    /// Picture number `index` as a tensor, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// As [`Painter::picture`].
    pub fn tensor(&self, index: u32) -> Result<Tensor> {
        Ok(self.0.refine(index)?)
    }
}
