//! Pictures of a moment.

use crate::bench::{Bench, clip, ffmpeg, second_of_picture, utf8};

#[test]
fn the_picture_is_the_one_shown_at_that_moment() {
    for source in [
        "clip.mp4",
        "b-frames.mp4",
        "vfr.mp4",
        "start-offset.ts",
        "subtitles.mkv",
        "sar-4-3.mp4",
    ] {
        for (offset, second) in [
            ("0", 0),
            ("0.9", 0),
            ("0.999", 0),
            ("1.08", 1),
            ("1.5", 1),
            ("2.125", 2),
            ("2.9", 2),
        ] {
            let made = Bench::one(source, &format!("vframe/png/offset/{offset}"));
            assert_eq!(
                second_of_picture(made.path()),
                second,
                "{source} at {offset}"
            );
        }
    }
}

#[test]
fn the_last_frame_before_a_change_is_not_the_first_after_it() {
    // 25 frames a second: the frame of 9.96 s is shown until 10.000 s.
    for (offset, second) in [
        ("9.96", 9),
        ("9.999", 9),
        ("10", 10),
        ("10.001", 10),
        ("15", 15),
        ("19.96", 19),
        ("19.99", 19),
    ] {
        let made = Bench::one("clip.mp4", &format!("vframe/png/offset/{offset}"));
        assert_eq!(second_of_picture(made.path()), second, "{offset}");
    }
}

#[test]
fn a_clock_that_ticks_once_a_frame_is_read_right() {
    let dir = tempfile::tempdir().unwrap();
    let film = dir.path().join("film.avi");
    let said = ffmpeg(&[
        "-i",
        utf8(&clip("clip.mp4")),
        "-an",
        "-c:v",
        "mpeg4",
        "-b:v",
        "1M",
        utf8(&film),
    ]);
    assert_eq!(said, "");
    for (offset, second) in [
        ("6.96", 6),
        ("6.99", 6),
        ("6.999", 6),
        ("7", 7),
        ("19.97", 19),
    ] {
        let bench = Bench::run(&film, &format!("vframe/png/offset/{offset}"));
        let made = &bench.outcomes[0].as_ref().unwrap()[0];
        assert_eq!(second_of_picture(&made.path), second, "{offset}");
    }
}

#[test]
fn an_edit_list_moves_the_moments() {
    for (offset, second) in [("0", 1), ("0.4", 1), ("0.6", 2), ("1.6", 3)] {
        let made = Bench::one("edit-list.mp4", &format!("vframe/png/offset/{offset}"));
        assert_eq!(second_of_picture(made.path()), second, "{offset}");
    }
}

#[test]
fn pictures_get_the_size_asked_for() {
    for (source, ops, size) in [
        ("silent.mp4", "", (320, 240)),
        ("silent.mp4", "/w/100", (100, 75)),
        ("silent.mp4", "/h/99", (132, 99)),
        ("silent.mp4", "/w/33/h/77", (33, 77)),
        ("sar-4-3.mp4", "", (427, 240)),
        ("rotated-90.mp4", "", (240, 320)),
        ("silent.mp4", "/rotate/270", (240, 320)),
    ] {
        let made = Bench::one(source, &format!("vframe/jpg/offset/1{ops}"));
        assert_eq!(
            image::image_dimensions(made.path()).unwrap(),
            size,
            "{source} {ops}"
        );
        assert_eq!(made.output.resolution, Some(size));
        assert_eq!((made.output.duration, made.output.bit_rate), (0.0, 0));
    }
}

#[test]
fn formats_are_what_they_say() {
    for (format, magic) in [("jpg", &b"\xff\xd8\xff"[..]), ("png", b"\x89PNG")] {
        let made = Bench::one("silent.mp4", &format!("vframe/{format}"));
        assert!(std::fs::read(made.path()).unwrap().starts_with(magic));
    }
}

#[test]
fn a_moment_behind_the_end_says_where_the_end_is() {
    for (source, ends) in [("clip.mp4", "20.000"), ("silent.mp4", "3.000")] {
        for offset in ["20", "20.001", "1000"] {
            let error = Bench::error(source, &format!("vframe/jpg/offset/{offset}")).to_string();
            assert!(
                error.ends_with(&format!("s, but the source ends at {ends} s")),
                "{error}"
            );
        }
    }
}
