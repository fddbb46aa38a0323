//! The format of a file by its first bytes.

use crate::Error;
use image::ImageFormat;

/// The format of a file and its usual name. The content determines it, not the extension.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotAPicture`], or [`Error::Unsupported`] with the name of the format.
pub(crate) fn format_of(bytes: &[u8], name: &str) -> Result<(ImageFormat, &'static str), Error> {
    if bytes.is_empty() {
        return Err(Error::Empty { name: name.into() });
    }
    if let Some(what) = unreadable(bytes) {
        return Err(Error::Unsupported { name: name.into(), what: what.into() });
    }
    if is_big_tiff(bytes) {
        return Ok((ImageFormat::Tiff, "TIFF"));
    }
    let Ok(format) = image::guess_format(bytes) else {
        return Err(Error::NotAPicture { name: name.into() });
    };
    let format_name = match format {
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Hdr => "Radiance HDR",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::OpenExr => "OpenEXR",
        ImageFormat::Png => "PNG",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::WebP => "WebP",
        other => {
            let what = format!("{other:?}").to_uppercase();
            return Err(Error::Unsupported { name: name.into(), what });
        }
    };
    Ok((format, format_name))
}

/// TIFF with offsets of 64 bits, in either byte order.
fn is_big_tiff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b")
}

/// The name of a format of pictures that cannot be read.
fn unreadable(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(match bytes.get(8..12) {
            Some(b"avif" | b"avis") => "AVIF",
            Some(b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1") => "HEIC",
            Some(b"crx ") => "a raw file of a camera",
            _ => "a video",
        });
    }
    let starts = [
        (&b"\0\0\0\x0cJXL "[..], "JPEG XL"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cjP  ", "JPEG 2000"),
        (b"8BPS", "PSD of Photoshop"),
        (b"gimp xcf", "XCF of GIMP"),
        (b"%PDF", "PDF"),
        (b"%!PS", "PostScript"),
        (b"II*\0\x10\0\0\0CR", "a raw file of a camera"),
        (b"\x1aE\xdf\xa3", "a video"),
    ];
    if let Some((_, what)) = starts.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(what);
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let xml = text.starts_with("<?xml") || text.starts_with("<!DOCTYPE svg");
    (text.starts_with("<svg") || xml).then_some("SVG, which has no pixels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_refused_by_its_name() {
        let cases: [(&[u8], &str); 7] = [
            (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
            (b"\xff\x0a\x41\x42\x43", "JPEG XL"),
            (b"8BPS\0\x01\0\0", "PSD"),
            (b"<?xml version=\"1.0\"?><svg/>", "SVG"),
            (b"qoif\0\0\0\x01\0\0\0\x01\x03\0", "QOI"),
            (b"DDS \x7c\0\0\0", "DDS"),
        ];
        for (bytes, what) in cases {
            let text = format_of(bytes, "x").map(|_| ()).unwrap_err().to_string();
            assert!(text.contains(what), "{text}");
        }
        assert_eq!(format_of(b"II\x2b\0\x08\0\0\0", "x").map(|f| f.1).ok(), Some("TIFF"));
    }
}
