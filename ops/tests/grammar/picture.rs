//! The parameters about the picture: values, and what excludes or needs each other.

use opmill_ops::CommandError;

use crate::parameters::Row;
use crate::{pipeline, refusal};

pub const ROWS: &[Row] = &[
    Row {
        base: "avthumb/webm",
        name: "vcodec",
        good: &[
            ("libvpx", "libvpx"),
            ("vp8", "libvpx"),
            ("libvpx-vp9", "libvpx-vp9"),
            ("vp9", "libvpx-vp9"),
            ("libsvtav1", "libsvtav1"),
            ("libaom-av1", "libsvtav1"),
            ("av1", "libsvtav1"),
            ("copy", "copy"),
        ],
        bad: &["webm", "VP9", "libvpx-vp8", "vp10", "1"],
    },
    Row {
        base: "avthumb/ts",
        name: "vcodec",
        good: &[
            ("libx264", "libx264"),
            ("mpeg1video", "mpeg1video"),
            ("mpeg2video", "mpeg2video"),
            ("libxvid", "libxvid"),
            ("xvid", "libxvid"),
            ("mpeg4", "libxvid"),
            ("vvc", "vvc"),
            ("h266", "vvc"),
            ("libvvenc", "vvc"),
        ],
        bad: &["mpeg2", "VVC", "h.266", "divx"],
    },
    Row {
        base: "avthumb/ogg",
        name: "vcodec",
        good: &[("libtheora", "libtheora"), ("theora", "libtheora")],
        bad: &["ogg", "Theora", "daala"],
    },
    Row {
        base: "avthumb/gif",
        name: "vcodec",
        good: &[("gif", "gif"), ("copy", "copy")],
        bad: &["GIF", "gif89a"],
    },
    Row {
        base: "avthumb/mp4",
        name: "maxrate",
        good: &[
            ("1k", "1k"),
            ("2m", "2m"),
            ("1000m", "1000m"),
            ("64000", "64k"),
        ],
        bad: &["0", "999", "1001m", "-1m", "2Mbps", "fast"],
    },
    Row {
        base: "avthumb/mp4/s/640x360",
        name: "autofill",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "black", "01", "-1"],
    },
    Row {
        base: "avthumb/mp4",
        name: "padW",
        good: &[("1", "1"), ("640", "640"), ("3840", "3840")],
        bad: &["0", "3841", "65537", "-1", "640px", "1.5", "wide"],
    },
    Row {
        base: "avthumb/mp4",
        name: "padH",
        good: &[("1", "1"), ("360", "360"), ("3840", "3840")],
        bad: &["0", "3841", "65536", "-1", "360.0", "high"],
    },
    Row {
        base: "avthumb/mp4/padW/640",
        name: "padVideoX",
        good: &[("0", "0"), ("10", "10"), ("3840", "3840")],
        bad: &["-1", "3841", "65536", "1.5", "left"],
    },
    Row {
        base: "avthumb/mp4/padH/360",
        name: "padVideoY",
        good: &[("0", "0"), ("10", "10"), ("3840", "3840")],
        bad: &["-1", "3841", "65536", "1.5", "top"],
    },
    Row {
        base: "avthumb/mp4",
        name: "sar",
        good: &[
            ("1:1", "1:1"),
            ("16:15", "16:15"),
            ("064:45", "64:45"),
            ("20:1", "20:1"),
            ("10000:10000", "10000:10000"),
        ],
        bad: &[
            "0:1",
            "1:0",
            "21:1",
            "1:21",
            "10001:10000",
            "1",
            "1:",
            ":1",
            "1:1:1",
            "1x1",
            "-1:1",
            "1.5:1",
            "square",
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "aspect",
        good: &[("16:9", "16:9"), ("4:3", "4:3"), ("1:20", "1:20")],
        bad: &["0:9", "16:0", "41:2", "16x9", "1.78", "16:9:1", "wide"],
    },
    Row {
        base: "avthumb/mp4",
        name: "flip",
        good: &[
            ("h", "h"),
            ("horizontal", "h"),
            ("v", "v"),
            ("vertical", "v"),
        ],
        bad: &["0", "1", "H", "hv", "both", "left"],
    },
    Row {
        base: "avthumb/mp4",
        name: "deinterlace",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "yadif", "-1", "01"],
    },
    Row {
        base: "avthumb/mp4",
        name: "GOPInterval",
        good: &[("1", "1"), ("50", "50"), ("600", "600"), ("050", "50")],
        bad: &["0", "601", "65537", "-1", "2s", "2.5", "auto"],
    },
    Row {
        base: "avthumb/mp4",
        name: "h264Profile",
        good: &[("baseline", "baseline"), ("main", "main"), ("high", "high")],
        bad: &["High", "high10", "extended", "66", "0"],
    },
    Row {
        base: "avthumb/mp4",
        name: "h264Level",
        good: &[
            ("1", "1"),
            ("1.3", "1.3"),
            ("3", "3"),
            ("4.1", "4.1"),
            ("5.1", "5.1"),
        ],
        bad: &["0", "1.4", "3.0", "31", "5.2", "6", "-1", "high"],
    },
];

/// The command, the parameter in the way as given, what it is in the way of, a part of the reason.
const CONFLICTS: &[(&str, &str, &str, &str)] = &[
    // Copied pictures cannot change.
    (
        "avthumb/mp4/vcodec/copy/maxrate/1m",
        "maxrate/1m",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/s/640x360/autofill/1",
        "s/640x360",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/padW/640",
        "padW/640",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/padH/360",
        "padH/360",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/sar/4:3",
        "sar/4:3",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/aspect/4:3",
        "aspect/4:3",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/flip/h/vcodec/copy",
        "flip/h",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/deinterlace/1",
        "deinterlace/1",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/GOPInterval/50",
        "GOPInterval/50",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/gop/50",
        "gop/50",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/h264Profile/main",
        "h264Profile/main",
        "vcodec/copy",
        "not encoded again",
    ),
    (
        "avthumb/mp4/vcodec/copy/h264Level/4",
        "h264Level/4",
        "vcodec/copy",
        "not encoded again",
    ),
    // Containers without pictures.
    (
        "avthumb/mp3/autofill/1/s/640x360",
        "autofill/1",
        "mp3",
        "audio alone",
    ),
    ("avthumb/mp3/maxrate/1m", "maxrate/1m", "mp3", "audio alone"),
    ("avthumb/aac/padW/640", "padW/640", "aac", "audio alone"),
    ("avthumb/aac/sar/4:3", "sar/4:3", "aac", "audio alone"),
    ("avthumb/aac/aspect/4:3", "aspect/4:3", "aac", "audio alone"),
    ("avthumb/mp3/flip/v", "flip/v", "mp3", "audio alone"),
    (
        "avthumb/mp3/deinterlace/1",
        "deinterlace/1",
        "mp3",
        "audio alone",
    ),
    ("avthumb/mp3/gop/25", "gop/25", "mp3", "audio alone"),
    (
        "avthumb/mp3/h264Profile/high",
        "h264Profile/high",
        "mp3",
        "audio alone",
    ),
    (
        "avthumb/mp3/h264Level/4",
        "h264Level/4",
        "mp3",
        "audio alone",
    ),
    // Codecs a container does not hold.
    (
        "avthumb/mp4/vcodec/libvpx",
        "vcodec/libvpx",
        "mp4",
        "mp4 takes libx264, libx265,",
    ),
    (
        "avthumb/webm/vcodec/libx264",
        "vcodec/libx264",
        "webm",
        "webm takes libvpx-vp9, libvpx, libsvtav1",
    ),
    (
        "avthumb/flv/vcodec/hevc",
        "vcodec/hevc",
        "flv",
        "flv takes libx264",
    ),
    (
        "avthumb/f4v/vcodec/libvpx-vp9",
        "vcodec/libvpx-vp9",
        "f4v",
        "f4v takes libx264",
    ),
    (
        "avthumb/avi/vcodec/av1",
        "vcodec/av1",
        "avi",
        "avi takes libxvid, libx264,",
    ),
    (
        "avthumb/mpg/vcodec/libx264",
        "vcodec/libx264",
        "mpg",
        "mpg takes mpeg2video, mpeg1video",
    ),
    (
        "avthumb/3gp/vcodec/libx265",
        "vcodec/libx265",
        "3gp",
        "3gp takes libx264, libxvid",
    ),
    (
        "avthumb/ogg/vcodec/libvpx",
        "vcodec/libvpx",
        "ogg",
        "ogg takes libtheora",
    ),
    (
        "avthumb/gif/vcodec/libx264",
        "vcodec/libx264",
        "gif",
        "gif takes gif",
    ),
    (
        "avthumb/mkv/vcodec/vvc",
        "vcodec/vvc",
        "mkv",
        "mkv takes libx264,",
    ),
    (
        "avthumb/mov/vcodec/libsvtav1",
        "vcodec/libsvtav1",
        "mov",
        "mov takes libx264,",
    ),
    // What a GIF has none of.
    (
        "avthumb/gif/vb/1m",
        "vb/1m",
        "gif",
        "as large as its pictures",
    ),
    (
        "avthumb/gif/maxrate/1m",
        "maxrate/1m",
        "gif",
        "as large as its pictures",
    ),
    (
        "avthumb/gif/crf/23",
        "crf/23",
        "gif",
        "as large as its pictures",
    ),
    (
        "avthumb/gif/preset/fast",
        "preset/fast",
        "gif",
        "as large as its pictures",
    ),
    (
        "avthumb/gif/gop/25",
        "gop/25",
        "gif",
        "as large as its pictures",
    ),
    ("avthumb/gif/sar/4:3", "sar/4:3", "gif", "square"),
    ("avthumb/gif/aspect/4:3", "aspect/4:3", "gif", "square"),
    ("avthumb/gif/vn/1", "vn/1", "gif", "pictures alone"),
    (
        "avthumb/gif/acodec/aac",
        "acodec/aac",
        "gif",
        "pictures alone",
    ),
    ("avthumb/gif/ab/64k", "ab/64k", "gif", "pictures alone"),
    ("avthumb/gif/r/50.001", "r/50.001", "gif", "more than 50"),
    // Rates, qualities and speeds some codecs do not know.
    ("avthumb/mpg/r/15", "r/15", "mpg", "23.976, 24, 25"),
    (
        "avthumb/ts/vcodec/mpeg1video/r/23.9",
        "r/23.9",
        "vcodec/mpeg1video",
        "23.976, 24, 25",
    ),
    (
        "avthumb/mp4/vb/1m/maxrate/999k",
        "maxrate/999k",
        "vb/1m",
        "higher than the most",
    ),
    ("avthumb/ogg/maxrate/1m", "maxrate/1m", "ogg", "Theora"),
    (
        "avthumb/mkv/vcodec/theora/maxrate/1m",
        "maxrate/1m",
        "vcodec/theora",
        "Theora",
    ),
    (
        "avthumb/ogg/preset/fast",
        "preset/fast",
        "ogg",
        "libtheora has one speed",
    ),
    (
        "avthumb/mpg/preset/fast",
        "preset/fast",
        "mpg",
        "mpeg2video has one speed",
    ),
    (
        "avthumb/mp4/vcodec/mpeg4/preset/slow",
        "preset/slow",
        "vcodec/mpeg4",
        "libxvid has one speed",
    ),
    (
        "avthumb/mp4/vcodec/libx265/h264Profile/high",
        "h264Profile/high",
        "vcodec/libx265",
        "about H.264",
    ),
    (
        "avthumb/webm/h264Level/4",
        "h264Level/4",
        "webm",
        "about H.264",
    ),
    (
        "avthumb/mp4/crf/0/h264Profile/high",
        "h264Profile/high",
        "crf/0",
        "loses nothing",
    ),
    // Sizes, canvases and shapes.
    (
        "avthumb/mp4/s/640x360/autofill/1/autoscale/1",
        "autoscale/1",
        "autofill/1",
        "black",
    ),
    (
        "avthumb/mp4/s/640x/autofill/1",
        "autofill/1",
        "s/640x",
        "s/<W>x<H>",
    ),
    (
        "avthumb/mp4/s/640x360/autofill/1/padW/800",
        "padW/800",
        "autofill/1",
        "how large the black",
    ),
    (
        "avthumb/mp4/padH/800/autofill/1/s/640x360",
        "padH/800",
        "autofill/1",
        "how large the black",
    ),
    (
        "avthumb/mp4/s/640x360/padW/639",
        "padW/639",
        "s/640x360",
        "640 pixels wide",
    ),
    (
        "avthumb/mp4/s/640x/padW/320",
        "padW/320",
        "s/640x",
        "640 pixels wide",
    ),
    (
        "avthumb/mp4/s/640x360/padH/359",
        "padH/359",
        "s/640x360",
        "360 pixels high",
    ),
    (
        "avthumb/mp4/s/640x360/padW/700/padVideoX/61",
        "padW/700",
        "s/640x360",
        "begins at 61",
    ),
    (
        "avthumb/mp4/s/x360/padH/400/padVideoY/41",
        "padH/400",
        "s/x360",
        "begins at 41",
    ),
    (
        "avthumb/mp4/sar/4:3/aspect/16:9",
        "sar/4:3",
        "aspect/16:9",
        "what shape",
    ),
    (
        "avthumb/mp4/s/640x360/autoscale/1/aspect/4:3",
        "autoscale/1",
        "aspect/4:3",
        "keeps the aspect",
    ),
    (
        "avthumb/mp4/s/640x360/autofill/1/aspect/4:3",
        "autofill/1",
        "aspect/4:3",
        "keeps the aspect",
    ),
];

#[test]
fn what_excludes_each_other_is_refused_with_the_reason() {
    for (text, in_the_way, of, reason) in CONFLICTS {
        match refusal(text) {
            CommandError::Conflict {
                span,
                given,
                with,
                why,
                ..
            } => {
                assert_eq!(
                    (given.as_str(), with.as_str()),
                    (*in_the_way, *of),
                    "{text}"
                );
                assert_eq!(&text[span.start..span.end], *in_the_way, "{text}");
                assert!(why.contains(reason), "{text}: {why}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn what_means_nothing_alone_says_what_it_needs() {
    for (text, lonely, needs) in [
        ("avthumb/mp4/autofill/1/r/25", "autofill/1", "`s`"),
        ("avthumb/mp4/padVideoX/10/padH/90", "padVideoX/10", "`padW`"),
        ("avthumb/mp4/padW/90/padVideoY/10", "padVideoY/10", "`padH`"),
    ] {
        match refusal(text) {
            CommandError::Missing { span, what, .. } => {
                assert_eq!(&text[span.start..span.end], lonely, "{text}");
                assert!(what.contains(needs), "{text}: {what}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

/// Neighbours of the conflicts that are none.
#[test]
fn what_goes_together_is_accepted() {
    for text in [
        "avthumb/mp4/vb/1m/maxrate/1m",
        "avthumb/mp4/maxrate/1m/crf/30",
        "avthumb/mp4/s/640x360/autofill/1/sar/64:45",
        "avthumb/mp4/s/640x360/padW/640/padH/360/padVideoX/0/padVideoY/0",
        "avthumb/mp4/s/640x360/autoscale/1/padW/320",
        "avthumb/mp4/s/640x360/aspect/4:3",
        "avthumb/mp4/crf/1/h264Profile/baseline/h264Level/4",
        "avthumb/mpg/r/29.97",
        "avthumb/mpg/r/23.976/vcodec/mpeg1video",
        "avthumb/gif/r/50/s/320x",
        "avthumb/gif/an/1",
        "avthumb/mp4/vcodec/vvc/preset/fast",
        "avthumb/avi/vcodec/libx264/preset/fast/h264Profile/main",
        "avthumb/mp3/vb/64k",
    ] {
        pipeline(text);
    }
}

#[test]
fn other_names_are_printed_as_the_first() {
    for (given, printed) in [
        ("avthumb/mp4/gop/50", "avthumb/mp4/GOPInterval/50"),
        ("avthumb/MPEG", "avthumb/mpg"),
        ("avthumb/ogv", "avthumb/ogg"),
        ("avthumb/3GP", "avthumb/3gp"),
        ("avthumb/webm/vcodec/vp8", "avthumb/webm/vcodec/libvpx"),
    ] {
        assert_eq!(pipeline(given).to_string(), printed);
    }
    match refusal("avthumb/mp4/gop/50/GOPInterval/25") {
        CommandError::Repeated { parameter, .. } => assert_eq!(parameter, "GOPInterval"),
        other => panic!("{other}"),
    }
}
