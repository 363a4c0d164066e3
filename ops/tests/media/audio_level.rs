//! How loud things come out: `volume` by samples, `loudnorm` by ffmpeg's EBU R 128 scanner.

use std::path::{Path, PathBuf};

use opmill_ops::{Phase, Progress};

use crate::audio_ears::{loudness, peak, pitch, samples, sound};
use crate::bench::{Bench, clip, ffprobe, seconds, shared};

fn made(source: &Path, ops: &str) -> (Bench, PathBuf) {
    let bench = Bench::run(source, ops);
    let path = match &bench.outcomes[0] {
        Ok(outputs) => outputs[0].path.clone(),
        Err(error) => panic!("{ops}: {error}"),
    };
    (bench, path)
}

#[test]
fn volume_multiplies_and_counts_in_decibels() {
    let (_kept, plain) = made(&clip("tone.wav"), "avthumb/wav");
    let plain = peak(&plain);
    for (volume, times) in [
        ("0.5", 0.5),
        ("1.25", 1.25),
        ("0", 0.0),
        ("-6.021dB", 0.5),
        ("3dB", 1.4125),
        ("0dB", 1.0),
    ] {
        for container in ["wav", "flac"] {
            let ops = format!("avthumb/{container}/volume/{volume}");
            let (_kept, path) = made(&clip("tone.wav"), &ops);
            let heard = f64::from(peak(&path) / plain);
            assert!((heard - times).abs() < 0.01, "{ops}: {heard}");
        }
    }
}

/// Generators of one channel, and what is done to them before they are a source.
const SOUNDS: &[(&str, &str)] = &[
    ("tone", "sine=frequency=997:sample_rate=48000:duration=4"),
    (
        "quiet tone",
        "sine=frequency=440:sample_rate=44100:duration=4,volume=-30dB,aformat=channel_layouts=stereo",
    ),
    (
        "loud noise",
        "anoisesrc=r=44100:d=4:a=0.9:c=pink:seed=7,highpass=100,aformat=channel_layouts=stereo",
    ),
    // Syllables of a voice, and pauses between sentences.
    (
        "speech",
        "anoisesrc=r=44100:d=6:a=0.5:c=pink:seed=3,bandpass=f=900:w=1400,volume=30dB,volume='0.55+0.45*sin(25*t)':eval=frame,\
         volume='if(lt(mod(t,2),1.3),1,0.001)':eval=frame",
    ),
    (
        // So quiet that the scanner's own floor of -70 LUFS cuts into it.
        "faint speech",
        "anoisesrc=r=22050:d=6:a=0.5:c=pink:seed=3,bandpass=f=900:w=1400,volume='if(lt(mod(t,2),1.3),1,0.001)':eval=frame",
    ),
];

#[test]
fn sound_gets_the_loudness_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for (name, generator) in SOUNDS {
        let source = sound(dir.path(), &format!("{name}.flac"), generator, &[]);
        for (ops, wanted) in [
            ("avthumb/flac/loudnorm/-23", -23.0),
            // Enough bits for noise: what an encoder leaves out is not heard by the scanner either.
            ("avthumb/m4a/ab/256k/loudnorm/-16.5", -16.5),
            ("avthumb/mp3/ab/256k/loudnorm/-30/ac/2", -30.0),
            ("avthumb/opus/ab/192k/ac/1/loudnorm/-14", -14.0),
        ] {
            let (_kept, path) = made(&source, ops);
            let (heard, peak) = loudness(&path);
            assert!((heard - wanted).abs() < 0.5, "{name} {ops}: {heard} LUFS");
            assert!(peak < -0.5, "{name} {ops}: peaks of {peak} dB");
        }
    }
}

/// The gain is the same from beginning to end, where no peak is in the way.
#[test]
fn nothing_is_turned_up_or_down_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let steps = "aevalsrc='if(lt(t,2),0.02,0.2)*sin(2*PI*441*t)':s=44100:d=4";
    let source = sound(dir.path(), "steps.flac", steps, &[]);
    let (_kept, path) = made(&source, "avthumb/flac/loudnorm/-20");
    let (before, after) = (samples(&source), samples(&path));
    assert_eq!(before.len(), after.len());
    let power = |of: &[f32], from: usize| -> f64 {
        let part = of[from..from + 22_050].iter();
        part.map(|s| f64::from(*s).powi(2)).sum()
    };
    let gains: Vec<f64> = (0..8)
        .map(|half| (power(&after, half * 22_050) / power(&before, half * 22_050)).sqrt())
        .collect();
    for gain in &gains {
        assert!((gain / gains[7] - 1.0).abs() < 0.005, "{gains:?}");
    }
}

/// Clicks at full scale on a quiet tone: the tone is turned up all the same, the clicks are held down.
#[test]
fn peaks_are_held_down_and_the_loudness_reached_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let clicks =
        "aevalsrc='0.05*sin(2*PI*441*t)+0.9*lt(mod(t+0.5,1),0.002)*sin(2*PI*1000*t)':s=44100:d=5";
    let source = sound(dir.path(), "clicks.flac", clicks, &[]);
    let (_kept, path) = made(&source, "avthumb/flac/loudnorm/-12");
    let (heard, top) = loudness(&path);
    assert!((heard + 12.0).abs() < 0.5, "{heard} LUFS");
    assert!(top <= -1.0, "peaks of {top} dB");
    assert_eq!(samples(&path).len(), samples(&source).len());
    // The limiter looks ahead; that must not put the sound late.
    let (before, after) = (samples(&source), samples(&path));
    let click = |of: &[f32]| {
        let loudest = |a: &usize, b: &usize| of[*a].abs().total_cmp(&of[*b].abs());
        (21_000..24_000).max_by(loudest).unwrap()
    };
    assert!(click(&before).abs_diff(click(&after)) < 60);
    // Between clicks the tone keeps its level: nothing pumps.
    let level = |second: usize| -> f32 {
        let quiet = &after[second * 44_100 + 35_000..second * 44_100 + 44_000];
        quiet.iter().fold(0.0, |top, sample| top.max(sample.abs()))
    };
    for second in 1..4 {
        assert!((level(second) / level(0) - 1.0).abs() < 0.02);
    }
}

#[test]
fn a_dense_sound_reaches_what_its_peaks_allow() {
    let dir = tempfile::tempdir().unwrap();
    let noise = "anoisesrc=r=44100:d=4:a=0.3:c=white:seed=5";
    let source = sound(dir.path(), "noise.flac", noise, &[]);
    let (_kept, path) = made(&source, "avthumb/flac/loudnorm/-5");
    let (heard, peak) = loudness(&path);
    assert!((-9.0..-4.5).contains(&heard), "{heard} LUFS");
    assert!(peak <= -0.9, "peaks of {peak} dB");
}

#[test]
fn silence_stays_silent_and_a_blink_of_sound_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let silence = sound(dir.path(), "silence.flac", "anullsrc=d=2", &[]);
    let (_kept, path) = made(&silence, "avthumb/flac/loudnorm/-16");
    assert_eq!(peak(&path), 0.0);
    let blink = sound(dir.path(), "blink.flac", "sine=duration=0.2", &[]);
    let (_kept, path) = made(&blink, "avthumb/flac/loudnorm/-6");
    assert!((peak(&path) / peak(&blink) - 1.0).abs() < 0.01);
}

/// Quiet for three seconds, then 20 dB louder: each window is measured for itself.
#[test]
fn measuring_tells_how_far_it_is() {
    let bench = Bench::run(&clip("clip.mp4"), "avthumb/mp3;avthumb/mp3/loudnorm/-20");
    let (listening, rest): (Vec<&Progress>, Vec<_>) = bench
        .progress
        .iter()
        .partition(|progress| progress.phase == Phase::Measuring);
    assert!(listening.len() > 1 && listening.iter().all(|progress| progress.index == 1));
    assert!(listening.is_sorted_by(|one, next| one.done_seconds < next.done_seconds));
    assert!(
        listening
            .iter()
            .all(|progress| progress.total_seconds == Some(20.0))
    );
    assert!(rest.iter().any(|progress| progress.index == 1));
}

#[test]
fn a_window_is_measured_for_itself() {
    let dir = tempfile::tempdir().unwrap();
    let steps = "anoisesrc=r=44100:d=6:a=0.5:c=pink:seed=9,volume='if(lt(t,3),0.1,1)':eval=frame";
    let source = sound(dir.path(), "steps.flac", steps, &[]);
    let bench = Bench::run(
        &source,
        "avthumb/flac/t/2/loudnorm/-20;avthumb/m4a/ab/192k/t/2/loudnorm/-24;avthumb/flac/ss/3.5/loudnorm/-20;avthumb/mp3/ab/256k/ss/0.5/t/5/loudnorm/-18;\
         avthumb/flac/t/2;avthumb/wav/t/2/ac/2/loudnorm/-20",
    );
    let heard: Vec<f64> = bench
        .outcomes
        .iter()
        .map(|made| loudness(&made.as_ref().unwrap()[0].path).0)
        .collect();
    let untouched = loudness(&source).0;
    for (at, wanted) in [(0, -20.0), (1, -24.0), (2, -20.0), (3, -18.0), (5, -20.0)] {
        assert!((heard[at] - wanted).abs() < 0.5, "{at}: {heard:?}");
    }
    assert!(
        heard[4] < untouched - 10.0,
        "its sibling was touched: {heard:?}"
    );
    let lasts =
        seconds(&ffprobe(&bench.outcomes[0].as_ref().unwrap()[0].path)["format"]["duration"]);
    assert!((lasts - 2.0).abs() < 0.01, "{lasts}");
}

#[test]
fn pictures_are_not_touched_by_it() {
    let (_kept, path) = made(
        &clip("b-frames.mp4"),
        "avthumb/mp4/loudnorm/-20/preset/ultrafast",
    );
    assert!((loudness(&path).0 + 20.0).abs() < 0.5);
    assert!((pitch(&samples(&path), 44_100) - 440.0).abs() < 3.0);
    assert_eq!(ffprobe(&path)["streams"][0]["nb_frames"], "75");
}

/// A source whose samples change their rate and channels in the middle is heard as one.
#[test]
fn a_source_that_changes_its_shape_is_measured_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let one = sound(
        dir.path(),
        "one.ts",
        "sine=frequency=440:sample_rate=48000:duration=2,volume=-10dB",
        &["-c:a", "mp2"],
    );
    let two = sound(
        dir.path(),
        "two.ts",
        "sine=frequency=440:sample_rate=44100:duration=2,aformat=channel_layouts=stereo",
        &["-c:a", "mp2", "-output_ts_offset", "2"],
    );
    let both = dir.path().join("both.ts");
    let joined = [one, two].map(|path| std::fs::read(path).unwrap()).concat();
    std::fs::write(&both, joined).unwrap();
    let (_kept, path) = made(&both, "avthumb/flac/loudnorm/-20");
    let heard = loudness(&path).0;
    assert!((heard + 20.0).abs() < 0.5, "{heard}");
}

#[test]
fn sounds_of_the_wild_get_their_loudness_too() {
    for name in [
        "audio-opus-5p1.ogg",
        "audio-amr-nb.amr",
        "wma-wmav2.wma",
        "audio-wav-float32.wav",
        "audio-vorbis.ogg",
    ] {
        let Some(source) = shared(&format!("audio/{name}")) else {
            return;
        };
        let (_kept, path) = made(&source, "avthumb/flac/loudnorm/-20");
        let (heard, peak) = loudness(&path);
        assert!((heard + 20.0).abs() < 0.5, "{name}: {heard} LUFS");
        assert!(peak <= -1.0, "{name}: peaks of {peak} dB");
    }
}
