//! The parameters about HLS and DASH: values, and what excludes or needs each other.

use opmill_ops::CommandError;
use opmill_ops::op::{Op, SegmentLength};

use crate::parameters::{NOT_A_NUMBER, Row};
use crate::{pipeline, refusal};

/// 16 bytes; the 32 digits of the same; `https://keys.example/1`; `https://cdn.example/a/`, and without its end.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const KEY_IN_DIGITS: &str = "MzAzMTMyMzMzNDM1MzYzNzM4Mzk2MTYyNjM2NDY1NjY=";
const KEY_URL: &str = "aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==";
const DOMAIN: &str = "aHR0cHM6Ly9jZG4uZXhhbXBsZS9hLw==";
const DOMAIN_WITHOUT_END: &str = "aHR0cHM6Ly9jZG4uZXhhbXBsZS9h";
const LADDER: &str = "avthumb/m3u8/envBandWidth/50000:60000";

pub const ROWS: &[Row] = &[
    Row {
        base: "avthumb/m3u8",
        name: "segtime",
        good: &[("1", "1"), ("10", "10"), ("2.5", "2.5"), ("120.000", "120")],
        bad: &[
            "0",
            "0.999",
            "121",
            "120.001",
            "-5",
            "5s",
            "1.0001",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/mpd",
        name: "segFirstTime",
        good: &[("1", "1"), ("0120", "120")],
        bad: &["0", "120.5", "-1", "first", "99999999999999999999"],
    },
    Row {
        base: "avthumb/m3u8",
        name: "fastStartSeg",
        good: &[
            ("3x2s", "3x2s"),
            ("3x2", "3x2s"),
            ("1x1.5s", "1x1.5s"),
            ("100x120s", "100x120s"),
        ],
        bad: &[
            "0x2s",
            "101x2s",
            "3x0s",
            "3x121s",
            "3x",
            "x2s",
            "3",
            "3X2s",
            "3x2ss",
            "-3x2s",
            "3.5x2s",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/m3u8",
        name: "segtype",
        good: &[("ts", "ts"), ("mp4", "mp4"), ("m4s", "m4s")],
        bad: &["TS", "fmp4", "mpegts", "0"],
    },
    Row {
        base: "avthumb/m3u8/hlsKeyUrl/aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==",
        name: "hlsKey",
        good: &[
            (KEY, KEY),
            ("MDEyMzQ1Njc4OWFiY2RlZg", KEY),
            (KEY_IN_DIGITS, KEY),
        ],
        // Nothing, 15 and 17 bytes, 32 letters that are no digits, no base64.
        bad: &[
            "MDEyMzQ1Njc4OWFiY2Rl",
            "MDEyMzQ1Njc4OWFiY2RlZmc=",
            "Z2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2c=",
            "a+b",
            "0123456789abcdef",
        ],
    },
    Row {
        base: "avthumb/m3u8/hlsKey/MDEyMzQ1Njc4OWFiY2RlZg==",
        name: "hlsKeyUrl",
        good: &[
            (KEY_URL, KEY_URL),
            ("aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ", KEY_URL),
            ("c2tkOi8vb25l", "c2tkOi8vb25l"), // skd://one
        ],
        // `key`, `https://a"b`, `https://a b`, a line break, not base64.
        bad: &[
            "a2V5",
            "aHR0cHM6Ly9hImI=",
            "aHR0cHM6Ly9hIGI=",
            "aHR0cHM6Ly9hCmI=",
            "https:",
        ],
    },
    Row {
        base: "avthumb/m3u8",
        name: "savePattern",
        // `part-$(count)`, `$(count).ts`
        good: &[
            ("cGFydC0kKGNvdW50KQ==", "cGFydC0kKGNvdW50KQ=="),
            ("JChjb3VudCkudHM", "JChjb3VudCkudHM="),
        ],
        // `part`, `a/$(count)`, `$(count)$(count)`, plain text
        bad: &[
            "cGFydA==",
            "YS8kKGNvdW50KQ==",
            "JChjb3VudCkkKGNvdW50KQ==",
            "$(count)",
            "0",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: "avthumb/m3u8/hlsKey/MDEyMzQ1Njc4OWFiY2RlZg==/hlsKeyUrl/aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==",
        name: "hlsIV",
        good: &[
            (
                "000102030405060708090a0b0c0d0e0f",
                "000102030405060708090a0b0c0d0e0f",
            ),
            (
                "0x000102030405060708090A0B0C0D0E0F",
                "000102030405060708090a0b0c0d0e0f",
            ),
            (
                "0XFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                "ffffffffffffffffffffffffffffffff",
            ),
        ],
        bad: &[
            "0",
            "0x",
            "00",
            "000102030405060708090a0b0c0d0e0",
            "000102030405060708090a0b0c0d0e0f0",
            "g00102030405060708090a0b0c0d0e0f",
            "+00102030405060708090a0b0c0d0e0f",
        ],
    },
    Row {
        base: "avthumb/m3u8",
        name: "envBandWidth",
        good: &[
            ("50000:30000000", "50000:30000000"),
            ("0500000:600000:700000", "500000:600000:700000"),
            (
                "50000:60000:70000:80000:90000",
                "50000:60000:70000:80000:90000",
            ),
        ],
        bad: &[
            "500000",
            "49999:60000",
            "60000:30000001",
            "60000:60000",
            "70000:60000",
            "50000:60000:",
            ":",
            "50k:60k",
            "50000,60000",
            "50000:60000:70000:80000:90000:100000",
            "-50000:60000",
            "99999999999:999999999999",
            NOT_A_NUMBER,
        ],
    },
    Row {
        base: LADDER,
        name: "multiVb",
        good: &[("64k:1.5m", "64k:1500k"), ("2m:1m", "2m:1m")],
        bad: &[
            "64k",
            "64k:",
            "64k:0",
            "64k:1001m",
            "64k,128k",
            "1:2:3:4:5:6",
            "a:b",
        ],
    },
    Row {
        base: LADDER,
        name: "multiAb",
        good: &[("32k:64000", "32k:64k")],
        bad: &["64k", "32k:0", ":64k", "32k:-64k", "low:high"],
    },
    Row {
        base: LADDER,
        name: "multiResolution",
        good: &[
            ("640x360:1280X720", "640x360:1280x720"),
            ("640x:x720", "640x:x720"),
        ],
        bad: &[
            "640x360",
            "640x360:",
            "640x360:0x720",
            "640x360:3841x2160",
            "640:1280",
            "640x360,1280x720",
            "sd:hd",
        ],
    },
    Row {
        base: "avthumb/m3u8",
        name: "noDomain",
        good: &[("1", "1"), ("0", "0")],
        bad: &["2", "true", "01", "-1"],
    },
    Row {
        base: "avthumb/mpd",
        name: "domain",
        good: &[(DOMAIN, DOMAIN), (DOMAIN_WITHOUT_END, DOMAIN)],
        // `cdn.example`, `ftp://cdn.example`, `https://cdn.example/?a`, `https:///a`, not base64.
        bad: &[
            "Y2RuLmV4YW1wbGU=",
            "ZnRwOi8vY2RuLmV4YW1wbGU=",
            "aHR0cHM6Ly9jZG4uZXhhbXBsZS8_YQ==",
            "aHR0cHM6Ly8vYQ==",
            "https:",
        ],
    },
    Row {
        base: "avthumb/mpd",
        name: "dash_hls_playlist",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "yes", "10"],
    },
];

/// The command, the parameter in the way as given, what it is in the way of.
pub const CONFLICTS: &[(&str, &str, &str)] = &[
    ("avthumb/mp4/segtime/5", "segtime/5", "mp4"),
    ("avthumb/ts/segtype/ts", "segtype/ts", "ts"),
    ("avthumb/mp4/segFirstTime/5", "segFirstTime/5", "mp4"),
    ("avthumb/flv/fastStartSeg/2x2s", "fastStartSeg/2x2s", "flv"),
    (
        "avthumb/mp4/envBandWidth/50000:60000",
        "envBandWidth/50000:60000",
        "mp4",
    ),
    ("avthumb/mp3/noDomain/0", "noDomain/0", "mp3"),
    (
        "avthumb/mkv/domain/aHR0cHM6Ly9hLw==",
        "domain/aHR0cHM6Ly9hLw==",
        "mkv",
    ),
    (
        "avthumb/mp4/dash_hls_playlist/1",
        "dash_hls_playlist/1",
        "mp4",
    ),
    (
        "avthumb/M3U8/dash_hls_playlist/1",
        "dash_hls_playlist/1",
        "M3U8",
    ),
    (
        "avthumb/mpd/hlsIV/000102030405060708090a0b0c0d0e0f",
        "hlsIV/000102030405060708090a0b0c0d0e0f",
        "mpd",
    ),
    ("avthumb/mpd/segtype/ts", "segtype/ts", "mpd"),
    (
        "avthumb/m3u8/segFirstTime/2/fastStartSeg/2x2s",
        "fastStartSeg/2x2s",
        "segFirstTime/2",
    ),
    ("avthumb/m3u8/vcodec/vp9", "vcodec/vp9", "m3u8"),
    (
        "avthumb/m3u8/vcodec/av1/segtype/ts",
        "vcodec/av1",
        "segtype/ts",
    ),
    ("avthumb/m3u8/vcodec/libvpx", "vcodec/libvpx", "m3u8"),
    ("avthumb/mpd/vcodec/libtheora", "vcodec/libtheora", "mpd"),
    (
        "avthumb/m3u8/envBandWidth/50000:60000/multiVb/1m:2m:3m",
        "multiVb/1m:2m:3m",
        "envBandWidth/50000:60000",
    ),
    (
        "avthumb/m3u8/multiAb/32k:64k/envBandWidth/50000:60000:70000",
        "multiAb/32k:64k",
        "envBandWidth/50000:60000:70000",
    ),
    (
        "avthumb/m3u8/envBandWidth/50000:60000/multiResolution/1x1:2x2:3x3",
        "multiResolution/1x1:2x2:3x3",
        "envBandWidth/50000:60000",
    ),
    (
        "avthumb/m3u8/envBandWidth/50000:60000/multiVb/1m:2m/vb/1m",
        "vb/1m",
        "multiVb/1m:2m",
    ),
    (
        "avthumb/m3u8/crf/20/envBandWidth/50000:60000/multiVb/1m:2m",
        "crf/20",
        "multiVb/1m:2m",
    ),
    (
        "avthumb/m3u8/maxrate/1m/envBandWidth/50000:60000/multiVb/1m:2m",
        "maxrate/1m",
        "multiVb/1m:2m",
    ),
    (
        "avthumb/m3u8/envBandWidth/50000:60000/multiAb/32k:64k/ab/64k",
        "ab/64k",
        "multiAb/32k:64k",
    ),
    (
        "avthumb/m3u8/aq/100/envBandWidth/50000:60000/multiAb/32k:64k",
        "multiAb/32k:64k",
        "aq/100",
    ),
    (
        "avthumb/m3u8/s/1x1/envBandWidth/50000:60000/multiResolution/1x1:2x2",
        "s/1x1",
        "multiResolution/1x1:2x2",
    ),
    (
        "avthumb/m3u8/vcodec/copy/envBandWidth/50000:60000",
        "envBandWidth/50000:60000",
        "vcodec/copy",
    ),
    (
        "avthumb/m3u8/acodec/copy/envBandWidth/50000:60000/multiAb/32k:64k",
        "multiAb/32k:64k",
        "acodec/copy",
    ),
    (
        "avthumb/m3u8/vn/1/envBandWidth/50000:60000/multiVb/1m:2m",
        "multiVb/1m:2m",
        "vn/1",
    ),
    (
        "avthumb/m3u8/vn/1/envBandWidth/50000:60000/multiResolution/1x1:2x2",
        "multiResolution/1x1:2x2",
        "vn/1",
    ),
    (
        "avthumb/m3u8/an/1/envBandWidth/50000:60000/multiAb/32k:64k",
        "multiAb/32k:64k",
        "an/1",
    ),
    (
        "avthumb/m3u8/noDomain/1/domain/aHR0cHM6Ly9hLw==",
        "domain/aHR0cHM6Ly9hLw==",
        "noDomain/1",
    ),
];

#[test]
fn what_means_nothing_alone_is_refused() {
    let key = format!("hlsKey/{KEY}");
    let url = format!("hlsKeyUrl/{KEY_URL}");
    for (parameters, alone, needs) in [
        (key.as_str(), key.as_str(), "`hlsKeyUrl` beside `hlsKey`"),
        (&url, &url, "`hlsKey` beside `hlsKeyUrl/"),
        (
            "hlsIV/000102030405060708090a0b0c0d0e0f",
            "hlsIV/000102030405060708090a0b0c0d0e0f",
            "`hlsKey` beside `hlsIV/0001",
        ),
        (
            "multiVb/1m:2m",
            "multiVb/1m:2m",
            "`envBandWidth` beside `multiVb/1m:2m`",
        ),
        (
            "multiAb/32k:64k",
            "multiAb/32k:64k",
            "`envBandWidth` beside",
        ),
        (
            "multiResolution/1x1:2x2",
            "multiResolution/1x1:2x2",
            "`envBandWidth` beside",
        ),
        (
            "autoscale/1",
            "autoscale/1",
            "`s` or `multiResolution` beside `autoscale/1`",
        ),
        (
            "autofill/1",
            "autofill/1",
            "`s` or `multiResolution` beside `autofill/1`",
        ),
    ] {
        let text = format!("avthumb/m3u8/{parameters}/ss/1");
        match refusal(&text) {
            CommandError::Missing { span, what, .. } => {
                assert_eq!(&text[span.start..span.end], alone, "{text}");
                assert!(what.starts_with(needs), "{text}: {what}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn neighbours_of_what_is_refused_are_accepted() {
    for text in [
        "avthumb/m3u8/vcodec/libx264/s/922x678/autoscale/1/segtime/5/hlsKey/MDEyMzQ1Njc4OWFiY2RlZg==/hlsKeyUrl/aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==",
        "avthumb/m3u8/autoscale/1/envBandWidth/50000:60000/multiResolution/640x360:1280x720",
        "avthumb/m3u8/crf/20/envBandWidth/50000:60000",
        "avthumb/m3u8/vb/1m/ab/64k/envBandWidth/50000:60000/multiResolution/640x360:1280x720",
        "avthumb/m3u8/acodec/copy/envBandWidth/50000:60000/multiVb/1m:2m",
        "avthumb/m3u8/vn/1/envBandWidth/50000:60000/multiAb/32k:64k",
        "avthumb/m3u8/vcodec/libvpx-vp9/segtype/mp4",
        "avthumb/mpd/vcodec/libsvtav1/segtype/mp4/dash_hls_playlist/1",
        "avthumb/m3u8/noDomain/0/domain/aHR0cHM6Ly9hLw==",
        "avthumb/m3u8/vcodec/copy/acodec/copy/segtime/5",
    ] {
        assert_eq!(pipeline(text).to_string(), text);
    }
    // A flag that is off is as good as absent, but not that which has a meaning of its own.
    assert_eq!(
        pipeline("avthumb/mp4/dash_hls_playlist/0").to_string(),
        "avthumb/mp4"
    );
}

/// Playlists name files that nobody but a player puts together.
#[test]
fn nothing_works_on_a_playlist() {
    for text in ["avthumb/m3u8|vframe/jpg", "avthumb/mpd/vn/1|avthumb/mp3"] {
        let error = refusal(text);
        assert!(matches!(error, CommandError::Chained { .. }), "{error}");
        assert!(
            error
                .to_string()
                .ends_with("which is files that belong together"),
            "{error}"
        );
    }
    pipeline("avthumb/mp4|avthumb/m3u8/vcodec/copy");
}

/// Whatever is wrong about a key, no message and no debug print shows it.
#[test]
fn a_key_does_not_show_in_messages() {
    let half = &KEY[..12];
    for text in [
        format!("avthumb/m3u8/hlsKey/{KEY}"),
        format!("avthumb/m3u8/hlsKey/{KEY}xx/hlsKeyUrl/{KEY_URL}"),
        format!("avthumb/m3u8/hlsKey/{KEY}/hlsKey/{KEY}/hlsKeyUrl/{KEY_URL}"),
        format!("avthumb/mp4/hlsKey/{KEY}/hlsKeyUrl/{KEY_URL}"),
        format!("avthumb/mpd/hlsKey/{KEY}/hlsKeyUrl/{KEY_URL}"),
        format!("avthumb/m3u8/segtype/mp4/hlsKey/{KEY}/hlsKeyUrl/{KEY_URL}"),
    ] {
        let error = refusal(&text);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(shown.contains("hlsKey") && !shown.contains(half), "{shown}");
        }
        let span = error.span();
        assert!(
            text[span.start..span.end].contains(half),
            "it is pointed at all the same"
        );
    }
    let good = pipeline(&format!("avthumb/m3u8/hlsKey/{KEY}/hlsKeyUrl/{KEY_URL}"));
    let debug = format!("{good:?}");
    assert!(
        debug.contains("[redacted]") && !debug.contains(half),
        "{debug}"
    );
    assert!(
        good.to_string().contains(KEY),
        "the op string is what it was"
    );
}

#[test]
fn segments_last_ten_seconds_unless_told() {
    let Op::Avthumb(op) = &pipeline("avthumb/m3u8").ops[0] else {
        panic!("not avthumb");
    };
    assert_eq!(
        (op.segments.length, SegmentLength::DEFAULT.millis()),
        (None, 10_000)
    );
}
