//! Sheets have the right size, and every picture is in its place.

use ndarray::Array3;
use pyramid::{Picture, contact_sheet, pyramid_sheet};

fn tile(height: usize, width: usize, channels: usize, value: f32) -> Picture {
    Picture::from_pixels(Array3::from_elem((height, width, channels), value)).unwrap()
}

#[test]
fn tiles_lie_row_by_row_with_gaps() {
    let tiles: Vec<Picture> = (0..5).map(|i| tile(4, 6, 3, i as f32 / 10.0 + 0.1)).collect();
    let sheet = contact_sheet(&tiles, 3, 2);
    assert_eq!((sheet.size(), sheet.channels()), ((10, 22), 3));
    let pixel = |y: usize, x: usize| sheet.pixels()[[y, x, 1]];
    assert_eq!(
        [pixel(0, 0), pixel(3, 13), pixel(0, 16), pixel(6, 0), pixel(9, 13)],
        [0.1, 0.2, 0.3, 0.4, 0.5]
    );
    assert_eq!([pixel(4, 0), pixel(0, 6), pixel(9, 21)], [0.0; 3], "gaps and the empty cell are mid gray");
    assert_eq!(sheet.to_u8()[[4, 0, 0]], 128);
}

#[test]
fn tiles_of_different_sizes_and_channels_fit() {
    let sheet = contact_sheet(&[tile(2, 3, 1, 0.5), tile(5, 1, 3, 0.25), tile(1, 1, 4, 0.75)], 2, 1);
    assert_eq!((sheet.size(), sheet.channels()), ((7, 5), 4));
    let pixel = |y: usize, x: usize| [0, 1, 2, 3].map(|c| sheet.pixels()[[y, x, c]]);
    assert_eq!(pixel(1, 2), [0.5, 0.5, 0.5, 1.0]);
    assert_eq!(pixel(4, 4), [0.25, 0.25, 0.25, 1.0]);
    assert_eq!(pixel(6, 0), [0.75; 4]);
    assert_eq!(pixel(3, 0), [0.0, 0.0, 0.0, -1.0]);
}

#[test]
fn any_number_of_pictures_and_columns_makes_a_sheet() {
    assert_eq!(contact_sheet(&[], 4, 2).size(), (1, 1));
    assert_eq!(contact_sheet(&[tile(2, 3, 1, 0.0)], 0, 2).size(), (2, 3));
    assert_eq!(contact_sheet(&[tile(2, 3, 1, 0.0)], usize::MAX, 9).size(), (2, 3));
    assert_eq!(pyramid_sheet(&[]).channels(), 1);
}

#[test]
fn stages_are_aligned_at_the_bottom() {
    let sheet = pyramid_sheet(&[tile(2, 3, 2, 0.5), tile(4, 6, 2, 1.0)]);
    assert_eq!((sheet.size(), sheet.channels()), ((12, 21), 2));
    let pixel = |y: usize, x: usize| sheet.pixels()[[y, x, 0]];
    assert_eq!(
        [pixel(7, 4), pixel(6, 4), pixel(5, 4), pixel(7, 11), pixel(4, 16), pixel(8, 11)],
        [0.5, 0.5, 0.0, 1.0, 1.0, 0.0]
    );
    assert_eq!(sheet.pixels()[[0, 0, 1]], -1.0);
}

#[test]
fn widening_adds_channels_and_never_removes_them() {
    for (own, asked, expected) in
        [(1, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4), (2, 3, 4), (3, 2, 4), (3, 1, 3), (4, 1, 4)]
    {
        let wide = tile(1, 1, own, 0.5).widened(asked);
        assert_eq!(wide.channels(), expected, "{own} widened to {asked}");
        let opaque = own == 1 || own == 3;
        if expected % 2 == 0 {
            assert_eq!(wide.pixels()[[0, 0, expected - 1]], if opaque { 1.0 } else { 0.5 });
        }
        assert_eq!(wide.pixels()[[0, 0, 0]], 0.5);
    }
}
