//! Valid files of all formats are read and written correctly.

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbaImage};
use ndarray::Array3;
use pyramid::{Picture, decode, load};

use crate::files::{asset, encode, oriented_jpeg, picture, png, png_data, png_header, tiff};

#[test]
fn lossless_formats_keep_all_bytes() {
    let image = picture(13, 7);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP] {
        let read = decode(&encode(&image, format)).unwrap();
        assert_eq!((read.size(), read.channels()), ((7, 13), 3), "{format:?}");
        assert_eq!(read.to_u8().into_raw_vec_and_offset().0, image.as_bytes(), "{format:?}");
    }
}

#[test]
fn the_content_determines_the_format_not_the_extension() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("picture.jpg");
    std::fs::write(&path, encode(&picture(5, 4), ImageFormat::Png)).unwrap();
    assert_eq!(load(&path).unwrap().size(), (4, 5));
}

#[test]
fn channels_are_kept() {
    let gray = DynamicImage::from(GrayImage::from_fn(4, 3, |x, y| Luma([(x * 50 + y) as u8])));
    let gray_alpha = DynamicImage::from(GrayAlphaImage::from_pixel(4, 3, image::LumaA([7, 90])));
    let rgba = DynamicImage::from(RgbaImage::from_pixel(4, 3, image::Rgba([1, 2, 3, 200])));
    for (image, channels) in [(gray, 1), (gray_alpha, 2), (picture(4, 3), 3), (rgba, 4)] {
        let read = decode(&encode(&image, ImageFormat::Png)).unwrap();
        assert_eq!(read.channels(), channels);
        assert_eq!(read.to_u8().into_raw_vec_and_offset().0, image.as_bytes());
    }
    assert_eq!(load(&asset("brick.png")).unwrap().channels(), 1);
    assert_eq!(load(&asset("coffee.jpg")).unwrap().channels(), 3);
}

#[test]
fn sixteen_bits_keep_their_precision() {
    let image: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(4, 1, |x, _| Luma([x as u16 * 21_845 - u16::from(x == 2)]));
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let read = decode(&encode(&DynamicImage::ImageLuma16(image.clone()), format)).unwrap();
        for (x, got) in read.pixels().iter().enumerate() {
            let expected = (21_845.0 * x as f64 - f64::from(u8::from(x == 2))) / 65535.0 * 2.0 - 1.0;
            assert!((f64::from(*got) - expected).abs() < 2e-7, "{got} is not {expected}");
        }
    }
}

#[test]
fn float_tiffs_are_read() {
    let image: ImageBuffer<Rgb<f32>, Vec<f32>> =
        ImageBuffer::from_fn(2, 1, |x, _| Rgb([0.0, 0.25, x as f32]));
    let read = decode(&encode(&DynamicImage::ImageRgb32F(image), ImageFormat::Tiff)).unwrap();
    assert_eq!(read.pixels().as_slice().unwrap(), [-1.0, -0.5, -1.0, -1.0, -0.5, 1.0]);
}

#[test]
fn palettes_become_colours_and_their_transparency_alpha() {
    let palette = (b"PLTE", vec![10, 20, 30, 40, 50, 60]);
    let data = png_data(&[0, 1, 0]);
    let opaque = decode(&png(&[png_header(2, 1, 3), palette.clone(), data.clone()])).unwrap();
    assert_eq!(opaque.to_u8().into_raw_vec_and_offset().0, [40, 50, 60, 10, 20, 30]);
    let transparent = decode(&png(&[png_header(2, 1, 3), palette, (b"tRNS", vec![0]), data])).unwrap();
    // What is invisible gets the colour beside it.
    assert_eq!(transparent.to_u8().into_raw_vec_and_offset().0, [40, 50, 60, 255, 40, 50, 60, 0]);
}

#[test]
fn gifs_have_alpha_only_where_something_is_transparent() {
    let opaque = decode(&encode(&picture(6, 5), ImageFormat::Gif)).unwrap();
    assert_eq!((opaque.size(), opaque.channels()), ((5, 6), 3));
    let mut transparent = picture(6, 5).into_rgba8();
    transparent.get_pixel_mut(2, 3).0[3] = 0;
    let transparent = decode(&encode(&transparent.into(), ImageFormat::Gif)).unwrap();
    assert_eq!(transparent.channels(), 4);
    assert_eq!(transparent.pixels()[[3, 2, 3]], -1.0);
}

#[test]
fn packbits_tiffs_are_read() {
    // In PackBits, this is a run of three equal bytes, then two literal bytes.
    let read = decode(&tiff(5, 1, 8, 1, 32773, &[0xFE, 9, 1, 8, 7])).unwrap();
    assert_eq!(read.to_u8().into_raw_vec_and_offset().0, [9, 9, 9, 8, 7]);
}

#[test]
fn exif_orientation_is_applied() {
    // The stored picture is dark at the top left and light at the bottom right. Its areas are whole JPEG
    // blocks, which compression changes little.
    let image =
        DynamicImage::from(GrayImage::from_fn(32, 16, |x, y| Luma([(x / 16 * 100 + y / 8 * 50) as u8])));
    let corners = |picture: &Picture| {
        let (height, width) = picture.size();
        let level = |y, x| (f64::from(picture.to_u8()[[y, x, 0]]) / 50.0).round() as u8;
        (
            picture.size(),
            [level(2, 2), level(2, width - 3), level(height - 3, 2), level(height - 3, width - 3)],
        )
    };
    for (orientation, expected) in [
        (1, ((16, 32), [0, 2, 1, 3])),
        (2, ((16, 32), [2, 0, 3, 1])),
        (3, ((16, 32), [3, 1, 2, 0])),
        (4, ((16, 32), [1, 3, 0, 2])),
        (5, ((32, 16), [0, 1, 2, 3])),
        (6, ((32, 16), [1, 0, 3, 2])),
        (7, ((32, 16), [3, 2, 1, 0])),
        (8, ((32, 16), [2, 3, 0, 1])),
        (99, ((16, 32), [0, 2, 1, 3])),
    ] {
        let read = decode(&oriented_jpeg(&image, orientation)).unwrap();
        assert_eq!(corners(&read), expected, "orientation {orientation}");
    }
}

#[test]
fn data_after_the_end_of_a_jpeg_is_ignored() {
    let jpeg = std::fs::read(asset("rocket.jpg")).unwrap();
    let more = [&jpeg[..], &[0; 1000], b"\xFF\xD8\xFF\xE1\xFF\xFFtrailer"].concat();
    assert_eq!(decode(&more).unwrap(), decode(&jpeg).unwrap());
}

#[test]
fn saving_rounds_values_and_replaces_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.png");
    for channels in 1..=4 {
        let pixels =
            Array3::from_shape_fn((3, 5, channels), |(y, x, c)| (y * 20 + x * 4 + c) as f32 / 40.0 - 1.0);
        let picture = Picture::from_pixels(pixels).unwrap();
        picture.save_png(&path).unwrap();
        let read = load(&path).unwrap();
        assert_eq!(read.channels(), channels);
        assert_eq!(read.to_u8(), picture.to_u8());
        assert!(read.pixels().iter().zip(picture.pixels()).all(|(a, b)| (a - b).abs() <= 1.0 / 254.0));
    }
    assert_eq!(directory.path().read_dir().unwrap().count(), 1, "a temporary file stayed");
}

#[test]
fn conversions_to_bytes_and_planes_are_reversible() {
    let bytes = Array3::from_shape_fn((16, 16, 1), |(y, x, _)| (y * 16 + x) as u8);
    let picture = Picture::from_u8(bytes.view()).unwrap();
    assert_eq!(picture.to_u8(), bytes);
    assert_eq!((picture.pixels()[[0, 0, 0]], picture.pixels()[[15, 15, 0]]), (-1.0, 1.0));
    let read = load(&asset("coffee.jpg")).unwrap();
    let planes = read.to_planar();
    assert_eq!(planes.dim(), (3, 341, 512));
    assert_eq!(planes[[2, 10, 20]], read.pixels()[[10, 20, 2]]);
    assert_eq!(Picture::from_planar(planes.view()).unwrap(), read);
}
