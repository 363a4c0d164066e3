//! DASH, played back by ffmpeg, and its HLS lists.

use std::path::PathBuf;

use crate::bench::{clip, ffmpeg, ffprobe, packets, seconds, utf8};
use crate::segments::*;

/// The values of an attribute, in order.
fn values(manifest: &str, name: &str) -> Vec<String> {
    let mark = format!(" {name}=\"");
    let parts = manifest.split(&mark).skip(1);
    parts
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// The text of each representation.
fn representations(manifest: &str) -> Vec<&str> {
    let parts = manifest.split("<Representation ").skip(1);
    parts
        .map(|rest| rest.split("</Representation>").next().unwrap())
        .collect()
}

/// Where the manifest says each segment of a representation begins, and what it is called; both in the words of the
/// standard, without this crate's.
fn timeline(representation: &str) -> (f64, Vec<(f64, String)>) {
    let one = |name: &str| values(representation, name).first().cloned();
    let scale: f64 = one("timescale").unwrap().parse().unwrap();
    let (before, after) = {
        let media = one("media").unwrap();
        let (before, after) = media.split_once("$Number%06d$").unwrap();
        (before.to_owned(), after.to_owned())
    };
    let mut at = 0.0;
    let mut found = Vec::new();
    for entry in representation
        .split("<S")
        .skip(1)
        .filter(|entry| entry.starts_with(' '))
    {
        let number = |name: &str| {
            values(entry.split("/>").next().unwrap(), name)
                .first()
                .map(|n| n.parse::<f64>().unwrap())
        };
        at = number("t").unwrap_or(at);
        for _ in 0..=number("r").unwrap_or(0.0) as usize {
            found.push((at / scale, format!("{before}{:06}{after}", found.len() + 1)));
            at += number("d").unwrap();
        }
    }
    (at / scale, found)
}

fn with_init(made: &Segmented, representation: &str, segment: &str) -> PathBuf {
    let init = values(representation, "initialization").remove(0);
    let mut bytes = std::fs::read(file_of(&made.dir, &init)).unwrap();
    bytes.extend(std::fs::read(file_of(&made.dir, segment)).unwrap());
    let path = made.dir.path().join("joined.tmp");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_manifest_plays_and_so_do_its_lists() {
    for (source, ops, video, audio) in [
        ("b-frames.mp4", "avthumb/mpd/segtime/1", 3.0, 3.0),
        (
            "b-frames.mp4",
            "avthumb/mpd/segtime/1/vcodec/copy/acodec/copy",
            3.0,
            3.0,
        ),
        (
            "vfr.mp4",
            "avthumb/mpd/segtime/1/preset/ultrafast/segtype/mp4",
            3.0,
            3.0,
        ),
        (
            "start-offset.ts",
            "avthumb/mpd/vcodec/copy/acodec/copy",
            3.0,
            3.0,
        ),
        (
            "clip.mp4",
            "avthumb/mpd/t/5/segtime/2/vcodec/libx265/preset/ultrafast",
            5.0,
            5.0,
        ),
        (
            "clip.mp4",
            "avthumb/mpd/t/5/segtime/2/fastStartSeg/2x1s/preset/ultrafast",
            5.0,
            5.0,
        ),
        ("silent.mp4", "avthumb/mpd/preset/ultrafast", 3.0, 0.0),
        ("clip.mp4", "avthumb/mpd/t/5/vn/1", 0.0, 5.0),
        ("tone.mp3", "avthumb/mpd/segtime/1", 0.0, 3.0),
        (
            "clip.mp4",
            "avthumb/mpd/t/4/segtime/2/preset/ultrafast/envBandWidth/100000:200000/multiResolution/96x72:160x120",
            4.0,
            4.0,
        ),
    ] {
        let made = Segmented::of(source, &format!("{ops}/dash_hls_playlist/1"));
        made.is_listed_in_full();
        for list in [made.list().to_owned(), file_of(&made.dir, "v_hls.m3u8")] {
            let (pictures, sound) = played(&list, &[]);
            let near = |one: f64, other: f64| (one - other).abs() < 0.06;
            assert!(
                near(pictures, video) && near(sound, audio),
                "{ops} {}: {pictures} {sound}",
                list.display()
            );
        }
        let manifest = made.text("v.mpd");
        let duration = values(&manifest, "mediaPresentationDuration").remove(0);
        let duration: f64 = duration
            .strip_prefix("PT")
            .unwrap()
            .strip_suffix('S')
            .unwrap()
            .parse()
            .unwrap();
        assert!((duration - video.max(audio)).abs() < 0.06, "{manifest}");
        assert_eq!(manifest.contains("contentType=\"video\""), video > 0.0);
        assert_eq!(manifest.contains("contentType=\"audio\""), audio > 0.0);
    }
}

/// Players jump to a segment by the times of the manifest.
#[test]
fn every_segment_begins_when_the_manifest_says() {
    for (source, ops) in [
        (
            "clip.mp4",
            "avthumb/mpd/t/9/segtime/2/segFirstTime/1/preset/ultrafast",
        ),
        ("b-frames.mp4", "avthumb/mpd/segtime/1"),
        ("vfr.mp4", "avthumb/mpd/segtime/1"),
        ("clip.mp4", "avthumb/mpd/segtime/3/vcodec/copy/acodec/copy"),
        (
            "clip.mp4",
            "avthumb/mpd/t/4/segtime/2/r/29.97/preset/ultrafast",
        ),
    ] {
        let made = Segmented::of(source, ops);
        let manifest = made.text("v.mpd");
        let parts = representations(&manifest);
        assert_eq!(parts.len(), 2, "{manifest}");
        for part in parts {
            let (end, segments) = timeline(part);
            assert!(segments.len() > 1, "{part}");
            for (at, name) in &segments {
                let probe = ffprobe(&with_init(&made, part, name));
                let stream = &probe["streams"][0];
                let start = seconds(&stream["start_time"]);
                assert!(
                    (start - at).abs() < 0.001,
                    "{ops} {name} begins at {start}, not {at}"
                );
                if stream["codec_type"] == "video" {
                    assert!(
                        starts_with_key(None, &made.dir.path().join("joined.tmp")),
                        "{name}"
                    );
                }
            }
            let whole = made.outputs[0].duration;
            assert!((end - whole).abs() < 0.06, "{ops}: {end} {whole}");
        }
    }
}

#[test]
fn representations_are_described_as_they_are() {
    let made = Segmented::of(
        "clip.mp4",
        "avthumb/mpd/segtime/2/t/4/preset/ultrafast/envBandWidth/150000:400000:900000\
         /multiResolution/96x72:160x120:320x240/multiVb/60k:200k:600k/multiAb/32k:64k:64k",
    );
    let manifest = made.text("v.mpd");
    let labels = [
        "v_b150000",
        "v_b400000",
        "v_b900000",
        "v_audio",
        "v_audio_b400000",
    ];
    assert_eq!(
        representations(&manifest)
            .iter()
            .map(|part| part.split('"').nth(1).unwrap())
            .collect::<Vec<_>>(),
        labels,
        "sound of one bit rate is there once"
    );
    for (part, label) in representations(&manifest).into_iter().zip(labels) {
        let probe = ffprobe(&with_init(&made, part, &format!("{label}_000001.m4s")));
        let streams = probe["streams"].as_array().unwrap();
        assert_eq!(streams.len(), 1, "{label} holds one kind alone");
        let stream = &streams[0];
        let said = |name: &str| values(part, name).first().cloned().unwrap_or_default();
        if label.contains("audio") {
            assert_eq!(
                (said("codecs").as_str(), said("audioSamplingRate").as_str()),
                ("mp4a.40.2", "44100")
            );
            assert!(part.contains("audio_channel_configuration:2011\" value=\"2\"/>"));
        } else {
            let level = stream["level"].as_i64().unwrap();
            assert!(
                said("codecs").starts_with("avc1.42")
                    && said("codecs").ends_with(&format!("{level:02x}")),
                "{part}"
            );
            let size = (stream["width"].to_string(), stream["height"].to_string());
            assert_eq!((said("width"), said("height")), size);
            assert_eq!(
                (said("sar").as_str(), said("frameRate").as_str()),
                ("1:1", "25/1")
            );
        }
        let most = made
            .outputs
            .iter()
            .filter(|output| {
                output
                    .path
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with(&format!("{label}_0"))
            })
            .map(|output| output.bit_rate)
            .max();
        let said: u64 = said("bandwidth").parse().unwrap();
        assert!(said.abs_diff(most.unwrap()) < 2, "{label}: {said} {most:?}");
    }
}

#[test]
fn copies_in_fragments_are_the_sources_own_packets() {
    let made = Segmented::of(
        "b-frames.mp4",
        "avthumb/mpd/segtime/1/vcodec/copy/acodec/copy",
    );
    for (stream, label) in [("0:v", "v_video"), ("0:a", "v_audio")] {
        let whole = made.dir.path().join("whole.tmp");
        let mut bytes = std::fs::read(file_of(&made.dir, &format!("{label}_init.mp4"))).unwrap();
        for segment in made.ending(".m4s") {
            if segment.path.to_str().unwrap().contains(label) {
                bytes.extend(std::fs::read(&segment.path).unwrap());
            }
        }
        std::fs::write(&whole, bytes).unwrap();
        let (found, all) = (
            packets(&whole, "0:0"),
            packets(&clip("b-frames.mp4"), stream),
        );
        // Of the sound, what is before the beginning is left out.
        assert!(
            found.len() + 1 >= all.len() && all.ends_with(&found),
            "{label}"
        );
    }
}

#[test]
fn names_may_be_whole_addresses() {
    let domain = opmill_ops::b64u::encode("https://cdn.example/a&b");
    let made = Segmented::of(
        "tone.wav",
        &format!("avthumb/mpd/dash_hls_playlist/1/domain/{domain}"),
    );
    assert!(
        made.text("v.mpd")
            .contains("<BaseURL>https://cdn.example/a&amp;b/</BaseURL>")
    );
    assert!(
        made.text("v_hls.m3u8")
            .ends_with("\nhttps://cdn.example/a&b/v_audio.m3u8\n")
    );
    let list = made.text("v_audio.m3u8");
    assert_eq!(
        entries(&list)[0].1,
        "https://cdn.example/a&b/v_audio_000001.m4s"
    );
    let names = [
        "v.mpd",
        "v_audio_init.mp4",
        "v_audio_000001.m4s",
        "v_audio.m3u8",
        "v_hls.m3u8",
    ];
    assert_eq!(made.names(), names);
}

/// A segment of two minutes is not kept in memory as a whole.
#[test]
fn a_large_segment_is_written_in_several_fragments() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("large.mkv");
    let said = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "nullsrc=size=320x240:rate=25:duration=4,geq=random(1)*255:128:128",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=4",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-qp",
        "1",
        "-c:a",
        "aac",
        utf8(&source),
    ]);
    assert_eq!(said, "");
    for format in ["mp4", "ts"] {
        let made = Segmented::from(
            &source,
            &format!("avthumb/m3u8/vcodec/copy/acodec/copy/segtype/{format}"),
        );
        let segments = made.ending(&format!("_000001.{format}"));
        let bytes = std::fs::read(&segments[0].path).unwrap();
        assert!(
            bytes.len() > 9 << 20,
            "{} bytes are too few for this test",
            bytes.len()
        );
        if format == "mp4" {
            assert!(fragments(&bytes) > 1);
        }
        let (pictures, sound) = played(made.list(), &[]);
        assert!(
            (pictures - 4.0).abs() < 0.05 && (sound - 4.0).abs() < 0.06,
            "{pictures} {sound}"
        );
        assert_eq!(packets(made.list(), "0:v").len(), 100);
    }
}

/// Boxes `moof` at the top level.
fn fragments(bytes: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while let Some(head) = bytes.get(at..at + 8) {
        count += usize::from(&head[4..] == b"moof");
        at += u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    }
    assert_eq!(at, bytes.len(), "boxes fill the file");
    count
}

#[test]
fn fragments_begin_as_players_expect() {
    let made = Segmented::of("b-frames.mp4", "avthumb/m3u8/segtype/mp4/preset/ultrafast");
    let read = |name: &str| std::fs::read(file_of(&made.dir, name)).unwrap();
    let kinds = |bytes: &[u8]| {
        let (mut at, mut kinds) = (0, Vec::new());
        while let Some(head) = bytes.get(at..at + 8) {
            kinds.push(String::from_utf8(head[4..].to_vec()).unwrap());
            at += u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        }
        kinds
    };
    assert_eq!(kinds(&read("v_init.mp4")), ["ftyp", "moov"]);
    assert_eq!(kinds(&read("v_000001.mp4")), ["styp", "moof", "mdat"]);
}
