//! Subtitles: as streams beside the picture, and drawn into it.

use std::path::Path;
use std::process::Command;

use opmill_ops::{Cancel, OpsError, Output, b64u};
use serde_json::Value;

use crate::bench::{Bench, clip, ffprobe, shared, utf8};
use crate::look::Frame;
use crate::pixels::{Area, Workshop, is_like};

const ENGLISH: &str = "1\n00:00:00,500 --> 00:00:01,500\nHello, you.\n\n2\n00:00:02,000 --> 00:00:02,750\n<i>Two</i>\nlines\n";
const GERMAN: &str = "\u{feff}1\n00:00:01,000 --> 00:00:09,000\nGrüße\n";

/// Runs one command that must succeed; the bench keeps its files.
fn made(source: &Path, ops: &str, objects: &[(&str, &Path)]) -> (Bench, Output) {
    let bench = Bench::run_beside(source, ops, objects);
    match &bench.outcomes[0] {
        Ok(outputs) => {
            let output = outputs[0].clone();
            assert_eq!(
                bench.files_of(0),
                std::slice::from_ref(&output.path),
                "{ops} leaves more behind"
            );
            (bench, output)
        }
        Err(error) => panic!("{ops}: {error}"),
    }
}

fn refused(source: &Path, ops: &str, objects: &[(&str, &Path)]) -> OpsError {
    let bench = Bench::run_beside(source, ops, objects);
    assert!(bench.files_of(0).is_empty(), "{ops} left a file");
    match bench.outcomes.into_iter().next().unwrap() {
        Err(error) => error,
        Ok(outputs) => panic!("{ops} made {outputs:?}"),
    }
}

fn streams(path: &Path, kind: &str) -> Vec<Value> {
    let probe = ffprobe(path);
    let streams = probe["streams"].as_array().unwrap().iter();
    streams
        .filter(|stream| stream["codec_type"] == kind)
        .cloned()
        .collect()
}

/// A subtitle stream as ffmpeg writes it down, by the clock of the picture: `from --> to text text`.
fn lines(path: &Path, stream: usize) -> Vec<String> {
    // Matroska has no negative times: where sound begins before the picture, all the rest begins later.
    let start = streams(path, "video")[0]["start_time"]
        .as_str()
        .unwrap()
        .parse::<f64>()
        .unwrap();
    let out = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-v",
            "error",
            "-i",
            utf8(path),
            "-map",
            &format!("0:s:{stream}"),
            "-f",
            "srt",
            "-",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap().replace('\r', "");
    let millis = |clock: &str| -> i64 {
        let parts: Vec<i64> = clock
            .split([':', ','])
            .map(|part| part.parse().unwrap())
            .collect();
        ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + parts[3]
            - (start * 1000.0).round() as i64
    };
    let clock = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
    let cue = |cue: &str| {
        let mut rows = cue.lines().skip(1);
        let (from, to) = rows.next().unwrap().split_once(" --> ").unwrap();
        let words = rows.collect::<Vec<_>>().join(" ");
        format!("{} --> {} {words}", clock(millis(from)), clock(millis(to)))
    };
    text.split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(cue)
        .collect()
}

#[test]
fn tracks_have_their_words_times_languages_and_names() {
    let shop = Workshop::open();
    let source = clip("b-frames.mp4");
    let (english, german) = (shop.text("en.srt", ENGLISH), shop.text("de.srt", GERMAN));
    let labels = [
        b64u::encode("lang=en,name=English, for all"),
        b64u::encode("lang=de,name=Deutsch"),
    ]
    .join(",");
    for (container, codec, name, languages) in [
        ("mp4", "mov_text", "handler_name", ["eng", "deu"]),
        ("m4a", "mov_text", "handler_name", ["eng", "deu"]),
        ("mov", "mov_text", "handler_name", ["eng", "ger"]),
        ("mkv", "subrip", "title", ["eng", "ger"]),
        ("3gp", "mov_text", "handler_name", ["eng", "deu"]),
    ] {
        let ops = format!(
            "avthumb/{container}/preset/ultrafast/subtitle/s:en.srt,s:de.srt/subtitleAttr/{labels}"
        );
        let (_bench, output) = made(
            &source,
            &ops,
            &[("s:en.srt", &english), ("s:de.srt", &german)],
        );
        let tracks = streams(&output.path, "subtitle");
        let tag = |name: &str| -> Vec<String> {
            let tags = tracks.iter().map(|track| track["tags"][name].as_str());
            tags.map(|tag| tag.unwrap_or("-").to_owned()).collect()
        };
        let codecs: Vec<&Value> = tracks.iter().map(|track| &track["codec_name"]).collect();
        assert_eq!(codecs, [codec; 2], "{container}");
        assert_eq!(tag("language"), languages, "{container}");
        assert_eq!(
            tag(name),
            ["English, for all", "Deutsch"],
            "{container}: {tracks:?}"
        );
        let default: Vec<&Value> = tracks
            .iter()
            .map(|track| &track["disposition"]["default"])
            .collect();
        assert_eq!(default, [1, 0], "{container}");
        let first = lines(&output.path, 0);
        assert_eq!(first[0], "0.500 --> 1.500 Hello, you.", "{container}");
        assert_eq!(first[1], "2.000 --> 2.750 <i>Two</i> lines", "{container}");
        // What is said beyond the end of the film does not make it longer.
        assert_eq!(
            lines(&output.path, 1),
            ["1.000 --> 3.000 Grüße"],
            "{container}"
        );
        assert!(
            (output.duration - 3.0).abs() < 0.1,
            "{container} lasts {} s",
            output.duration
        );
        let kinds: Vec<Value> = ffprobe(&output.path)["streams"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["codec_type"].clone())
            .collect();
        assert_eq!(
            kinds[2..],
            ["subtitle", "subtitle"],
            "behind picture and sound"
        );
    }
}

#[test]
fn webm_has_its_own_kind_of_text() {
    let shop = Workshop::open();
    let english = shop.text("en.srt", ENGLISH);
    let label = b64u::encode("lang=en,name=English");
    let ops = format!("avthumb/webm/s/64x48/subtitle/s:e/subtitleAttr/{label}");
    let (_bench, output) = made(&clip("silent.mp4"), &ops, &[("s:e", &english)]);
    let track = streams(&output.path, "subtitle").remove(0);
    assert_eq!(
        (&track["codec_name"], &track["tags"]["language"]),
        (&"webvtt".into(), &"eng".into())
    );
    assert_eq!(track["tags"]["title"], "English");
    let said = lines(&output.path, 0);
    assert_eq!(
        said,
        [
            "0.500 --> 1.500 Hello, you.",
            "2.000 --> 2.750 <i>Two</i> lines"
        ]
    );
}

#[test]
fn what_is_said_moves_with_the_cut() {
    let shop = Workshop::open();
    let english = shop.text("en.srt", ENGLISH);
    let objects: &[(&str, &Path)] = &[("s:en.srt", &english)];
    for (cut, expected) in [
        (
            "ss/1",
            &[
                "0.000 --> 0.500 Hello, you.",
                "1.000 --> 1.750 <i>Two</i> lines",
            ][..],
        ),
        (
            "ss/1/t/1.25",
            &[
                "0.000 --> 0.500 Hello, you.",
                "1.000 --> 1.250 <i>Two</i> lines",
            ],
        ),
        ("t/1", &["0.500 --> 1.000 Hello, you."]),
        ("ss/2.8", &[]),
    ] {
        for container in ["mp4", "mkv"] {
            let ops = format!("avthumb/{container}/preset/ultrafast/{cut}/subtitle/s:en.srt");
            let (_bench, output) = made(&clip("b-frames.mp4"), &ops, objects);
            assert_eq!(lines(&output.path, 0), expected, "{ops}");
        }
    }
}

#[test]
fn copied_pictures_get_tracks_too() {
    let shop = Workshop::open();
    let english = shop.text("en.srt", ENGLISH);
    let ops = "avthumb/mkv/vcodec/copy/acodec/copy/subtitle/s:en.srt/subtitleType/1";
    let (_bench, output) = made(&clip("b-frames.mp4"), ops, &[("s:en.srt", &english)]);
    assert_eq!(lines(&output.path, 0).len(), 2);
    assert_eq!(streams(&output.path, "video")[0]["codec_name"], "h264");
}

#[test]
fn subtitles_come_out_of_films() {
    let shop = Workshop::open();
    let (english, german) = (shop.text("en.srt", ENGLISH), shop.text("de.srt", GERMAN));
    let (video, first, second) = (clip("silent.mp4"), utf8(&english), utf8(&german));
    let inputs = [
        "-i",
        utf8(&video),
        "-i",
        first,
        "-i",
        second,
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
    ];
    let tags = [
        "-metadata:s:s:0",
        "language=eng",
        "-metadata:s:s:1",
        "language=ger",
        "-metadata:s:s:1",
        "title=Deutsch",
    ];
    let codecs = ["-c:v", "copy", "-c:s", "srt"];
    let film = shop.make("film.mkv", &[&inputs[..], &tags, &codecs].concat());
    // Begins at ten seconds, as recordings may.
    let late = shop.make(
        "late.mkv",
        &[&inputs[..], &tags, &codecs, &["-output_ts_offset", "10"]].concat(),
    );
    let (_bench, output) = made(
        &clip("b-frames.mp4"),
        "avthumb/mp4/preset/ultrafast/subtitle/s:film.mkv",
        &[("s:film.mkv", &late)],
    );
    let tracks = streams(&output.path, "subtitle");
    let tags: Vec<&Value> = tracks
        .iter()
        .map(|track| &track["tags"]["language"])
        .collect();
    assert_eq!(tags, ["eng", "deu"]);
    assert_eq!(tracks[1]["tags"]["handler_name"], "Deutsch");
    assert_eq!(lines(&output.path, 0)[0], "0.500 --> 1.500 Hello, you.");
    let (_bench, own) = made(
        &film,
        "avthumb/mp4/preset/ultrafast/ss/1/subtitle/embed",
        &[],
    );
    assert_eq!(lines(&own.path, 0)[1], "1.000 --> 1.750 <i>Two</i> lines");
    assert_eq!(lines(&own.path, 1), ["0.000 --> 2.000 Grüße"]);
    let (_bench, dropped) = made(&film, "avthumb/mkv/preset/ultrafast", &[]);
    assert!(
        streams(&dropped.path, "subtitle").is_empty(),
        "unless asked for"
    );
}

#[test]
fn other_formats_of_text_are_read() {
    let shop = Workshop::open();
    let vtt = shop.text("a.vtt", "WEBVTT\n\n00:00.500 --> 00:01.500\nFrom the web\n");
    let ass = shop.text(
        "a.ass",
        "[Script Info]\nScriptType: v4.00+\nPlayResX: 384\nPlayResY: 288\n\n[Fonts]\nfontname: x.ttf\n!!!!\n\n[V4+ Styles]\nFormat: Name, \
         Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, \
         ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\nStyle: Sign,Arial,40,\
         &H0000FF,&H0000FF,&H0,&H0,1,0,0,0,100,100,0,0,1,0,0,5,0,0,0,1\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, \
         MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:00.50,0:00:01.50,Sign,,0,0,0,,Styled, with a comma\n",
    );
    let objects: &[(&str, &Path)] = &[("s:a.vtt", &vtt), ("s:a.ass", &ass)];
    let (_bench, output) = made(
        &clip("b-frames.mp4"),
        "avthumb/mkv/preset/ultrafast/subtitle/s:a.vtt,s:a.ass",
        objects,
    );
    let codecs: Vec<Value> = streams(&output.path, "subtitle")
        .iter()
        .map(|track| track["codec_name"].clone())
        .collect();
    assert_eq!(
        codecs,
        ["subrip", "ass"],
        "styles are kept where there is room for them"
    );
    assert_eq!(lines(&output.path, 0), ["0.500 --> 1.500 From the web"]);
    assert!(lines(&output.path, 1)[0].contains("Styled, with a comma"));
    let bytes = std::fs::read(&output.path).unwrap();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(
        has(b"Style: Sign,Arial") && !has(b"fontname"),
        "fonts of the file stay behind"
    );
    let (_bench, drawn) = made(
        &clip("b-frames.mp4"),
        "avthumb/mp4/preset/ultrafast/crf/4/subtitle/s:a.ass/subtitleType/2",
        objects,
    );
    let red = Frame::of(&drawn.path, 1.0).area(|colour| is_like(colour, [255, 0, 0], 50));
    let area = red.expect("the style's own red");
    assert!(
        area.top > 90 && area.bottom < 150,
        "in the middle, as the style says: {area:?}"
    );
}

#[test]
fn burned_subtitles_change_the_picture_while_they_are_said_and_nothing_else() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 3);
    let english = shop.text("en.srt", ENGLISH);
    for (ops, said, silent) in [
        (
            "avthumb/mp4/preset/ultrafast/crf/4/subtitle/s:e/subtitleType/2",
            &[0.52, 1.0, 1.44, 2.0, 2.68][..],
            &[0.0, 0.44, 1.52, 1.92, 2.8][..],
        ),
        (
            "avthumb/flv/preset/ultrafast/crf/4/subtitle/s:e",
            &[0.52, 1.0, 2.4],
            &[0.2, 1.7, 2.9],
        ),
        (
            "avthumb/ts/preset/ultrafast/crf/4/ss/1/t/1.5/subtitle/s:e,s:none",
            &[],
            &[],
        ),
        (
            "avthumb/mkv/preset/ultrafast/crf/4/ss/1/t/1.5/subtitle/s:e/subtitleType/2",
            &[0.0, 0.4, 1.04, 1.4],
            &[0.6, 0.9],
        ),
    ] {
        if said.is_empty() {
            let error = refused(&source, ops, &[("s:e", &english)]);
            assert_eq!(error.to_string(), "the object s:none is not there");
            continue;
        }
        let (_bench, output) = made(&source, ops, &[("s:e", &english)]);
        assert!(streams(&output.path, "subtitle").is_empty(), "{ops}");
        for at in said {
            let picture = Frame::of(&output.path, *at);
            let area = picture.area(|colour| !is_like(colour, [128, 128, 128], 20));
            let area = area.unwrap_or_else(|| panic!("{ops}: nothing is said at {at} s"));
            assert!(
                area.top > 160 && area.left > 60 && area.right < 260,
                "{ops} at {at} s: {area:?}"
            );
            assert!(
                picture
                    .area(|[red, green, blue]| red.min(green).min(blue) > 200)
                    .is_some(),
                "white letters"
            );
            assert!(
                picture
                    .area(|[red, green, blue]| red.max(green).max(blue) < 50)
                    .is_some(),
                "black around them"
            );
        }
        for at in silent {
            let area =
                Frame::of(&output.path, *at).area(|colour| !is_like(colour, [128, 128, 128], 20));
            assert_eq!(area, None, "{ops}: something is said at {at} s");
        }
    }
}

#[test]
fn a_watermark_lies_over_burned_subtitles() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let english = shop.text(
        "en.srt",
        "1\n00:00:00,000 --> 00:00:02,000\nHello, you over there\n",
    );
    let logo = shop.picture("logo.png", 320, 60, [255, 0, 0, 255]);
    let ops = "avthumb/mp4/preset/ultrafast/crf/4/subtitle/s:e/subtitleType/2/wmImage2/w:l/wmGravity/BOTTOM_LEFT/wmdx/0/wmdy/0";
    let (_bench, output) = made(&source, ops, &[("s:e", &english), ("w:l", &logo)]);
    let picture = Frame::of(&output.path, 0.5);
    let covered = picture.area(|[_, green, _]| green > 180);
    assert_eq!(covered, None, "the letters are below");
    let turned = clip("rotated-90.mp4");
    let (_plain, without) = made(&turned, "avthumb/mp4/preset/ultrafast/crf/4", &[]);
    let (_bench, output) = made(
        &turned,
        "avthumb/mp4/preset/ultrafast/crf/4/subtitle/s:e/subtitleType/2",
        &[("s:e", &english)],
    );
    let (with, without) = (Frame::of(&output.path, 1.0), Frame::of(&without.path, 1.0));
    let upper = Area {
        bottom: 200,
        ..with.whole()
    };
    let lower = Area {
        top: 240,
        ..with.whole()
    };
    assert_eq!((with.width, with.height), (240, 320));
    assert!(
        with.difference(&without, lower) > 100,
        "on the lower edge of the upright picture"
    );
    assert!(with.difference(&without, upper) < 60);
}

#[test]
fn hostile_words_are_but_words() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 2);
    let words = "{\\fnEvil\\p1\\t(0,1,\\fscx99999)}':,;[]\\%{}{\\b1}</font><font face=\"x\">&\\Nx\n[Fonts]\nfontname: x\nDialogue: 0,0:00:00.00,9:00:00.00,Default,,0,0,0,,x";
    let srt = shop.text(
        "a.srt",
        format!("1\n00:00:00,500 --> 00:00:01,500\n{words}\n"),
    );
    for ops in [
        "avthumb/mp4/preset/ultrafast/subtitle/s:a",
        "avthumb/mkv/preset/ultrafast/subtitle/s:a",
        "avthumb/flv/preset/ultrafast/crf/4/subtitle/s:a",
    ] {
        let (_bench, output) = made(&source, ops, &[("s:a", &srt)]);
        if ops.contains("flv") {
            let before =
                Frame::of(&output.path, 0.2).area(|colour| !is_like(colour, [128, 128, 128], 20));
            assert_eq!(before, None, "no line of its own came out of it");
        } else {
            let lines = lines(&output.path, 0);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].starts_with("0.500 --> 1.500"), "{lines:?}");
        }
    }
}

#[test]
fn hostile_folders_are_but_folders() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let srt = shop.text("a.srt", "1\n00:00:00,000 --> 00:00:01,000\nHello\n");
    for name in [
        "it's: [a], \\folder;",
        "%d 100% \\' ='x'",
        "  blanks\u{a0}  ",
        "中文 {é}",
    ] {
        let dir = tempfile::Builder::new()
            .prefix(name)
            .suffix(name)
            .tempdir_in(shop.path(""))
            .unwrap();
        let ops = "avthumb/mp4/preset/ultrafast/crf/4/subtitle/s:a/subtitleType/2";
        let bench = Bench::run_in(dir, &source, ops, &[("s:a", &srt)], &Cancel::new(), |_| ());
        let output = match &bench.outcomes[0] {
            Ok(outputs) => &outputs[0],
            Err(error) => panic!("{name}: {error}"),
        };
        let plain = shop.path("out.mp4");
        std::fs::copy(&output.path, &plain).unwrap();
        assert!(
            Frame::of(&plain, 0.5).area(|[red, ..]| red > 200).is_some(),
            "{name}: nothing is said"
        );
    }
}

#[test]
fn what_is_no_subtitle_is_refused_by_its_name() {
    let shop = Workshop::open();
    let source = clip("b-frames.mp4");
    let latin = shop.text(
        "latin.srt",
        b"1\n00:00:00,000 --> 00:00:01,000\nGr\xfc\xdfe\n",
    );
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(ENGLISH.encode_utf16().flat_map(u16::to_le_bytes));
    let utf16 = shop.text("utf16.srt", utf16);
    let playlist = shop.text(
        "list.srt",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    );
    let concat = shop.text("concat.srt", "ffconcat version 1.0\nfile list.srt\n");
    let letter = shop.text(
        "letter.srt",
        "Dear reader, nothing is said here.\n".repeat(9),
    );
    let empty = shop.text("empty.srt", "");
    let silent = shop.text("silent.vtt", "WEBVTT\n\n");
    for (file, expected) in [
        (
            &latin,
            "it holds no subtitles that can be read: it is not text in UTF-8: byte 34 is wrong",
        ),
        (
            &utf16,
            "it holds no subtitles that can be read: it is text in UTF-16; allowed: UTF-8",
        ),
        (
            &playlist,
            "it holds no subtitles that can be read: it is neither SubRip, WebVTT nor ASS",
        ),
        (
            &concat,
            "it holds no subtitles that can be read: it is neither SubRip, WebVTT nor ASS",
        ),
        (
            &letter,
            "it holds no subtitles that can be read: it is neither SubRip, WebVTT nor ASS",
        ),
        (
            &empty,
            "it holds no subtitles that can be read: it is neither SubRip, WebVTT nor ASS",
        ),
        (
            &silent,
            "it holds no subtitles that can be read: there is no line in it",
        ),
        (&clip("silent.mp4"), "it has no subtitle stream"),
        (
            &clip("tone.wav"),
            "it holds no subtitles that can be read: it is not text in UTF-8: byte",
        ),
        (&shop.path("nowhere.srt"), "cannot read"),
    ] {
        for ops in [
            "avthumb/mp4/preset/ultrafast/subtitle/s:x",
            "avthumb/flv/preset/ultrafast/subtitle/s:x",
        ] {
            let error = refused(&source, ops, &[("s:x", file)]).to_string();
            let expected = format!("the subtitle s:x cannot be used: {expected}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
    let missing = refused(&source, "avthumb/mp4/subtitle/s:gone", &[]);
    assert_eq!(missing.to_string(), "the object s:gone is not there");
    let own = refused(&source, "avthumb/mp4/subtitle/embed", &[]);
    assert_eq!(own.to_string(), "the source has no subtitle stream");
    let sound = refused(
        &clip("tone.mp3"),
        "avthumb/flv/subtitle/s:x",
        &[("s:x", &latin)],
    );
    assert!(
        matches!(sound, OpsError::NoStream { kind: "video" }),
        "{sound}"
    );
}

#[test]
fn films_of_the_wild_give_their_subtitles() {
    for (name, container, expected) in [
        ("video/mkv-h264-ac3-subrip.mkv", "mp4", 1),
        ("video/mkv-h264-ac3-ass.mkv", "mkv", 1),
        (
            "video/natural-nasa-two-video-two-audio-two-subs.mp4",
            "mkv",
            2,
        ),
        ("video/webm-vp8-vorbis-webvtt.webm", "mp4", 1),
    ] {
        let Some(film) = shared(name) else { return };
        let ops = format!("avthumb/{container}/preset/ultrafast/s/160x120/t/4/subtitle/embed");
        let (_bench, output) = made(&film, &ops, &[]);
        assert_eq!(streams(&output.path, "subtitle").len(), expected, "{name}");
    }
    let Some(pictures) = shared("video/mkv-h264-ac3-pgs.mkv") else {
        return;
    };
    let error = refused(
        &pictures,
        "avthumb/mp4/preset/ultrafast/t/1/subtitle/embed",
        &[],
    );
    assert_eq!(
        error.to_string(),
        "the source holds no subtitles that can be read: its subtitles are pictures, not text"
    );
    let Some(only) = shared("video/subtitle-only-subrip.mkv") else {
        return;
    };
    let (_bench, output) = made(
        &clip("clip.mp4"),
        "avthumb/mkv/preset/ultrafast/t/1/subtitle/s:o",
        &[("s:o", &only)],
    );
    assert_eq!(streams(&output.path, "subtitle").len(), 1);
}

#[test]
fn what_is_said_follows_the_parts_that_are_joined() {
    let shop = Workshop::open();
    let english = shop.text("en.srt", ENGLISH);
    let objects: &[(&str, &Path)] = &[("s:en.srt", &english)];
    let ops = "avthumb/mp4/preset/ultrafast/multiSeeks/1:1,0.5:0.5,2:-1/subtitle/s:en.srt";
    let (_bench, output) = made(&clip("b-frames.mp4"), ops, objects);
    let expected = [
        "0.000 --> 0.500 Hello, you.",
        "1.000 --> 1.500 Hello, you.",
        "1.500 --> 2.250 <i>Two</i> lines",
    ];
    assert_eq!(lines(&output.path, 0), expected);
}

#[test]
fn only_the_first_of_several_is_drawn() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let (early, late) = (
        shop.text("early.srt", "1\n00:00:00,000 --> 00:00:00,400\nfirst\n"),
        shop.text("late.srt", "1\n00:00:00,600 --> 00:00:01,000\nsecond\n"),
    );
    let ops = "avthumb/ts/preset/ultrafast/crf/4/subtitle/s:early,s:late";
    let (_bench, output) = made(&source, ops, &[("s:early", &early), ("s:late", &late)]);
    let says = |at| {
        Frame::of(&output.path, at)
            .area(|[red, ..]| red > 200)
            .is_some()
    };
    assert!(says(0.2) && !says(0.8));
}
