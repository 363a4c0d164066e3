//! `avinfo` and `avinfo2` against what ffprobe says.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::bench::{Bench, clip, ffprobe};

fn facts(source: &Path, op: &str) -> Value {
    let bench = Bench::run(source, &format!("{op}|saveas/bkt:facts.json"));
    let outputs = bench.outcomes[0]
        .as_ref()
        .unwrap_or_else(|error| panic!("{op}: {error}"));
    assert_eq!((outputs.len(), outputs[0].resolution), (1, None));
    serde_json::from_slice(&std::fs::read(&outputs[0].path).unwrap()).unwrap()
}

#[test]
fn avinfo_tells_what_ffprobe_tells() {
    for name in [
        "clip.mp4",
        "subtitles.mkv",
        "tone.mp3",
        "start-offset.ts",
        "rotated-90.mp4",
    ] {
        let (ours, theirs) = (facts(&clip(name), "avinfo"), ffprobe(&clip(name)));
        for member in ["nb_streams", "format_name", "duration", "size"] {
            assert_eq!(
                ours["format"][member], theirs["format"][member],
                "{name} {member}"
            );
        }
        let streams = |json: &Value| json["streams"].as_array().unwrap().clone();
        assert_eq!(streams(&ours).len(), streams(&theirs).len(), "{name}");
        for (ours, theirs) in streams(&ours).iter().zip(&streams(&theirs)) {
            for member in [
                "index",
                "codec_name",
                "codec_type",
                "width",
                "height",
                "pix_fmt",
                "sample_rate",
                "channels",
            ] {
                assert_eq!(ours[member], theirs[member], "{name} {member}");
            }
        }
    }
}

#[test]
fn avinfo2_has_the_members_of_its_table_and_no_other() {
    let video = [
        "index",
        "codec_name",
        "codec_type",
        "width",
        "height",
        "pix_fmt",
        "duration",
        "bit_rate",
        "nb_frames",
    ];
    let audio = [
        "index",
        "codec_name",
        "codec_type",
        "sample_rate",
        "channels",
        "duration",
        "bit_rate",
        "nb_frames",
    ];
    let format = ["nb_streams", "format_name", "duration", "size", "bit_rate"];
    let members = |json: &Value| {
        json.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>()
    };
    for (name, kinds) in [
        ("clip.mp4", &["video", "audio"][..]),
        ("subtitles.mkv", &["video", "audio"]),
        ("tone.wav", &["audio"]),
        ("start-offset.ts", &["video", "audio"]),
    ] {
        let (json, theirs) = (facts(&clip(name), "avinfo2"), ffprobe(&clip(name)));
        assert_eq!(members(&json), set(&["streams", "format"]));
        assert_eq!(members(&json["format"]), set(&format), "{name}");
        let streams = json["streams"].as_array().unwrap();
        let told: Vec<_> = streams
            .iter()
            .map(|stream| stream["codec_type"].as_str().unwrap())
            .collect();
        assert_eq!(told, kinds, "{name}");
        for stream in streams {
            let expected = if stream["codec_type"] == "video" {
                set(&video)
            } else {
                set(&audio)
            };
            assert_eq!(members(stream), expected, "{name}");
            let theirs = &theirs["streams"][stream["index"].as_u64().unwrap() as usize];
            for member in [
                "codec_name",
                "width",
                "height",
                "pix_fmt",
                "sample_rate",
                "channels",
            ] {
                assert_eq!(stream[member], theirs[member], "{name} {member}");
            }
            for member in ["duration", "bit_rate", "nb_frames"] {
                let number: f64 = stream[member].as_str().unwrap().parse().unwrap();
                let stated = theirs[member]
                    .as_str()
                    .map(|text| text.parse::<f64>().unwrap());
                // Bit rates of a transport stream are estimates.
                let slack = if member == "bit_rate" { 0.05 } else { 0.0 };
                let told = stated.is_none_or(|stated| (stated - number).abs() <= stated * slack);
                assert!(told, "{name} {member}: {number} {stated:?}");
            }
        }
        assert_eq!(
            json["format"]["nb_streams"], theirs["format"]["nb_streams"],
            "subtitles are counted, {name}"
        );
    }
    let turned = facts(&clip("rotated-90.mp4"), "avinfo2");
    assert_eq!(turned["streams"][0]["rotate"], "90");
}

#[test]
fn what_was_made_can_be_asked_about() {
    let bench = Bench::run(
        &clip("silent.mp4"),
        "avthumb/mkv/s/64x48/preset/ultrafast|avinfo2|saveas/bkt:x",
    );
    let outputs = bench.outcomes[0].as_ref().unwrap();
    let json: Value = serde_json::from_slice(&std::fs::read(&outputs[0].path).unwrap()).unwrap();
    assert_eq!(json["streams"][0]["width"], 64);
    assert_eq!(bench.everything_under(0), [outputs[0].path.clone()]);
}
