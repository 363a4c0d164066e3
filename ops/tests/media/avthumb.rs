//! Containers, codecs and the sharing of one decode.

use opmill_ops::{OpsError, Phase};

use crate::bench::{Bench, Made, clip, ffmpeg, ffprobe, packets, utf8};

fn codecs(made: &Made) -> (String, String) {
    let name = |kind| {
        made.stream(kind)["codec_name"]
            .as_str()
            .unwrap_or("-")
            .to_owned()
    };
    (name("video"), name("audio"))
}

#[test]
fn every_container_holds_what_it_should() {
    for (ops, format, video, audio) in [
        ("avthumb/mp4/vb/64k", "mov,mp4", "h264", "aac"),
        ("avthumb/mov/vb/64k", "mov,mp4", "h264", "aac"),
        ("avthumb/m4a/vb/64k", "mov,mp4", "h264", "aac"),
        ("avthumb/m4a/vn/1", "mov,mp4", "-", "aac"),
        ("avthumb/flv/vb/64k", "flv", "h264", "aac"),
        ("avthumb/flv/vb/64k/acodec/libmp3lame", "flv", "h264", "mp3"),
        (
            "avthumb/mkv/vcodec/libx265/preset/ultrafast",
            "matroska",
            "hevc",
            "aac",
        ),
        ("avthumb/ts/vb/64k", "mpegts", "h264", "aac"),
        ("avthumb/mp3/ab/96k", "mp3", "-", "mp3"),
        ("avthumb/aac/ab/96k", "aac", "-", "aac"),
        ("avthumb/mp4/an/1/preset/ultrafast", "mov,mp4", "h264", "-"),
    ] {
        let made = Bench::one("b-frames.mp4", ops);
        assert!(
            made.probe()["format"]["format_name"]
                .as_str()
                .unwrap()
                .starts_with(format),
            "{ops}"
        );
        assert_eq!(codecs(&made), (video.into(), audio.into()), "{ops}");
        made.decodes_clean();
        let longest = made.output.duration;
        assert!(
            (longest - 3.0).abs() < 0.1,
            "{ops} says it lasts {longest} s"
        );
    }
}

#[test]
fn what_is_reported_is_what_a_reader_finds() {
    let made = Bench::one("clip.mp4", "avthumb/mp4/vb/64k/s/160x120");
    let probe = made.probe();
    assert!((made.output.duration - made.duration()).abs() < 0.05);
    assert_eq!(made.output.resolution, Some((160, 120)));
    let rate: f64 = probe["format"]["bit_rate"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (made.output.bit_rate as f64 / rate - 1.0).abs() < 0.01,
        "{} and {rate}",
        made.output.bit_rate
    );
}

#[test]
fn the_video_bit_rate_is_hit() {
    let dir = tempfile::tempdir().unwrap();
    let busy = dir.path().join("busy.mp4");
    let busy_source = "testsrc2=size=320x240:rate=25:duration=6,noise=alls=40:allf=t";
    let said = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        busy_source,
        "-crf",
        "20",
        "-preset",
        "ultrafast",
        utf8(&busy),
    ]);
    assert_eq!(said, "");
    for (asked, least, most) in [
        ("100k", 85_000.0, 125_000.0),
        ("0.4m", 340_000.0, 460_000.0),
    ] {
        let bench = Bench::run(&busy, &format!("avthumb/mp4/vb/{asked}"));
        let made = &bench.outcomes[0].as_ref().unwrap()[0];
        let rate: f64 = ffprobe(&made.path)["streams"][0]["bit_rate"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((least..most).contains(&rate), "{asked} gave {rate}");
    }
}

#[test]
fn sound_gets_the_rate_and_channels_asked_for() {
    for (ops, rate, channels) in [
        ("avthumb/mp3/ar/22050/ac/1", "22050", 1),
        ("avthumb/aac/ar/48000/ac/2", "48000", 2),
        ("avthumb/mp3/ar/12050", "12000", 2),
        (
            "avthumb/flv/acodec/libmp3lame/ar/48000/preset/ultrafast",
            "44100",
            2,
        ),
    ] {
        let audio = Bench::one("b-frames.mp4", ops).stream("audio");
        assert_eq!(
            (
                audio["sample_rate"].as_str().unwrap(),
                audio["channels"].as_u64().unwrap()
            ),
            (rate, channels),
            "{ops}"
        );
    }
}

#[test]
fn the_frame_rate_is_what_was_asked_for() {
    let video = Bench::one("clip.mp4", "avthumb/mp4/r/10/an/1/preset/ultrafast").stream("video");
    assert_eq!(
        (&video["avg_frame_rate"], &video["nb_frames"]),
        (&"10/1".into(), &"200".into())
    );
}

#[test]
fn a_steady_source_keeps_every_frame_and_its_rate() {
    let video = Bench::one("clip.mp4", "avthumb/mp4/preset/ultrafast").stream("video");
    assert_eq!(
        (&video["r_frame_rate"], &video["nb_frames"]),
        (&"25/1".into(), &"500".into())
    );
}

#[test]
fn a_variable_frame_rate_stays_as_it_is() {
    let source = ffprobe(&clip("vfr.mp4"));
    let made = Bench::one("vfr.mp4", "avthumb/mp4/preset/ultrafast");
    assert_eq!(
        made.stream("video")["nb_frames"],
        source["streams"][0]["nb_frames"]
    );
    assert!((made.duration() - 3.0).abs() < 0.1);
    assert_eq!(
        [
            made.second_shown_at(0.5),
            made.second_shown_at(1.5),
            made.second_shown_at(2.5)
        ],
        [0, 1, 2]
    );
}

#[test]
fn copied_streams_are_the_sources_own_packets() {
    let source = clip("b-frames.mp4");
    for container in ["mp4", "mov", "mkv"] {
        let made = Bench::one(
            "b-frames.mp4",
            &format!("avthumb/{container}/vcodec/copy/acodec/copy"),
        );
        for stream in ["0:v", "0:a"] {
            assert!(
                packets(made.path(), stream) == packets(&source, stream),
                "{container} {stream}"
            );
        }
        made.decodes_clean();
    }
}

#[test]
fn copies_change_their_clothes_where_the_container_asks() {
    for (source, container) in [
        ("b-frames.mp4", "ts"),
        ("start-offset.ts", "mp4"),
        ("b-frames.mp4", "flv"),
    ] {
        let made = Bench::one(
            source,
            &format!("avthumb/{container}/vcodec/copy/acodec/copy"),
        );
        made.decodes_clean();
        assert_eq!(made.second_shown_at(2.5), 2, "{source} to {container}");
    }
}

#[test]
fn a_copy_keeps_the_turn_as_a_note() {
    let made = Bench::one("rotated-90.mp4", "avthumb/mp4/vcodec/copy");
    assert_eq!(made.stream("video")["side_data_list"][0]["rotation"], -90);
}

#[test]
fn video_can_be_copied_while_sound_is_encoded() {
    let made = Bench::one(
        "b-frames.mp4",
        "avthumb/mkv/vcodec/copy/acodec/libmp3lame/ac/1",
    );
    assert_eq!(codecs(&made), ("h264".into(), "mp3".into()));
    assert_eq!(
        packets(made.path(), "0:v"),
        packets(&clip("b-frames.mp4"), "0:v")
    );
    made.decodes_clean();
}

#[test]
fn one_command_that_fails_leaves_its_siblings_alone() {
    let bench = Bench::run(
        &clip("b-frames.mp4"),
        "avthumb/mp4/vb/64k;avthumb/mp3/acodec/copy;avthumb/flv/vb/64k;vframe/jpg/offset/99;vframe/jpg/offset/1",
    );
    let ended: Vec<_> = bench
        .outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map(Vec::len))
        .collect();
    assert!(
        matches!(
            ended[..],
            [
                Ok(1),
                Err(OpsError::CannotCopy { .. }),
                Ok(1),
                Err(OpsError::PastEnd { .. }),
                Ok(1)
            ]
        ),
        "{ended:?}"
    );
    assert!(bench.files_of(1).is_empty() && bench.files_of(3).is_empty());
}

#[test]
fn outputs_of_a_shared_decode_equal_those_of_a_pass_of_their_own() {
    let ops = [
        "avthumb/mp4/crf/30/s/160x",
        "avthumb/mkv/crf/30/an/1",
        "avthumb/mp3/ab/64k",
    ];
    let together = Bench::run(&clip("b-frames.mp4"), &ops.join(";"));
    for (index, alone) in ops.iter().enumerate() {
        let alone = Bench::one("b-frames.mp4", alone);
        let shared = &together.outcomes[index].as_ref().unwrap()[0];
        let hashes = |path| (packets(path, "0:v?"), packets(path, "0:a?"));
        assert_eq!(hashes(&shared.path), hashes(alone.path()), "{}", ops[index]);
    }
}

#[test]
fn progress_runs_to_the_end_and_then_finalises() {
    let bench = Bench::run(&clip("clip.mp4"), "avthumb/mp4/preset/ultrafast");
    assert!(
        bench
            .progress
            .windows(2)
            .all(|pair| pair[0].done_seconds <= pair[1].done_seconds)
    );
    assert!(bench.progress.len() > 50);
    let last = bench.progress.last().unwrap();
    assert_eq!(last.phase, Phase::Finalising);
    assert!(
        (last.done_seconds - 20.0).abs() < 0.2 && last.total_seconds == Some(20.0),
        "{last:?}"
    );
}

#[test]
fn metadata_travels_unless_it_is_stripped() {
    let dir = tempfile::tempdir().unwrap();
    let tagged = dir.path().join("tagged.mp4");
    let said = ffmpeg(&[
        "-i",
        utf8(&clip("silent.mp4")),
        "-c",
        "copy",
        "-metadata",
        "title=A day out",
        "-metadata",
        "location=+48.1375+011.5755/",
        utf8(&tagged),
    ]);
    assert_eq!(said, "");
    for (ops, title) in [
        ("avthumb/mp4/preset/ultrafast", "A day out"),
        ("avthumb/mp4/preset/ultrafast/stripmeta/1", "-"),
    ] {
        let bench = Bench::run(&tagged, ops);
        let tags = ffprobe(&bench.outcomes[0].as_ref().unwrap()[0].path)["format"]["tags"].clone();
        assert_eq!(tags["title"].as_str().unwrap_or("-"), title, "{ops}");
        assert!(
            tags.as_object()
                .unwrap()
                .keys()
                .all(|key| !key.contains("location")),
            "{ops}: {tags}"
        );
    }
}

#[test]
fn moov_to_front_puts_the_index_before_the_media() {
    let order = |made: &Made| {
        let bytes = std::fs::read(made.path()).unwrap();
        let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
        find(b"moov") < find(b"mdat")
    };
    assert!(!order(&Bench::one(
        "silent.mp4",
        "avthumb/mp4/preset/ultrafast"
    )));
    assert!(order(&Bench::one(
        "silent.mp4",
        "avthumb/mp4/preset/ultrafast/moovToFront/1"
    )));
}
