//! Functions that generate picture files for the tests.

use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// The path of a picture in the repository.
pub(crate) fn asset(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/images").join(name)
}

/// A colourful picture that can be encoded in every format.
pub(crate) fn picture(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 37 + y * 11) as u8, (x * y * 7) as u8, (y * 29) as u8]))
        .into()
}

pub(crate) fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG with an EXIF segment after its first marker. The segment contains only an orientation.
pub(crate) fn oriented_jpeg(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    let mut exif = vec![0xFF, 0xE1, 0, 34];
    exif.extend(b"Exif\0\0MM\0\x2A\0\0\0\x08");
    exif.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
    let mut jpeg = encode(image, ImageFormat::Jpeg);
    jpeg.splice(2..2, exif);
    jpeg
}

/// A PNG of these chunks, with correct checksums and an IEND chunk.
pub(crate) fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks.iter().chain([&(b"IEND", vec![])]) {
        let body = [&kind[..], data].concat();
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&body);
        bytes.extend(crc32(&body).to_be_bytes());
    }
    bytes
}

/// The header chunk of a PNG with eight bits per sample.
pub(crate) fn png_header(width: u32, height: u32, color_type: u8) -> (&'static [u8; 4], Vec<u8>) {
    let mut data = [width.to_be_bytes(), height.to_be_bytes()].concat();
    data.extend([8, color_type, 0, 0, 0]);
    (b"IHDR", data)
}

/// The pixel chunk of a PNG without compression. Each row in `raw` starts with its filter byte.
pub(crate) fn png_data(raw: &[u8]) -> (&'static [u8; 4], Vec<u8>) {
    let length = raw.len() as u16;
    let mut data = vec![0x78, 0x01, 1];
    data.extend(length.to_le_bytes());
    data.extend((!length).to_le_bytes());
    data.extend(raw);
    data.extend(adler32(raw).to_be_bytes());
    (b"IDAT", data)
}

/// A little-endian TIFF whose directory comes before its only strip. With sample format 3 it is RGB,
/// otherwise gray.
pub(crate) fn tiff(
    width: u32,
    height: u32,
    bits: u32,
    format: u32,
    compression: u32,
    strip: &[u8],
) -> Vec<u8> {
    let samples = if format == 3 { 3 } else { 1 };
    let tags: [[u32; 2]; 10] = [
        [256, width],
        [257, height],
        [258, bits],
        [259, compression],
        [262, if samples == 3 { 2 } else { 1 }],
        [273, 0],
        [277, samples],
        [278, height],
        [279, strip.len() as u32],
        [339, format],
    ];
    let extra = 8 + 2 + 12 * tags.len() + 4;
    let mut bytes = [b"II\x2A\0".to_vec(), 8u32.to_le_bytes().to_vec()].concat();
    bytes.extend((tags.len() as u16).to_le_bytes());
    for [tag, value] in tags {
        // Three values of two bytes do not fit into the entry, so that it contains their position.
        let (count, value) = match tag {
            258 | 339 if samples == 3 => (3, (extra + if tag == 339 { 6 } else { 0 }) as u32),
            273 => (1, (extra + 12) as u32),
            _ => (1, value),
        };
        let kind = if matches!(tag, 273 | 279) { 4u16 } else { 3 };
        bytes.extend((tag as u16).to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend((count as u32).to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    for value in [bits, bits, bits, format, format, format] {
        bytes.extend((value as u16).to_le_bytes());
    }
    bytes.extend(strip);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    b << 16 | a
}
