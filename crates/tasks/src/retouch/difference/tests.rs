use super::*;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;

/// Smooth bands, a checked area and fine grain, in three channels.
fn picture() -> Array3<f32> {
    Array3::from_shape_fn((120, 160, 3), |(y, x, c)| {
        let band = (x as f32 / 25.0 + y as f32 / 40.0 + c as f32).sin() * 0.4;
        let checks = if y > 60 && (x / 5 + y / 5) % 2 == 0 { 0.3 } else { 0.0 };
        let grain = ((x * 7919 + y * 104_729 + x * y * 31) % 97) as f32 / 97.0 * 0.1;
        (band + checks + grain - 0.1).clamp(-1.0, 1.0)
    })
}

/// The picture after a JPEG file of this quality.
fn compressed(pixels: &Array3<f32>, quality: u8) -> Result<Array3<f32>> {
    let (h, w, _) = pixels.dim();
    let byte = |v: f32| ((v + 1.0) * 127.5).round() as u8;
    let rgb = RgbImage::from_fn(w as u32, h as u32, |x, y| {
        image::Rgb([0, 1, 2].map(|c| byte(pixels[[y as usize, x as usize, c]])))
    });
    let mut file = Vec::new();
    let failed = |e: image::ImageError| Error::Io { path: "memory".into(), source: std::io::Error::other(e) };
    DynamicImage::from(rgb)
        .write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))
        .map_err(failed)?;
    let read = image::load(Cursor::new(file), ImageFormat::Jpeg).map_err(failed)?.into_rgb8();
    Ok(Array3::from_shape_fn(pixels.dim(), |(y, x, c)| {
        f32::from(read.get_pixel(x as u32, y as u32).0[c]) / 127.5 - 1.0
    }))
}

/// An ellipse of 6 per cent of the picture.
fn ellipse(y: usize, x: usize) -> bool {
    let (dy, dx) = ((y as f32 - 50.0) / 16.0, (x as f32 - 90.0) / 23.0);
    dy * dy + dx * dx < 1.0
}

fn pasted(onto: &Array3<f32>) -> Array3<f32> {
    let mut naive = onto.clone();
    for ((y, x, c), v) in naive.indexed_iter_mut() {
        if ellipse(y, x) {
            *v = [0.6, -0.2, -0.5][c] + ((y / 4 + x / 3) % 3) as f32 * 0.15;
        }
    }
    naive
}

fn overlap(mask: &Array2<f32>) -> f32 {
    let (mut both, mut either) = (0.0, 0.0);
    for ((y, x), &v) in mask.indexed_iter() {
        let (found, there) = (v > 0.5, ellipse(y, x));
        both += f32::from(u8::from(found && there));
        either += f32::from(u8::from(found || there));
    }
    both / either
}

#[test]
fn a_compressed_copy_is_no_change() -> Result<()> {
    let real = picture();
    for quality in [90, 75, 50] {
        let copy = compressed(&real, quality)?;
        assert!(matches!(derived(&copy, &real), Err(Error::NoDifference)), "quality {quality}");
    }
    assert!(matches!(derived(&real, &real), Err(Error::NoDifference)));
    Ok(())
}

#[test]
fn a_paste_is_found_in_a_compressed_copy_too() -> Result<()> {
    let real = picture();
    let naive = pasted(&real);
    let clean = overlap(&derived(&naive, &real)?);
    let noisy = overlap(&derived(&compressed(&naive, 75)?, &real)?);
    assert!(clean > 0.8 && noisy > 0.75, "{clean} {noisy}");
    Ok(())
}

#[test]
fn another_picture_is_a_change_everywhere() -> Result<()> {
    let real = picture();
    let other = real.slice(ndarray::s![..;-1, .., ..]).mapv(|v| -v);
    let mask = derived(&other, &real)?;
    assert!(mask.mean() > Some(0.8), "{:?}", mask.mean());
    Ok(())
}

#[test]
fn specks_are_no_change() -> Result<()> {
    let real = picture();
    let mut naive = pasted(&real);
    naive[[110, 10, 0]] = 1.0;
    assert_eq!(derived(&naive, &real)?[[110, 10]], 0.0);
    Ok(())
}
