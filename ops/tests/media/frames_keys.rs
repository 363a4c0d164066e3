//! Key pictures alone, where one stands near enough to every moment; everything else where not.

use std::path::Path;

use crate::bench::{clip, ffmpeg, shared, utf8};
use crate::studio::{Frames, film, take};

const ALONE: &str = "of key frames alone";
const DECODED: &str = "each decoded up to its moment";

/// A film of 24 s with a key picture every 50 frames (2 s) and at no other.
fn keyed(dir: &Path, name: &str, more: &[&str]) -> std::path::PathBuf {
    let args = [
        "-t",
        "24",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        "12",
    ];
    let keys = ["-g", "50", "-keyint_min", "50", "-sc_threshold", "0"];
    film(dir, name, &[&args[..], &keys, more].concat())
}

#[test]
fn key_pictures_stand_for_moments_they_are_near() {
    let dir = tempfile::tempdir().unwrap();
    for (name, more) in [
        ("film.mp4", &["-bf", "2"][..]),
        ("film.mkv", &["-bf", "2"]),
        ("film.ts", &["-bf", "2"]),
        ("film.flv", &["-bf", "2"]),
        ("parts.mp4", &["-movflags", "frag_keyframe+empty_moov"]),
    ] {
        let film = keyed(dir.path(), name, more);
        let frames = Frames::of(&film);
        for (ops, count, step) in [("interval/2.2", 11, 2.2), ("vframeN/10", 10, 2.4)] {
            let taken = take(&film, &format!("vframe/png/{ops}"));
            assert!(
                taken.explained[0].contains(ALONE),
                "{name} {ops}: {:?}",
                taken.explained
            );
            assert_eq!(taken.outputs().len(), count, "{name} {ops}");
            let mut numbers = Vec::new();
            for (number, path) in taken.paths().into_iter().enumerate() {
                let (nearest, distance) = frames.nearest(path);
                let apart = (frames.times[nearest] - number as f64 * step).abs();
                assert!(
                    apart <= step / 2.0 + 0.05,
                    "{name} {ops}: {number} is {apart} s off"
                );
                assert!(distance < 2.0, "{name} {ops}: {number}: {distance}");
                assert_eq!(nearest % 50, 0, "{name} {ops}: a key picture");
                numbers.push(nearest);
            }
            assert!(
                numbers.is_sorted_by(|a, b| a < b),
                "{name}: none twice: {numbers:?}"
            );
        }
    }
}

#[test]
fn where_key_pictures_are_too_far_apart_every_picture_is_decoded() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["film.mp4", "film.ts", "film.mkv"] {
        let film = keyed(dir.path(), name, &[]);
        let frames = Frames::of(&film);
        let taken = take(&film, "vframe/png/interval/1.2");
        assert!(
            taken.explained[0].contains(DECODED),
            "{name}: {:?}",
            taken.explained
        );
        assert_eq!(taken.outputs().len(), 20, "{name}");
        for (number, path) in taken.paths().into_iter().enumerate() {
            frames.is_at(path, number as f64 * 1.2, name);
        }
    }
}

#[test]
fn pictures_are_those_of_their_moment_where_that_costs_little() {
    let film = clip("clip.mp4");
    let frames = Frames::of(&film);
    for (ops, step) in [
        ("interval/4", 4.0),
        ("interval/5", 5.0),
        ("interval/3", 3.0),
        ("vframeN/20", 1.0),
    ] {
        let taken = take(&film, &format!("vframe/png/{ops}"));
        assert!(
            taken.explained[0].contains(DECODED),
            "{ops}: {:?}",
            taken.explained
        );
        for (number, path) in taken.paths().into_iter().enumerate() {
            // The column stands still for a second: the frame is told within that.
            let shown = frames.shown_at(number as f64 * step);
            let (nearest, _) = frames.nearest(path);
            assert_eq!(nearest / 25, shown / 25, "{ops} {number}");
        }
    }
}

/// Streams that are refreshed bit by bit have key pictures in name only: none comes out of one alone.
#[test]
fn key_pictures_that_do_not_stand_alone_are_decoded_with_others() {
    let dir = tempfile::tempdir().unwrap();
    let film = keyed(dir.path(), "film.ts", &["-x264-params", "intra-refresh=1"]);
    let frames = Frames::of(&film);
    let taken = take(&film, "vframe/png/interval/2.2");
    assert_eq!(taken.outputs().len(), 11);
    for (number, path) in taken.paths().into_iter().enumerate() {
        let (nearest, distance) = frames.nearest(path);
        let apart = (frames.times[nearest] - number as f64 * 2.2).abs();
        assert!(
            apart <= 1.1 && distance < 2.0,
            "{number}: {apart} s, {distance}"
        );
    }
}

#[test]
fn a_header_that_claims_hours_is_not_believed() {
    let Some(film) = shared("video/bogus-duration-47721s-start-8s.mp4") else {
        return;
    };
    let end = Frames::of(&film).times.last().unwrap().ceil();
    let taken = take(&film, "vframe/jpg/interval/1/w/64");
    assert_eq!(taken.outputs().len() as f64, end, "{:?}", taken.explained);
    let spread = take(&film, "vframe/jpg/vframeN/4/w/64");
    assert_eq!(spread.outputs().len(), 4);
}

#[test]
fn pictures_end_with_the_film_though_its_sound_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["film.mkv", "film.mp4", "film.ts"] {
        let film = dir.path().join(name);
        let picture = [
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=160x120:rate=25:duration=2",
        ];
        let sound = [
            "-f",
            "lavfi",
            "-i",
            "sine=duration=5",
            "-preset",
            "ultrafast",
        ];
        let all = [&picture[..], &sound, &[utf8(&film)]].concat();
        assert_eq!(ffmpeg(&all), "", "{name}");
        let taken = take(&film, "vframe/jpg/interval/0.7");
        assert_eq!(taken.outputs().len(), 3, "{name}");
        let spread = take(&film, "vframe/jpg/vframeN/5");
        assert_eq!(spread.outputs().len(), 5, "{name}");
    }
}
