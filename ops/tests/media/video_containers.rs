//! Every container with every codec it holds.

use opmill_ops::op::{Container, VideoCodec};
use opmill_ops::{CommandError, Op, OpsError, parse};

use crate::bench::{Bench, clip, ffprobe, packets, second_shown, utf8};
use crate::look::{self, Clip, has_encoder};

/// Containers with their usual codecs, as ffprobe names them.
const CONTAINERS: &[(&str, &str, &str, &str)] = &[
    ("mp4", "mov,mp4", "h264", "aac"),
    ("mov", "mov,mp4", "h264", "aac"),
    ("m4a", "mov,mp4", "h264", "aac"),
    ("f4v", "mov,mp4", "h264", "aac"),
    ("3gp", "mov,mp4", "h264", "aac"),
    ("flv", "flv", "h264", "aac"),
    ("mkv", "matroska", "h264", "aac"),
    ("webm", "matroska", "vp9", "-"),
    ("avi", "avi", "mpeg4", "-"),
    ("mpg", "mpeg", "mpeg2video", "-"),
    ("ts", "mpegts", "h264", "aac"),
    ("ogg", "ogg", "theora", "-"),
    ("gif", "gif", "gif", "-"),
];

/// Encoders by the name the op string gives them, with libav's names of encoder and codec.
const CODECS: &[(VideoCodec, &str, &[&str], &str)] = &[
    (VideoCodec::X264, "libx264", &["libx264"], "h264"),
    (VideoCodec::X265, "libx265", &["libx265"], "hevc"),
    (VideoCodec::Vp8, "libvpx", &["libvpx"], "vp8"),
    (VideoCodec::Vp9, "libvpx-vp9", &["libvpx-vp9"], "vp9"),
    (
        VideoCodec::Av1,
        "libsvtav1",
        &["libsvtav1", "libaom-av1"],
        "av1",
    ),
    (VideoCodec::Theora, "libtheora", &["libtheora"], "theora"),
    (VideoCodec::Xvid, "libxvid", &["mpeg4"], "mpeg4"),
    (
        VideoCodec::Mpeg1,
        "mpeg1video",
        &["mpeg1video"],
        "mpeg1video",
    ),
    (
        VideoCodec::Mpeg2,
        "mpeg2video",
        &["mpeg2video"],
        "mpeg2video",
    ),
    (VideoCodec::Gif, "gif", &["gif"], "gif"),
];

fn fast(codec: VideoCodec) -> &'static str {
    let has_speeds = matches!(
        codec,
        VideoCodec::X264 | VideoCodec::X265 | VideoCodec::Vp8 | VideoCodec::Vp9 | VideoCodec::Av1
    );
    if has_speeds { "/preset/ultrafast" } else { "" }
}

/// The test picture, small and with grain on it, so that no two frames are the same: encoders may leave out what does not change.
fn grainy() -> Clip {
    let source = clip("b-frames.mp4");
    let grain = [
        "-vf",
        "scale=160:120,noise=alls=8:allf=t",
        "-c:v",
        "ffv1",
        "-c:a",
        "copy",
    ];
    Clip::make("grainy.mkv", &[&["-i", utf8(&source)], &grain[..]].concat())
}

#[test]
fn every_container_has_its_usual_codecs() {
    let source = grainy();
    for (container, format, video, audio) in CONTAINERS {
        let ops = match *audio {
            "-" if *container != "gif" => format!("avthumb/{container}/an/1"),
            _ => format!("avthumb/{container}"),
        };
        let made = source.run(&ops);
        let probe = ffprobe(made.path());
        let found = probe["format"]["format_name"].as_str().unwrap();
        assert!(found.starts_with(format), "{container}: {found}");
        let codec = |kind: &str| {
            let streams = probe["streams"].as_array().unwrap();
            let stream = streams.iter().find(|stream| stream["codec_type"] == kind);
            stream.map_or("-", |stream| stream["codec_name"].as_str().unwrap())
        };
        assert_eq!(
            (codec("video"), codec("audio")),
            (*video, *audio),
            "{container}"
        );
        assert_eq!(made.output.resolution, Some((160, 120)), "{container}");
        let frames = if *container == "gif" { 30 } else { 75 };
        assert_eq!(look::plays(made.path()), frames, "{container}");
        assert_eq!(second_shown(made.path(), 1.5), 1, "{container}");
        let (says, is) = (made.output.duration, look::duration(made.path()));
        assert!(
            (is - 3.0).abs() < 0.15 && (says - is).abs() < 0.15,
            "{container}: {is} s, said {says} s"
        );
    }
}

#[test]
fn every_container_holds_every_codec_it_says() {
    let source = grainy();
    for (container, ..) in CONTAINERS {
        for codec in container_of(container).pictures() {
            let Some((_, name, encoders, expected)) = CODECS.iter().find(|row| row.0 == *codec)
            else {
                assert_eq!(*codec, VideoCodec::Vvc);
                continue;
            };
            if !encoders.iter().any(|encoder| has_encoder(encoder)) {
                continue;
            }
            let what = format!("avthumb/{container}/an/1/vcodec/{name}{}", fast(*codec));
            let made = source.run(&what);
            assert_eq!(made.video()["codec_name"], *expected, "{what}");
            let frames = if *codec == VideoCodec::Gif { 30 } else { 75 };
            assert_eq!(look::plays(made.path()), frames, "{what}");
        }
    }
}

fn container_of(name: &str) -> Container {
    let pipeline = parse(&format!("avthumb/{name}"))
        .unwrap()
        .remove(0)
        .pipeline;
    match pipeline.unwrap().ops.remove(0) {
        Op::Avthumb(op) => op.container,
        other => panic!("{other:?}"),
    }
}

/// VVC is known by name; whether there is an encoder is found out when it is needed.
#[test]
fn a_missing_encoder_is_named_with_what_would_bring_it() {
    if has_encoder("libvvenc") {
        return;
    }
    let error = Bench::error("silent.mp4", "avthumb/mp4/vcodec/vvc");
    assert!(
        matches!(
            error,
            OpsError::EncoderMissing {
                encoder: "libvvenc"
            }
        ),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("FFmpeg 7.1") && text.contains("--enable-libvvenc"),
        "{text}"
    );
}

#[test]
fn copies_go_where_players_can_read_them() {
    let theora = Clip::make(
        "theora.ogg",
        &["-i", utf8(&clip("silent.mp4")), "-c:v", "libtheora"],
    );
    let vp9 = Clip::make(
        "vp9.webm",
        &[
            "-i",
            utf8(&clip("silent.mp4")),
            "-c:v",
            "libvpx-vp9",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
        ],
    );
    let h264 = clip("silent.mp4");
    let in_order = Clip::make(
        "in-order.mp4",
        &["-i", utf8(&h264), "-c:v", "libx264", "-bf", "0"],
    );
    for (source, container, copied) in [
        (theora.path(), "ogg", true),
        (theora.path(), "mkv", true),
        (theora.path(), "mp4", false),
        (theora.path(), "ts", false),
        (vp9.path(), "webm", true),
        (vp9.path(), "mp4", true),
        (vp9.path(), "mov", false),
        (vp9.path(), "ts", false),
        (vp9.path(), "flv", false),
        (&*h264, "3gp", true),
        (&*h264, "f4v", true),
        // AVI has one time for each picture, and these come in another order than they are shown in.
        (&*h264, "avi", false),
        (in_order.path(), "avi", true),
        (&*h264, "mpg", true),
        (&*h264, "webm", false),
        (&*h264, "ogg", false),
        (&*h264, "gif", false),
    ] {
        let what = format!("{} to {container}", source.display());
        let bench = Bench::run(source, &format!("avthumb/{container}/vcodec/copy"));
        match (&bench.outcomes[0], copied) {
            (Ok(outputs), true) => {
                let path = &outputs[0].path;
                look::plays(path);
                assert_eq!(
                    packets(path, "0:v").len(),
                    packets(source, "0:v").len(),
                    "{what}"
                );
            }
            (Err(OpsError::CannotCopy { .. }), false) => {
                assert!(bench.files_of(0).is_empty(), "{what}")
            }
            (Ok(_), false) => panic!("{what} was made"),
            (Err(error), _) => panic!("{what}: {error}"),
        }
    }
}

#[test]
fn a_codec_that_does_not_belong_is_refused_before_anything_runs() {
    let command = parse("avthumb/webm/vcodec/libx264").unwrap().remove(0);
    assert!(matches!(
        command.pipeline,
        Err(CommandError::Conflict { .. })
    ));
}

/// A player of old AVI files looks for the name of the codec, not for its bytes.
#[test]
fn mpeg4_in_avi_is_called_xvid() {
    let made = Bench::one("silent.mp4", "avthumb/avi");
    assert_eq!(made.stream("video")["codec_tag_string"], "XVID");
}

#[test]
fn the_index_of_the_whole_family_can_stand_in_front() {
    for container in ["mp4", "mov", "m4a", "f4v", "3gp"] {
        let made = Bench::one(
            "silent.mp4",
            &format!("avthumb/{container}/preset/ultrafast/moovToFront/1"),
        );
        let bytes = std::fs::read(made.path()).unwrap();
        let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
        assert!(find(b"moov") < find(b"mdat"), "{container}");
    }
}
