//! Ops on pictures and archives, as far as words go.

use opmill_ops::op::{Op, StillFormat, ViewMode};
use opmill_ops::{CommandError, ImageView2};

use crate::parameters::{NOT_A_NUMBER, Row};
use crate::{pipeline, refusal};

pub const ROWS: &[Row] = &[
    Row {
        base: "imageView2/jpg",
        name: "mode",
        good: &[
            ("0", "0"),
            ("1", "1"),
            ("2", "2"),
            ("3", "3"),
            ("4", "4"),
            ("5", "5"),
        ],
        bad: &["6", "-1", "02", "1.0", NOT_A_NUMBER],
    },
    Row {
        base: "imageView2/jpg/mode/2",
        name: "width",
        good: &[
            ("1", "1"),
            ("640", "640"),
            ("0640", "640"),
            ("9999", "9999"),
        ],
        bad: &[
            "0",
            "10000",
            "-1",
            "640px",
            "64.5",
            "99999999999999999999",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "imageView2/jpg/mode/2",
        name: "height",
        good: &[("1", "1"), ("480", "480"), ("9999", "9999")],
        bad: &[
            "0",
            "10000",
            "-1",
            "480px",
            "48.5",
            "99999999999999999999",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "imageView2/jpg",
        name: "quality",
        good: &[("1", "1"), ("75", "75"), ("100", "100")],
        bad: &[
            "0",
            "101",
            "-1",
            "75!",
            "7.5",
            "high",
            "99999999999999999999",
        ],
    },
    Row {
        base: "imageView2/jpg",
        name: "format",
        good: &[("jpg", "jpg"), ("jpeg", "jpg"), ("JPG", "jpg")],
        bad: &["bmp", "avif", "mp4", "1", ".jpg"],
    },
    Row {
        base: "decompression/zip",
        name: "dir",
        good: &[
            ("Ymt0OnBob3Rvcw==", "Ymt0OnBob3Rvcw=="),
            ("Ymt0OnBob3Rvcw", "Ymt0OnBob3Rvcw=="),
            ("Ymt0OueFp-eJhy8yMDI0Lw==", "Ymt0OueFp-eJhy8yMDI0"),
            ("bkt:photos", "Ymt0OnBob3Rvcw=="),
            ("bkt:", "Ymt0Og=="),
        ],
        bad: &[
            "photos",
            "not-base64!",
            "Ymt0",
            "Ymt0Oi9waG90b3M=",
            "Ymt0OmEvLi4vYg==",
            "Ymt0OmEvLw==",
            "OnBob3Rvcw==",
            "bkt:..",
            "@out:photos",
        ],
    },
];

fn view(text: &str) -> ImageView2 {
    match pipeline(text).ops.as_slice() {
        [Op::ImageView2(op)] => op.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn both_ways_to_write_a_thumbnail_mean_the_same() {
    for (text, printed) in [
        (
            "imageView2/jpg/mode/2/height/480",
            "imageView2/jpg/mode/2/height/480",
        ),
        (
            "imageView2/2/h/480/format/jpg",
            "imageView2/2/height/480/format/jpg",
        ),
        (
            "imageView2/jpg/mode/2/h/480/format/jpeg",
            "imageView2/jpg/mode/2/height/480/format/jpg",
        ),
        (
            "imageView2/2/mode/2/h/480/format/jpg",
            "imageView2/2/mode/2/height/480/format/jpg",
        ),
    ] {
        let op = view(text);
        assert_eq!(
            (op.mode(), op.format(), op.height.map(|side| side.get())),
            (Some(ViewMode::AtMost), Some(StillFormat::Jpg), Some(480)),
            "{text}"
        );
        assert_eq!(pipeline(text).to_string(), printed);
    }
    let qiniu = view("imageView2/1/w/200/h/100/q/75|saveas/bkt:a.png");
    assert_eq!((qiniu.mode(), qiniu.format()), (Some(ViewMode::Fill), None));
    assert_eq!(qiniu.quality.map(|quality| quality.get()), Some(75));
    let format_alone = view("imageView2/webp");
    assert_eq!(
        (format_alone.mode(), format_alone.format()),
        (None, Some(StillFormat::Webp))
    );
}

#[test]
fn a_thumbnail_has_one_mode_and_one_format() {
    for (text, in_the_way, of, why) in [
        (
            "imageView2/2/mode/1/w/100/format/jpg",
            "mode/1",
            "2",
            "the first segment names another mode already",
        ),
        (
            "imageView2/jpg/mode/1/w/100/format/png",
            "format/png",
            "jpg",
            "the first segment names another format already",
        ),
    ] {
        match refusal(text) {
            CommandError::Conflict {
                span,
                given,
                with,
                why: reason,
                ..
            } => {
                assert_eq!(
                    (given.as_str(), with.as_str(), &*reason),
                    (in_the_way, of, why),
                    "{text}"
                );
                assert_eq!(&text[span.start..span.end], in_the_way, "{text}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
    let twice = refusal("imageView2/jpg/mode/2/w/100/width/200");
    assert_eq!(
        twice.to_string(),
        "`width` of imageView2 is given again as `200`; allowed: once"
    );
}

#[test]
fn what_an_op_cannot_do_without_is_named() {
    for (text, at, expected) in [
        (
            "imageView2/jpg/height/480",
            "jpg",
            "imageView2 needs a `mode` that says how the picture fits its box; write `mode/2` to stay inside it",
        ),
        (
            "imageView2/2/w/100",
            "imageView2/2/w/100",
            "imageView2 needs a target; write `|saveas/<target>`, or the format its default name is to end with: `format/jpg`",
        ),
        (
            "avinfo",
            "avinfo",
            "avinfo needs a target; write `|saveas/<target>` behind it, where the JSON is to be kept",
        ),
        (
            "avthumb/mp4|avinfo2",
            "avinfo2",
            "avinfo2 needs a target; write `|saveas/<target>` behind it, where the JSON is to be kept",
        ),
    ] {
        let error = refusal(text);
        assert_eq!(error.to_string(), expected);
        let span = error.span();
        assert_eq!(&text[span.start..span.end], at, "{text}");
    }
}

#[test]
fn an_op_without_parameters_takes_none() {
    for (text, expected) in [
        (
            "avinfo/json|saveas/bkt:a",
            "avinfo has no parameter `json`; allowed: none",
        ),
        (
            "avinfo2/|saveas/bkt:a",
            "avinfo2 has no parameter nothing; allowed: none",
        ),
    ] {
        assert_eq!(refusal(text).to_string(), expected);
    }
    assert_eq!(
        pipeline("AVinfo|saveas/bkt:a").to_string(),
        "avinfo|saveas/Ymt0OmE="
    );
}

#[test]
fn ops_follow_each_other_where_that_makes_sense() {
    for text in [
        "vframe/jpg/offset/1|imageView2/jpg/mode/2/height/480|saveas/bkt:a.jpg",
        "getapic/png|imageView2/2/w/100|saveas/bkt:a.png",
        "imageView2/png|avinfo2|saveas/bkt:a.json",
        "avthumb/mp3|getapic/jpg",
    ] {
        assert!(pipeline(text).ops.len() >= 2, "{text}");
    }
    for (text, expected) in [
        (
            "avthumb/mp4|imageView2/jpg",
            "`imageView2/jpg` cannot work on what `avthumb/mp4` makes, which is a media file",
        ),
        (
            "vframe/jpg|getapic/jpg",
            "`getapic/jpg` cannot work on what `vframe/jpg` makes, which is pictures",
        ),
        (
            "avinfo|vframe/jpg",
            "`vframe/jpg` cannot work on what `avinfo` makes, which is files that belong together",
        ),
        (
            "decompression/zip|avinfo|saveas/bkt:a",
            "`avinfo` cannot work on what `decompression/zip` makes, which is files that belong together",
        ),
        (
            "vframe/jpg|decompression/zip",
            "`decompression/zip` cannot work on what `vframe/jpg` makes, which is pictures",
        ),
    ] {
        assert_eq!(refusal(text).to_string(), expected);
    }
}
