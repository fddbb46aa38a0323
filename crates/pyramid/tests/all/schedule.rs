//! The sizes of the stages equal those of the reference implementation, and impossible schedules are refused.

use proptest::prelude::*;
use pyramid::{Error, Picture, Schedule, Size, Spacing, load, pyramid};

use crate::files::asset;

fn schedule(min_size: usize, max_size: usize, stages: usize) -> Schedule {
    Schedule { min_size, max_size, stages, ..Schedule::default() }
}

/// The expected sizes were computed in Python with the formulas of the reference implementation, but that no side of
/// the finest stage exceeds the largest size.
#[test]
fn sizes_equal_the_reference() {
    for (picture, schedule, expected) in EXPECTED_SIZES {
        let sizes = schedule.sizes(*picture, 1).unwrap();
        assert_eq!(sizes, *expected, "{picture:?} {schedule:?}");
    }
}

include!("expected_sizes.rs");

#[test]
fn rounding_up_a_rounding_error_adds_a_pixel() {
    // Computed as 84 * ((25 / 84)^(1/4))^4, the side is 25.00000000000001. Like the reference implementation,
    // the schedule rounds up without an epsilon.
    for stages in [4, 5] {
        assert_eq!(schedule(25, 250, stages).sizes((84, 126), 11).unwrap()[0].0, 26, "{stages} stages");
    }
    assert_eq!(schedule(25, 250, 6).sizes((84, 126), 11).unwrap()[0].0, 25);
}

#[test]
fn two_stages_are_min_size_and_the_picture_and_one_is_the_picture() {
    for spacing in [Spacing::Improved, Spacing::Geometric] {
        let two = Schedule { spacing, ..schedule(25, 250, 2) };
        assert_eq!(two.sizes((100, 200), 11).unwrap(), [(25, 50), (100, 200)]);
        let one = Schedule { spacing, ..schedule(25, 250, 1) };
        assert_eq!(one.sizes((300, 500), 11).unwrap(), [(150, 250)]);
        // With one stage, `min_size` has no influence.
        assert_eq!(one.sizes((20, 30), 11).unwrap(), [(20, 30)]);
    }
}

#[test]
fn numbers_out_of_range_are_named() {
    for (schedule, message) in [
        (schedule(25, 250, 0), "train-stages is 0"),
        (schedule(25, 250, 1_000_000), "train-stages is 1000000"),
        (schedule(0, 250, 6), "min-size is 0"),
        (schedule(25, 0, 6), "max-size is 0"),
        (schedule(25, usize::MAX, 6), "max-size is"),
    ] {
        let error = schedule.sizes((100, 100), 11).unwrap_err();
        assert!(matches!(error, Error::Range(_)) && error.to_string().contains(message), "{error}");
    }
    assert!(matches!(schedule(300, 250, 6).sizes((400, 400), 11), Err(Error::MinAboveMax { .. })));
    assert!(matches!(schedule(25, 250, 6).sizes((0, 5), 11), Err(Error::Shape { .. })));
}

#[test]
fn a_picture_smaller_than_the_coarsest_stage_is_refused_with_the_largest_min_size() {
    let picture = (20, 60);
    let error = schedule(25, 250, 6).sizes(picture, 11).unwrap_err();
    let Error::Shrinking { short, enough, .. } = error else { panic!("{error}") };
    // The picture itself is too small, so that no `max_size` helps.
    assert_eq!((short, enough), (20, None));
    assert!(schedule(short, 250, 6).sizes(picture, 11).is_ok());
    assert!(schedule(short + 1, 250, 6).sizes(picture, 11).is_err());
}

#[test]
fn an_elongated_picture_is_refused_with_the_smallest_max_size() {
    for picture in [(60, 2000), (3000, 71), (26, 5000)] {
        let error = schedule(25, 250, 6).sizes(picture, 11).unwrap_err();
        let Error::FinestTooSmall { enough: Some(works), .. } = error else { panic!("{error}") };
        let sizes = |max_size| schedule(25, max_size, 6).sizes(picture, 11);
        assert!(sizes(works).is_ok() && sizes(works - 1).is_err(), "{works}");
    }
    let error = schedule(25, 250, 6).sizes((200, 2500), 11).unwrap_err();
    assert!(matches!(error, Error::Shrinking { short: 20, enough: Some(301), .. }), "{error:?}");
    // This picture is so elongated that no `max_size` in the range is large enough.
    let error = schedule(25, 250, 6).sizes((20, 40_000), 11).unwrap_err();
    assert!(matches!(error, Error::FinestTooSmall { enough: None, .. }), "{error:?}");
}

#[test]
fn stages_smaller_than_the_receptive_field_are_refused() {
    let error = schedule(9, 250, 6).sizes((100, 120), 11).unwrap_err();
    assert!(matches!(error, Error::StageTooSmall { stage: 0, smallest: 11, .. }), "{error}");
    assert!(schedule(11, 250, 6).sizes((100, 120), 11).is_ok());
    for tiny in [(1, 1), (10, 500)] {
        let error = schedule(25, 250, 6).sizes(tiny, 11).unwrap_err();
        let Error::PictureTooSmall { picture, smallest: 11 } = error else { panic!("{error}") };
        assert_eq!(picture, tiny);
    }
}

proptest! {
    #[test]
    fn stages_never_shrink_and_keep_the_shape(
        h in 1..600usize, w in 1..600usize, min_size in 1..120usize, max_size in 1..400usize, stages in 1..12usize,
        improved: bool, smallest in 1..30usize,
    ) {
        let spacing = if improved { Spacing::Improved } else { Spacing::Geometric };
        let schedule = Schedule { min_size, max_size, stages, spacing };
        match schedule.sizes((h, w), smallest) {
            Ok(sizes) => {
                prop_assert_eq!(sizes.len(), stages);
                for pair in sizes.windows(2) {
                    prop_assert!(pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1, "{:?}", sizes);
                }
                let (finest, coarsest) = (sizes[stages - 1], sizes[0]);
                // Rounding up a number that is slightly above a whole number may add a pixel.
                prop_assert!(finest.0.max(finest.1) <= max_size + 1);
                prop_assert!(stages == 1 || (min_size..=min_size + 1).contains(&coarsest.0.min(coarsest.1)));
                prop_assert!(sizes.iter().all(|size| size.0.min(size.1) >= smallest));
            }
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }
}

#[test]
fn the_pyramid_has_the_sizes_of_the_schedule_and_the_channels_of_the_picture() {
    let picture = load(&asset("gravel.png")).unwrap();
    for stages in [1, 2, 5] {
        let schedule = schedule(25, 120, stages);
        let stage_pictures = pyramid(&picture, &schedule, 11).unwrap();
        let sizes: Vec<Size> = stage_pictures.iter().map(Picture::size).collect();
        assert_eq!(sizes, schedule.sizes(picture.size(), 11).unwrap());
        assert!(stage_pictures.iter().all(|stage| stage.channels() == 1));
        assert!(stage_pictures.iter().flat_map(Picture::pixels).all(|v| (-1.0..=1.0).contains(v)));
    }
    // A picture that fits into `max_size` is the last stage without a change.
    assert_eq!(pyramid(&picture, &schedule(25, 400, 3), 11).unwrap()[2], picture);
}
