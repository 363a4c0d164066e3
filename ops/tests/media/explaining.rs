//! What is copied, what is encoded, and the reason that is given for it.

use std::path::Path;

use crate::bench::{Bench, clip, ffmpeg, packets, shared, utf8};

fn reason(source: &Path, ops: &str) -> String {
    let bench = Bench::run(source, ops);
    if let Err(error) = &bench.outcomes[0] {
        panic!("{ops}: {error}");
    }
    match &bench.explained[..] {
        [(0, text)] => text.clone(),
        other => panic!("{ops}: {other:?}"),
    }
}

const PLAIN: &str = "h264 is what the container usually holds and nothing has to change";
const PLAIN_AAC: &str = "aac is what the container usually holds and nothing has to change";

#[test]
fn the_reason_is_told() {
    for (source, ops, expected) in [
        (
            "b-frames.mp4",
            "avthumb/mp4/vcodec/copy/acodec/copy",
            "video: copied, because `vcodec/copy` asks for it; audio: copied, because `acodec/copy` asks for it; container: mp4 by remux".to_owned(),
        ),
        (
            "b-frames.mp4",
            "avthumb/mkv/vcodec/copy/acodec/libmp3lame/ac/1",
            "video: copied, because `vcodec/copy` asks for it; audio: encoded with libmp3lame, because `acodec/libmp3lame` and `ac/1` ask for it; container: mkv".into(),
        ),
        (
            "b-frames.mp4",
            "avthumb/mp4",
            format!("video: copied, because {PLAIN}; audio: copied, because {PLAIN_AAC}; container: mp4 by remux"),
        ),
        (
            "b-frames.mp4",
            "avthumb/flv/vb/64k/s/160x120/preset/ultrafast",
            format!("video: encoded with libx264, because `vb/64k`, `s/160x120` and `preset/ultrafast` ask for it; audio: copied, because {PLAIN_AAC}; container: flv"),
        ),
        (
            "b-frames.mp4",
            "avthumb/mp3",
            "video: none, because mp3 holds none; audio: encoded with libmp3lame, because the source is aac and mp3 usually holds libmp3lame; container: mp3".replace("holds libmp3lame", "holds mp3"),
        ),
        (
            "silent.mp4",
            "avthumb/mkv",
            format!("video: copied, because {PLAIN}; audio: none, because the source has none; container: mkv by remux"),
        ),
        (
            "tone.m4a",
            "avthumb/mp4/loudnorm/-30",
            "video: none, because the source has none; audio: encoded with aac, because `loudnorm/-30` asks for it; container: mp4; \
             loudness: -18.2 LUFS, turned down by 11.8 dB to -30.0 LUFS".into(),
        ),
        (
            "b-frames.mp4",
            "avthumb/mp4/vn/1/ab/64k",
            "video: none, because `vn/1` drops it; audio: encoded with aac, because `ab/64k` asks for it; container: mp4".into(),
        ),
    ] {
        assert_eq!(reason(&clip(source), ops), expected, "{source} {ops}");
    }
}

/// The part of the explanation about one stream.
fn about(kind: &str, source: &Path, ops: &str) -> String {
    let text = reason(source, ops);
    let (_, after) = text.split_once(&format!("{kind}: ")).unwrap();
    after.split("; ").next().unwrap().to_owned()
}

#[test]
fn pictures_that_are_not_as_players_want_them_are_encoded() {
    for (source, ops, expected) in [
        (
            "rotated-90.mp4",
            "avthumb/mp4",
            "because it has to be turned upright",
        ),
        (
            "edit-list.mp4",
            "avthumb/mp4",
            "because the source hides some of its pictures",
        ),
        (
            "start-offset.ts",
            "avthumb/mp4",
            "because the source does not say beforehand where its key pictures are",
        ),
        (
            "subtitles.mkv",
            "avthumb/mp4",
            "because the source does not say beforehand where its key pictures are",
        ),
        (
            "b-frames.mp4",
            "avthumb/mp4/ss/1",
            "because `ss/1` asks for it, and pictures between key pictures cannot be cut",
        ),
        (
            "b-frames.mp4",
            "avthumb/mp4/vcodec/libx264",
            "because `vcodec/libx264` asks for it",
        ),
        (
            "b-frames.mp4",
            "avthumb/webm",
            "because the source is h264 and webm usually holds vp9",
        ),
        (
            "b-frames.mp4",
            "avthumb/mp4/rotate/90",
            "because `rotate/90` asks for it",
        ),
    ] {
        let told = about("video", &clip(source), ops);
        assert!(
            told.starts_with("encoded with ") && told.ends_with(expected),
            "{source} {ops}: {told}"
        );
    }
}

#[test]
fn pictures_of_other_kinds_are_encoded() {
    let dir = tempfile::tempdir().unwrap();
    for (name, how, expected) in [
        (
            "deep.mp4",
            &["-pix_fmt", "yuv420p10le"][..],
            "its pixels are yuv420p10le, which few players show",
        ),
        (
            "colour.mp4",
            &["-pix_fmt", "yuv444p"],
            "its pixels are yuv444p, which few players show",
        ),
        (
            "fields.mp4",
            &[
                "-pix_fmt",
                "yuv420p",
                "-flags",
                "+ildct+ilme",
                "-x264opts",
                "tff=1",
            ],
            "its pictures may be fields",
        ),
        (
            "heavy.mp4",
            &["-pix_fmt", "yuv420p", "-crf", "1"],
            "more than its pictures need",
        ),
        (
            "hevc.mp4",
            &[
                "-pix_fmt",
                "yuv420p",
                "-c:v",
                "libx265",
                "-x265-params",
                "log-level=none",
            ],
            "the source is hevc and mp4 usually holds h264",
        ),
    ] {
        let path = dir.path().join(name);
        let mut args = vec![
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=160x120:rate=25:duration=1",
        ];
        args.extend(how);
        args.extend(["-preset", "ultrafast", utf8(&path)]);
        assert_eq!(ffmpeg(&args), "");
        let told = about("video", &path, "avthumb/mp4");
        assert!(
            told.starts_with("encoded with libx264") && told.ends_with(expected),
            "{name}: {told}"
        );
    }
    // One key picture in twelve seconds: who seeks waits.
    let path = dir.path().join("sparse.mp4");
    let said = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "smptebars=size=160x120:rate=10:duration=12",
        "-pix_fmt",
        "yuv420p",
        "-preset",
        "ultrafast",
        "-g",
        "1000",
        utf8(&path),
    ]);
    assert_eq!(said, "");
    let told = about("video", &path, "avthumb/mp4");
    assert_eq!(
        told,
        "encoded with libx264, because its key pictures are up to 12 s apart"
    );
}

#[test]
fn sound_is_copied_only_where_encoding_would_not_save_anything() {
    let dir = tempfile::tempdir().unwrap();
    let tone = |name: &str, how: &[&str]| {
        let path = dir.path().join(name);
        let mut args = vec![
            "-f",
            "lavfi",
            "-i",
            "anoisesrc=r=44100:d=2:a=0.3",
            "-ac",
            "2",
        ];
        args.extend(how);
        args.push(utf8(&path));
        assert_eq!(ffmpeg(&args), "", "{name}");
        path
    };
    for (path, ops, expected) in [
        (
            tone("rich.m4a", &["-c:a", "aac", "-b:a", "256k"]),
            "avthumb/m4a",
            "more than is usual",
        ),
        (
            tone("bare.mp3", &["-b:a", "128k"]),
            "avthumb/mp3",
            "the source is a bare stream, in which anything may stand",
        ),
        (
            clip("subtitles.mkv"),
            "avthumb/mp4/preset/ultrafast",
            "its bit rate is not known",
        ),
        (
            tone("voice.mov", &["-c:a", "libmp3lame", "-b:a", "128k"]),
            "avthumb/mp3",
            "copied, because mp3 is what the container usually holds and nothing has to change",
        ),
        (
            tone("plain.flac", &[]),
            "avthumb/flac",
            "copied, because flac is what the container usually holds and nothing has to change",
        ),
        (
            tone("plain.wav", &[]),
            "avthumb/wav",
            "copied, because pcm_s16le is what the container usually holds and nothing has to change",
        ),
        (
            tone("deep.wav", &["-c:a", "pcm_s24le"]),
            "avthumb/wav",
            "the source is pcm_s24le and wav usually holds pcm_s16le",
        ),
        (
            tone(
                "main.m4a",
                &["-c:a", "aac", "-profile:a", "aac_main", "-b:a", "96k"],
            ),
            "avthumb/m4a",
            "its profile is Main, which not every player plays",
        ),
        (
            tone("stream.ts", &["-c:a", "aac", "-b:a", "96k"]),
            "avthumb/m4a",
            "the clock of the source may jump",
        ),
        (
            tone("unknown.mkv", &["-c:a", "aac", "-b:a", "96k"]),
            "avthumb/m4a/t/1",
            "`t/1` asks for it, and sound within packets cannot be cut",
        ),
    ] {
        let told = about("audio", &path, ops);
        assert!(told.ends_with(expected), "{ops}: {told}");
    }
}

#[test]
fn what_is_copied_unasked_is_the_source_packet_by_packet() {
    let bench = Bench::run(
        &clip("b-frames.mp4"),
        "avthumb/mov;avthumb/mkv/moovToFront/1;avthumb/aac",
    );
    for (index, streams) in [
        (0, &["0:v", "0:a"][..]),
        (1, &["0:v", "0:a"]),
        (2, &["0:a"]),
    ] {
        let made = &bench.outcomes[index].as_ref().unwrap()[0];
        for stream in streams {
            let (ours, theirs) = (
                packets(&made.path, stream),
                packets(&clip("b-frames.mp4"), stream),
            );
            let frames = ours.len();
            if index < 2 {
                assert_eq!(ours, theirs, "{index} {stream}");
            }
            assert_eq!(frames, theirs.len(), "{index} {stream}");
        }
    }
}

#[test]
fn films_of_phones_are_encoded() {
    let Some(phone) = shared("video/phone-ios9-rot90-720p-h264-aac.mov") else {
        return;
    };
    let told = about("video", &phone, "avthumb/mp4/an/1");
    assert!(told.starts_with("encoded with libx264"), "{told}");
}
