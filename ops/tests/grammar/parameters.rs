//! Every parameter: the values it takes with their canonical text, and those it refuses.

use opmill_ops::CommandError;
use opmill_ops::reference::ops;

use crate::{frames, joins, overlay, picture, pipeline, refusal, segments, stills};

pub struct Row {
    /// What stands before the parameter.
    pub base: &'static str,
    pub name: &'static str,
    /// Value given, value printed; `-` when nothing is printed, as for a flag that is off.
    pub good: &'static [(&'static str, &'static str)],
    pub bad: &'static [&'static str],
}

pub const NOT_A_NUMBER: &str = "abc";

const ROWS: &[Row] = &[
    Row {
        base: "avthumb/mp4",
        name: "vcodec",
        good: &[
            ("libx264", "libx264"),
            ("h264", "libx264"),
            ("libx265", "libx265"),
            ("libws265", "libx265"),
            ("h265", "libx265"),
            ("hevc", "libx265"),
            ("copy", "copy"),
        ],
        bad: &["x264", "LIBX264", "0", "libx264 "],
    },
    Row {
        base: "avthumb/mkv",
        name: "acodec",
        good: &[
            ("aac", "aac"),
            ("libfaac", "aac"),
            ("libfdk_aac", "aac"),
            ("libmp3lame", "libmp3lame"),
            ("mp3", "libmp3lame"),
            ("libvorbis", "libvorbis"),
            ("vorbis", "libvorbis"),
            ("opus", "opus"),
            ("libopus", "opus"),
            ("ac3", "ac3"),
            ("eac3", "eac3"),
            ("mp2", "mp2"),
            ("flac", "flac"),
            ("pcm_s16le", "pcm_s16le"),
            ("pcm", "pcm_s16le"),
            ("copy", "copy"),
        ],
        bad: &["amr", "wmav2", "Copy", "AAC", "1", "aac "],
    },
    Row {
        base: "avthumb/mp4",
        name: "vb",
        good: &[
            ("1000", "1k"),
            ("1k", "1k"),
            ("1001", "1001"),
            ("64000", "64k"),
            ("064k", "64k"),
            ("64K", "64k"),
            ("1.25m", "1250k"),
            ("1.5k", "1500"),
            ("5m", "5m"),
            ("5M", "5m"),
            ("0.001m", "1k"),
            ("1000m", "1000m"),
            ("1000000000", "1000m"),
        ],
        bad: &[
            "0",
            "999",
            "0.999k",
            "1000000001",
            "1001m",
            "64.5",
            "1.0000001m",
            "1.k",
            ".5m",
            "k",
            "-64k",
            "+64k",
            "64kk",
            "64g",
            "1e6",
            "99999999999999999999999",
            "64 k",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "ab",
        good: &[
            ("64k", "64k"),
            ("128000", "128k"),
            ("320k", "320k"),
            ("0.128m", "128k"),
        ],
        bad: &["0", "128", "1000000001", "-1", "1.2345k", NOT_A_NUMBER],
    },
    Row {
        base: "avthumb/mp4",
        name: "r",
        good: &[
            ("1", "1"),
            ("24", "24"),
            ("29.97", "29.97"),
            ("29.970", "29.97"),
            ("23.976", "23.976"),
            ("60", "60"),
            ("60.000", "60"),
        ],
        bad: &[
            "0",
            "0.999",
            "60.001",
            "61",
            "29.9701",
            "30.",
            ".5",
            "-25",
            "25fps",
            "99999999999999999999",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "s",
        good: &[
            ("640x360", "640x360"),
            ("640X360", "640x360"),
            ("32x64", "32x64"),
            ("1x1", "1x1"),
            ("3840x2160", "3840x2160"),
            ("2160x3840", "2160x3840"),
            ("640x", "640x"),
            ("3840x", "3840x"),
            ("x360", "x360"),
            ("x3840", "x3840"),
        ],
        bad: &[
            "x",
            "640",
            "0x360",
            "640x0",
            "0x",
            "x0",
            "3841x2160",
            "3840x2161",
            "2161x2161",
            "3841x",
            "x3841",
            "640x360x2",
            "640*360",
            "-1x360",
            "640.5x360",
            "99999999999x1",
            "wxh",
        ],
    },
    Row {
        base: "avthumb/mp4/s/640x360",
        name: "autoscale",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "true", "01", "-1"],
    },
    Row {
        base: "avthumb/mp4",
        name: "ar",
        good: &[
            ("8000", "8000"),
            ("12050", "12050"),
            ("44100", "44100"),
            ("48000", "48000"),
        ],
        bad: &[
            "7999",
            "48001",
            "0",
            "44.1k",
            "44100.0",
            "4294967296",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "ac",
        good: &[("1", "1"), ("2", "2")],
        bad: &["0", "3", "6", "257", "stereo", "1.0"],
    },
    Row {
        base: "avthumb/m4a",
        name: "aq",
        good: &[("10", "10"), ("100", "100"), ("0500", "500")],
        bad: &["-1", "501", "65536", "99.5", "best", NOT_A_NUMBER],
    },
    Row {
        base: "avthumb/m4a",
        name: "aprofile",
        good: &[
            ("aac_low", "aac_low"),
            ("aac_main", "aac_main"),
            ("aac_he", "aac_he"),
            ("aac_he_v2", "aac_he_v2"),
        ],
        bad: &["low", "AAC_LOW", "aac_ltp", "2", "main"],
    },
    Row {
        base: "avthumb/m4a",
        name: "volume",
        good: &[
            ("0", "0"),
            ("0.5", "0.5"),
            ("1.000", "1"),
            ("2", "2"),
            ("-10dB", "-10dB"),
            ("10dB", "10dB"),
            ("+3.50dB", "3.5dB"),
            ("-0.125db", "-0.125dB"),
            ("0dB", "0dB"),
        ],
        bad: &[
            "2.001",
            "-1",
            "-10.001dB",
            "10.5dB",
            "-dB",
            "--1dB",
            "dB",
            "3DB",
            "1.5x",
            "0.0001",
            "99999999999999999999dB",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/m4a",
        name: "loudnorm",
        good: &[
            ("-70", "-70"),
            ("-23", "-23"),
            ("-16.50", "-16.5"),
            ("-5", "-5"),
            ("-5.000", "-5"),
        ],
        bad: &[
            "-70.001",
            "-71",
            "-4.999",
            "-4",
            "0",
            "16",
            "-16LUFS",
            "-",
            "-1e1",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "ss",
        good: &[
            ("0", "0"),
            ("0.000", "0"),
            ("12.5", "12.5"),
            ("12.050", "12.05"),
            ("0.001", "0.001"),
            ("1000000", "1000000"),
        ],
        bad: &[
            "-1",
            "1000000.001",
            "1.2345",
            "00:01:00",
            "1s",
            "1.",
            "18446744073709551616",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "t",
        good: &[
            ("0.001", "0.001"),
            ("30", "30"),
            ("100.10", "100.1"),
            ("1000000", "1000000"),
        ],
        bad: &["0", "0.000", "-1", "1000001", "0.0005", NOT_A_NUMBER],
    },
    Row {
        base: "avthumb/mp4",
        name: "multiSeeks",
        good: &[
            ("10:5,60:2.5,0:3", "10:5,60:2.5,0:3"),
            ("0:1", "0:1"),
            ("00:0.001", "0:0.001"),
            ("5:-1", "5:-1"),
            ("5:-1,5:-1", "5:-1,5:-1"),
            ("1000000:1000000", "1000000:1000000"),
            ("1.50:2.000,0.5:1", "1.5:2,0.5:1"),
        ],
        bad: &[
            "10",
            "10:",
            ":5",
            "10:0",
            "10:0.000",
            "10:-2",
            "10:-1.5",
            "-1:5",
            "10:5,",
            ",10:5",
            "10:5,,0:1",
            "10:5:2",
            "10-15",
            "1000000.001:1",
            "0:1000001",
            "1.2345:1",
            "10: 5",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "vn",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "yes", "00"],
    },
    Row {
        base: "avthumb/mp4",
        name: "an",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "no", "10"],
    },
    Row {
        base: "avthumb/mp4",
        name: "rotate",
        good: &[
            ("90", "90"),
            ("180", "180"),
            ("270", "270"),
            ("auto", "auto"),
        ],
        bad: &["0", "45", "360", "-90", "Auto", "left"],
    },
    Row {
        base: "avthumb/mp4",
        name: "moovToFront",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "on"],
    },
    Row {
        base: "avthumb/mp4",
        name: "stripmeta",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "off"],
    },
    Row {
        base: "avthumb/mp4",
        name: "preset",
        good: &[
            ("ultrafast", "ultrafast"),
            ("superfast", "superfast"),
            ("veryfast", "veryfast"),
            ("faster", "faster"),
            ("fast", "fast"),
            ("medium", "medium"),
            ("slow", "slow"),
            ("slower", "slower"),
            ("veryslow", "veryslow"),
            ("placebo", "placebo"),
        ],
        bad: &["turbo", "Fast", "5"],
    },
    Row {
        base: "avthumb/mp4",
        name: "crf",
        good: &[("0", "0"), ("23", "23"), ("51", "51"), ("007", "7")],
        bad: &["52", "-1", "23.5", "256", NOT_A_NUMBER],
    },
];

/// Every row there is.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    let groups = [
        ROWS,
        picture::ROWS,
        stills::ROWS,
        overlay::ROWS,
        segments::ROWS,
        frames::ROWS,
    ];
    groups.into_iter().flatten()
}

#[test]
fn allowed_values_print_in_canonical_form() {
    for row in rows() {
        for (given, printed) in row.good {
            let text = format!("{}/{}/{given}", row.base, row.name);
            let expected = match *printed {
                "-" => row.base.to_owned(),
                value => format!("{}/{}/{value}", row.base, row.name),
            };
            // A base may stand behind the row in the order of the table, so it is the parts that count.
            let parts = |text: &str| {
                let mut parts: Vec<_> = text.split('/').map(str::to_owned).collect();
                parts.sort();
                parts
            };
            let printed = pipeline(&text).to_string();
            assert_eq!(
                parts(&printed),
                parts(&expected),
                "{text} prints as {printed}"
            );
        }
    }
}

#[test]
fn other_values_are_refused_by_name_and_place() {
    for row in rows() {
        for given in row.bad {
            let text = format!("{}/{}/{given}/ss/1", row.base, row.name);
            match refusal(&text) {
                CommandError::BadValue {
                    span,
                    parameter,
                    given: quoted,
                    ..
                } => {
                    // What is secret is not repeated, only pointed at.
                    let shown = if row.name == "hlsKey" {
                        "[redacted]"
                    } else {
                        given
                    };
                    assert_eq!((parameter, quoted.as_str()), (row.name, shown), "{text}");
                    assert_eq!(&text[span.start..span.end], *given, "{text}");
                }
                other => panic!("{text} is refused with {other}"),
            }
        }
    }
}

#[test]
fn a_parameter_is_given_once() {
    for row in rows() {
        let (first, second) = (row.good[0].0, row.good[row.good.len() - 1].0);
        let text = format!("{}/{}/{first}/{}/{second}", row.base, row.name, row.name);
        match refusal(&text) {
            CommandError::Repeated {
                span, parameter, ..
            } => {
                assert_eq!(parameter, row.name, "{text}");
                assert_eq!(span.end, text.len(), "{text}");
                assert_eq!(
                    &text[span.start..],
                    format!("{}/{second}", row.name),
                    "{text}"
                );
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn parameter_names_are_exact() {
    for row in rows() {
        let name = row.name.to_uppercase();
        match refusal(&format!("{}/{name}/{}", row.base, row.good[0].0)) {
            CommandError::UnknownParameter { nearest, .. } => assert_eq!(nearest, Some(row.name)),
            other => panic!("{name} is refused with {other}"),
        }
    }
}

#[test]
fn a_hundred_ranges_can_be_joined() {
    let ranges = |count| vec!["0:1"; count].join(",");
    pipeline(&format!("avthumb/mp4/multiSeeks/{}", ranges(100)));
    refusal(&format!("avthumb/mp4/multiSeeks/{}", ranges(101)));
}

/// A parameter added to a table is a row missing here.
#[test]
fn no_parameter_goes_untested() {
    for op in ops().iter().filter(|op| op.name != "saveas") {
        for parameter in op.parameters.iter().skip(1) {
            let tested = |row: &Row| row.base.starts_with(op.name) && row.name == parameter.name;
            let of_joins = op.name == "avconcat"
                && (parameter.kind == "last segments"
                    || joins::ROWS.iter().any(|row| row.0 == parameter.name));
            let known = of_joins || rows().any(tested);
            assert!(known, "{}/{}", op.name, parameter.name);
        }
    }
}

#[test]
fn heads_are_read_in_any_case() {
    let heads = [
        ("avthumb/mp4", "avthumb/mp4", "mp4"),
        ("AVTHUMB/MP4", "avthumb/mp4", "mp4"),
        ("avthumb/Mov", "avthumb/mov", "mov"),
        ("avthumb/m4a", "avthumb/m4a", "m4a"),
        ("avthumb/flv", "avthumb/flv", "flv"),
        ("avthumb/mkv", "avthumb/mkv", "mkv"),
        ("avthumb/TS", "avthumb/ts", "ts"),
        ("avthumb/f4v", "avthumb/f4v", "f4v"),
        ("avthumb/webm", "avthumb/webm", "webm"),
        ("avthumb/avi", "avthumb/avi", "avi"),
        ("avthumb/mpeg", "avthumb/mpg", "mpg"),
        ("avthumb/3GP", "avthumb/3gp", "3gp"),
        ("avthumb/ogv", "avthumb/ogg", "ogg"),
        ("avthumb/GIF", "avthumb/gif", "gif"),
        ("avthumb/mp3", "avthumb/mp3", "mp3"),
        ("avthumb/aac", "avthumb/aac", "aac"),
        ("avthumb/OGG", "avthumb/ogg", "ogg"),
        ("avthumb/opus", "avthumb/opus", "opus"),
        ("avthumb/flac", "avthumb/flac", "flac"),
        ("avthumb/wav", "avthumb/wav", "wav"),
        ("vframe/jpg", "vframe/jpg", "jpg"),
        ("vframe/JPEG", "vframe/jpg", "jpg"),
        ("vFrame/png", "vframe/png", "png"),
        ("vframe/GIF", "vframe/gif", "gif"),
        ("vSample/JPEG", "vsample/jpg", "jpg"),
        ("imageview2/JPEG", "imageView2/jpg", "jpg"),
        ("imageView2/png", "imageView2/png", "png"),
        ("imageView2/gif", "imageView2/gif", "gif"),
        ("imageView2/webp", "imageView2/webp", "webp"),
        (
            "imageView2/0/format/webp",
            "imageView2/0/format/webp",
            "webp",
        ),
        ("getApic/jpeg", "getapic/jpg", "jpg"),
        ("getapic/png", "getapic/png", "png"),
        ("decompression/ZIP", "decompression/zip", "txt"),
        ("decompression/tar", "decompression/tar", "txt"),
        ("decompression/gzip", "decompression/gzip", "txt"),
        ("decompression/7z", "decompression/7z", "txt"),
    ];
    for (given, printed, suffix) in heads {
        let pipeline = pipeline(given);
        assert_eq!(
            (pipeline.to_string().as_str(), pipeline.suffix()),
            (printed, suffix),
            "{given}"
        );
        assert!(printed.starts_with(pipeline.ops[0].name()), "{given}");
    }
    for given in [
        "avthumb/m3u9",
        "avthumb/",
        "avthumb/jpg",
        "vframe/webp",
        "vsample/gif",
        "vframe/mp4",
        "vframe/ jpg",
        "imageView2/6",
        "imageView2/bmp",
        "getapic/gif",
        "getapic/",
        "decompression/rar",
        "decompression/gz",
    ] {
        assert!(
            matches!(refusal(given), CommandError::BadValue { .. }),
            "{given}"
        );
    }
    for given in [
        "avthumb",
        "vframe",
        "imageView2",
        "getapic",
        "decompression",
    ] {
        assert!(
            matches!(refusal(given), CommandError::Missing { .. }),
            "{given}"
        );
    }
}

#[test]
fn parameters_print_in_the_order_of_the_table() {
    let given = "avthumb/mp4/crf/20/t/5/s/640x360/ss/1/autoscale/1/an/1/vn/0";
    let printed = "avthumb/mp4/s/640x360/autoscale/1/crf/20/ss/1/t/5/an/1";
    assert_eq!(pipeline(given).to_string(), printed);
}
