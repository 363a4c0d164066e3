//! `imageView2`: pictures made smaller, cut and written in other formats, read back with the `image` crate.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use opmill_ops::{OpsError, Output};

use crate::bench::{Bench, clip, shared, utf8};

/// A picture of three bands, red, green and blue from left to right, in a folder of its own.
fn bands(name: &str, width: u32, height: u32) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    let colour = |x| match x * 3 / width {
        0 => Rgb([230, 20, 20]),
        1 => Rgb([20, 230, 20]),
        _ => Rgb([20, 20, 230]),
    };
    RgbImage::from_fn(width, height, |x, _| colour(x))
        .save(&path)
        .unwrap();
    (dir, path)
}

/// The one file that a command makes of `source`.
fn made(source: &Path, ops: &str) -> (Bench, Output) {
    let bench = Bench::run(source, ops);
    let output = match &bench.outcomes[0] {
        Ok(outputs) => outputs[0].clone(),
        Err(error) => panic!("{} {ops}: {error}", source.display()),
    };
    assert_eq!(
        bench.everything_under(0),
        std::slice::from_ref(&output.path),
        "{ops}"
    );
    (bench, output)
}

fn near(a: Rgb<u8>, b: [u8; 3], distance: u8) -> bool {
    a.0.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= distance)
}

#[test]
fn a_thumbnail_fits_its_box() {
    let (_dir, wide) = bands("wide.png", 400, 300);
    let (_dir2, tall) = bands("tall.png", 300, 400);
    for (source, ops, size) in [
        (&wide, "imageView2/jpg/mode/2/height/150", (200, 150)),
        (&wide, "imageView2/jpg/mode/2/w/100/h/100", (100, 75)),
        (&wide, "imageView2/jpg/mode/1/w/100/h/100", (100, 100)),
        (&wide, "imageView2/jpg/mode/1/w/100", (100, 100)),
        (&wide, "imageView2/jpg/mode/3/w/100/h/100", (133, 100)),
        (&wide, "imageView2/jpg/mode/3/h/100", (133, 100)),
        (&tall, "imageView2/0/w/200/h/100/format/png", (100, 133)),
        (&tall, "imageView2/4/w/200/h/100/format/png", (150, 200)),
        (&tall, "imageView2/5/w/200/h/100/format/png", (100, 200)),
        (&wide, "imageView2/jpg/mode/2/w/4000", (400, 300)),
        (&wide, "imageView2/jpg/mode/1/w/4000/h/4000", (400, 300)),
        (&wide, "imageView2/jpg", (400, 300)),
        (&wide, "imageView2/0/q/75/format/webp", (400, 300)),
    ] {
        let (_bench, output) = made(source, ops);
        let read = image::ImageReader::open(&output.path)
            .unwrap()
            .with_guessed_format()
            .unwrap();
        assert_eq!(read.into_dimensions().unwrap(), size, "{ops}");
        assert_eq!(output.resolution, Some(size), "{ops}");
        assert_eq!((output.duration, output.bit_rate), (0.0, 0));
    }
}

#[test]
fn what_is_cut_off_is_cut_off_on_both_sides() {
    let (_dir, wide) = bands("wide.png", 600, 200);
    let (_bench, output) = made(&wide, "imageView2/png/mode/1/w/100/h/100");
    let square = image::open(&output.path).unwrap().to_rgb8();
    for x in [1, 50, 98] {
        let pixel = *square.get_pixel(x, 50);
        assert!(near(pixel, [20, 230, 20], 30), "{x}: {pixel:?}");
    }
    let (_bench, output) = made(&wide, "imageView2/png/mode/2/w/90/h/90");
    let all = image::open(&output.path).unwrap().to_rgb8();
    for (x, colour) in [(5, [230, 20, 20]), (45, [20, 230, 20]), (85, [20, 20, 230])] {
        assert!(near(*all.get_pixel(x, 15), colour, 6), "{x}");
    }
}

#[test]
fn formats_are_what_they_say_and_without_one_that_of_the_source() {
    let jpg = &b"\xff\xd8\xff"[..];
    let (png, gif) = (&b"\x89PNG"[..], &b"GIF89a"[..]);
    for (source, ops, magic) in [
        ("a.png", "imageView2/jpg", jpg),
        ("a.png", "imageView2/webp", b"RIFF"),
        ("a.png", "imageView2/gif", gif),
        ("a.jpg", "imageView2/2/w/10|saveas/bkt:x", jpg),
        ("a.png", "imageView2/2/w/10|saveas/bkt:x", png),
        ("a.gif", "imageView2/2/w/10|saveas/bkt:x", gif),
        ("a.webp", "imageView2/2/w/10|saveas/bkt:x", b"RIFF"),
        ("a.bmp", "imageView2/2/w/10|saveas/bkt:x", png),
        ("a.tiff", "imageView2/2/w/10|saveas/bkt:x", png),
    ] {
        let (_dir, source) = bands(source, 60, 40);
        let (_bench, output) = made(&source, ops);
        let bytes = std::fs::read(&output.path).unwrap();
        assert!(
            bytes.starts_with(magic),
            "{} {ops}: {:x?}",
            source.display(),
            &bytes[..8]
        );
    }
}

#[test]
fn a_jpeg_of_low_quality_keeps_it_and_others_get_what_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let noise = RgbImage::from_fn(200, 150, |x, y| {
        let n = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761);
        Rgb([(n >> 8) as u8, (n >> 16) as u8, (n >> 24) as u8])
    });
    let (low, png) = (dir.path().join("low.jpg"), dir.path().join("noise.png"));
    noise.save(&png).unwrap();
    let file = std::fs::File::create(&low).unwrap();
    image::codecs::jpeg::JpegEncoder::new_with_quality(file, 30)
        .encode_image(&noise)
        .unwrap();
    let size = |source: &Path, ops: &str| {
        let (_bench, output) = made(source, ops);
        std::fs::metadata(&output.path).unwrap().len()
    };
    let kept = size(&low, "imageView2/jpg/quality/95");
    assert_eq!(kept, size(&low, "imageView2/jpg/quality/30"));
    assert_eq!(kept, size(&low, "imageView2/jpg"));
    assert!(kept > size(&low, "imageView2/jpg/quality/10"));
    let asked = |quality: u8| size(&png, &format!("imageView2/jpg/quality/{quality}"));
    assert!(asked(95) > asked(85) && asked(85) > asked(30));
    assert_eq!(asked(85), size(&png, "imageView2/jpg"));
}

#[test]
fn a_thumbnail_is_made_of_a_picture_of_a_film() {
    let (_bench, output) = made(
        &clip("clip.mp4"),
        "vframe/jpg/offset/1|imageView2/jpg/mode/2/height/120|saveas/Ymt0Om8uanBn",
    );
    assert_eq!(output.resolution, Some((160, 120)));
    assert_eq!(image::image_dimensions(&output.path).unwrap(), (160, 120));
    assert_eq!(crate::bench::second_of_picture(&output.path), 1);
}

#[test]
fn what_is_no_picture_fails_and_leaves_nothing() {
    let film = Bench::error("silent.mp4", "imageView2/jpg/mode/2/w/100");
    assert_eq!(
        film.to_string(),
        "the source is not a picture: its bytes are no picture format that can be read"
    );
    let text = Bench::error("bad/not-media.mp4", "imageView2/jpg");
    assert!(matches!(text, OpsError::NotAPicture { .. }), "{text}");
}

/// The eight ways a camera can be held show one and the same scene.
#[test]
fn photos_come_out_upright() {
    let small = |name: &str| {
        let source = shared(name)?;
        let (_bench, output) = made(&source, "imageView2/png/mode/2/w/60");
        Some(image::open(&output.path).unwrap().to_rgb8())
    };
    let Some(upright) = small("image/exif-orientation-1-landscape.jpg") else {
        return;
    };
    for orientation in 2..=8 {
        let name = format!("image/exif-orientation-{orientation}-landscape.jpg");
        let other = small(&name).unwrap();
        assert_eq!(other.dimensions(), upright.dimensions(), "{name}");
        let apart: u64 = upright
            .iter()
            .zip(other.iter())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(apart / (upright.len() as u64) < 12, "{name}: {apart}");
    }
}

/// Every picture there is, good and bad: a thumbnail that others can read, or a sentence.
#[test]
fn real_pictures_are_shown_or_refused_in_words() {
    let mut pictures = Vec::new();
    for folder in ["image", "bad"] {
        let Some(folder) = shared(folder) else { return };
        pictures.extend(
            std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path()),
        );
    }
    pictures.sort();
    let (mut shown, mut refused) = (0, 0);
    for picture in &pictures {
        let bench = Bench::run(picture, "imageView2/jpg/mode/1/w/64/h/48");
        match &bench.outcomes[0] {
            Ok(outputs) => {
                let (width, height) = image::image_dimensions(&outputs[0].path).unwrap();
                assert!(width <= 64 && height <= 48, "{}", picture.display());
                shown += 1;
            }
            Err(
                OpsError::NotAPicture { .. }
                | OpsError::PictureDamaged { .. }
                | OpsError::TooLarge { .. },
            ) => refused += 1,
            Err(other) => panic!("{}: {other:?}", utf8(picture)),
        }
    }
    eprintln!(
        "{} files: {shown} thumbnails, {refused} refused",
        pictures.len()
    );
    assert!(shown >= 60, "{shown}");
}
