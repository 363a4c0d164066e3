//! Interlaced sources: fields stay fields where the codec has them, and become pictures where it has not or where asked.

use serde_json::Value;

use crate::bench::{shared, utf8};
use crate::look::{Clip, Frame, Shown, frames, has_encoder, plays};

/// A bar that moves eight pixels a field, 25 interlaced pictures a second, the upper field first. Half of the pictures of
/// the source of a second are the other field.
fn moving_bar(pictures: u32) -> Clip {
    let bar = format!(
        "color=black:size=320x240:rate=50:duration={}[back];color=white:size=40x240:rate=50[bar];\
         [back][bar]overlay=x='mod(n*8,280)':y=0:shortest=1,tinterlace=interleave_top,fieldorder=tff",
        f64::from(pictures) / 25.0,
    );
    Clip::make(
        "fields.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            &bar,
            "-c:v",
            "mpeg2video",
            "-q:v",
            "2",
            "-flags",
            "+ildct+ilme",
            "-top",
            "1",
        ],
    )
}

fn interlaced(frames: &[Value]) -> usize {
    frames
        .iter()
        .filter(|frame| frame["interlaced_frame"] == 1)
        .count()
}

/// How much neighbouring lines differ, against lines two apart: fields of a moving picture show as a comb.
fn comb(frame: &Frame) -> f64 {
    let line = |y: usize| &frame.data[y * frame.width * 3..(y + 1) * frame.width * 3];
    let apart = |a: usize, b: usize| -> f64 {
        let samples = line(a).iter().zip(line(b));
        samples.map(|(a, b)| f64::from(a.abs_diff(*b))).sum()
    };
    let rows = 40..frame.height - 40;
    let near: f64 = rows.clone().map(|y| apart(y, y + 1)).sum();
    let far: f64 = rows.map(|y| apart(y, y + 2)).sum();
    (near + 1.0) / (far + 1.0)
}

#[test]
fn fields_stay_fields_where_the_codec_has_them() {
    let source = moving_bar(20);
    assert_eq!(
        interlaced(&frames(source.path())),
        20,
        "the source is no test"
    );
    for (ops, encoder) in [
        ("mp4/preset/ultrafast/crf/10", "libx264"),
        ("mp4/preset/ultrafast/crf/10/s/160x120", "libx264"),
        ("mp4/preset/ultrafast/crf/10/padW/400", "libx264"),
        ("mpg/crf/5", "mpeg2video"),
        ("mp4/vcodec/mpeg4/gop/10/crf/5", "mpeg4"),
    ] {
        if !has_encoder(encoder) {
            continue;
        }
        let made = source.run(&format!("avthumb/{ops}"));
        let shown = frames(made.path());
        assert_eq!((shown.len(), interlaced(&shown)), (20, 20), "{ops}");
        assert!(
            shown.iter().all(|frame| frame["top_field_first"] == 1),
            "{ops}"
        );
        let comb = comb(&made.frame(0.4));
        assert!(comb > 3.0, "{ops}: {comb}");
    }
    let video = source.run("avthumb/mp4/preset/ultrafast").video();
    assert_ne!(video["field_order"], "progressive");
}

#[test]
fn fields_become_pictures_where_asked_or_where_they_cannot_stay() {
    let source = moving_bar(20);
    for (ops, encoder) in [
        ("mp4/deinterlace/1/preset/ultrafast/crf/10", "libx264"),
        (
            "mp4/h264Profile/baseline/preset/ultrafast/crf/10",
            "libx264",
        ),
        ("mp4/rotate/180/preset/ultrafast/crf/10", "libx264"),
        ("mpg/deinterlace/1/crf/5", "mpeg2video"),
        ("mp4/vcodec/libx265/preset/ultrafast/crf/10", "libx265"),
        ("webm/preset/ultrafast/crf/10", "libvpx-vp9"),
        ("webm/vcodec/libvpx/preset/ultrafast/crf/10", "libvpx"),
        ("mp4/vcodec/av1/preset/ultrafast/crf/10", "libsvtav1"),
        ("ogg/crf/10", "libtheora"),
        ("mpg/vcodec/mpeg1video/crf/5", "mpeg1video"),
    ] {
        if !has_encoder(encoder) {
            continue;
        }
        let made = source.run(&format!("avthumb/{ops}"));
        let shown = frames(made.path());
        assert_eq!((shown.len(), interlaced(&shown)), (20, 0), "{ops}");
        let comb = comb(&made.frame(0.4));
        assert!(comb < 1.6, "{ops}: {comb}");
    }
    let gif = source.run("avthumb/gif");
    assert!(comb(&gif.frame(0.4)) < 1.6);
    let picture = source.run("vframe/png/offset/0.4");
    assert!(comb(&Frame::of(picture.path(), 0.0)) < 1.6);
}

/// Only pictures that say that they are fields are touched.
#[test]
fn whole_pictures_are_left_alone() {
    let source = Clip::of("testsrc2=size=160x120:rate=25:duration=0.5");
    let plain = source.run("avthumb/mp4/preset/ultrafast/crf/10");
    let asked = source.run("avthumb/mp4/preset/ultrafast/crf/10/deinterlace/1");
    assert_eq!(plain.frame(0.2).data, asked.frame(0.2).data);
    assert_eq!(interlaced(&frames(plain.path())), 0);
}

/// A recording whose fields begin in the middle, as when the programme changes.
#[test]
fn fields_that_begin_late_are_seen() {
    let film = "testsrc2=size=320x240:rate=25:duration=0.4";
    let whole = ["-f", "lavfi", "-i", film, "-c:v", "mpeg2video", "-q:v", "2"];
    let first = Clip::make("first.m2v", &whole);
    let bar = moving_bar(20);
    let second = Clip::make("second.m2v", &["-i", utf8(bar.path()), "-c", "copy"]);
    let dir = tempfile::tempdir().unwrap();
    let both = dir.path().join("both.m2v");
    let bytes = [first.path(), second.path()].map(|path| std::fs::read(path).unwrap());
    std::fs::write(&both, bytes.concat()).unwrap();
    let before = frames(&both);
    let all = before.len();
    assert!(
        all >= 29 && interlaced(&before) == 20,
        "the source is no test: {all}"
    );
    let made = Shown::of(&both, "avthumb/mp4/preset/ultrafast/crf/10/deinterlace/1");
    let shown = frames(made.path());
    assert_eq!((shown.len(), interlaced(&shown)), (all, 0));
    let comb = comb(&made.frame(0.8));
    assert!(comb < 1.6, "{comb}");
}

#[test]
fn a_camera_that_records_fields() {
    let Some(source) = shared("video/interlaced-1080i50-h264-ac3-avchd.mts") else {
        return;
    };
    // 270 lines cannot be shared out to two fields whose lines share their colours two by two.
    for (ops, fields) in [
        ("s/480x272", true),
        ("s/480x270", false),
        ("s/480x272/deinterlace/1", false),
        ("s/480x200/padW/640/padH/480", true),
        ("s/480x200/padW/640/padH/480/padVideoY/2", false),
    ] {
        let made = Shown::of(
            &source,
            &format!("avthumb/mp4/an/1/t/0.4/{ops}/preset/ultrafast"),
        );
        let shown = frames(made.path());
        assert_eq!(plays(made.path()), shown.len());
        let expected = if fields { shown.len() } else { 0 };
        assert_eq!(interlaced(&shown), expected, "{ops}");
    }
}
