//! Whether a JPEG file holds all of its picture.
//!
//! JPEG decoders accept a file that was cut off and fill the rest with gray, so a broken download would be trained on
//! unnoticed. A file is a chain of marked segments that ends with an end-of-image marker; one that is cut lacks it.

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Walks the segments from the start of the file to the end-of-image marker; false if the file ends before it.
///
/// Lengths are followed, so the end marker of a thumbnail inside a segment is not taken for the picture's own. Whatever
/// follows the end marker (padding, a second picture) is not looked at.
pub(crate) fn reaches_end(bytes: &[u8]) -> bool {
    let mut position = 0;
    let mut scans = 0;
    while let Some((marker, after)) = next_marker(bytes, position) {
        position = after;
        match marker {
            EOI => return scans > 0,
            // Markers without a segment: start of image, restarts, and a reserved one.
            SOI | 0xD0..=0xD7 | 0x01 => {}
            _ => {
                let Some(length) = bytes.get(after..after + 2) else { return false };
                position = after + usize::from(u16::from_be_bytes([length[0], length[1]]));
                scans += usize::from(marker == SOS);
            }
        }
    }
    false
}

/// The next marker at or after `from` and the position behind it.
///
/// In coded data a 0xFF that means itself is followed by zero, so that skipping to the next real marker also skips a scan;
/// a run of 0xFF before a marker is padding.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut pairs = bytes.get(from..)?.windows(2).enumerate();
    let (offset, pair) = pairs.find(|(_, pair)| pair[0] == 0xFF && pair[1] != 0 && pair[1] != 0xFF)?;
    Some((pair[1], from + offset + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, a segment that holds a whole small JPEG, a scan with a stuffed 0xFF and a restart, padding, end.
    const WHOLE: [u8; 28] = [
        0xFF, 0xD8, 0xFF, 0xE1, 0, 8, 0xFF, 0xD8, 0xFF, 0xDA, 0xFF, 0xD9, 0xFF, 0xDA, 0, 4, 1, 2, 9, 0xFF, 0,
        9, 0xFF, 0xD0, 9, 0xFF, 0xFF, 0xD9,
    ];

    #[test]
    fn only_the_whole_chain_reaches_the_end() {
        assert!(reaches_end(&WHOLE));
        for length in 0..WHOLE.len() {
            assert!(!reaches_end(&WHOLE[..length]), "cut to {length} bytes");
        }
    }

    #[test]
    fn what_follows_the_end_does_not_matter() {
        assert!(reaches_end(&[&WHOLE[..], &[0xFF, 0xE1, 0xFF], &[0; 100]].concat()));
    }

    #[test]
    fn an_end_without_a_scan_is_none() {
        assert!(!reaches_end(&[0xFF, 0xD8, 0xFF, 0xD9]));
    }
}
