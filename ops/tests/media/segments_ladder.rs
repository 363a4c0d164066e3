//! Several renditions of one source: aligned, described truthfully, and made of one decode.

use std::path::Path;

use opmill_ops::{Cancel, Limits, OpsError};

use crate::bench::{Bench, clip, ffprobe, packets, utf8};
use crate::segments::*;

const LADDER: &str = "avthumb/m3u8/segtime/2/t/5/preset/ultrafast/envBandWidth/150000:400000:900000\
    /multiResolution/96x72:160x120:320x240/multiVb/60k:200k:600k/multiAb/32k:48k:64k";

/// The lines about renditions with the list each names.
fn variants(master: &str) -> Vec<(std::collections::BTreeMap<String, String>, String)> {
    let lines: Vec<&str> = master.lines().collect();
    let pairs = lines
        .windows(2)
        .filter(|pair| pair[0].starts_with("#EXT-X-STREAM-INF:"));
    pairs
        .map(|pair| (attributes(pair[0]), pair[1].to_owned()))
        .collect()
}

#[test]
fn players_are_told_what_each_rendition_is() {
    let made = Segmented::of("clip.mp4", LADDER);
    made.is_listed_in_full();
    let (pictures, sound) = played(made.list(), &[]);
    assert!((pictures - 5.0).abs() < 0.05 && (sound - 5.0).abs() < 0.06);
    let variants = variants(&made.text("v.m3u8"));
    assert_eq!(variants.len(), 3);
    for ((said, list), (label, width, height, sound)) in variants.iter().zip([
        (150_000, 96, 72, 32_000.0),
        (400_000, 160, 120, 48_000.0),
        (900_000, 320, 240, 64_000.0),
    ]) {
        assert_eq!(*list, format!("v_b{label}.m3u8"));
        let path = file_of(&made.dir, list);
        let (pictures, _) = played(&path, &[]);
        assert!((pictures - 5.0).abs() < 0.05, "{list}: {pictures}");
        assert_eq!(said["RESOLUTION"], format!("{width}x{height}"));
        assert_eq!(said["FRAME-RATE"], "25.000");

        // Bits and seconds as a player would count them.
        let text = made.text(list);
        let rates: Vec<(f64, f64)> = entries(&text)
            .iter()
            .map(|(length, name)| {
                (
                    file_of(&made.dir, name).metadata().unwrap().len() as f64 * 8.0,
                    *length,
                )
            })
            .collect();
        let peak = rates
            .iter()
            .map(|(bits, seconds)| bits / seconds)
            .fold(0.0, f64::max);
        let bandwidth: f64 = said["BANDWIDTH"].parse().unwrap();
        assert!(
            bandwidth >= peak - 1.0 && bandwidth >= f64::from(label),
            "{said:?}: {peak}"
        );
        let (bits, seconds) = rates
            .iter()
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let average: f64 = said["AVERAGE-BANDWIDTH"].parse().unwrap();
        assert!(
            (average - bits / seconds).abs() < 2.0,
            "{said:?}: {}",
            bits / seconds
        );

        let first = ffprobe(&file_of(&made.dir, &entries(&text)[0].1));
        let streams = first["streams"].as_array().unwrap();
        let stream = |kind: &str| {
            streams
                .iter()
                .find(|stream| stream["codec_type"] == kind)
                .unwrap()
        };
        let video = stream("video");
        assert_eq!(
            (&video["width"], &video["height"]),
            (&width.into(), &height.into())
        );
        let level = video["level"].as_i64().unwrap();
        // Constrained baseline is what the fastest preset makes.
        assert_eq!(video["profile"], "Constrained Baseline");
        let codecs = &said["CODECS"];
        assert!(
            codecs.starts_with("avc1.42") && codecs.ends_with(&format!("{level:02x},mp4a.40.2")),
            "{codecs}"
        );
        let rate: f64 = stream("audio")["bit_rate"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            (rate / sound - 1.0).abs() < 0.35,
            "{list}: {rate} for {sound}"
        );
    }
    let whole = &made.outputs[0];
    assert_eq!(
        (whole.resolution, whole.duration.round()),
        (Some((320, 240)), 5.0)
    );
}

#[test]
fn renditions_can_be_changed_at_every_segment() {
    // Scenes change at other places than segments.
    let ops = "avthumb/m3u8/segtime/1/fastStartSeg/2x1.5s/t/6/s/64x/preset/veryfast/envBandWidth/100000:200000:300000";
    for format in ["ts", "mp4"] {
        let made = Segmented::of("clip.mp4", &format!("{ops}/segtype/{format}"));
        let mut of_rendition = Vec::new();
        for (_, list) in variants(&made.text("v.m3u8")) {
            let init = file_of(&made.dir, &list.replace(".m3u8", "_init.mp4"));
            let init = Some(init.as_path()).filter(|init| init.exists());
            let starts: Vec<(String, f64)> = entries(&made.text(&list))
                .iter()
                .map(|(length, name)| {
                    let segment = file_of(&made.dir, name);
                    assert!(starts_with_key(init, &segment), "{name}");
                    (format!("{length:.3}"), first_picture(init, &segment))
                })
                .collect();
            of_rendition.push(starts);
        }
        assert_eq!(of_rendition.len(), 3);
        assert!(
            of_rendition.iter().all(|starts| *starts == of_rendition[0]),
            "{of_rendition:?}"
        );
        let lengths: Vec<&str> = of_rendition[0]
            .iter()
            .map(|(length, _)| length.as_str())
            .collect();
        assert_eq!(
            lengths[..3],
            ["1.520", "1.480", "1.000"],
            "a picture every 40 ms"
        );
    }
}

/// When the first picture of a segment is shown.
fn first_picture(init: Option<&Path>, segment: &Path) -> f64 {
    let mut bytes = init
        .map(|init| std::fs::read(init).unwrap())
        .unwrap_or_default();
    bytes.extend(std::fs::read(segment).unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    key_times(file.path()).0[0]
}

#[test]
fn a_rendition_is_what_it_would_be_alone() {
    let made = Segmented::of(
        "b-frames.mp4",
        "avthumb/m3u8/segtime/1/envBandWidth/100000:300000/multiVb/50k:200k/multiAb/32k:64k/multiResolution/160x120:x240",
    );
    for (list, alone) in [
        (
            "v_b100000.m3u8",
            "avthumb/m3u8/segtime/1/vb/50k/maxrate/50k/ab/32k/s/160x120",
        ),
        (
            "v_b300000.m3u8",
            "avthumb/m3u8/segtime/1/vb/200k/maxrate/200k/ab/64k/s/x240",
        ),
    ] {
        let alone = Segmented::of("b-frames.mp4", alone);
        for stream in ["0:v", "0:a"] {
            let found = packets(&file_of(&made.dir, list), stream);
            assert!(
                !found.is_empty() && found == packets(alone.list(), stream),
                "{list} {stream}"
            );
        }
    }
}

/// Time runs from the start to the end once, however many renditions there are.
#[test]
fn all_renditions_come_of_one_pass() {
    let heard = |ops: &str| {
        let bench = Bench::run_with(&clip("clip.mp4"), ops, &Cancel::new(), |_| ());
        assert!(
            bench.outcomes.iter().all(Result::is_ok),
            "{:?}",
            bench.outcomes
        );
        bench
            .progress
            .iter()
            .map(|at| at.done_seconds)
            .collect::<Vec<_>>()
    };
    let one = heard("avthumb/m3u8/t/5/preset/ultrafast");
    let ladder = heard(&LADDER.replace("/segtime/2", ""));
    assert_eq!(ladder, one);
    assert!(ladder.len() > 20 && ladder.windows(2).all(|pair| pair[0] <= pair[1]));
}

#[test]
fn without_rates_a_rendition_keeps_to_its_bandwidth() {
    let dir = tempfile::tempdir().unwrap();
    let busy = dir.path().join("busy.mp4");
    let picture = "testsrc2=size=160x120:rate=25:duration=30,noise=alls=8:allf=t";
    let said = crate::bench::ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        picture,
        "-f",
        "lavfi",
        "-i",
        "sine=duration=30",
        "-crf",
        "20",
        "-preset",
        "ultrafast",
        utf8(&busy),
    ]);
    assert_eq!(said, "");
    let made = Segmented::from(
        &busy,
        "avthumb/m3u8/envBandWidth/150000:250000/preset/veryfast",
    );
    for ((said, list), bandwidth) in variants(&made.text("v.m3u8"))
        .iter()
        .zip([150_000.0, 250_000.0])
    {
        let average: f64 = said["AVERAGE-BANDWIDTH"].parse().unwrap();
        assert!(
            average < bandwidth * 1.05 && average > bandwidth * 0.7,
            "{list}: {said:?}"
        );
    }
}

#[test]
fn sound_alone_has_renditions_too() {
    let made = Segmented::of(
        "tone.mp3",
        "avthumb/m3u8/segtime/1/envBandWidth/60000:120000/multiAb/32k:96k",
    );
    let variants = variants(&made.text("v.m3u8"));
    assert_eq!(variants.len(), 2);
    for (said, list) in &variants {
        assert_eq!(said["CODECS"], "mp4a.40.2");
        assert!(!said.contains_key("RESOLUTION"), "{said:?}");
        let (_, sound) = played(&file_of(&made.dir, list), &[]);
        assert!((sound - 3.0).abs() < 0.08, "{list}: {sound}");
    }
    let rate = |at: usize| variants[at].0["AVERAGE-BANDWIDTH"].parse::<f64>().unwrap();
    assert!(rate(1) > 2.0 * rate(0), "{variants:?}");
}

#[test]
fn sound_of_a_constant_quality_keeps_it_in_every_rendition() {
    let is_the_same = |sound: &str| {
        let by = "avthumb/m3u8/t/4/preset/ultrafast/s/64x48/envBandWidth/100000:900000";
        let made = Segmented::of("clip.mp4", &format!("{by}/{sound}"));
        let lists = variants(&made.text("v.m3u8"));
        let sound = |at: usize| packets(&file_of(&made.dir, &lists[at].1), "0:a");
        assert!(sound(0).len() > 100);
        sound(0) == sound(1)
    };
    assert!(is_the_same("acodec/libmp3lame/aq/2"));
    assert!(!is_the_same("acodec/libmp3lame"));
}

#[test]
fn one_rendition_that_fails_ends_the_command_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let task = |index: usize, ops: &str| {
        let folder = dir.path().join(index.to_string());
        std::fs::create_dir(&folder).unwrap();
        let pipeline = opmill_ops::parse(ops).unwrap().remove(0).pipeline.unwrap();
        opmill_ops::Task::new(index, pipeline, folder)
    };
    let tasks = vec![
        task(0, "avthumb/mp4/preset/ultrafast/s/64x"),
        task(
            1,
            "avthumb/m3u8/segtime/1/preset/ultrafast/s/64x/envBandWidth/100000:200000",
        ),
        task(2, "avthumb/m3u8/segtime/20/preset/ultrafast/s/64x"),
    ];
    let limits = Limits {
        files: 20,
        ..Limits::default()
    };
    let env = opmill_ops::Environment {
        limits: &limits,
        threads: 2,
        cancel: &Cancel::new(),
        progress: &|_| (),
        explain: &|_, _| (),
    };
    let mut ended = std::collections::BTreeMap::new();
    opmill_ops::run(&clip("clip.mp4"), tasks, &env, &mut |index, outcome| {
        ended.insert(index, outcome);
    });
    assert!(
        matches!(ended[&1], Err(OpsError::TooManyFiles { limit: 20 })),
        "{:?}",
        ended[&1]
    );
    assert_eq!(std::fs::read_dir(dir.path().join("1")).unwrap().count(), 0);
    for index in [0, 2] {
        let outputs = ended[&index].as_ref().unwrap();
        assert!((outputs[0].duration - 20.0).abs() < 0.1, "{outputs:?}");
    }
}
