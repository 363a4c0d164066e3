//! HLS of one rendition, played back and looked into by ffmpeg and ffprobe.

use std::path::Path;

use opmill_ops::{Limits, OpsError};

use crate::bench::{Bench, clip, ffmpeg, packets, seconds, shared, utf8};
use crate::segments::*;

#[test]
fn every_kind_of_list_plays_to_its_end() {
    for (source, ops, video, audio) in [
        ("b-frames.mp4", "avthumb/m3u8/segtime/1", 3.0, 3.0),
        (
            "b-frames.mp4",
            "avthumb/m3u8/segtime/1/segtype/mp4",
            3.0,
            3.0,
        ),
        (
            "b-frames.mp4",
            "avthumb/m3u8/segtime/1/segtype/m4s/vcodec/libx265/preset/ultrafast",
            3.0,
            3.0,
        ),
        (
            "b-frames.mp4",
            "avthumb/m3u8/segtime/1/segtype/ts/vcodec/libx265/preset/ultrafast",
            3.0,
            3.0,
        ),
        (
            "b-frames.mp4",
            "avthumb/m3u8/acodec/libmp3lame/preset/ultrafast",
            3.0,
            3.0,
        ),
        (
            "b-frames.mp4",
            "avthumb/m3u8/acodec/libmp3lame/preset/ultrafast/segtype/mp4",
            3.0,
            3.0,
        ),
        (
            "b-frames.mp4",
            "avthumb/m3u8/vcodec/copy/acodec/copy",
            3.0,
            3.0,
        ),
        (
            "b-frames.mp4",
            "avthumb/m3u8/vcodec/copy/acodec/copy/segtype/mp4",
            3.0,
            3.0,
        ),
        (
            "start-offset.ts",
            "avthumb/m3u8/vcodec/copy/acodec/copy/segtype/m4s",
            3.0,
            3.0,
        ),
        (
            "start-offset.ts",
            "avthumb/m3u8/vcodec/copy/acodec/copy",
            3.0,
            3.0,
        ),
        (
            "vfr.mp4",
            "avthumb/m3u8/segtime/1/preset/ultrafast",
            3.0,
            3.0,
        ),
        (
            "vfr.mp4",
            "avthumb/m3u8/segtime/1/preset/ultrafast/segtype/mp4",
            3.0,
            3.0,
        ),
        (
            "edit-list.mp4",
            "avthumb/m3u8/segtime/1/preset/ultrafast/segtype/mp4",
            3.24,
            3.0,
        ),
        (
            "silent.mp4",
            "avthumb/m3u8/segtime/1/preset/ultrafast",
            3.0,
            0.0,
        ),
        (
            "clip.mp4",
            "avthumb/m3u8/segtime/2/ss/3/t/5/preset/ultrafast",
            5.0,
            5.0,
        ),
        (
            "clip.mp4",
            "avthumb/m3u8/segtime/2/an/1/t/5/preset/ultrafast/segtype/mp4",
            5.0,
            0.0,
        ),
        ("clip.mp4", "avthumb/m3u8/segtime/2/vn/1/t/5", 0.0, 5.0),
        ("tone.mp3", "avthumb/m3u8/segtime/1", 0.0, 3.0),
        ("tone.mp3", "avthumb/m3u8/segtime/1/acodec/copy", 0.0, 3.0),
        ("tone.wav", "avthumb/m3u8/segtype/mp4", 0.0, 1.0),
    ] {
        let made = Segmented::of(source, ops);
        let (pictures, sound) = played(made.list(), &[]);
        // Sound comes in frames of up to 26 ms, and encoders put one before it.
        let near = |one: f64, other: f64| (one - other).abs() < 0.06;
        assert!(
            near(pictures, video) && near(sound, audio),
            "{ops}: {pictures} {sound}"
        );
        let list = made.text("v.m3u8");
        let announced: f64 = entries(&list).iter().map(|(length, _)| length).sum();
        for duration in [announced, made.outputs[0].duration] {
            let longest = pictures.max(sound);
            assert!((duration - longest).abs() < 0.05, "{ops}: {longest} {list}");
        }
        assert!(list.ends_with("#EXT-X-ENDLIST\n"), "{list}");
        made.is_listed_in_full();
    }
}

#[test]
fn encoded_segments_begin_with_key_pictures_where_they_should() {
    for (ops, lengths) in [
        ("segtime/4", &[4.0, 4.0, 2.0][..]),
        ("segtime/4/segtype/mp4", &[4.0, 4.0, 2.0]),
        ("segtime/2.5", &[2.52, 2.48, 2.52, 2.48]),
        ("segtime/3/segFirstTime/1", &[1.0, 3.0, 3.0, 3.0]),
        ("segtime/5/fastStartSeg/2x1s", &[1.0, 1.0, 5.0, 3.0]),
        ("segtime/4/r/29.97", &[4.004, 4.004, 2.002]),
        (
            "segtime/2/r/5/segtype/mp4/vcodec/vp9",
            &[2.0, 2.0, 2.0, 2.0, 2.0],
        ),
        ("segtime/5/r/5/segtype/m4s/vcodec/av1", &[5.0, 5.0]),
        ("segtime/4/vcodec/libx265", &[4.0, 4.0, 2.0]),
        ("segtime/4/r/2", &[4.0, 4.0, 2.0]),
        ("", &[10.0]),
    ] {
        let ops = format!("avthumb/m3u8/t/10/an/1/preset/ultrafast/s/64x/{ops}");
        let made = Segmented::of("clip.mp4", ops.trim_end_matches('/'));
        let list = made.text("v.m3u8");
        let entries = entries(&list);
        let found: Vec<f64> = entries.iter().map(|(length, _)| *length).collect();
        assert_eq!(found.len(), lengths.len(), "{ops}: {found:?}");
        for (found, expected) in found.iter().zip(lengths) {
            assert!(
                (found - expected).abs() < 0.02,
                "{ops}: {found} for {expected}"
            );
        }
        let init = made
            .ending("_init.mp4")
            .first()
            .map(|output| output.path.clone());
        for (_, name) in &entries {
            let segment = file_of(&made.dir, name);
            assert!(starts_with_key(init.as_deref(), &segment), "{ops}: {name}");
        }
        let target = list
            .lines()
            .find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
        let longest = found
            .iter()
            .map(|length| length.round())
            .fold(0.0, f64::max);
        assert_eq!(target.unwrap().parse(), Ok(longest), "{ops}");
    }
}

/// x264 looks far ahead, and so much farther when there are few pictures a second: sound is there long before the
/// pictures it belongs to.
#[test]
fn sound_is_in_the_segment_of_its_pictures() {
    for ops in [
        "avthumb/m3u8/segtime/4/r/2/s/64x",
        "avthumb/m3u8/segtime/4/s/64x",
        "avthumb/m3u8/segtime/4/vcodec/copy/acodec/copy",
    ] {
        let made = Segmented::of("clip.mp4", ops);
        for (segment, number) in made.ending(".ts").iter().zip(0..) {
            let probe = crate::bench::ffprobe(&segment.path);
            let starts: Vec<f64> = probe["streams"]
                .as_array()
                .unwrap()
                .iter()
                .map(|stream| seconds(&stream["start_time"]))
                .collect();
            assert_eq!(starts.len(), 2, "{ops}: {number}");
            assert!(
                (starts[0] - starts[1]).abs() < 0.12,
                "{ops}: {number} begins at {starts:?}"
            );
        }
    }
}

#[test]
fn copied_video_is_cut_at_its_own_key_pictures() {
    // There is a key picture every 2 s.
    for format in ["ts", "mp4"] {
        let ops = format!("avthumb/m3u8/segtime/3/vcodec/copy/acodec/copy/segtype/{format}");
        let made = Segmented::of("clip.mp4", &ops);
        let lengths: Vec<f64> = entries(&made.text("v.m3u8"))
            .iter()
            .map(|(length, _)| *length)
            .collect();
        let whole: Vec<f64> = lengths.iter().map(|length| length.round()).collect();
        assert_eq!(whole, [4.0, 2.0, 4.0, 2.0, 4.0, 2.0, 2.0], "{format}");
        assert_eq!(lengths.iter().sum::<f64>().round(), 20.0);
        let init = made
            .ending("_init.mp4")
            .first()
            .map(|output| output.path.clone());
        for segment in made.ending(&format!(".{format}")) {
            if Some(&segment.path) != init.as_ref() {
                assert!(
                    starts_with_key(init.as_deref(), &segment.path),
                    "{segment:?}"
                );
            }
        }
        if format == "mp4" {
            assert_eq!(
                packets(made.list(), "0:v"),
                packets(&clip("clip.mp4"), "0:v"),
                "not one is lost"
            );
        }
    }
}

/// Pictures that refer to some that are not there cannot be shown.
#[test]
fn a_copy_of_a_recording_begins_with_its_first_key_picture() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, cut) = (dir.path().join("whole.ts"), dir.path().join("cut.ts"));
    assert_eq!(
        ffmpeg(&[
            "-i",
            utf8(&clip("clip.mp4")),
            "-c",
            "copy",
            "-t",
            "6",
            utf8(&whole)
        ]),
        ""
    );
    // Without its beginning.
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[188 * 40..]).unwrap();
    assert!(
        !starts_with_key(None, &cut),
        "the test needs a bad beginning"
    );
    let made = Segmented::from(&cut, "avthumb/m3u8/segtime/2/vcodec/copy/acodec/copy");
    for segment in made.ending(".ts") {
        assert!(starts_with_key(None, &segment.path), "{segment:?}");
    }
}

#[test]
fn sound_goes_on_in_segments_when_the_pictures_are_over() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("short-video.mp4");
    let said = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=64x64:rate=25:duration=1",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=9",
        "-preset",
        "ultrafast",
        utf8(&source),
    ]);
    assert_eq!(said, "");
    for format in ["ts", "mp4"] {
        let made = Segmented::from(
            &source,
            &format!("avthumb/m3u8/segtime/2/preset/ultrafast/segtype/{format}"),
        );
        let lengths: Vec<f64> = entries(&made.text("v.m3u8"))
            .iter()
            .map(|(length, _)| length.round())
            .collect();
        assert_eq!(lengths, [2.0, 2.0, 2.0, 2.0, 1.0], "{format}");
        let (pictures, sound) = played(made.list(), &[]);
        assert!(
            (pictures - 1.0).abs() < 0.05 && (sound - 9.0).abs() < 0.06,
            "{format}: {pictures} {sound}"
        );
    }
}

#[test]
fn sound_that_begins_late_stays_late() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("late.mkv");
    let said = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=64x64:rate=25:duration=4",
        "-itsoffset",
        "1.5",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=2.5",
        "-map",
        "0",
        "-map",
        "1",
        "-preset",
        "ultrafast",
        "-c:a",
        "aac",
        utf8(&source),
    ]);
    assert_eq!(said, "");
    for ops in [
        "avthumb/m3u8/segtime/2/preset/ultrafast",
        "avthumb/m3u8/segtime/2/preset/ultrafast/segtype/mp4",
        "avthumb/m3u8/segtime/2/vcodec/copy/acodec/copy/segtype/mp4",
        "avthumb/mpd/segtime/2/preset/ultrafast",
        "avthumb/mpd/segtime/2/vcodec/copy/acodec/copy",
    ] {
        let made = Segmented::from(&source, ops);
        let probe = crate::bench::ffprobe(made.list());
        let start = |kind: &str| {
            let streams = probe["streams"].as_array().unwrap();
            let stream = streams
                .iter()
                .find(|stream| stream["codec_type"] == kind)
                .unwrap();
            seconds(&stream["start_time"])
        };
        let late = start("audio") - start("video");
        // AAC comes in frames of 23 ms, and each encoder puts one of silence before the sound.
        assert!((late - 1.5).abs() < 0.06, "{ops}: {late} s");
    }
}

#[test]
fn each_segment_says_what_a_reader_finds() {
    let made = Segmented::of("clip.mp4", "avthumb/m3u8/segtime/4/preset/ultrafast/t/10");
    let list = &made.outputs[0];
    assert_eq!(
        (list.resolution, list.duration.round()),
        (Some((320, 240)), 10.0)
    );
    let segments = made.ending(".ts");
    let bits = |output: &opmill_ops::Output| output.path.metadata().unwrap().len() as f64 * 8.0;
    for segment in &segments {
        assert_eq!(segment.resolution, Some((320, 240)));
        let expected = bits(segment) / segment.duration;
        assert!(
            (segment.bit_rate as f64 - expected).abs() < 1.0,
            "{segment:?}"
        );
        let probed = seconds(&crate::bench::ffprobe(&segment.path)["format"]["duration"]);
        assert!(
            (probed - segment.duration).abs() < 0.1,
            "{segment:?} lasts {probed}"
        );
    }
    let whole = segments.iter().map(|segment| bits(segment)).sum::<f64>() / list.duration;
    assert!(
        (list.bit_rate as f64 - whole).abs() < 1.0,
        "{list:?} and {whole}"
    );
    let names = ["v.m3u8", "v_000001.ts", "v_000002.ts", "v_000003.ts"];
    assert_eq!(made.names(), names);
}

#[test]
fn names_are_relative_unless_an_address_is_asked_for() {
    let base = "avthumb/m3u8/vn/1/segtime/2";
    let domain = opmill_ops::b64u::encode("https://cdn.example/of/me");
    let folder = Some("https://media.example/bkt/a/".to_owned());
    for (ops, folder, expected) in [
        (base.to_owned(), &folder, "v_000001.ts"),
        (format!("{base}/noDomain/1"), &folder, "v_000001.ts"),
        (
            format!("{base}/noDomain/0"),
            &folder,
            "https://media.example/bkt/a/v_000001.ts",
        ),
        (
            format!("{base}/domain/{domain}"),
            &folder,
            "https://cdn.example/of/me/v_000001.ts",
        ),
        (
            format!("{base}/noDomain/0/domain/{domain}"),
            &None,
            "https://cdn.example/of/me/v_000001.ts",
        ),
        (
            format!("{base}/segtype/mp4/noDomain/0"),
            &folder,
            "https://media.example/bkt/a/v_000001.mp4",
        ),
    ] {
        let (dir, outcome) = attempt(&clip("tone.mp3"), &ops, &Limits::default(), |task| {
            task.folder_url.clone_from(folder);
        });
        outcome.unwrap_or_else(|error| panic!("{ops}: {error}"));
        let list = std::fs::read_to_string(file_of(&dir, "v.m3u8")).unwrap();
        assert_eq!(entries(&list)[0].1, expected, "{ops}");
        if ops.contains("mp4") {
            assert!(
                list.contains("URI=\"https://media.example/bkt/a/v_init.mp4\""),
                "{list}"
            );
        }
    }
    let (dir, outcome) = attempt(
        &clip("tone.mp3"),
        &format!("{base}/noDomain/0"),
        &Limits::default(),
        |_| (),
    );
    assert!(matches!(outcome, Err(OpsError::NoAddress)), "{outcome:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn files_are_called_after_the_target() {
    for (target, stem, reference) in [
        ("a film: 100%.m3u8", "a film: 100%", "a%20film%3A%20100%25"),
        ("视频.M3U8", "视频", "%E8%A7%86%E9%A2%91"),
        ("no suffix", "no suffix", "no%20suffix"),
        (".m3u8", ".m3u8", ".m3u8"),
    ] {
        let (dir, outcome) = attempt(
            &clip("tone.wav"),
            "avthumb/m3u8/segtype/mp4",
            &Limits::default(),
            |task| {
                task.name = target.to_owned();
            },
        );
        let outputs = outcome.unwrap();
        let list = std::fs::read_to_string(&outputs[0].path).unwrap();
        for (end, output) in [("_init.mp4", &outputs[1]), ("_000001.mp4", &outputs[2])] {
            assert_eq!(output.path, file_of(&dir, &format!("{stem}{end}")));
            assert!(list.contains(&format!("{reference}{end}")), "{list}");
        }
    }
}

#[test]
fn segments_are_called_as_their_pattern_says() {
    let pattern = |text: &str| opmill_ops::b64u::encode(text);
    for (ops, text, names) in [
        (
            "avthumb/m3u8/segtime/2",
            "part-$(count)",
            &["part-000001.ts", "part-000002.ts"][..],
        ),
        (
            "avthumb/m3u8/segtime/2/segtype/mp4",
            "$(count)-of-many.mp4",
            &["v_init.mp4", "000001-of-many.mp4", "000002-of-many.mp4"],
        ),
        (
            "avthumb/m3u8/segtime/2/envBandWidth/60000:120000",
            "s$(count).ts",
            &[
                "s000001_b60000.ts",
                "s000002_b60000.ts",
                "v_b60000.m3u8",
                "s000001_b120000.ts",
                "s000002_b120000.ts",
                "v_b120000.m3u8",
            ],
        ),
        (
            "avthumb/mpd/segtime/2",
            "n$(count)~of",
            &[
                "v_audio_init.mp4",
                "n000001~of_audio.m4s",
                "n000002~of_audio.m4s",
            ],
        ),
    ] {
        let made = Segmented::of("tone.mp3", &format!("{ops}/savePattern/{}", pattern(text)));
        made.is_listed_in_full();
        assert_eq!(made.names()[1..], *names, "{ops}");
        let (_, sound) = played(made.list(), &[]);
        assert!((sound - 3.0).abs() < 0.08, "{ops}: {sound}");
    }
}

#[test]
fn there_are_not_more_files_and_bytes_than_allowed() {
    let files = |files| Limits {
        files,
        ..Limits::default()
    };
    let bytes = |output_bytes| Limits {
        output_bytes,
        ..Limits::default()
    };
    let one = "avthumb/m3u8/vn/1/segtime/1/ab/64k/t/2.9";
    let two = "avthumb/m3u8/vn/1/segtime/1/t/2.9/envBandWidth/50000:60000/multiAb/64k:64k";
    let manifest = "avthumb/mpd/segtime/1/preset/ultrafast/t/3";
    // 3 s of 64 kbit/s are 24 kB, a little more in a transport stream.
    for (ops, limits, fits) in [
        (one, files(3), true),
        (one, files(2), false),
        (two, files(6), true),
        (two, files(5), false),
        (manifest, files(8), true),
        (manifest, files(7), false),
        (one, bytes(40_000), true),
        (one, bytes(15_000), false),
        (two, bytes(80_000), true),
        (two, bytes(40_000), false),
    ] {
        let (dir, outcome) = attempt(&clip("clip.mp4"), ops, &limits, |_| ());
        match outcome {
            Ok(_) => assert!(fits, "{ops} {limits:?}"),
            Err(OpsError::TooManyFiles { limit }) => {
                assert!(!fits && limit == limits.files, "{ops}")
            }
            Err(OpsError::OutputTooLarge { limit }) => {
                assert!(!fits && limit == limits.output_bytes, "{ops}")
            }
            Err(other) => panic!("{ops} {limits:?}: {other}"),
        }
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert!(fits || left == 0, "{ops} left {left} files");
    }
}

#[test]
fn a_cancelled_command_leaves_no_segment() {
    let cancel = opmill_ops::Cancel::new();
    let ops = "avthumb/m3u8/segtime/1/preset/ultrafast/envBandWidth/100000:200000;avthumb/mpd/segtime/1/preset/ultrafast";
    let bench = Bench::run_with(&clip("clip.mp4"), ops, &cancel, |at| {
        if at.done_seconds > 4.0 {
            cancel.cancel();
        }
    });
    for (index, outcome) in bench.outcomes.iter().enumerate() {
        assert!(matches!(outcome, Err(OpsError::Cancelled)), "{outcome:?}");
        assert!(bench.files_of(index).is_empty());
    }
}

#[test]
fn a_folder_that_is_not_there_is_worth_another_attempt() {
    let gone = Path::new("/nowhere/at/all");
    for ops in ["avthumb/m3u8/vn/1", "avthumb/m3u8/vn/1/segtype/mp4"] {
        let (_, outcome) = attempt(&clip("tone.mp3"), ops, &Limits::default(), |task| {
            task.dir = gone.to_owned();
        });
        let error = outcome.unwrap_err();
        assert_eq!(
            error.disposition(),
            opmill_ops::Disposition::Retry,
            "{error}"
        );
        assert!(error.to_string().contains("/nowhere/at/all/v_"), "{error}");
    }
}

#[test]
fn codecs_that_no_player_expects_are_not_copied() {
    for (source, ops) in [
        ("tone.wav", "avthumb/m3u8/acodec/copy"),
        ("tone.wav", "avthumb/m3u8/acodec/copy/segtype/mp4"),
        ("tone.wav", "avthumb/mpd/acodec/copy"),
    ] {
        let error = Bench::error(source, ops).to_string();
        assert!(
            error.starts_with("`copy` cannot put pcm_s16le into "),
            "{ops}: {error}"
        );
    }
}

/// Pictures of a film, an old recording and a telephone; each plays without a word.
#[test]
fn real_films_play_as_well() {
    for (name, ops) in [
        (
            "video/ts-h264-aac-captions-start-9.8s.ts",
            "vcodec/copy/acodec/copy",
        ),
        ("video/b-frame-pyramid-h264.mp4", "vcodec/copy"),
        ("video/b-frame-pyramid-h264.mp4", "vcodec/copy/segtype/mp4"),
        (
            "video/phone-rot180-vfr-720p-h264-aac.mp4",
            "s/160x/preset/ultrafast",
        ),
        (
            "video/audio-shorter-than-video.mp4",
            "s/160x/preset/ultrafast/segtype/m4s",
        ),
        (
            "video/flv-h264-aac.flv",
            "vcodec/copy/acodec/copy/segtype/mp4",
        ),
        (
            "video/vfr-webcam-640x480-h264-aac.mov",
            "s/160x/preset/ultrafast",
        ),
        ("audio/cover-art.flac", "segtype/mp4"),
        ("audio/audio-mp3-vbr-xing.mp3", "acodec/copy"),
    ] {
        let Some(source) = shared(name) else {
            continue;
        };
        let made = Segmented::from(&source, &format!("avthumb/m3u8/segtime/2/t/5/{ops}"));
        let (pictures, sound) = played(made.list(), &[]);
        let announced: f64 = entries(&made.text("v.m3u8"))
            .iter()
            .map(|(length, _)| length)
            .sum();
        assert!(
            (pictures.max(sound) - announced).abs() < 0.1,
            "{name} {ops}: {pictures} {sound} {announced}"
        );
        made.is_listed_in_full();
    }
}
