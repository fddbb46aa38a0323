//! The pictures that a run generates together: one, or several aligned ones, such as a material's colour, normals and
//! height, or a picture and its segmentation.
//!
//! A network generates one array. A [`Map`] says which picture a range of its channels is.

use crate::{Error, Result};
use ndarray::{Array3, ArrayView3, Axis, concatenate, s};
use pyramid::{Depth, Encoding, Loaded, MAX_CHANNELS, Palette, Picture};
use serde::{Deserialize, Serialize};

/// One picture of those that a run generates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The name that its files get where there are several.
    pub name: String,
    /// Channels of the picture.
    pub channels: usize,
    /// What the channels are.
    pub kind: MapKind,
    /// The precision of the samples.
    #[serde(with = "DepthName")]
    pub depth: Depth,
    /// The sample that became -1, in units of full scale.
    pub low: f64,
    /// The sample that became 1.
    pub high: f64,
    /// As [`Encoding::knee`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<f64>,
    /// The ICC profile. In a run directory it is a file of its own.
    #[serde(skip)]
    pub profile: Option<Vec<u8>>,
}

/// What the channels of a map are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapKind {
    /// Numbers that can be mixed, such as colours and heights.
    Colour,
    /// Directions of unit length, from [-1, 1] in each of three channels.
    Normals,
    /// Some values and none between them. Results have the nearest one.
    Labels(Vec<Vec<f32>>),
    /// The same, and the network has a channel for each value. Results have the value of the strongest, so that no third
    /// value comes between two.
    Classes(Vec<Vec<f32>>),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Depth", rename_all = "lowercase")]
enum DepthName {
    Eight,
    Sixteen,
    Float,
}

/// What a picture that is given is to be taken as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GivenKind {
    /// Normals if its pixels have unit length, else colour.
    #[default]
    Auto,
    /// Numbers that can be mixed.
    Colour,
    /// Directions.
    Normals,
    /// Labels.
    Labels,
}

/// A picture that is given for training.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its name, unique among those that are aligned.
    pub name: String,
    /// The picture and its file's properties.
    pub loaded: Loaded,
    /// What it is.
    pub kind: GivenKind,
}

/// The most labels that get a channel each.
const MOST_CLASSES: usize = 8;

/// One picture of aligned ones, and what its channels are; a single picture is as it is.
///
/// # Errors
/// [`Error::MapSize`] where the sizes differ, [`Error::MapName`] where two have one name, [`Error::MapChannels`] for more
/// than 16 channels in all, [`Error::MapLabels`] for more than 256 labels.
pub fn stack(given: &[Given]) -> Result<(Picture, Vec<Map>)> {
    let first = given.first().ok_or(Error::MapChannels { channels: 0 })?;
    let size = first.loaded.picture.size();
    let mut room = MAX_CHANNELS.saturating_sub(given.iter().map(|g| g.loaded.picture.channels()).sum());
    let mut maps: Vec<Map> = Vec::with_capacity(given.len());
    for one in given {
        let found = one.loaded.picture.size();
        if found != size {
            return Err(Error::MapSize { name: one.name.clone(), found, expected: size });
        }
        if maps.iter().any(|map| map.name == one.name) {
            return Err(Error::MapName { name: one.name.clone() });
        }
        maps.push(Map::of(one, &mut room)?);
    }
    let channels = maps.iter().map(Map::planes).sum();
    if channels > MAX_CHANNELS {
        return Err(Error::MapChannels { channels });
    }
    let pictures: Vec<Picture> = given.iter().map(|one| one.loaded.picture.clone()).collect();
    Ok((stacked(&maps, &pictures)?, maps))
}

/// The array of pictures that belong to these maps, one each.
///
/// # Errors
/// [`Error::MapSize`] where the sizes differ, [`Error::MapChannels`] where the channels of one are others.
pub fn stacked(maps: &[Map], pictures: &[Picture]) -> Result<Picture> {
    let mut planes = Vec::with_capacity(maps.len());
    let size = pictures.first().map_or((0, 0), Picture::size);
    for (map, picture) in maps.iter().zip(pictures) {
        if picture.size() != size {
            return Err(Error::MapSize { name: map.name.clone(), found: picture.size(), expected: size });
        }
        if picture.channels() != map.channels {
            return Err(Error::MapChannels { channels: picture.channels() });
        }
        planes.push(map.planes_of(picture));
    }
    let views: Vec<ArrayView3<'_, f32>> = planes.iter().map(|planes| planes.view()).collect();
    let joined = concatenate(Axis(2), &views).map_err(candle_core::Error::wrap)?;
    Ok(Picture::from_pixels(joined)?)
}

/// The pictures in an array of these maps: labels are chosen, normals have unit length.
///
/// # Errors
/// [`Error::Picture`] where the array has other channels.
pub fn split(maps: &[Map], stack: &Picture) -> Result<Vec<Picture>> {
    // A retouched picture may have an alpha that the run does not know.
    if let [Map { kind: MapKind::Colour, .. }] = maps {
        return Ok(vec![stack.clone()]);
    }
    let pixels = stack.pixels();
    let mut start = 0;
    let mut pictures = Vec::with_capacity(maps.len());
    for map in maps {
        let end = start + map.planes();
        if end > stack.channels() {
            return Err(Error::MapChannels { channels: stack.channels() });
        }
        pictures.push(map.picture_of(pixels.slice(s![.., .., start..end]))?);
        start = end;
    }
    Ok(pictures)
}

impl Map {
    /// A picture of `channels` channels in 8 bits.
    pub fn plain(channels: usize) -> Self {
        Self::of_loaded("", channels, Encoding::default(), None)
    }

    /// A picture as it was loaded.
    pub fn single(loaded: &Loaded) -> Self {
        Self::of_loaded("", loaded.picture.channels(), loaded.encoding, loaded.profile.clone())
    }

    fn of_loaded(name: &str, channels: usize, encoding: Encoding, profile: Option<Vec<u8>>) -> Self {
        let Encoding { depth, low, high, knee } = encoding;
        Self { name: name.into(), channels, kind: MapKind::Colour, depth, low, high, knee, profile }
    }

    /// `room`: how many channels are left for labels.
    fn of(given: &Given, room: &mut usize) -> Result<Self> {
        let Given { name, loaded, kind } = given;
        let picture = &loaded.picture;
        let mut map = Self { name: name.clone(), ..Self::single(loaded) };
        map.kind = match kind {
            GivenKind::Labels => {
                let labels = labels(picture).ok_or_else(|| Error::MapLabels { name: name.clone() })?;
                let more = labels.len().saturating_sub(picture.channels());
                if labels.len() <= MOST_CLASSES && more <= *room {
                    *room -= more;
                    MapKind::Classes(labels)
                } else {
                    MapKind::Labels(labels)
                }
            }
            GivenKind::Normals if picture.channels() >= 3 => MapKind::Normals,
            GivenKind::Normals => {
                return Err(Error::MapNormals { name: name.clone(), channels: picture.channels() });
            }
            GivenKind::Auto if are_normals(picture) => MapKind::Normals,
            GivenKind::Auto | GivenKind::Colour => MapKind::Colour,
        };
        Ok(map)
    }

    /// Whether it is what [`Map::plain`] makes, of which nothing needs to be stored.
    pub fn is_plain(&self) -> bool {
        Self { name: String::new(), ..self.clone() } == Self::plain(self.channels)
    }

    /// How its samples are written.
    pub fn encoding(&self) -> Encoding {
        Encoding { depth: self.depth, low: self.low, high: self.high, knee: self.knee }
    }

    /// The channels of the network that it takes.
    pub fn planes(&self) -> usize {
        match &self.kind {
            MapKind::Classes(labels) => labels.len(),
            _ => self.channels,
        }
    }

    /// The values that the network learns, height x width x [`Map::planes`].
    fn planes_of(&self, picture: &Picture) -> Array3<f32> {
        let MapKind::Classes(labels) = &self.kind else { return picture.pixels().to_owned() };
        let palette = Palette::new(labels.clone());
        let (h, w) = picture.size();
        let mut planes = Array3::from_elem((h, w, labels.len()), -1.0);
        for (pixel, mut plane) in picture.pixels().lanes(Axis(2)).into_iter().zip(planes.lanes_mut(Axis(2))) {
            plane[palette.nearest(&pixel.to_vec())] = 1.0;
        }
        planes
    }

    fn picture_of(&self, planes: ArrayView3<'_, f32>) -> Result<Picture> {
        match &self.kind {
            MapKind::Colour => Ok(Picture::from_pixels(planes.to_owned())?),
            MapKind::Labels(labels) => {
                let picture = Picture::from_pixels(planes.to_owned())?;
                Ok(Palette::new(labels.clone()).apply(&picture))
            }
            MapKind::Normals => {
                let mut pixels = planes.to_owned();
                pixels.lanes_mut(Axis(2)).into_iter().for_each(|mut pixel| {
                    let length = (0..3).map(|c| pixel[c] * pixel[c]).sum::<f32>().sqrt();
                    if length > 1e-6 {
                        (0..3).for_each(|c| pixel[c] /= length);
                    }
                });
                Ok(Picture::from_pixels(pixels)?)
            }
            MapKind::Classes(labels) => {
                let (h, w, _) = planes.dim();
                let mut pixels = Array3::zeros((h, w, self.channels));
                for (plane, mut pixel) in planes.lanes(Axis(2)).into_iter().zip(pixels.lanes_mut(Axis(2))) {
                    // The first of those that are equally strong.
                    let strongest = (0..labels.len()).rev().max_by(|&a, &b| plane[a].total_cmp(&plane[b]));
                    let label = &labels[strongest.unwrap_or(0)];
                    pixel.iter_mut().zip(label).for_each(|(value, label)| *value = *label);
                }
                Ok(Picture::from_pixels(pixels)?)
            }
        }
    }

    /// The name of the file in a run directory that holds its ICC profile.
    pub(crate) fn profile_file(&self) -> String {
        if self.name.is_empty() { "profile.icc".into() } else { format!("profile-{}.icc", self.name) }
    }
}

/// The different pixels of a picture in ascending order; `None` for more than [`Palette::MOST`].
fn labels(picture: &Picture) -> Option<Vec<Vec<f32>>> {
    let mut found: Vec<Vec<f32>> = Vec::new();
    for pixel in picture.pixels().lanes(Axis(2)) {
        let pixel = pixel.to_vec();
        let order = |a: &Vec<f32>| {
            a.iter()
                .zip(&pixel)
                .map(|(a, b)| a.total_cmp(b))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        if let Err(place) = found.binary_search_by(order) {
            found.insert(place, pixel);
        }
        if found.len() > Palette::MOST {
            return None;
        }
    }
    Some(found)
}

/// Whether nearly all pixels are directions of unit length that look at the viewer.
fn are_normals(picture: &Picture) -> bool {
    if picture.channels() != 3 {
        return false;
    }
    let pixels = picture.pixels();
    let unit = |pixel: &ndarray::ArrayView1<'_, f32>| {
        let length = pixel.iter().map(|v| v * v).sum::<f32>().sqrt();
        (length - 1.0).abs() < 0.05 && pixel[2] > 0.0
    };
    let count = pixels.lanes(Axis(2)).into_iter().filter(unit).count();
    let (h, w) = picture.size();
    count * 100 >= h * w * 98
}

#[cfg(test)]
mod tests;
