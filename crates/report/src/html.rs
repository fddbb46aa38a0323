//! Converts text and pictures to HTML.

use crate::Result;
use pyramid::{Picture, Target, imresize};
use std::path::Path;

/// The largest number of pixels of a picture in the report. Larger pictures are scaled down so that a phone
/// can open the report.
const MOST_PIXELS: usize = 6 << 20;

/// Pictures up to this width in pixels fit on a phone without scaling.
const PHONE: usize = 340;

/// Pictures up to this width in pixels fit on a large screen without scaling.
const DESK: usize = 1000;

/// Escapes text for use between tags and in quoted attributes. Control characters, which file names may
/// contain but HTML may not, become the replacement character U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            c if c.is_control() => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
    html
}

/// A picture as PNG file, with its size in pixels.
pub(crate) struct Image {
    bytes: Vec<u8>,
    height: usize,
    width: usize,
}

impl Image {
    /// Encodes a picture as PNG, scaled down if it is very large.
    pub(crate) fn of(picture: &Picture) -> Result<Self> {
        let (height, width) = picture.size();
        if height * width > MOST_PIXELS {
            let factor = (MOST_PIXELS as f64 / (height * width) as f64).sqrt();
            return Self::of(&Picture::from_pixels(imresize(
                picture.pixels(),
                Target::Scale(factor * 0.99),
            )?)?);
        }
        Ok(Self { bytes: picture.visible().to_png()?, height, width })
    }

    /// Reads the PNG file at `path`; `None` if there is no file or it is not a valid picture.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        // The file starts with the signature and the length and name of the header, followed by width and
        // height.
        let header = bytes.get(..24)?.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
        let side = |start: usize| header[start..start + 4].iter().fold(0, |n, &b| n << 8 | usize::from(b));
        let (width, height) = (side(0), side(4));
        if width.saturating_mul(height) > MOST_PIXELS {
            return Self::of(&pyramid::load(path).ok()?).ok();
        }
        Some(Self { bytes, height, width })
    }

    /// A button that shows the picture and enlarges it when selected. A picture that is narrower than
    /// `wanted` pixels is scaled up to about that width by a whole number, so that its pixels stay square.
    pub(crate) fn button(&self, name: &str, wanted: usize) -> String {
        let width = self.width.max(1);
        let factor = ((wanted + width / 2) / width).max(1);
        let (height, width) = (self.height * factor, self.width * factor);
        let crisp = match self.width {
            w if w <= PHONE => " class=\"crisp\"",
            w if w <= DESK => " class=\"crisp-wide\"",
            _ => "",
        };
        format!(
            "<button class=\"zoom\" type=\"button\"><img{crisp} width=\"{width}\" height=\"{height}\" alt=\"{}\" src=\"data:image/png;base64,{}\"></button>\n",
            escape(name),
            base64(&self.bytes)
        )
    }

    /// The button of [`Image::button`] with a caption.
    pub(crate) fn figure(&self, name: &str, caption: &str, wanted: usize) -> String {
        format!(
            "<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n",
            self.button(name, wanted),
            escape(caption)
        )
    }
}

/// Encodes bytes as Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() { DIGITS[value as usize] as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_follows_the_standard() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("~~?", "fn4/"),
        ];
        for (text, expected) in cases {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn special_and_control_characters_are_escaped() {
        let text = escape("<script>\"a\" & 'b'</script>\n\0\u{202e}");
        assert!(!text.contains(['<', '>', '"', '\'', '\n', '\0']), "{text}");
        assert!(text.starts_with("&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;"), "{text}");
    }

    #[test]
    fn large_pictures_are_scaled_down() -> Result<()> {
        let image = Image::of(&Picture::from_pixels(ndarray::Array3::zeros((2500, 4000, 1)))?)?;
        assert!(
            image.height * image.width <= MOST_PIXELS && image.height > 1800,
            "{}x{}",
            image.height,
            image.width
        );
        Ok(())
    }
}
