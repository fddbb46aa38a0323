//! Checks whether a JPEG file contains its whole picture.
//!
//! JPEG decoders accept a truncated file and fill the rest with gray, so that a program could train on an
//! incomplete download without notice. A JPEG is a chain of segments that ends with an end-of-image marker,
//! which a truncated file lacks.

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Follows the segments from the start of the file to the end-of-image marker; false if the file ends before
/// it.
///
/// Segments are skipped by their length, so that the end marker of a thumbnail inside a segment is not
/// mistaken for that of the picture. Data after the end marker (padding, a second picture) is ignored.
pub(crate) fn reaches_end(bytes: &[u8]) -> bool {
    let mut position = 0;
    let mut scans = 0;
    while let Some((marker, after)) = next_marker(bytes, position) {
        position = after;
        match marker {
            EOI => return scans > 0,
            // These markers have no segment: the start of the image, restarts, and a reserved marker.
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

/// The next marker at or after `from`, and the position after it.
///
/// In coded data, a 0xFF that is not a marker is followed by zero. Skipping to the next real marker therefore
/// also skips the coded data of a scan. Several 0xFF before a marker are padding.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut pairs = bytes.get(from..)?.windows(2).enumerate();
    let (offset, pair) = pairs.find(|(_, pair)| pair[0] == 0xFF && pair[1] != 0 && pair[1] != 0xFF)?;
    Some((pair[1], from + offset + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start marker, a segment that contains a whole small JPEG, a scan with a 0xFF that is not a marker
    /// and with a restart, padding, and an end marker.
    const WHOLE: [u8; 28] = [
        0xFF, 0xD8, 0xFF, 0xE1, 0, 8, 0xFF, 0xD8, 0xFF, 0xDA, 0xFF, 0xD9, 0xFF, 0xDA, 0, 4, 1, 2, 9, 0xFF, 0,
        9, 0xFF, 0xD0, 9, 0xFF, 0xFF, 0xD9,
    ];

    #[test]
    fn only_the_whole_file_reaches_the_end() {
        assert!(reaches_end(&WHOLE));
        for length in 0..WHOLE.len() {
            assert!(!reaches_end(&WHOLE[..length]), "cut to {length} bytes");
        }
    }

    #[test]
    fn data_after_the_end_is_ignored() {
        assert!(reaches_end(&[&WHOLE[..], &[0xFF, 0xE1, 0xFF], &[0; 100]].concat()));
    }

    #[test]
    fn an_end_without_a_scan_does_not_count() {
        assert!(!reaches_end(&[0xFF, 0xD8, 0xFF, 0xD9]));
    }
}
