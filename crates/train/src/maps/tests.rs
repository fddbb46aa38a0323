//! Pictures that are stacked and come apart again.

use super::*;
use pyramid::imresize;

fn given(name: &str, pixels: Array3<f32>, kind: GivenKind) -> Result<Given> {
    let loaded = Loaded {
        picture: Picture::from_pixels(pixels)?,
        encoding: Encoding::default(),
        profile: None,
        left_out: None,
    };
    Ok(Given { name: name.into(), loaded, kind })
}

fn material() -> Result<Vec<Given>> {
    let wave = |y: usize, x: usize| ((x as f32 / 5.0).sin(), (y as f32 / 4.0).cos());
    let albedo = Array3::from_shape_fn((24, 40, 3), |(y, x, c)| wave(y, x).0 * 0.3 * c as f32);
    let normal = Array3::from_shape_fn((24, 40, 3), |(y, x, c)| {
        let (a, b) = wave(y, x);
        let length = (a * a + b * b + 1.0).sqrt();
        [a, b, 1.0][c] / length
    });
    let mask = Array3::from_shape_fn((24, 40, 1), |(y, x, _)| [-1.0, 0.2, 1.0][(x / 9 + y / 8) % 3]);
    Ok(vec![
        given("albedo", albedo, GivenKind::Auto)?,
        given("normal", normal, GivenKind::Auto)?,
        given("mask", mask, GivenKind::Labels)?,
    ])
}

#[test]
fn aligned_pictures_come_apart_as_they_were() -> Result<()> {
    let given = material()?;
    let (stack, maps) = stack(&given)?;
    assert_eq!(stack.channels(), 9);
    assert_eq!(maps[1].kind, MapKind::Normals);
    for (one, back) in given.iter().zip(split(&maps, &stack)?) {
        let difference = &one.loaded.picture.pixels() - &back.pixels();
        assert!(difference.iter().all(|d| d.abs() < 1e-6), "{}", one.name);
    }
    Ok(())
}

#[test]
fn labels_are_chosen_and_normals_have_unit_length_at_every_size() -> Result<()> {
    let (stack, maps) = stack(&material()?)?;
    let small = imresize(stack.pixels(), pyramid::Target::Size((13, 17)))?;
    let pictures = split(&maps, &Picture::from_pixels(small)?)?;
    for pixel in pictures[1].pixels().lanes(Axis(2)) {
        let length = pixel.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    assert!(pictures[2].pixels().iter().all(|v| [-1.0, 0.2, 1.0].contains(v)));
    Ok(())
}

#[test]
fn pictures_that_are_not_aligned_are_refused() -> Result<()> {
    let mut given = material()?;
    given[1].name = "albedo".into();
    assert!(matches!(stack(&given), Err(Error::MapName { .. })));
    let mut given = material()?;
    given[2] = self::given("mask", Array3::zeros((24, 41, 1)), GivenKind::Labels)?;
    assert!(matches!(stack(&given), Err(Error::MapSize { .. })));
    let many: Vec<Given> = (0..6)
        .map(|k| self::given(&k.to_string(), Array3::zeros((24, 40, 3)), GivenKind::Colour))
        .collect::<Result<_>>()?;
    assert!(matches!(stack(&many), Err(Error::MapChannels { channels: 18 })));
    let many = Array3::from_shape_fn((24, 40, 1), |(y, x, _)| (y * 40 + x) as f32 / 1000.0);
    assert!(matches!(stack(&[self::given("m", many, GivenKind::Labels)?]), Err(Error::MapLabels { .. })));
    Ok(())
}
