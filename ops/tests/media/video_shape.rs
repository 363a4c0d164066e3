//! Sizes, canvases, mirrors and the shape of pixels, seen in the pixels themselves.

use opmill_ops::OpsError;

use crate::bench::{Bench, clip, utf8};
use crate::look::{Clip, Frame, Shown};

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];
const BLACK: [u8; 3] = [0, 0, 0];

/// 160x120 in four colours: red and green above, blue and white below.
fn quarters(more: &str) -> Clip {
    let box_of = |colour: &str, x: u32, y: u32| {
        format!("drawbox=x={x}:y={y}:w=80:h=60:color={colour}:t=fill")
    };
    Clip::of(&format!(
        "color=red:size=160x120:rate=10:duration=0.5,format=rgb24,{},{},{},format=yuv444p{more}",
        box_of("lime", 80, 0),
        box_of("blue", 0, 60),
        box_of("white", 80, 60),
    ))
}

/// The colours in the middles of the four quarters of a part of a frame.
fn corners(frame: &Frame, (x, y, width, height): (usize, usize, usize, usize)) -> [[u8; 3]; 4] {
    let at = |right: usize, below: usize| {
        let pixel = (
            x + width / 4 + right * width / 2,
            y + height / 4 + below * height / 2,
        );
        [RED, GREEN, BLUE, WHITE, BLACK]
            .into_iter()
            .find(|&colour| frame.shows(pixel.0, pixel.1, colour))
            .unwrap_or_else(|| frame.pixel(pixel.0, pixel.1))
    };
    [at(0, 0), at(1, 0), at(0, 1), at(1, 1)]
}

const AS_IT_WAS: [[u8; 3]; 4] = [RED, GREEN, BLUE, WHITE];

fn size_and_sar(made: &Shown) -> ((u64, u64), String) {
    let video = made.video();
    let side = |name: &str| video[name].as_u64().unwrap();
    let sar = video["sample_aspect_ratio"].as_str().unwrap_or("1:1");
    ((side("width"), side("height")), sar.to_owned())
}

/// A picture on black: what is asked for, the size that comes out, where the picture is.
#[test]
fn pictures_lie_on_black_where_they_are_put() {
    let source = quarters("");
    let odd = quarters(",scale=161:121");
    let wide_pixels = quarters(",setsar=2");
    for (what, source, ops, size, place) in [
        (
            "bars left and right",
            &source,
            "s/240x120/autofill/1",
            (240, 120),
            (40, 0, 160, 120),
        ),
        (
            "bars above and below",
            &source,
            "s/160x200/autofill/1",
            (160, 200),
            (0, 40, 160, 120),
        ),
        (
            "it is scaled up",
            &source,
            "s/400x240/autofill/1",
            (400, 240),
            (40, 0, 320, 240),
        ),
        (
            "it fits",
            &source,
            "s/320x240/autofill/1",
            (320, 240),
            (0, 0, 320, 240),
        ),
        (
            "odd sizes become even",
            &source,
            "s/241x121/autofill/1",
            (240, 120),
            (40, 0, 160, 120),
        ),
        (
            "an odd source",
            &odd,
            "s/240x120/autofill/1",
            (240, 120),
            (40, 0, 160, 120),
        ),
        (
            "wide pixels are made square",
            &wide_pixels,
            "s/320x200/autofill/1",
            (320, 200),
            (0, 40, 320, 120),
        ),
        (
            "pixels of another shape",
            &source,
            "s/160x120/autofill/1/sar/2:1",
            (160, 120),
            (40, 0, 80, 120),
        ),
        (
            "turned first",
            &source,
            "rotate/180/s/240x120/autofill/1",
            (240, 120),
            (40, 0, 160, 120),
        ),
        (
            "a canvas, in the middle",
            &source,
            "padW/200/padH/200",
            (200, 200),
            (20, 40, 160, 120),
        ),
        (
            "one side of it",
            &source,
            "padW/200",
            (200, 120),
            (20, 0, 160, 120),
        ),
        (
            "in its corner",
            &source,
            "padW/200/padH/200/padVideoX/0/padVideoY/80",
            (200, 200),
            (0, 80, 160, 120),
        ),
        (
            "after a size",
            &source,
            "s/80x60/padW/160/padH/80/padVideoX/10",
            (160, 80),
            (10, 10, 80, 60),
        ),
        (
            "after a fit",
            &source,
            "s/100x60/autoscale/1/padW/100",
            (100, 60),
            (10, 0, 80, 60),
        ),
        (
            "at an odd place",
            &source,
            "padW/200/padVideoX/11",
            (200, 120),
            (10, 0, 160, 120),
        ),
    ] {
        let made = source.run(&format!("avthumb/mp4/preset/ultrafast/crf/4/{ops}"));
        assert_eq!(size_and_sar(&made).0, size, "{what}");
        let frame = made.frame(0.2);
        let expected = if ops.contains("rotate") {
            [WHITE, BLUE, GREEN, RED]
        } else {
            AS_IT_WAS
        };
        assert_eq!(corners(&frame, place), expected, "{what}");
        let (x, y, width, height) = place;
        // Two pixels from the picture on, all is black: there the colours of the edge have faded.
        let outside = |px: usize, py: usize| {
            px + 2 < x || px > x + width + 1 || py + 2 < y || py > y + height + 1
        };
        for py in 0..frame.height {
            for px in (0..frame.width).filter(|&px| outside(px, py)) {
                let brightest = frame.pixel(px, py).into_iter().max().unwrap();
                assert!(
                    brightest <= 12,
                    "{what}: {px},{py} is {:?}",
                    frame.pixel(px, py)
                );
            }
        }
    }
}

#[test]
fn a_canvas_that_is_too_small_is_refused_with_the_size_of_the_picture() {
    let source = quarters("");
    for (ops, parameter, given, picture) in [
        ("padW/158", "padW", 158, 160),
        ("padH/100/padW/200", "padH", 100, 120),
        ("padW/200/padVideoX/42", "padW", 200, 160),
        ("s/x240/padW/300", "padW", 300, 320),
    ] {
        let bench = Bench::run(source.path(), &format!("avthumb/mp4/{ops}"));
        match &bench.outcomes[0] {
            Err(OpsError::PadTooSmall {
                parameter: named,
                given: value,
                picture: side,
                ..
            }) => {
                assert_eq!(
                    (*named, *value, *side),
                    (parameter, given, picture),
                    "{ops}"
                );
            }
            other => panic!("{ops}: {other:?}"),
        }
        assert!(bench.files_of(0).is_empty(), "{ops}");
    }
}

#[test]
fn a_mirror_shows_what_a_mirror_shows() {
    let source = quarters("");
    for (ops, expected) in [
        ("flip/h", [GREEN, RED, WHITE, BLUE]),
        ("flip/v", [BLUE, WHITE, RED, GREEN]),
        ("rotate/90", [BLUE, RED, WHITE, GREEN]),
        ("rotate/90/flip/h", [RED, BLUE, GREEN, WHITE]),
        ("rotate/270/flip/v", [RED, BLUE, GREEN, WHITE]),
        ("rotate/180/flip/h", [BLUE, WHITE, RED, GREEN]),
    ] {
        let made = source.run(&format!("avthumb/mp4/preset/ultrafast/crf/4/{ops}"));
        let frame = made.frame(0.2);
        let all = (0, 0, frame.width, frame.height);
        assert_eq!(corners(&frame, all), expected, "{ops}");
    }
}

/// A phone's picture is mirrored as it is seen, not as it is stored.
#[test]
fn a_mirror_comes_after_the_turn_of_the_source() {
    let upright = Bench::one("rotated-90.mp4", "avthumb/mp4/preset/ultrafast/crf/4");
    let mirrored = Bench::one(
        "rotated-90.mp4",
        "avthumb/mp4/preset/ultrafast/crf/4/flip/h",
    );
    let expected = Frame::through(upright.path(), 1.5, "hflip");
    let apart = Frame::of(mirrored.path(), 1.5).distance(&expected);
    assert!(apart < 4.0, "{apart}");
}

#[test]
fn players_are_told_the_shape_that_is_asked_for() {
    let square = quarters("");
    let wide = quarters(",setsar=4/3");
    for (source, ops, size, sar) in [
        (&square, "sar/4:3", (160, 120), "4:3"),
        (&wide, "sar/1:1", (160, 120), "1:1"),
        (&wide, "an/1", (160, 120), "4:3"),
        (&square, "s/80x60/sar/16:15", (80, 60), "16:15"),
        (&square, "aspect/16:9", (160, 120), "4:3"),
        (&wide, "aspect/4:3", (160, 120), "1:1"),
        (&square, "s/160x90/aspect/4:3", (160, 90), "3:4"),
        (&square, "padW/240/aspect/4:3", (240, 120), "2:3"),
        (
            &square,
            "s/720x576/autoscale/1/sar/64:45",
            (540, 576),
            "64:45",
        ),
    ] {
        let made = source.run(&format!("avthumb/mp4/preset/ultrafast/{ops}"));
        assert_eq!(size_and_sar(&made), (size, sar.to_owned()), "{ops}");
    }
}

/// What `sar` and `aspect` change is a note: the pixels are those of the source.
#[test]
fn a_shape_is_told_without_touching_a_pixel() {
    let source = quarters("");
    let before = source.run("avthumb/mp4/preset/ultrafast/crf/4").frame(0.2);
    for ops in ["sar/4:3", "aspect/16:9"] {
        let after = source.run(&format!("avthumb/mp4/preset/ultrafast/crf/4/{ops}"));
        assert_eq!(after.frame(0.2).data, before.data, "{ops}");
    }
}

/// The shape reaches every container that has a place for it, or whose codec has.
#[test]
fn every_container_carries_the_shape_of_pixels() {
    let source = clip("sar-4-3.mp4");
    let short = ["-t", "0.5", "-c:v", "libx264"];
    let source = Clip::make("wide.mp4", &[&["-i", utf8(&source)], &short[..]].concat());
    for container in [
        "mp4", "mov", "mkv", "webm", "flv", "ts", "3gp", "avi", "mpg", "ogg",
    ] {
        let made = source.run(&format!("avthumb/{container}/an/1"));
        let shape = made.video()["display_aspect_ratio"]
            .as_str()
            .unwrap()
            .to_owned();
        let (width, height) = shape.split_once(':').unwrap();
        let ratio = width.parse::<f64>().unwrap() / height.parse::<f64>().unwrap();
        assert!((ratio - 16.0 / 9.0).abs() < 0.01, "{container}: {shape}");
    }
}
