//! Sound in every container and codec, read back.

use opmill_ops::OpsError;
use serde_json::Value;

use crate::audio_ears::{pitch, sound, stereo};
use crate::bench::{Bench, Made, ffprobe, seconds};

fn facts(audio: &Value) -> (String, u32, u64) {
    let text = |name: &str| audio[name].as_str().unwrap().to_owned();
    let rate = text("sample_rate").parse().unwrap();
    (
        text("codec_name"),
        rate,
        audio["channels"].as_u64().unwrap(),
    )
}

/// `tone.m4a` is 440 Hz on the left and 660 Hz on the right, 44.1 kHz.
#[test]
fn every_codec_sounds_as_its_source() {
    for (ops, format, codec, rate) in [
        ("avthumb/mp3", "mp3", "mp3", 44_100),
        ("avthumb/aac/ab/96k", "aac", "aac", 44_100),
        ("avthumb/m4a/ab/96k", "mov,mp4", "aac", 44_100),
        ("avthumb/ogg", "ogg", "vorbis", 44_100),
        ("avthumb/opus", "ogg", "opus", 48_000),
        ("avthumb/flac", "flac", "flac", 44_100),
        ("avthumb/wav", "wav", "pcm_s16le", 44_100),
        ("avthumb/ogg/acodec/opus", "ogg", "opus", 48_000),
        ("avthumb/ogg/acodec/flac", "ogg", "flac", 44_100),
        ("avthumb/m4a/acodec/ac3", "mov,mp4", "ac3", 44_100),
        ("avthumb/mp4/acodec/libmp3lame", "mov,mp4", "mp3", 44_100),
        ("avthumb/mp4/acodec/ac3", "mov,mp4", "ac3", 44_100),
        ("avthumb/mp4/acodec/eac3", "mov,mp4", "eac3", 44_100),
        ("avthumb/mp4/acodec/opus", "mov,mp4", "opus", 48_000),
        ("avthumb/mov/acodec/eac3", "mov,mp4", "eac3", 44_100),
        ("avthumb/mov/acodec/pcm", "mov,mp4", "pcm_s16le", 44_100),
        ("avthumb/flv/acodec/mp3", "flv", "mp3", 44_100),
        ("avthumb/ts/acodec/mp2", "mpegts", "mp2", 44_100),
        ("avthumb/ts/acodec/opus", "mpegts", "opus", 48_000),
        ("avthumb/ts/acodec/eac3", "mpegts", "eac3", 44_100),
        ("avthumb/webm", "matroska", "opus", 48_000),
        (
            "avthumb/webm/acodec/libvorbis",
            "matroska",
            "vorbis",
            44_100,
        ),
        ("avthumb/avi", "avi", "mp3", 44_100),
        ("avthumb/avi/acodec/ac3", "avi", "ac3", 44_100),
        ("avthumb/avi/acodec/mp2", "avi", "mp2", 44_100),
        ("avthumb/avi/acodec/pcm", "avi", "pcm_s16le", 44_100),
        ("avthumb/avi/acodec/aac", "avi", "aac", 44_100),
        ("avthumb/mpg", "mpeg", "mp2", 44_100),
        ("avthumb/mpg/acodec/ac3", "mpeg", "ac3", 44_100),
        ("avthumb/mpg/acodec/mp3", "mpeg", "mp3", 44_100),
        ("avthumb/3gp/ab/64k", "mov,mp4", "aac", 44_100),
        ("avthumb/f4v/aq/100", "mov,mp4", "aac", 44_100),
        ("avthumb/mkv/acodec/vorbis", "matroska", "vorbis", 44_100),
        ("avthumb/mkv/acodec/opus", "matroska", "opus", 48_000),
        ("avthumb/mkv/acodec/flac", "matroska", "flac", 44_100),
        (
            "avthumb/mkv/acodec/pcm_s16le",
            "matroska",
            "pcm_s16le",
            44_100,
        ),
        ("avthumb/mkv/acodec/mp2", "matroska", "mp2", 44_100),
    ] {
        let made = Bench::one("tone.m4a", ops);
        let probe = made.probe();
        let name = probe["format"]["format_name"].as_str().unwrap();
        assert!(name.starts_with(format), "{ops}: {name}");
        let audio = facts(&probe["streams"][0]);
        assert_eq!(audio, (codec.to_owned(), rate, 2), "{ops}");
        for (channel, hertz) in stereo(made.path()).iter().zip([440.0, 660.0]) {
            let heard = pitch(channel, rate);
            assert!((heard - hertz).abs() < 3.0, "{ops}: {heard} Hz");
        }
        for lasts in [seconds(&probe["format"]["duration"]), made.output.duration] {
            // ADTS says nothing of its length, so ffprobe guesses.
            let close = if format == "aac" { 0.2 } else { 0.08 };
            assert!((lasts - 3.0).abs() < close, "{ops} lasts {lasts} s");
        }
    }
}

#[test]
fn rates_and_channels_are_the_nearest_a_codec_has() {
    for (source, ops, rate, channels) in [
        ("tone.m4a", "avthumb/mp3/ar/12050/ac/1", 12_000, 1),
        ("tone.m4a", "avthumb/m4a/ar/8000", 8_000, 2),
        ("tone.m4a", "avthumb/mkv/acodec/ac3/ar/22050", 32_000, 2),
        (
            "tone.m4a",
            "avthumb/mp4/acodec/eac3/ar/48000/ac/1",
            48_000,
            1,
        ),
        ("tone.m4a", "avthumb/flv/acodec/mp3/ar/8000", 11_025, 2),
        ("tone.m4a", "avthumb/flv/ar/48000", 48_000, 2),
        ("tone.m4a", "avthumb/ts/acodec/mp2/ar/8000/ac/1", 16_000, 1),
        ("tone.m4a", "avthumb/wav/ar/12345", 12_345, 2),
        ("tone.m4a", "avthumb/flac/ar/8000/ac/1", 8_000, 1),
        ("tone.m4a", "avthumb/ogg/ar/11025/ac/1", 11_025, 1),
        // Without `ar` nothing of the source is lost: up to the next rate there is.
        ("tone.wav", "avthumb/ts/acodec/ac3", 32_000, 2),
        ("tone.wav", "avthumb/flv/acodec/mp3", 22_050, 2),
    ] {
        let made = Bench::one(source, ops);
        let (_, heard, count) = facts(&made.stream("audio"));
        assert_eq!((heard, count), (rate, channels), "{ops}");
        made.decodes_clean();
    }
}

#[test]
fn channels_are_kept_where_the_codec_has_them_and_mixed_where_not() {
    let dir = tempfile::tempdir().unwrap();
    let around = "sine=frequency=440:duration=1,aformat=channel_layouts=5.1";
    let source = sound(dir.path(), "around.flac", around, &[]);
    for (ops, layout) in [
        ("avthumb/m4a", "5.1"),
        ("avthumb/mp3", "stereo"),
        ("avthumb/ogg", "5.1"),
        ("avthumb/opus", "5.1"),
        ("avthumb/flac", "5.1"),
        ("avthumb/wav", "5.1"),
        ("avthumb/mkv/acodec/ac3", "5.1(side)"),
        ("avthumb/mkv/acodec/eac3", "5.1(side)"),
        ("avthumb/m4a/ac/2", "stereo"),
        ("avthumb/opus/ac/1", "mono"),
    ] {
        let bench = Bench::run(&source, ops);
        let made = &bench.outcomes[0].as_ref().unwrap()[0];
        let audio = ffprobe(&made.path)["streams"][0].clone();
        assert_eq!(audio["channel_layout"], layout, "{ops}");
    }
}

#[test]
fn deep_samples_stay_deep_where_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let tone = "sine=frequency=440:sample_rate=96000:duration=1";
    let deep = sound(dir.path(), "deep.wav", tone, &["-c:a", "pcm_s24le"]);
    for (ops, rate, bits) in [
        ("avthumb/flac", "96000", "24"),
        ("avthumb/m4a", "96000", ""),
    ] {
        let bench = Bench::run(&deep, ops);
        let made = &bench.outcomes[0].as_ref().unwrap()[0];
        let audio = ffprobe(&made.path)["streams"][0].clone();
        assert_eq!(audio["sample_rate"], rate, "{ops}");
        assert_eq!(
            audio["bits_per_raw_sample"].as_str().unwrap_or(""),
            bits,
            "{ops}"
        );
    }
}

/// Bits a second of the sound itself, from the packets.
fn bit_rate(made: &Made) -> f64 {
    seconds(&made.probe()["format"]["size"]) * 8.0 / made.duration()
}

#[test]
fn the_bit_rate_is_the_nearest_a_codec_carries() {
    for (ops, least, most) in [
        ("avthumb/mp3/ab/96k", 94_000.0, 100_000.0),
        ("avthumb/mp3/ab/1000k", 318_000.0, 330_000.0),
        ("avthumb/mp3/ab/64k/ar/8000", 63_000.0, 67_000.0),
        ("avthumb/mp3/ab/192k/ar/8000", 63_000.0, 67_000.0),
        ("avthumb/mkv/acodec/mp2/ab/100k", 94_000.0, 118_000.0),
        ("avthumb/mkv/acodec/ac3/ab/200k", 190_000.0, 196_000.0),
        ("avthumb/mkv/acodec/eac3/ab/1k", 38_000.0, 44_000.0),
        ("avthumb/ogg/ab/16k", 20_000.0, 80_000.0),
        ("avthumb/ogg/ab/1000k", 20_000.0, 500_000.0),
        ("avthumb/ogg/ab/1000k/ar/8000/ac/1", 5_000.0, 60_000.0),
        ("avthumb/opus/ab/24k", 15_000.0, 50_000.0),
        ("avthumb/opus/ab/1000k", 100_000.0, 520_000.0),
        ("avthumb/wav/ar/8000/ac/1", 128_000.0, 129_000.0),
    ] {
        let made = Bench::one("tone.m4a", ops);
        let rate = bit_rate(&made);
        assert!((least..most).contains(&rate), "{ops} gave {rate}");
    }
}

#[test]
fn quality_goes_by_each_codecs_own_scale() {
    for (better, worse) in [
        ("avthumb/mp3/aq/0", "avthumb/mp3/aq/9"),
        ("avthumb/m4a/aq/500", "avthumb/m4a/aq/10"),
        ("avthumb/ogg/aq/10", "avthumb/ogg/aq/0"),
        (
            "avthumb/mkv/acodec/vorbis/aq/9",
            "avthumb/mkv/acodec/vorbis/aq/1",
        ),
    ] {
        let made = [better, worse].map(|ops| Bench::one("b-frames.mp4", &format!("{ops}/vn/1")));
        let [more, less] = made.each_ref().map(bit_rate);
        assert!(more > 1.3 * less, "{better} {more}, {worse} {less}");
        made.iter().for_each(Made::decodes_clean);
    }
}

#[test]
fn a_hundred_of_aac_is_what_it_was_with_libfaac() {
    let dir = tempfile::tempdir().unwrap();
    let noise = "anoisesrc=r=44100:d=4:a=0.3:c=pink,highpass=200,aformat=channel_layouts=stereo";
    let source = sound(dir.path(), "noise.wav", noise, &[]);
    let bench = Bench::run(&source, "avthumb/m4a/aq/100");
    let made = &bench.outcomes[0].as_ref().unwrap()[0];
    let rate = seconds(&ffprobe(&made.path)["streams"][0]["bit_rate"]);
    assert!((60_000.0..180_000.0).contains(&rate), "{rate}");
}

#[test]
fn a_profile_of_aac_is_the_one_asked_for() {
    for (ops, profile) in [
        ("avthumb/m4a/ab/64k", "LC"),
        ("avthumb/m4a/aprofile/aac_low", "LC"),
        ("avthumb/m4a/aprofile/aac_main", "Main"),
    ] {
        let made = Bench::one("tone.m4a", ops);
        assert_eq!(made.stream("audio")["profile"], profile, "{ops}");
        made.decodes_clean();
    }
}

#[test]
fn high_efficiency_needs_an_encoder_that_can_do_it() {
    for profile in ["aac_he", "aac_he_v2"] {
        let bench = Bench::run(
            &crate::bench::clip("tone.m4a"),
            &format!("avthumb/m4a/aprofile/{profile}"),
        );
        match &bench.outcomes[0] {
            Ok(made) => {
                let audio = ffprobe(&made[0].path)["streams"][0].clone();
                let found = audio["profile"].as_str().unwrap().to_owned();
                assert!(found.starts_with("HE-AAC"), "{found}");
            }
            Err(error @ OpsError::EncoderMissing { encoder }) => {
                assert_eq!(*encoder, "libfdk_aac");
                let said = error.to_string();
                assert!(
                    said.contains("libfdk_aac") && said.contains("aac_low"),
                    "{said}"
                );
                assert!(bench.files_of(0).is_empty());
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn titles_travel_from_format_to_format() {
    let dir = tempfile::tempdir().unwrap();
    let tone = "sine=frequency=440:duration=1";
    let tags = ["-metadata", "title=A day out", "-metadata", "artist=Nobody"];
    for source in ["titled.m4a", "titled.opus", "titled.flac"] {
        let source = sound(dir.path(), source, tone, &tags);
        for container in ["mp3", "m4a", "ogg", "opus", "flac", "mkv"] {
            let bench = Bench::run(&source, &format!("avthumb/{container}"));
            let probe = ffprobe(&bench.outcomes[0].as_ref().unwrap()[0].path);
            let read = |name: &str| {
                let places = [&probe["format"]["tags"], &probe["streams"][0]["tags"]];
                let found = places.map(|tags| {
                    tags[name]
                        .as_str()
                        .or(tags[name.to_uppercase()].as_str())
                        .map(str::to_owned)
                });
                found.into_iter().flatten().next()
            };
            let what = format!("{} to {container}: {probe}", source.display());
            assert_eq!(read("title").as_deref(), Some("A day out"), "{what}");
            assert_eq!(read("artist").as_deref(), Some("Nobody"), "{what}");
        }
    }
}
