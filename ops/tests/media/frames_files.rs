//! What pictures become: sizes, ZIP files, moving pictures.

use std::path::Path;
use std::process::Command;

use opmill_ops::{Limits, Name, Output};

use crate::bench::{clip, ffmpeg, ffprobe, second_of_picture, second_shown, seconds, shared, utf8};
use crate::studio::{film, take, take_as};

/// The command's first picture and its size, which the output tells as well.
fn size_of(source: &Path, ops: &str) -> (u32, u32) {
    let taken = take(source, ops);
    let output = &taken.outputs()[0];
    let size = image::image_dimensions(&output.path).unwrap();
    assert_eq!(output.resolution, Some(size), "{ops}");
    assert_eq!((output.duration, output.bit_rate), (0.0, 0), "{ops}");
    size
}

#[test]
fn pictures_have_the_size_that_is_asked_for() {
    // 320x240, of 4:3 pixels 427x240 as seen, upright 240x320, and two odd ones.
    for (source, ops, size) in [
        ("silent.mp4", "w/100/h/100", (100, 100)),
        ("silent.mp4", "w/100/h/100/mode/1", (100, 100)),
        ("silent.mp4", "w/100/h/100/mode/2", (100, 75)),
        ("silent.mp4", "w/100/h/100/mode/3", (133, 100)),
        ("silent.mp4", "w/100/mode/1", (100, 100)),
        ("silent.mp4", "w/100/mode/2", (100, 75)),
        ("silent.mp4", "h/99/mode/2", (132, 99)),
        ("silent.mp4", "w/100/mode/3", (133, 100)),
        ("silent.mp4", "w/400/h/400/mode/1", (320, 240)),
        ("silent.mp4", "w/1920/h/1080/mode/2", (320, 240)),
        ("silent.mp4", "w/1920/h/100/mode/1", (320, 100)),
        ("silent.mp4", "w/101/h/77/autofill/1", (101, 77)),
        ("silent.mp4", "w/640", (640, 480)),
        ("silent.mp4", "w/1", (1, 1)),
        ("sar-4-3.mp4", "h/120/mode/2", (214, 120)),
        ("sar-4-3.mp4", "w/100/h/100/mode/1", (100, 100)),
        ("rotated-90.mp4", "h/160/mode/2", (120, 160)),
        ("rotated-90.mp4", "w/160/rotate/90", (160, 120)),
        (
            "rotated-90.mp4",
            "w/100/h/50/autofill/1/rotate/270",
            (100, 50),
        ),
    ] {
        for format in ["jpg", "png"] {
            let ops = format!("vframe/{format}/offset/1/{ops}");
            assert_eq!(size_of(&clip(source), &ops), size, "{source} {ops}");
        }
    }
}

#[test]
fn films_of_any_shape_fit() {
    for (name, ops, size) in [
        ("video/odd-161x121-vp9.webm", "", (161, 121)),
        ("video/odd-161x121-vp9.webm", "/w/55", (55, 41)),
        ("video/odd-161x121-vp9.webm", "/h/61/mode/2", (81, 61)),
        (
            "video/phone-portrait-rot90-568x320-h264-aac.mov",
            "",
            (320, 568),
        ),
        (
            "video/phone-portrait-rot90-568x320-h264-aac.mov",
            "/h/200/mode/2",
            (113, 200),
        ),
        ("video/phone-rot180-3frames.mov", "/w/284", (284, 160)),
        ("video/sar-3-2-1280x1080-h264.mp4", "/h/108", (192, 108)),
        (
            "video/sar-64-45-720x576-vp9-vorbis.webm",
            "/w/512/h/512/mode/2",
            (512, 288),
        ),
        ("video/tiny-1x1-h264-yuv444-1fps.mp4", "", (1, 1)),
        ("video/tiny-46x48-1frame.mp4", "/w/23/h/23/mode/3", (23, 24)),
        (
            "video/natural-roadtrip-426x240-vp9-10bit.webm",
            "/w/64/h/64/autofill/1",
            (64, 64),
        ),
        ("video/hdr10-pq-720p-vp9-mdcv.webm", "/w/128", (128, 72)),
        (
            "video/container-size-800x600-stream-400x300-vp8.webm",
            "/w/64",
            (64, 48),
        ),
    ] {
        let Some(film) = shared(name) else { return };
        assert_eq!(
            size_of(&film, &format!("vframe/jpg{ops}")),
            size,
            "{name} {ops}"
        );
    }
}

/// A film that changes its size in the middle gives pictures of one size.
#[test]
fn pictures_of_one_command_have_one_size() {
    let Some(film) = shared("video/resolution-change-midstream-vp8.webm") else {
        return;
    };
    let taken = take(&film, "vframe/png/interval/1");
    let sizes = taken
        .paths()
        .into_iter()
        .map(|path| image::image_dimensions(path).unwrap());
    let sizes: Vec<_> = sizes.collect();
    assert_eq!(sizes.len(), 7);
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
}

#[test]
fn what_is_filled_is_black_and_what_is_cut_is_cut_at_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bars.mp4");
    // Red, white, blue beside one another.
    let flag =
        "color=red:s=40x60[r];color=white:s=40x60[w];color=blue:s=40x60[b];[r][w][b]hstack=3";
    let args = [
        "-f", "lavfi", "-i", flag, "-t", "0.2", "-c:v", "libx264", "-qp", "0",
    ];
    let args = [&args[..], &["-pix_fmt", "yuv444p", utf8(&path)]].concat();
    assert_eq!(ffmpeg(&args), "");
    let picture = |ops: &str| {
        let taken = take(&path, &format!("vframe/png/{ops}"));
        image::open(taken.paths()[0]).unwrap().into_rgb8()
    };
    let near = |picture: &image::RgbImage, x, y, colour: [u8; 3], what: &str| {
        let found = picture.get_pixel(x, y).0;
        let far = found.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > 12);
        assert!(!far, "{what}: {found:?} at {x},{y} and not {colour:?}");
    };
    let (red, white, blue, black) = ([255, 0, 0], [255; 3], [0, 0, 255], [0; 3]);
    let filled = picture("w/120/h/100/autofill/1");
    for (x, y, colour) in [
        (60, 2, black),
        (60, 17, black),
        (5, 25, red),
        (60, 50, white),
        (115, 75, blue),
        (60, 82, black),
        (60, 98, black),
    ] {
        near(&filled, x, y, colour, "filled above and below");
    }
    let beside = picture("w/100/h/30/autofill/1");
    for (x, y, colour) in [
        (5, 15, black),
        (25, 15, red),
        (50, 15, white),
        (75, 15, blue),
        (95, 15, black),
    ] {
        near(&beside, x, y, colour, "filled at the sides");
    }
    let cut = picture("w/60/h/60/mode/1");
    for (x, y, colour) in [
        (2, 30, red),
        (30, 2, white),
        (30, 58, white),
        (57, 30, blue),
    ] {
        near(&cut, x, y, colour, "cut at the sides");
    }
}

#[test]
fn a_picture_shines_through_on_black() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("glass.mov");
    let source = "color=white@0.5:s=32x32,format=rgba";
    let args = [
        "-f",
        "lavfi",
        "-i",
        source,
        "-t",
        "0.2",
        "-c:v",
        "qtrle",
        utf8(&path),
    ];
    assert_eq!(ffmpeg(&args), "");
    for format in ["jpg", "png"] {
        let taken = take(&path, &format!("vframe/{format}"));
        let picture = image::open(taken.paths()[0]).unwrap().into_rgb8();
        let grey = picture.get_pixel(16, 16).0[0];
        assert!((110..=145).contains(&grey), "{format}: {grey}");
    }
}

/// What a ZIP holds, by a reader of another house: names and first bytes.
fn members(zip: &Path) -> Vec<(String, Vec<u8>)> {
    let script = "import sys, zipfile\n\
                  z = zipfile.ZipFile(sys.argv[1])\n\
                  assert z.testzip() is None\n\
                  for n in z.namelist(): print(n, z.read(n)[:6].hex())";
    let out = Command::new("python3")
        .args(["-c", script])
        .arg(zip)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = String::from_utf8(out.stdout).unwrap();
    let member = |line: &str| {
        let (name, bytes) = line.rsplit_once(' ').unwrap();
        let byte = |at: usize| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap();
        (
            name.to_owned(),
            (0..bytes.len()).step_by(2).map(byte).collect(),
        )
    };
    text.lines().map(member).collect()
}

fn only(outputs: &[Output]) -> &Output {
    assert_eq!(outputs.len(), 1, "{outputs:?}");
    &outputs[0]
}

#[test]
fn several_pictures_come_in_one_zip() {
    let limits = Limits::default();
    for (ops, names) in [
        (
            "vframe/jpg/offsets/1:2.5/w/32/isZip/1",
            &["shots_000001.jpg", "shots_000002.jpg"][..],
        ),
        (
            "vframe/png/interval/10/w/32/isZip/1",
            &["shots_000001.png", "shots_000002.png"],
        ),
        ("vframe/jpg/offset/1/w/32/isZip/1", &["shots.jpg"]),
        (
            "vframe/jpg/interval/5/sprite/1x2/w/32/isZip/1",
            &["shots_000001.jpg", "shots_000002.jpg", "shots.vtt"],
        ),
        (
            "vframe/jpg/interval/5/sprite/2x2/w/32/isZip/1",
            &["shots.jpg", "shots.vtt"],
        ),
    ] {
        let taken = take_as(&clip("clip.mp4"), ops, "shots.zip", &limits);
        let zip = only(taken.outputs());
        assert_eq!((&zip.name, zip.resolution), (&Name::Target, None), "{ops}");
        let members = members(&zip.path);
        let found: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, names, "{ops}");
        for (name, bytes) in &members {
            let magic: &[u8] = match name.rsplit_once('.').unwrap().1 {
                "jpg" => b"\xff\xd8\xff",
                "png" => b"\x89PNG",
                _ => b"WEBVTT",
            };
            assert!(bytes.starts_with(magic), "{ops}: {name}");
        }
        let folder = zip.path.parent().unwrap();
        assert_eq!(
            std::fs::read_dir(folder).unwrap().count(),
            1,
            "nothing else is left"
        );
    }
}

#[test]
fn a_gif_moves_through_its_part_of_the_film() {
    for (ops, length, size, first) in [
        ("vframe/gif/w/80", 5.0, (80, 60), 0),
        ("vframe/gif/offset/7/t/2/h/60", 2.0, (80, 60), 7),
        (
            "vframe/gif/offset/3.5/t/1.5/w/50/h/50/mode/1",
            1.5,
            (50, 50),
            3,
        ),
        (
            "vframe/gif/offset/18.5/t/9/w/60/h/60/autofill/1",
            1.5,
            (60, 60),
            18,
        ),
        ("vframe/gif/offset/1/t/0.5/w/40/rotate/90", 0.5, (40, 53), 1),
    ] {
        let taken = take(&clip("clip.mp4"), ops);
        let gif = only(taken.outputs());
        assert_eq!(
            (&gif.name, gif.resolution),
            (&Name::Target, Some(size)),
            "{ops}"
        );
        let probe = ffprobe(&gif.path);
        assert_eq!(probe["format"]["format_name"], "gif", "{ops}");
        let found = seconds(&probe["format"]["duration"]);
        assert!((found - length).abs() < 0.11, "{ops}: {found} s");
        assert!(
            (gif.duration - length).abs() < 0.11,
            "{ops}: {} s",
            gif.duration
        );
        let video = &probe["streams"][0];
        assert_eq!(
            (&video["width"], &video["height"]),
            (&size.0.into(), &size.1.into()),
            "{ops}"
        );
        if !ops.contains("mode") && !ops.contains("autofill") && !ops.contains("rotate") {
            assert_eq!(second_shown(&gif.path, 0.0), first, "{ops}");
            let last = first + length as u32 - 1;
            assert_eq!(second_shown(&gif.path, length - 0.3), last, "{ops}");
        }
    }
}

#[test]
fn a_gif_has_ten_pictures_a_second_and_no_more_than_the_film() {
    let frames = |path: &Path| {
        let args = [
            "-v",
            "error",
            "-count_frames",
            "-show_entries",
            "stream=nb_read_frames",
        ];
        let mut ffprobe = Command::new("ffprobe");
        let out = ffprobe
            .args(args)
            .args(["-of", "csv=p=0"])
            .arg(path)
            .output()
            .unwrap();
        String::from_utf8(out.stdout)
            .unwrap()
            .trim()
            .parse::<u32>()
            .unwrap()
    };
    let dir = tempfile::tempdir().unwrap();
    let moving = film(dir.path(), "film.mp4", &["-t", "3", "-preset", "ultrafast"]);
    let taken = take(&moving, "vframe/gif/t/2/w/64");
    assert_eq!(frames(taken.paths()[0]), 20);
    let slow = film(
        dir.path(),
        "slow.mp4",
        &["-t", "3", "-r", "4", "-preset", "ultrafast"],
    );
    let taken = take(&slow, "vframe/gif/t/2/w/64");
    assert_eq!(frames(taken.paths()[0]), 8);
}

#[test]
fn a_film_shorter_than_a_picture_of_the_new_rate_is_one_picture() {
    let dir = tempfile::tempdir().unwrap();
    let blink = dir.path().join("blink.mp4");
    let picture = "testsrc2=size=64x48:rate=60";
    let args = ["-f", "lavfi", "-i", picture, "-frames:v", "1", utf8(&blink)];
    assert_eq!(ffmpeg(&args), "");
    for (ops, length) in [
        ("vframe/gif", 0.1),
        ("avthumb/mp4/r/5", 0.2),
        ("avthumb/mp4/r/1/s/32x24", 1.0),
    ] {
        let taken = take(&blink, ops);
        let path = &only(taken.outputs()).path;
        let probe = ffprobe(path);
        assert_eq!(seconds(&probe["format"]["duration"]), length, "{ops}");
        assert_eq!(ffmpeg(&["-i", utf8(path), "-f", "null", "-"]), "", "{ops}");
    }
}

#[test]
fn a_gif_that_would_begin_behind_the_end_is_refused() {
    let taken = take(&clip("silent.mp4"), "vframe/gif/offset/3");
    assert_eq!(
        taken.error(),
        "`offset` is 3.000 s, but the source ends at 3.000 s"
    );
}

#[test]
fn pictures_of_a_chain_come_from_what_was_made_before() {
    let ops = "avthumb/mp4/ss/4/t/6/preset/ultrafast|vframe/jpg/interval/2";
    let taken = take(&clip("clip.mp4"), ops);
    let seconds: Vec<u32> = taken.paths().into_iter().map(second_of_picture).collect();
    assert_eq!(seconds, [4, 6, 8]);
}

#[test]
fn a_picture_is_a_film_of_one_picture() {
    let dir = tempfile::tempdir().unwrap();
    let still = dir.path().join("still.png");
    let args = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x48",
        "-frames:v",
        "1",
        utf8(&still),
    ];
    assert_eq!(ffmpeg(&args), "");
    for (ops, count) in [("interval/1", 1), ("vframeN/3", 3), ("offset/0", 1)] {
        let taken = take(&still, &format!("vframe/jpg/{ops}"));
        assert_eq!(taken.outputs().len(), count, "{ops}");
    }
}
