//! Pictures for the program.

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// A file that comes with the program, by its path below `assets`.
pub fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets").join(name)
}

/// A smooth picture, different in every corner: nothing of it survives a rotation.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x * 255 / width, y * 255 / height);
        Rgb([u as u8, v as u8, (u * v / 255) as u8])
    })
}

/// The same with transparency from left to right.
pub fn colourful(width: u32, height: u32) -> RgbaImage {
    let rgb = picture(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let Rgb([r, g, b]) = *rgb.get_pixel(x, y);
        Rgba([r, g, b, (255 - x * 255 / width) as u8])
    })
}

/// The file of a picture.
pub fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("an encoder");
    bytes.into_inner()
}

/// A JPEG with an EXIF segment behind its first marker that holds nothing but an orientation.
pub fn oriented_jpeg(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    let mut exif = vec![0xFF, 0xE1, 0, 34];
    exif.extend(b"Exif\0\0MM\0\x2A\0\0\0\x08");
    exif.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
    let mut jpeg = encode(image, ImageFormat::Jpeg);
    jpeg.splice(2..2, exif);
    jpeg
}
