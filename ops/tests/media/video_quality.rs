//! Bit rates, qualities, key pictures, profiles and levels.

use opmill_ops::OpsError;

use crate::bench::Bench;
use crate::look::{Clip, Shown, has_encoder, key_pictures, packet_sizes};

/// Codecs with a container, and the name of an encoder that has to be there.
const CODECS: &[(&str, &str)] = &[
    ("mp4/vcodec/libx264/preset/ultrafast", "libx264"),
    ("mp4/vcodec/libx265/preset/ultrafast", "libx265"),
    ("webm/vcodec/libvpx/preset/ultrafast", "libvpx"),
    ("webm/vcodec/libvpx-vp9/preset/ultrafast", "libvpx-vp9"),
    ("webm/vcodec/libsvtav1/preset/ultrafast", "libsvtav1"),
    ("ogg/vcodec/libtheora", "libtheora"),
    ("mp4/vcodec/libxvid", "mpeg4"),
    ("mpg/vcodec/mpeg2video", "mpeg2video"),
    ("mpg/vcodec/mpeg1video", "mpeg1video"),
];

/// Grainy pictures: there is no end to the bits they can take.
fn busy(seconds: u32) -> Clip {
    Clip::of(&format!(
        "testsrc2=size=160x120:rate=25:duration={seconds},noise=alls=30:allf=t"
    ))
}

fn bits_per_second(made: &Shown) -> f64 {
    let bits: usize = packet_sizes(made.path())
        .iter()
        .map(|bytes| bytes * 8)
        .sum();
    bits as f64 / made.output.duration
}

#[test]
fn key_pictures_come_as_often_as_asked() {
    let source = busy(2);
    for (codec, encoder) in CODECS.iter().filter(|(_, encoder)| has_encoder(encoder)) {
        for gop in [10, 20] {
            let made = source.run(&format!("avthumb/{codec}/GOPInterval/{gop}"));
            let found = key_pictures(made.path());
            if *encoder == "libtheora" {
                // It puts more where it likes, and cannot be kept from it.
                let gaps = found.windows(2).map(|pair| pair[1] - pair[0]);
                assert!(gaps.max().unwrap() <= gop, "{encoder} {gop}: {found:?}");
                continue;
            }
            let expected: Vec<usize> = (0..50).step_by(gop).collect();
            assert_eq!(found, expected, "{encoder} {gop}");
        }
    }
    let made = source.run("avthumb/mp4/preset/ultrafast/gop/1");
    assert_eq!(key_pictures(made.path()).len(), 50);
}

/// A change of scene would get a key picture if it were left to the encoder.
#[test]
fn a_change_of_scene_does_not_disturb_the_distance() {
    let source = Clip::of(
        "testsrc2=size=160x120:rate=25:duration=1[a];mandelbrot=size=160x120:rate=25,trim=duration=1[b];[a][b]concat",
    );
    for (codec, encoder) in [
        ("mp4/preset/veryfast", "libx264"),
        ("mp4/vcodec/libx265/preset/ultrafast", "libx265"),
        ("mp4/vcodec/mpeg4", "mpeg4"),
        ("mpg", "mpeg2video"),
    ] {
        if has_encoder(encoder) {
            let made = source.run(&format!("avthumb/{codec}/gop/20"));
            assert_eq!(key_pictures(made.path()), [0, 20, 40], "{encoder}");
        }
    }
}

#[test]
fn the_bit_rate_is_near_what_is_asked_for() {
    let source = busy(6);
    for (codec, encoder) in CODECS.iter().filter(|(_, encoder)| has_encoder(encoder)) {
        let made = source.run(&format!("avthumb/{codec}/vb/400k"));
        let rate = bits_per_second(&made);
        assert!((280e3..560e3).contains(&rate), "{encoder}: {rate}");
    }
}

#[test]
fn a_lower_crf_is_a_finer_picture() {
    let source = busy(1);
    for (codec, encoder) in CODECS.iter().filter(|(_, encoder)| has_encoder(encoder)) {
        let size = |crf| {
            let made = source.run(&format!("avthumb/{codec}/crf/{crf}"));
            packet_sizes(made.path()).iter().sum::<usize>()
        };
        let sizes = [10, 20, 30, 51].map(size);
        // The scales of some begin later than x264's.
        assert!(size(0) >= sizes[0], "{encoder}: {} {sizes:?}", size(0));
        assert!(
            sizes.is_sorted_by(|finer, coarser| finer > coarser),
            "{encoder}: {sizes:?}"
        );
    }
}

#[test]
fn the_highest_bit_rate_is_kept_to() {
    let source = busy(6);
    for (codec, encoder) in CODECS
        .iter()
        .filter(|(codec, encoder)| has_encoder(encoder) && !codec.starts_with("ogg"))
    {
        for quality in ["crf/10", "vb/300k"] {
            let free = source.run(&format!("avthumb/{codec}/crf/10"));
            let held = source.run(&format!("avthumb/{codec}/{quality}/maxrate/300k"));
            let (free, held) = (bits_per_second(&free), bits_per_second(&held));
            assert!(free > 600e3, "{encoder}: {free} is no test");
            assert!(held < 390e3, "{encoder} {quality}: {held}");
        }
    }
}

/// Neither `vb` nor `crf`: good, but not more bits than the source spends.
#[test]
fn nothing_spends_more_than_its_source() {
    let source = busy(4);
    let poor = source.run("avthumb/mp4/vb/150k/preset/veryfast");
    for (codec, encoder) in &CODECS[..5] {
        if has_encoder(encoder) {
            let again = |ops: &str| {
                bits_per_second(&Shown::of(poor.path(), &format!("avthumb/{codec}{ops}")))
            };
            let (was, is, free) = (bits_per_second(&poor), again(""), again("/crf/15"));
            // A player's buffer may begin full, which is two seconds' worth.
            assert!(free > was * 1.6, "{encoder}: {free} of {was} is no test");
            assert!(is < was * 1.5, "{encoder}: {is} of {was}");
        }
    }
}

#[test]
fn a_slower_preset_takes_other_decisions() {
    let source = busy(1);
    for (codec, encoder) in [
        ("mp4/vcodec/libx264", "libx264"),
        ("mp4/vcodec/libx265", "libx265"),
        ("webm/vcodec/libvpx", "libvpx"),
        ("webm/vcodec/libvpx-vp9", "libvpx-vp9"),
        ("webm/vcodec/libsvtav1", "libsvtav1"),
    ] {
        if has_encoder(encoder) {
            let sizes = |preset| {
                let made = source.run(&format!("avthumb/{codec}/crf/30/preset/{preset}"));
                packet_sizes(made.path())
            };
            assert_ne!(sizes("ultrafast"), sizes("medium"), "{encoder}");
        }
    }
}

#[test]
fn profiles_and_levels_are_written_down_and_kept_to() {
    let source = busy(1);
    for (ops, profile, level, b_frames) in [
        ("h264Profile/baseline", "Constrained Baseline", None, 0),
        ("h264Profile/main", "Main", None, 2),
        ("h264Profile/high", "High", None, 2),
        ("h264Level/1.3", "High", Some(13), 2),
        ("h264Profile/main/h264Level/3.1", "Main", Some(31), 2),
        (
            "h264Profile/baseline/h264Level/4.1",
            "Constrained Baseline",
            Some(41),
            0,
        ),
    ] {
        let video = source.run(&format!("avthumb/mp4/{ops}")).video();
        assert_eq!(video["profile"], profile, "{ops}");
        assert_eq!(video["has_b_frames"], b_frames, "{ops}");
        if let Some(level) = level {
            assert_eq!(video["level"], level, "{ops}");
        }
    }
}

#[test]
fn what_a_level_does_not_hold_is_refused() {
    let error = Bench::error("clip.mp4", "avthumb/mp4/h264Level/1");
    assert!(
        matches!(
            error,
            OpsError::AboveLevel {
                level: "1",
                width: 320,
                height: 240,
                ..
            }
        ),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("`h264Level` is 1") && text.contains("320x240 at 25.000"),
        "{text}"
    );
    Bench::one(
        "silent.mp4",
        "avthumb/mp4/h264Level/1/s/176x144/r/15/preset/ultrafast",
    );
}

/// A level bounds the bits as well: 64 kbit/s in level 1, a quarter more in High.
#[test]
fn a_level_caps_the_bit_rate() {
    let source = busy(6);
    let made = source.run("avthumb/mp4/h264Level/1/s/176x144/r/10/crf/5/preset/veryfast");
    let rate = bits_per_second(&made);
    assert!(rate < 110e3, "{rate}");
}
