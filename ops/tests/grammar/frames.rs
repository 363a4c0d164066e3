//! `vframe` and `vsample`, as far as words go.

use opmill_ops::op::{FrameFormat, Op};
use opmill_ops::{CommandError, Vframe, Vsample};

use crate::parameters::{NOT_A_NUMBER, Row};
use crate::{pipeline, refusal};

const FLAG: &[(&str, &str)] = &[("1", "1"), ("0", "-")];
const TURNS: &[(&str, &str)] = &[
    ("90", "90"),
    ("180", "180"),
    ("270", "270"),
    ("auto", "auto"),
];
const COUNTS: &[(&str, &str)] = &[("1", "1"), ("010", "10"), ("1000000", "1000000")];
const NO_COUNTS: &[&str] = &["0", "1000001", "-1", "1.5", "99999999999", NOT_A_NUMBER];
const LENGTHS: &[(&str, &str)] = &[("0.001", "0.001"), ("3", "3"), ("1000000", "1000000")];
const NO_LENGTHS: &[&str] = &["0", "0.000", "-1", "1000000.001", "0.0001", NOT_A_NUMBER];
const SIZES: &[(&str, &str)] = &[
    ("480x360", "480x360"),
    ("480X360", "480x360"),
    ("480x", "480x"),
    ("x360", "x360"),
];
const NO_SIZES: &[&str] = &["480", "x", "0x360", "3841x1", "2161x2161", "480x360x1"];
const GAPS: &[(&str, &str)] = &[("0", "0"), ("4", "4"), ("500", "500")];
const NO_GAPS: &[&str] = &["501", "-1", "4px", "1.5", NOT_A_NUMBER];
const CELLS: &[(&str, &str)] = &[("1", "1"), ("100", "100")];
const NO_CELLS: &[&str] = &["0", "101", "-1", "2.5", "256", NOT_A_NUMBER];
const FORMATS: &[(&str, &str)] = &[("jpg", "jpg"), ("JPEG", "jpg"), ("Png", "png")];
/// `thumbs/$(count).jpg` with padding and without, and a key that counts twice.
const PATTERNS: &[(&str, &str)] = &[
    (
        "dGh1bWJzLyQoY291bnQpLmpwZw==",
        "dGh1bWJzLyQoY291bnQpLmpwZw==",
    ),
    ("dGh1bWJzLyQoY291bnQpLmpwZw", "dGh1bWJzLyQoY291bnQpLmpwZw=="),
    ("JChjb3VudCkvJChjb3VudCk=", "JChjb3VudCkvJChjb3VudCk="),
];
/// Plain text, `thumbs.jpg`, `/$(count)`, `$(count)/../a`.
const NO_PATTERNS: &[&str] = &[
    "vframe-$(count)",
    "dGh1bWJzLmpwZw==",
    "LyQoY291bnQp",
    "JChjb3VudCkvLi4vYQ==",
];

pub const ROWS: &[Row] = &[
    Row {
        base: "vframe/jpg",
        name: "offset",
        good: &[("0", "0"), ("1", "1"), ("10.5", "10.5"), ("1.001", "1.001")],
        bad: &["-1", "1.0001", "1000000.001", "00:10", NOT_A_NUMBER],
    },
    Row {
        base: "vframe/jpg",
        name: "offsets",
        good: &[
            ("0", "0"),
            ("1:2.50:10.125", "1:2.5:10.125"),
            ("0:0.001:1000000", "0:0.001:1000000"),
        ],
        bad: &[
            "1:1",
            "2:1",
            "1:",
            ":1",
            "1::2",
            "1,2",
            "-1:2",
            "1:2.0001",
            "1:1000000.001",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "vframe/jpg",
        name: "interval",
        good: &[
            ("0.1", "0.1"),
            ("5", "5"),
            ("2.125", "2.125"),
            ("1000000", "1000000"),
        ],
        bad: &["0", "0.099", "-5", "1000001", "1.0001", NOT_A_NUMBER],
    },
    Row {
        base: "vframe/png",
        name: "vframeN",
        good: COUNTS,
        bad: NO_COUNTS,
    },
    Row {
        base: "vframe/gif",
        name: "t",
        good: LENGTHS,
        bad: NO_LENGTHS,
    },
    Row {
        base: "vframe/jpg/interval/1",
        name: "sprite",
        good: &[("1x1", "1x1"), ("5X4", "5x4"), ("100x100", "100x100")],
        bad: &[
            "0x1", "1x0", "101x1", "1x101", "5", "5x", "x5", "5x5x5", "-1x2", "2*2",
        ],
    },
    Row {
        base: "vframe/jpg",
        name: "w",
        good: &[("1", "1"), ("1920", "1920")],
        bad: &["0", "1921", "65537", "640px", "1.5"],
    },
    Row {
        base: "vframe/jpg",
        name: "h",
        good: &[("1", "1"), ("1080", "1080")],
        bad: &["0", "1081", "65537", "x"],
    },
    Row {
        base: "vframe/jpg/w/100",
        name: "mode",
        good: &[("1", "1"), ("2", "2"), ("3", "3")],
        bad: &["0", "4", "5", "-1", "01", NOT_A_NUMBER],
    },
    Row {
        base: "vframe/jpg/w/100/h/100",
        name: "autofill",
        good: FLAG,
        bad: &["2", "-1", "true"],
    },
    Row {
        base: "vframe/jpg",
        name: "rotate",
        good: TURNS,
        bad: &["0", "91", "AUTO"],
    },
    Row {
        base: "vframe/jpg/vframeN/3",
        name: "isZip",
        good: FLAG,
        bad: &["2", "-1", "zip"],
    },
    Row {
        base: "vsample/jpg",
        name: "ss",
        good: &[("0", "0"), ("7", "7"), ("1.1", "1.1")],
        bad: &["-1", "1.0001", "1000000.001", "00:07", NOT_A_NUMBER],
    },
    Row {
        base: "vsample/jpg",
        name: "t",
        good: LENGTHS,
        bad: NO_LENGTHS,
    },
    Row {
        base: "vsample/jpg",
        name: "s",
        good: SIZES,
        bad: NO_SIZES,
    },
    Row {
        base: "vsample/jpg",
        name: "rotate",
        good: TURNS,
        bad: &["0", "45", "left"],
    },
    Row {
        base: "vsample/jpg",
        name: "interval",
        good: &[
            ("0.1", "0.1"),
            ("5", "5"),
            ("2.0", "2"),
            ("1000000", "1000000"),
        ],
        bad: &["0", "0.0", "0.05", "1.25", "-1", "1000001", NOT_A_NUMBER],
    },
    Row {
        base: "vsample/jpg",
        name: "frames",
        good: COUNTS,
        bad: NO_COUNTS,
    },
    Row {
        base: "vsample/jpg",
        name: "savePattern",
        good: PATTERNS,
        bad: NO_PATTERNS,
    },
    Row {
        base: "vsample/jpg",
        name: "spriteFormat",
        good: FORMATS,
        bad: &["gif", "webp", "0"],
    },
    Row {
        base: "vsample/jpg",
        name: "cellSize",
        good: SIZES,
        bad: NO_SIZES,
    },
    Row {
        base: "vsample/jpg",
        name: "padding",
        good: GAPS,
        bad: NO_GAPS,
    },
    Row {
        base: "vsample/jpg",
        name: "margin",
        good: GAPS,
        bad: NO_GAPS,
    },
    Row {
        base: "vsample/jpg",
        name: "color",
        good: &[
            ("black", "#000000"),
            ("White", "#FFFFFF"),
            ("#A0b1C2", "#A0B1C2"),
            // red, #00FF00
            ("cmVk", "#FF0000"),
            ("IzAwRkYwMA==", "#00FF00"),
        ],
        bad: &["blackish", "#12345", "#1234567", "#+12345", "FF0000", "1"],
    },
    Row {
        base: "vsample/jpg",
        name: "lines",
        good: CELLS,
        bad: NO_CELLS,
    },
    Row {
        base: "vsample/jpg",
        name: "columns",
        good: CELLS,
        bad: NO_CELLS,
    },
    Row {
        base: "vsample/jpg",
        name: "saveSpritePattern",
        good: PATTERNS,
        bad: NO_PATTERNS,
    },
];

/// The command, the parameter in the way as given, what it is in the way of.
const CONFLICTS: &[(&str, &str, &str)] = &[
    ("vframe/jpg/offset/1/offsets/1:2", "offsets/1:2", "offset/1"),
    ("vframe/jpg/offsets/1:2/offset/0", "offsets/1:2", "offset/0"),
    ("vframe/jpg/offset/1/interval/5", "interval/5", "offset/1"),
    ("vframe/jpg/vframeN/5/offset/1", "vframeN/5", "offset/1"),
    ("vframe/jpg/offsets/1/interval/5", "interval/5", "offsets/1"),
    ("vframe/jpg/offsets/1/vframeN/5", "vframeN/5", "offsets/1"),
    ("vframe/jpg/vframeN/5/interval/5", "vframeN/5", "interval/5"),
    ("vframe/gif/offsets/1:2", "offsets/1:2", "gif"),
    ("vframe/gif/interval/1", "interval/1", "gif"),
    ("vframe/gif/vframeN/3", "vframeN/3", "gif"),
    ("vframe/GIF/isZip/1", "isZip/1", "GIF"),
    ("vframe/gif/sprite/2x2", "sprite/2x2", "gif"),
    ("vframe/jpg/t/3", "t/3", "jpg"),
    ("vframe/png/offset/1/t/3", "t/3", "png"),
    (
        "vframe/jpg/w/100/h/100/mode/1/autofill/1",
        "autofill/1",
        "mode/1",
    ),
    ("vsample/jpg/interval/5/frames/3", "frames/3", "interval/5"),
];

#[test]
fn what_excludes_each_other_is_refused() {
    for (text, in_the_way, of) in CONFLICTS {
        match refusal(text) {
            CommandError::Conflict {
                span, given, with, ..
            } => {
                let found = (given.as_str(), with.as_str());
                assert_eq!(found, (*in_the_way, *of), "{text}");
                assert_eq!(&text[span.start..span.end], *in_the_way, "{text}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn what_means_nothing_alone_needs_its_other_half() {
    for (text, alone, message) in [
        (
            "vframe/jpg/mode/2",
            "mode/2",
            "vframe needs `w` or `h` beside `mode/2`; it says how the picture fits them",
        ),
        (
            "vframe/jpg/w/10/autofill/1",
            "autofill/1",
            "vframe needs `h` beside `autofill/1`; the size to fill is `w` and `h`",
        ),
        (
            "vframe/jpg/autofill/1/h/10",
            "autofill/1",
            "vframe needs `w` beside `autofill/1`; the size to fill is `w` and `h`",
        ),
        (
            "vframe/jpg/vframeN/9/sprite/3x3",
            "sprite/3x3",
            "vframe needs `interval` beside `sprite/3x3`; the sheets hold a picture every so many seconds",
        ),
    ] {
        let error = refusal(text);
        let span = error.span();
        assert_eq!(&text[span.start..span.end], alone, "{text}");
        assert_eq!(error.to_string(), message, "{text}");
    }
}

/// Neighbours of the conflicts that are none.
#[test]
fn what_goes_together_is_accepted() {
    for text in [
        "vframe/png/w/1920/h/1080",
        "vframe/jpg/h/200/mode/2",
        "vframe/jpg/offsets/1:2/isZip/1",
        "vframe/jpg/interval/5/w/160/sprite/5x5/isZip/1",
        "vframe/jpg/offset/1/w/10/h/10/autofill/1/rotate/90",
        "vframe/gif/offset/2/t/3/w/100/h/100/mode/1/rotate/auto",
        "vsample/jpg/ss/7/t/600/s/480x360/interval/5/savePattern/dmZyYW1lLSQoY291bnQp",
    ] {
        assert_eq!(pipeline(text).to_string(), text);
    }
    // A flag that is off is as good as absent.
    for (text, printed) in [
        ("vframe/jpg/w/9/mode/1/autofill/0", "vframe/jpg/w/9/mode/1"),
        ("vframe/gif/isZip/0", "vframe/gif"),
    ] {
        assert_eq!(pipeline(text).to_string(), printed);
    }
}

#[test]
fn older_names_mean_the_same() {
    for (given, printed) in [
        (
            "vsample/jpg/pattern/dmZyYW1lLSQoY291bnQp",
            "vsample/jpg/savePattern/dmZyYW1lLSQoY291bnQp",
        ),
        (
            "vsample/jpg/spritePattern/dmZyYW1lLSQoY291bnQp",
            "vsample/jpg/saveSpritePattern/dmZyYW1lLSQoY291bnQp",
        ),
    ] {
        assert_eq!(pipeline(given).to_string(), printed);
    }
    let twice = "vsample/jpg/pattern/dmZyYW1lLSQoY291bnQp/savePattern/dmZyYW1lLSQoY291bnQp";
    assert!(matches!(refusal(twice), CommandError::Repeated { .. }));
}

#[test]
fn what_comes_out_decides_the_suffix_and_what_may_follow() {
    for (text, suffix) in [
        ("vframe/jpeg", "jpg"),
        ("vframe/gif", "gif"),
        ("vframe/png/vframeN/3/isZip/1", "zip"),
        ("vframe/jpg/interval/1/sprite/2x2", "jpg"),
        ("vsample/png", "png"),
        ("vsample/png/spriteFormat/jpg", "jpg"),
        ("vsample/png/lines/3", "png"),
    ] {
        assert_eq!(pipeline(text).suffix(), suffix, "{text}");
    }
    pipeline("vframe/jpg/vframeN/3|vframe/png/w/10");
    pipeline("vsample/jpg/frames/3|imageView2/png/mode/2/width/10");
    for text in [
        "vframe/jpg/vframeN/3/isZip/1|vframe/png",
        "vframe/jpg/interval/1/sprite/2x2|imageView2/png/mode/2/width/10",
        "vsample/jpg/lines/3|vframe/png",
    ] {
        assert!(
            matches!(refusal(text), CommandError::Chained { .. }),
            "{text}"
        );
    }
}

#[test]
fn nothing_is_said_that_was_not_given() {
    let Op::Vframe(op) = pipeline("vframe/gif").ops.remove(0) else {
        panic!("vframe");
    };
    assert_eq!(*op, Vframe::new(FrameFormat::Gif));
    let Op::Vsample(op) = pipeline("vsample/png").ops.remove(0) else {
        panic!("vsample");
    };
    assert!(!op.has_sheets());
    assert_eq!(*op, Vsample::new(op.format));
    let Op::Vsample(op) = pipeline("vsample/png/padding/0").ops.remove(0) else {
        panic!("vsample");
    };
    assert!(op.has_sheets());
}
