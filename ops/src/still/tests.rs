//! Pictures made here, decoded, changed and encoded; read back with the `image` crate and with ffmpeg.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::resize::resize;
use super::{decode::file as decode, encode::encode};
use crate::Limits;
use crate::error::{Disposition, OpsError};
use crate::op::StillFormat;

const FORMATS: [StillFormat; 4] = [
    StillFormat::Jpg,
    StillFormat::Png,
    StillFormat::Gif,
    StillFormat::Webp,
];

fn file(dir: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join("picture");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Red left, blue right.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([250, 10, 10])
        } else {
            Rgb([10, 10, 250])
        }
    })
}

fn encoded(pixels: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn near(a: &[u8], b: &[u8], distance: u8) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= distance)
}

#[test]
fn every_format_that_is_read_is_told_by_its_bytes() {
    let pixels = DynamicImage::from(halves(40, 30));
    let dir = tempfile::tempdir().unwrap();
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ] {
        let still = decode(&file(&dir, &encoded(&pixels, format)), &Limits::default()).unwrap();
        assert_eq!(still.format, format);
        assert_eq!(
            (still.pixels.width(), still.pixels.height()),
            (40, 30),
            "{format:?}"
        );
        assert!(
            near(
                &still.pixels.to_rgb8().get_pixel(5, 15).0,
                &[250, 10, 10],
                12
            ),
            "{format:?}"
        );
        assert_eq!(still.quality.is_some(), format == ImageFormat::Jpeg);
    }
}

#[test]
fn every_format_that_is_written_can_be_read_by_others() {
    let dir = tempfile::tempdir().unwrap();
    let pixels = DynamicImage::from(halves(64, 48));
    for format in FORMATS {
        let path = dir.path().join(format.suffix());
        encode(&pixels, format, 90, &path).unwrap();
        let raw = std::process::Command::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-i",
                path.to_str().unwrap(),
                "-frames:v",
                "1",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "rgb24",
                "-",
            ])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&raw.stderr), "", "{format:?}");
        let read = RgbImage::from_raw(64, 48, raw.stdout).unwrap();
        assert!(
            near(&read.get_pixel(8, 24).0, &[250, 10, 10], 12),
            "{format:?} {:?}",
            read.get_pixel(8, 24)
        );
        assert!(
            near(&read.get_pixel(56, 24).0, &[10, 10, 250], 12),
            "{format:?} {:?}",
            read.get_pixel(56, 24)
        );
    }
}

#[test]
fn quality_costs_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let noise = RgbImage::from_fn(200, 200, |x, y| {
        let n = (x * 73 + y * 151).wrapping_mul(2_654_435_761);
        Rgb([(n >> 8) as u8, (n >> 16) as u8, (n >> 24) as u8])
    });
    for format in [StillFormat::Jpg, StillFormat::Webp] {
        let size = |quality| {
            let path = dir.path().join("noise");
            encode(&noise.clone().into(), format, quality, &path).unwrap();
            std::fs::metadata(&path).unwrap().len()
        };
        let (low, high) = (size(10), size(95));
        assert!(low * 2 < high, "{format:?}: {low} {high}");
    }
}

#[test]
fn what_is_transparent_is_white_in_a_jpeg_and_transparent_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let pixels = RgbaImage::from_fn(32, 32, |x, _| match x / 8 {
        0 => Rgba([0, 0, 0, 0]),
        1 => Rgba([200, 0, 0, 255]),
        _ => Rgba([0, 0, 0, 128]),
    });
    for (format, clear, half) in [
        (StillFormat::Jpg, [255, 255, 255, 255], [127, 127, 127, 255]),
        (StillFormat::Png, [0, 0, 0, 0], [0, 0, 0, 128]),
        (StillFormat::Gif, [0, 0, 0, 0], [0, 0, 0, 255]),
        (StillFormat::Webp, [0, 0, 0, 0], [0, 0, 0, 128]),
    ] {
        let path = dir.path().join(format.suffix());
        encode(&pixels.clone().into(), format, 90, &path).unwrap();
        let read = decode(&path, &Limits::default()).unwrap().pixels.to_rgba8();
        let (is_clear, is_half) = (read.get_pixel(3, 16).0, read.get_pixel(26, 16).0);
        assert_eq!(is_clear[3], clear[3], "{format:?}");
        assert!(
            clear[3] == 0 || near(&is_clear, &clear, 6),
            "{format:?} {is_clear:?}"
        );
        assert!(near(&is_half, &half, 6), "{format:?} {is_half:?}");
        assert!(
            near(&read.get_pixel(12, 16).0, &[200, 0, 0, 255], 20),
            "{format:?}"
        );
    }
}

#[test]
fn an_alpha_channel_that_says_nothing_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("opaque");
    let opaque = DynamicImage::from(halves(8, 8)).to_rgba8();
    encode(&opaque.into(), StillFormat::Png, 90, &path).unwrap();
    let read = decode(&path, &Limits::default()).unwrap();
    assert!(!read.pixels.color().has_alpha());
}

/// What is transparent has a colour too; it must not show at the edges.
#[test]
fn resizing_lets_no_hidden_colour_out() {
    let pixels = RgbaImage::from_fn(64, 64, |x, _| {
        if x < 32 {
            Rgba([255, 255, 255, 255])
        } else {
            Rgba([255, 0, 0, 0])
        }
    });
    let small = resize(&pixels.into(), (15, 15)).unwrap().to_rgba8();
    for pixel in small.pixels().filter(|pixel| pixel.0[3] > 8) {
        assert!(near(&pixel.0[..3], &[255, 255, 255], 3), "{pixel:?}");
    }
}

#[test]
fn resizing_keeps_kind_and_brightness() {
    for (name, pixels) in [
        (
            "grey",
            DynamicImage::from(image::GrayImage::from_pixel(50, 40, image::Luma([77]))),
        ),
        (
            "grey with alpha",
            image::GrayAlphaImage::from_pixel(50, 40, image::LumaA([77, 200])).into(),
        ),
        (
            "colour",
            RgbImage::from_pixel(50, 40, Rgb([77, 78, 79])).into(),
        ),
        (
            "colour with alpha",
            RgbaImage::from_pixel(50, 40, Rgba([77, 78, 79, 200])).into(),
        ),
    ] {
        let small = resize(&pixels, (7, 3)).unwrap();
        assert_eq!(
            (small.width(), small.height(), small.color()),
            (7, 3, pixels.color()),
            "{name}"
        );
        assert!(near(small.as_bytes(), pixels.as_bytes(), 1), "{name}");
    }
}

#[test]
fn a_picture_is_upright_as_its_exif_says() {
    let dir = tempfile::tempdir().unwrap();
    // `Exif`, then a TIFF of one field: orientation 6, to be turned clockwise.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let jpeg = encoded(&halves(40, 20).into(), ImageFormat::Jpeg);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let turned = [&jpeg[..2], &[0xff, 0xe1], &length, exif, &jpeg[2..]].concat();
    let upright = decode(&file(&dir, &turned), &Limits::default())
        .unwrap()
        .pixels
        .to_rgb8();
    assert_eq!(upright.dimensions(), (20, 40));
    assert!(
        near(&upright.get_pixel(10, 5).0, &[250, 10, 10], 12),
        "left came to the top"
    );
}

#[test]
fn colours_are_those_the_profile_means() {
    use image::ImageEncoder as _;
    let dir = tempfile::tempdir().unwrap();
    let clay = RgbImage::from_pixel(4, 4, Rgb([180, 100, 60]));
    for (name, profile, expected) in [
        ("sRGB", moxcms::ColorProfile::new_srgb(), [180, 100, 60]),
        // By the primaries and curves of their standards.
        (
            "Display P3",
            moxcms::ColorProfile::new_display_p3(),
            [193, 95, 49],
        ),
        (
            "Adobe RGB",
            moxcms::ColorProfile::new_adobe_rgb(),
            [203, 100, 55],
        ),
    ] {
        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        encoder.set_icc_profile(profile.encode().unwrap()).unwrap();
        encoder
            .write_image(&clay, 4, 4, image::ExtendedColorType::Rgb8)
            .unwrap();
        let pixel = decode(&file(&dir, &png), &Limits::default())
            .unwrap()
            .pixels
            .to_rgb8()
            .get_pixel(1, 1)
            .0;
        assert!(near(&pixel, &expected, 2), "{name} {pixel:?}");
    }
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.set_icc_profile(b"no profile".to_vec()).unwrap();
    encoder
        .write_image(&clay, 4, 4, image::ExtendedColorType::Rgb8)
        .unwrap();
    let pixels = decode(&file(&dir, &png), &Limits::default())
        .unwrap()
        .pixels;
    assert_eq!(pixels.to_rgb8().get_pixel(1, 1).0, [180, 100, 60]);
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["two.gif", "two.webp"] {
        let path = dir.path().join(name);
        let said = std::process::Command::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "color=red:s=32x24:d=0.5:r=4[a];color=blue:s=32x24:d=0.5:r=4[b];[a][b]concat",
            ])
            .arg(&path)
            .output()
            .unwrap();
        assert!(said.status.success(), "{said:?}");
        let still = decode(&path, &Limits::default()).unwrap();
        let pixel = still.pixels.to_rgb8().get_pixel(16, 12).0;
        assert!(near(&pixel, &[254, 0, 0], 12), "{name} {pixel:?}");
    }
}

#[test]
fn a_picture_beyond_the_limits_is_refused_by_its_header() {
    let dir = tempfile::tempdir().unwrap();
    let mut png = encoded(&halves(8, 8).into(), ImageFormat::Png);
    // Width and height of the header, and its checksum.
    png[16..24].copy_from_slice(&[0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40]);
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let error = decode(&file(&dir, &png), &Limits::default()).unwrap_err();
    assert!(
        matches!(
            error,
            OpsError::TooLarge {
                width: 40_000,
                height: 40_000,
                ..
            }
        ),
        "{error:?}"
    );
    let jpeg = encoded(&halves(200, 100).into(), ImageFormat::Jpeg);
    let small = Limits {
        pixels: 19_999,
        ..Limits::default()
    };
    let error = decode(&file(&dir, &jpeg), &small).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the picture is 200x100; the limit is 19999 pixels"
    );
}

#[test]
fn what_is_no_picture_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let psd = b"8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\x08\0\x03";
    let avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
    for (name, bytes) in [
        ("text", &b"a line of text"[..]),
        ("empty", b""),
        ("psd", psd),
        ("avif", avif),
    ] {
        let error = decode(&file(&dir, bytes), &Limits::default()).unwrap_err();
        assert!(
            matches!(error, OpsError::NotAPicture { .. }),
            "{name}: {error:?}"
        );
        assert_eq!(error.disposition(), Disposition::Fail);
    }
    let missing = decode(Path::new("/nowhere/at/all.jpg"), &Limits::default()).unwrap_err();
    assert_eq!(missing.disposition(), Disposition::Retry);
}

#[test]
fn a_picture_cut_short_is_damaged_not_gone() {
    let dir = tempfile::tempdir().unwrap();
    for format in [
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ] {
        let whole = encoded(&halves(64, 64).into(), format);
        let error = decode(&file(&dir, &whole[..whole.len() / 2]), &Limits::default()).unwrap_err();
        assert!(
            matches!(error, OpsError::PictureDamaged { .. }),
            "{format:?}: {error:?}"
        );
    }
}

#[test]
fn a_webp_is_not_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let long = RgbImage::new(16_384, 1);
    let error = encode(
        &long.into(),
        StillFormat::Webp,
        80,
        &dir.path().join("long"),
    )
    .unwrap_err();
    assert!(error.to_string().contains("16383"), "{error}");
}
