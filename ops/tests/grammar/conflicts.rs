//! Parameters that exclude or need each other.

use opmill_ops::CommandError;

use crate::{pipeline, refusal, segments};

/// The command, the parameter in the way as given, what it is in the way of.
const CONFLICTS: &[(&str, &str, &str)] = &[
    (
        "avthumb/mp4/vcodec/copy/s/640x360",
        "s/640x360",
        "vcodec/copy",
    ),
    (
        "avthumb/mp4/s/640x360/vcodec/copy",
        "s/640x360",
        "vcodec/copy",
    ),
    ("avthumb/mp4/vcodec/copy/r/25", "r/25", "vcodec/copy"),
    ("avthumb/mp4/vcodec/copy/vb/1m", "vb/1m", "vcodec/copy"),
    ("avthumb/mp4/vcodec/copy/crf/23", "crf/23", "vcodec/copy"),
    (
        "avthumb/mp4/vcodec/copy/preset/fast",
        "preset/fast",
        "vcodec/copy",
    ),
    (
        "avthumb/mp4/vcodec/copy/rotate/90",
        "rotate/90",
        "vcodec/copy",
    ),
    (
        "avthumb/mp4/vcodec/copy/rotate/180",
        "rotate/180",
        "vcodec/copy",
    ),
    (
        "avthumb/mp4/vcodec/copy/rotate/270",
        "rotate/270",
        "vcodec/copy",
    ),
    ("avthumb/mp4/acodec/copy/ab/64k", "ab/64k", "acodec/copy"),
    (
        "avthumb/mp4/acodec/copy/ar/44100",
        "ar/44100",
        "acodec/copy",
    ),
    ("avthumb/mp4/acodec/copy/ac/2", "ac/2", "acodec/copy"),
    ("avthumb/mp4/vn/1/an/1", "an/1", "vn/1"),
    ("avthumb/mp4/crf/23/vb/1m", "vb/1m", "crf/23"),
    ("avthumb/mp4/vb/1m/crf/23", "vb/1m", "crf/23"),
    (
        "avthumb/mp4/ss/1/multiSeeks/0:1,5:1",
        "ss/1",
        "multiSeeks/0:1,5:1",
    ),
    (
        "avthumb/mp4/multiSeeks/0:1,5:1/t/2",
        "t/2",
        "multiSeeks/0:1,5:1",
    ),
    (
        "avthumb/mp4/vcodec/copy/multiSeeks/0:1",
        "multiSeeks/0:1",
        "vcodec/copy",
    ),
    (
        "avthumb/mp3/multiSeeks/0:1/acodec/copy",
        "multiSeeks/0:1",
        "acodec/copy",
    ),
    ("avthumb/MP3/s/640x360", "s/640x360", "MP3"),
    ("avthumb/mp3/r/25", "r/25", "mp3"),
    ("avthumb/mp3/vcodec/libx264", "vcodec/libx264", "mp3"),
    ("avthumb/mp3/vcodec/copy", "vcodec/copy", "mp3"),
    ("avthumb/aac/crf/23", "crf/23", "aac"),
    ("avthumb/aac/preset/fast", "preset/fast", "aac"),
    ("avthumb/aac/rotate/auto", "rotate/auto", "aac"),
    ("avthumb/aac/autoscale/1", "autoscale/1", "aac"),
    ("avthumb/mp3/an/1", "an/1", "mp3"),
    ("avthumb/mp3/acodec/libfaac", "acodec/libfaac", "mp3"),
    ("avthumb/aac/acodec/mp3", "acodec/mp3", "aac"),
    ("avthumb/mp4/acodec/vorbis", "acodec/vorbis", "mp4"),
    ("avthumb/flv/acodec/opus", "acodec/opus", "flv"),
    ("avthumb/flac/acodec/opus", "acodec/opus", "flac"),
    ("avthumb/wav/acodec/aac", "acodec/aac", "wav"),
    ("avthumb/opus/acodec/libvorbis", "acodec/libvorbis", "opus"),
    ("avthumb/opus/s/640x360", "s/640x360", "opus"),
    ("avthumb/webm/acodec/aac", "acodec/aac", "webm"),
    ("avthumb/3gp/acodec/mp3", "acodec/mp3", "3gp"),
    ("avthumb/wav/an/1", "an/1", "wav"),
    ("avthumb/mp4/acodec/copy/aq/100", "aq/100", "acodec/copy"),
    (
        "avthumb/mp4/acodec/copy/aprofile/aac_low",
        "aprofile/aac_low",
        "acodec/copy",
    ),
    (
        "avthumb/mp4/volume/0.5/acodec/copy",
        "volume/0.5",
        "acodec/copy",
    ),
    (
        "avthumb/mp4/acodec/copy/loudnorm/-16",
        "loudnorm/-16",
        "acodec/copy",
    ),
    ("avthumb/mp4/aq/100/ab/128k", "ab/128k", "aq/100"),
    ("avthumb/mp3/ab/128k/aq/2", "ab/128k", "aq/2"),
    (
        "avthumb/mp4/volume/2/loudnorm/-16",
        "loudnorm/-16",
        "volume/2",
    ),
    (
        "avthumb/mp4/loudnorm/-16/volume/-3dB",
        "loudnorm/-16",
        "volume/-3dB",
    ),
    // Each codec has its own scale of quality, or none.
    ("avthumb/mp3/aq/10", "aq/10", "mp3"),
    ("avthumb/mp4/aq/9", "aq/9", "mp4"),
    ("avthumb/mp4/acodec/mp3/aq/100", "aq/100", "acodec/mp3"),
    ("avthumb/ogg/aq/11", "aq/11", "ogg"),
    ("avthumb/opus/aq/5", "aq/5", "opus"),
    ("avthumb/mkv/acodec/ac3/aq/5", "aq/5", "acodec/ac3"),
    ("avthumb/flac/ab/128k", "ab/128k", "flac"),
    ("avthumb/mov/acodec/pcm/ab/128k", "ab/128k", "acodec/pcm"),
    ("avthumb/mp3/aprofile/aac_low", "aprofile/aac_low", "mp3"),
    (
        "avthumb/mp4/acodec/opus/aprofile/aac_main",
        "aprofile/aac_main",
        "acodec/opus",
    ),
    (
        "avthumb/mp4/aprofile/aac_he_v2/ac/1",
        "aprofile/aac_he_v2",
        "ac/1",
    ),
    ("avthumb/flv/vcodec/libws265", "vcodec/libws265", "flv"),
];

#[test]
fn what_excludes_each_other_is_refused() {
    for (text, in_the_way, of) in CONFLICTS.iter().chain(segments::CONFLICTS) {
        match refusal(text) {
            CommandError::Conflict {
                span, given, with, ..
            } => {
                assert_eq!(
                    (given.as_str(), with.as_str()),
                    (*in_the_way, *of),
                    "{text}"
                );
                assert_eq!(&text[span.start..span.end], *in_the_way, "{text}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn autoscale_needs_a_size() {
    let text = "avthumb/mp4/autoscale/1/r/25";
    match refusal(text) {
        CommandError::Missing { span, .. } => {
            assert_eq!(&text[span.start..span.end], "autoscale/1")
        }
        other => panic!("{other}"),
    }
}

/// Neighbours of the conflicts that are none.
#[test]
fn what_goes_together_is_accepted() {
    let together = [
        "avthumb/mp4/vcodec/copy/acodec/copy/ss/1/t/2",
        "avthumb/mp4/vcodec/copy/rotate/auto",
        "avthumb/mp4/vcodec/copy/ab/64k/ar/44100/ac/2",
        "avthumb/mp4/vb/1m/s/640x360/acodec/copy",
        "avthumb/mp4/vcodec/libx264/vb/1m/preset/fast",
        "avthumb/mp4/vn/1",
        "avthumb/mp4/an/1",
        "avthumb/mp4/s/640x/autoscale/1",
        "avthumb/mp3/vb/64k",
        "avthumb/aac/vb/64k/ab/64k",
        "avthumb/mp3/vn/1",
        "avthumb/mp3/acodec/libmp3lame",
        "avthumb/mp3/acodec/copy",
        "avthumb/m4a/s/32x64",
        "avthumb/flv/acodec/libmp3lame/ar/44100",
        "avthumb/ogg/acodec/opus/ab/96k",
        "avthumb/ogg/aq/10",
        "avthumb/mp3/aq/9/ar/22050/ac/1/volume/0.5",
        "avthumb/mp4/aq/10/aprofile/aac_main/loudnorm/-16",
        "avthumb/m4a/ac/2/aprofile/aac_he_v2",
        "avthumb/flac/ar/48000/loudnorm/-23",
        "vframe/png/w/1920/h/1080",
    ];
    for text in together {
        assert_eq!(pipeline(text).to_string(), text);
    }
    // A flag that is off is as good as absent.
    for (text, printed) in [
        ("avthumb/mp4/vn/0/an/1", "avthumb/mp4/an/1"),
        ("avthumb/mp4/vn/1/an/0", "avthumb/mp4/vn/1"),
        ("avthumb/mp4/autoscale/0", "avthumb/mp4"),
        ("avthumb/mp3/autoscale/0/an/0", "avthumb/mp3"),
    ] {
        assert_eq!(pipeline(text).to_string(), printed);
    }
}
