//! Which pictures are taken: several times, a rhythm, an even spread.

use std::path::Path;

use opmill_ops::Limits;

use crate::bench::{clip, ffmpeg, second_of_picture, shared, utf8};
use crate::studio::{Frames, film, take, take_as};

const X264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12"];

fn seconds_of(source: &Path, ops: &str) -> Vec<u32> {
    let taken = take(source, ops);
    taken.paths().into_iter().map(second_of_picture).collect()
}

#[test]
fn every_time_has_its_picture() {
    for source in [
        "clip.mp4",
        "b-frames.mp4",
        "vfr.mp4",
        "start-offset.ts",
        "subtitles.mkv",
    ] {
        let times = "0:0.5:0.999:1.08:1.1:2.125:2.9";
        let seconds = seconds_of(&clip(source), &format!("vframe/png/offsets/{times}"));
        assert_eq!(seconds, [0, 0, 0, 1, 1, 2, 2], "{source}");
    }
    let far = seconds_of(
        &clip("clip.mp4"),
        "vframe/jpg/offsets/3.5:3.6:11:17.96:19.96",
    );
    assert_eq!(far, [3, 3, 11, 17, 19]);
    let one = seconds_of(&clip("clip.mp4"), "vframe/jpg/offsets/7.2");
    assert_eq!(one, [7]);
}

#[test]
fn a_picture_every_few_seconds() {
    let film = clip("clip.mp4");
    for (ops, seconds) in [
        ("interval/5", &[0, 5, 10, 15][..]),
        ("interval/2", &[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
        ("interval/19.9", &[0, 19]),
        ("interval/20", &[0]),
        ("interval/999", &[0]),
    ] {
        assert_eq!(
            seconds_of(&film, &format!("vframe/jpg/{ops}")),
            seconds,
            "{ops}"
        );
    }
    let dense = seconds_of(&film, "vframe/jpg/interval/0.5/w/64");
    let expected: Vec<u32> = (0..40).map(|half| half / 2).collect();
    assert_eq!(dense, expected);
}

#[test]
fn so_many_pictures_at_even_distances() {
    let film = clip("clip.mp4");
    for (count, seconds) in [
        (1, &[0][..]),
        (2, &[0, 10]),
        (4, &[0, 5, 10, 15]),
        (10, &[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
    ] {
        let ops = format!("vframe/jpg/vframeN/{count}");
        assert_eq!(seconds_of(&film, &ops), seconds, "{count}");
    }
    // More than there are frames: some show the same.
    let many = take(&clip("silent.mp4"), "vframe/jpg/vframeN/100/w/32");
    assert_eq!(many.outputs().len(), 100);
}

/// Long distances between key pictures, pictures stored out of order, hidden ones, clocks that do not begin at zero,
/// tick unevenly or are missing: each picture is the frame that a full decode shows.
#[test]
fn a_picture_is_the_frame_a_full_decode_shows() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let make = |name: &str, args: &[&str]| film(dir, name, &[&["-t", "4"], X264, args].concat());
    let long = make("long.mp4", &["-g", "250", "-bf", "3", "-b_strategy", "0"]);
    let cut = dir.join("cut.mp4");
    let args = ["-ss", "1.3", "-i", utf8(&long), "-c", "copy", utf8(&cut)];
    assert_eq!(ffmpeg(&args), "");
    let uneven = "select='not(mod(n,7))+lt(mod(n,20),3)'";
    let films = [
        ("long distances", long),
        ("cut by an edit list", cut),
        (
            "open groups",
            make(
                "open.mp4",
                &["-g", "20", "-bf", "3", "-x264-params", "open-gop=1"],
            ),
        ),
        (
            "uneven",
            make("uneven.mkv", &["-vf", uneven, "-fps_mode", "vfr"]),
        ),
        (
            "broadcast",
            make("late.ts", &["-g", "30", "-output_ts_offset", "30000"]),
        ),
        (
            "fragments",
            make(
                "parts.mp4",
                &["-g", "30", "-movflags", "frag_keyframe+empty_moov"],
            ),
        ),
        (
            "no key pictures but the first",
            make(
                "refresh.ts",
                &["-g", "50", "-x264-params", "intra-refresh=1"],
            ),
        ),
        ("flash", make("film.flv", &["-g", "40"])),
        ("no times", make("bare.h264", &["-g", "40", "-bf", "0"])),
        (
            "ticks by the frame",
            film(
                dir,
                "film.avi",
                &["-t", "4", "-c:v", "mpeg4", "-q:v", "2", "-bf", "2"],
            ),
        ),
        (
            "fields",
            make("fields.ts", &["-g", "30", "-flags", "+ildct+ilme"]),
        ),
    ];
    for (what, film) in films {
        let frames = Frames::of(&film);
        let last = frames.times[frames.times.len() - 1];
        let sparse = [0.0, 0.61, last / 2.0, last];
        let dense: Vec<f64> = (0..12).map(|n| 0.3 + f64::from(n) * 0.084).collect();
        for times in [&sparse[..], &dense] {
            let rounded = times.iter().map(|time| (time * 1000.0).floor() / 1000.0);
            let times: Vec<f64> = rounded.collect();
            let text: Vec<String> = times.iter().map(|time| format!("{time:.3}")).collect();
            let taken = take(&film, &format!("vframe/png/offsets/{}", text.join(":")));
            assert_eq!(taken.outputs().len(), times.len(), "{what}");
            for (path, at) in taken.paths().into_iter().zip(times) {
                frames.is_at(path, at, what);
            }
        }
        for at in [0.04, last / 3.0, last - 0.04] {
            let at = (at * 1000.0).floor() / 1000.0;
            let taken = take(&film, &format!("vframe/png/offset/{at:.3}"));
            frames.is_at(taken.paths()[0], at, what);
        }
    }
}

#[test]
fn the_shared_films_show_what_a_full_decode_shows() {
    for name in [
        "video/b-frame-pyramid-h264.mp4",
        "video/edit-list-preroll-sync.mp4",
        "video/vfr-webcam-640x480-h264-aac.mov",
        "video/ts-h264-aac-captions-start-9.8s.ts",
        "video/start-offset-10s-h264-sar.mp4",
        "video/natural-pancake-426x240-10s-h264-opus.mkv",
        "video/webm-no-cues-vp8.webm",
        "video/wmv-wmv2-wmav2-320x240.wmv",
        "video/ogv-theora-flac.ogv",
        "video/ps-mpeg1-mp2-sar64-45.mpg",
        "video/fragmented-8s-noaudio-many-boxes.mp4",
    ] {
        let Some(film) = shared(name) else { return };
        let frames = Frames::of(&film);
        let end = frames.times[frames.times.len() - 1];
        // Of pixels that are not square the picture would be stretched; the frame as stored is what is compared.
        let probe = crate::bench::ffprobe(&film);
        let streams = probe["streams"].as_array().unwrap();
        let video = streams.iter().find(|s| s["codec_type"] == "video").unwrap();
        let size = format!("w/{}/h/{}", video["width"], video["height"]);
        let times =
            [0.02, 0.31, 0.5, 0.77, 0.99].map(|part| (end * part * 1000.0).floor() / 1000.0);
        let text = times.map(|time| format!("{time:.3}")).join(":");
        let taken = take(&film, &format!("vframe/png/offsets/{text}/{size}"));
        for (path, at) in taken.paths().into_iter().zip(times) {
            let (nearest, distance) = frames.nearest(path);
            let shown = frames.shown_at(at);
            // Still scenes have frames alike: then the distance tells.
            assert!(distance < 2.5, "{name} at {at}: {distance} off");
            let same = (frames.times[nearest] - frames.times[shown]).abs();
            assert!(
                same < 0.2,
                "{name} at {at}: frame {nearest} and not {shown}"
            );
        }
    }
}

#[test]
fn a_time_behind_the_end_fails_the_command() {
    let taken = take(&clip("silent.mp4"), "vframe/jpg/offsets/1:2.9:3:4");
    assert_eq!(
        taken.error(),
        "`offsets` is 3.000 s, but the source ends at 3.000 s"
    );
    let taken = take(&clip("clip.mp4"), "vframe/jpg/offsets/1:500");
    assert_eq!(
        taken.error(),
        "`offsets` is 500.000 s, but the source ends at 20.000 s"
    );
}

#[test]
fn sound_alone_has_no_pictures() {
    for ops in [
        "vframe/jpg/offsets/0:1",
        "vframe/jpg/interval/1",
        "vframe/jpg/vframeN/3",
        "vframe/gif",
        "vframe/jpg/interval/1/sprite/2x2",
        "vsample/jpg",
    ] {
        let taken = take(&clip("tone.m4a"), ops);
        assert_eq!(taken.error(), "the source has no video stream", "{ops}");
    }
    // The cover of a piece of music is no film.
    let Some(music) = shared("audio/cover-art.flac") else {
        return;
    };
    let taken = take(&music, "vframe/jpg/vframeN/3");
    assert_eq!(taken.error(), "the source has no video stream");
}

#[test]
fn the_film_is_taken_and_not_the_cover_beside_it() {
    let Some(film) = shared("video/cover-art-attachment-640x480-h264-aac.mkv") else {
        return;
    };
    let taken = take(&film, "vframe/jpg/vframeN/2");
    for output in taken.outputs() {
        assert_eq!(output.resolution, Some((640, 480)));
    }
}

#[test]
fn too_many_pictures_are_refused_before_any_is_taken() {
    let limits = Limits {
        pictures: 10,
        ..Limits::default()
    };
    for (ops, count) in [
        ("vframe/jpg/interval/0.1", 200),
        ("vframe/jpg/vframeN/11", 11),
        ("vframe/jpg/offsets/0:1:2:3:4:5:6:7:8:9:10", 11),
        ("vframe/jpg/interval/0.1/sprite/2x2", 200),
        ("vsample/jpg/interval/0.5", 40),
    ] {
        let taken = take_as(&clip("clip.mp4"), ops, "out.jpg", &limits);
        let error = taken.error();
        let expected = format!("the command asks for {count} pictures; the limit is 10");
        assert!(error.starts_with(&expected), "{ops}: {error}");
        assert!(taken.progress.is_empty(), "{ops}");
    }
    let enough = take_as(
        &clip("clip.mp4"),
        "vframe/jpg/interval/2",
        "out.jpg",
        &limits,
    );
    assert_eq!(enough.outputs().len(), 10);
}

#[test]
fn progress_goes_from_nothing_to_all() {
    let taken = take(&clip("clip.mp4"), "vframe/jpg/interval/2/w/64");
    let done: Vec<f64> = taken.progress.iter().map(|at| at.done_seconds).collect();
    assert!(done.is_sorted(), "{done:?}");
    assert!(
        taken
            .progress
            .iter()
            .all(|at| at.total_seconds == Some(20.0))
    );
    assert_eq!((done[0], done[done.len() - 1]), (2.0, 20.0));
}
