//! Pictures as people have them, through the whole program.

use candle_core::Device;
use image::{DynamicImage, ImageFormat};
use std::path::Path;
use tests::{colourful, encode, json, oriented_jpeg, picture, tiny_run};
use train::Run;

/// Trains for a moment on `dir/name` and returns the finest training picture's shape and values.
fn trained_on(dir: &Path, name: &str) -> (Vec<usize>, Vec<f32>) {
    std::fs::copy(dir.join(name), dir.join("tiny.png")).unwrap();
    let run = tiny_run(dir, &format!("run-{name}"), &["--niter", "1", "--filters", "2"]);
    let real = Run::open(&run).unwrap().real(1, &Device::Cpu).unwrap();
    (real.dims().to_vec(), real.flatten_all().unwrap().to_vec1().unwrap())
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.len() as f32
}

#[test]
fn every_format_trains_on_the_same_picture() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let rgb = DynamicImage::from(picture(48, 40));
    let wide = DynamicImage::from(rgb.to_rgb16());
    let write = |name: &str, image: &DynamicImage, format| {
        std::fs::write(dir.join(name), encode(image, format)).unwrap()
    };
    write("a.png", &rgb, ImageFormat::Png);
    let (shape, expected) = trained_on(dir, "a.png");
    assert_eq!(shape, [1, 34, 40, 3]);
    for (name, image, format, allowed) in [
        ("a.bmp", &rgb, ImageFormat::Bmp, 0.0),
        ("a.tiff", &rgb, ImageFormat::Tiff, 0.0),
        ("a.webp", &rgb, ImageFormat::WebP, 0.0),
        ("deep.png", &wide, ImageFormat::Png, 1e-6),
        ("deep.tiff", &wide, ImageFormat::Tiff, 1e-6),
        ("a.jpg", &rgb, ImageFormat::Jpeg, 0.05),
        ("a.gif", &rgb, ImageFormat::Gif, 0.05),
    ] {
        write(name, image, format);
        let (shape, values) = trained_on(dir, name);
        // GIF may have a transparent colour; this one has none, but its decoder gives four channels.
        let values = match shape[3] {
            4 => values.as_chunks::<4>().0.iter().flat_map(|v| v[..3].to_vec()).collect(),
            _ => values,
        };
        let found = distance(&values, &expected);
        assert!(found <= allowed, "{name}: {found}");
    }
}

#[test]
fn a_palette_is_its_colours() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (width, height) = (48_u32, 40_u32);
    let index = |x: u32, y: u32| ((x / 6 + y / 5) % 5) as u8;
    let palette = [[255, 0, 0], [0, 255, 0], [10, 20, 200], [255, 255, 255], [0, 0, 0]];
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    let indices: Vec<u8> = (0..width * height).map(|i| index(i % width, i / width)).collect();
    encoder.write_header().unwrap().write_image_data(&indices).unwrap();
    std::fs::write(dir.join("palette.png"), bytes).unwrap();
    let direct =
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb(palette[usize::from(index(x, y))]));
    direct.save(dir.join("direct.png")).unwrap();
    assert!(trained_on(dir, "palette.png") == trained_on(dir, "direct.png"));
}

#[test]
fn exif_orientation_is_applied() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let stored = DynamicImage::from(picture(48, 40));
    std::fs::write(dir.join("flat.jpg"), oriented_jpeg(&stored, 1)).unwrap();
    let decoded = image::open(dir.join("flat.jpg")).unwrap();
    for (orientation, seen) in [
        (1, decoded.clone()),
        (2, decoded.fliph()),
        (3, decoded.rotate180()),
        (4, decoded.flipv()),
        (5, decoded.rotate90().fliph()),
        (6, decoded.rotate90()),
        (7, decoded.rotate270().fliph()),
        (8, decoded.rotate270()),
    ] {
        let (jpeg, plain) = (format!("o{orientation}.jpg"), format!("o{orientation}.png"));
        std::fs::write(dir.join(&jpeg), oriented_jpeg(&stored, orientation)).unwrap();
        seen.save(dir.join(&plain)).unwrap();
        let (found, expected) = (trained_on(dir, &jpeg), trained_on(dir, &plain));
        assert_eq!(found.0, expected.0, "orientation {orientation}");
        assert!(distance(&found.1, &expected.1) < 1e-3, "orientation {orientation}");
        let size = &json(&dir.join(format!("run-{jpeg}/run.json")))["picture_size"];
        assert_eq!(*size, serde_json::json!([seen.height(), seen.width()]));
    }
}

#[test]
fn alpha_is_trained_as_a_channel() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, format) in
        [("a.png", ImageFormat::Png), ("a.webp", ImageFormat::WebP), ("a.tiff", ImageFormat::Tiff)]
    {
        std::fs::write(dir.join(name), encode(&colourful(48, 40).into(), format)).unwrap();
        let (shape, values) = trained_on(dir, name);
        assert_eq!(shape, [1, 34, 40, 4], "{name}");
        // Opaque on the left, transparent on the right.
        assert!(values[3] > 0.9 && values[4 * 39 + 3] < -0.9, "{name}: {} {}", values[3], values[4 * 39 + 3]);
    }
}
