//! `avconcat`: files that become one.

use std::path::{Path, PathBuf};

use opmill_ops::{Cancel, OpsError, Phase};

use crate::bench::{Bench, Made, clip, ffmpeg, packets, seconds, utf8};
use crate::measure::{beeps, clapper, flashes, pictures, silences};

/// Clips made for a test, in a folder of their own.
struct Clips(tempfile::TempDir);

impl Clips {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A clip that flashes and beeps every second.
    fn clapper(self, name: &str, seconds: f64, shape: &str, out: &[&str]) -> Self {
        clapper(&self.path(name), seconds, shape, out);
        self
    }

    /// A clip of `testdata/media`.
    fn take(self, name: &str) -> Self {
        std::fs::copy(clip(name), self.path(name)).unwrap();
        self
    }

    /// What ffmpeg makes of these arguments.
    fn make(self, name: &str, args: &[&str]) -> Self {
        let path = self.path(name);
        let said = ffmpeg(&[args, &[utf8(&path)]].concat());
        assert_eq!(said, "", "{name}");
        self
    }

    fn join(&self, source: &str, ops: &str) -> Made {
        Bench::one_of(&self.path(source), ops)
    }

    fn refuse(&self, source: &str, ops: &str) -> OpsError {
        Bench::error_of(&self.path(source), ops)
    }
}

fn size(made: &Made) -> (u64, u64) {
    let video = made.stream("video");
    (
        video["width"].as_u64().unwrap(),
        video["height"].as_u64().unwrap(),
    )
}

#[test]
fn files_of_any_kind_become_like_the_first() {
    let clips = Clips::new()
        .take("silent.mp4")
        .take("vfr.mp4")
        .take("start-offset.ts")
        .clapper(
            "wide.mkv",
            1.5,
            ",scale=320:180",
            &["-r", "50", "-c:a", "mp3"],
        );
    let made = clips.join(
        "silent.mp4",
        "avconcat/mp4/mode/2/wide.mkv/vfr.mp4/start-offset.ts",
    );
    assert_eq!(size(&made), (320, 240));
    assert_eq!(made.output.resolution, Some((320, 240)));
    let video = made.stream("video");
    assert_eq!(
        (&video["r_frame_rate"], &video["codec_name"]),
        (&"25/1".into(), &"h264".into())
    );
    assert_eq!(
        made.stream("audio")["sample_rate"],
        "48000",
        "of the first that has sound"
    );
    assert!(
        (made.output.duration - 10.5).abs() < 0.1,
        "{}",
        made.output.duration
    );
    let steps = pictures(made.path());
    // The sound of two of them is a few packets longer than their pictures.
    assert!((262..=266).contains(&steps.len()), "{}", steps.len());
    assert!(
        steps
            .windows(2)
            .all(|pair| (0.039..0.041).contains(&(pair[1].0 - pair[0].0)))
    );
    assert_eq!(
        [0.5, 2.9, 4.7, 6.8, 7.7, 10.3].map(|at| made.second_shown_at(at)),
        [0, 2, 0, 2, 0, 2]
    );
    made.decodes_clean();
}

/// Six recordings of which none is like another, and whose sound and pictures end at different moments.
#[test]
fn sound_and_picture_stay_together_over_all_joins() {
    let clips = Clips::new()
        .clapper("a.mp4", 2.3, "", &["-c:a", "aac"])
        .clapper(
            "b.mkv",
            1.57,
            ",scale=320:240",
            &["-r", "30000/1001", "-c:a", "mp3", "-ar", "44100"],
        )
        .clapper("c.ts", 1.21, ",fps=50", &["-c:a", "aac", "-ar", "32000"])
        .clapper(
            "d.mov",
            1.8,
            ",scale=90:160",
            &["-t", "1.8", "-c:a", "pcm_s16le", "-ar", "44100"],
        )
        .clapper("e.flv", 1.43, ",fps=12", &["-c:a", "aac", "-ar", "22050"])
        .clapper("f.mp4", 1.6, "", &["-c:a", "aac", "-ac", "2"]);
    let made = clips.join("a.mp4", "avconcat/mp4/mode/2/b.mkv/c.ts/d.mov/e.flv/f.mp4");
    let (flashes, beeps) = (flashes(made.path()), beeps(made.path()));
    assert_eq!(
        (flashes.len(), beeps.len()),
        (13, 13),
        "{flashes:?} {beeps:?}"
    );
    for (flash, beep) in flashes.iter().zip(&beeps) {
        assert!((flash - beep).abs() < 0.04, "{flashes:?} {beeps:?}");
    }
    made.decodes_clean();
}

#[test]
fn the_source_stands_where_the_command_says() {
    let clips = Clips::new()
        .make(
            "a.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                "color=black:size=160x120:rate=25:duration=1",
            ],
        )
        .make(
            "b.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                "color=gray:size=160x120:rate=25:duration=1",
            ],
        )
        .make(
            "c.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                "color=white:size=160x120:rate=25:duration=1",
            ],
        );
    let light = |ops: &str| {
        let made = clips.join("a.mp4", ops);
        let pictures = pictures(made.path());
        [0.5, 1.5, 2.5].map(|at| {
            let shown = pictures.iter().find(|picture| picture.0 >= at).unwrap();
            match shown.1 {
                0..60 => 'a',
                60..200 => 'b',
                _ => 'c',
            }
        })
    };
    for (ops, order) in [
        ("avconcat/mp4/b.mp4/c.mp4", ['a', 'b', 'c']),
        (
            "avconcat/mp4/concatorder/3-1-2/b.mp4/c.mp4",
            ['c', 'a', 'b'],
        ),
        // A list that names the source is complete.
        ("avconcat/mp4/b.mp4/a.mp4/c.mp4", ['b', 'a', 'c']),
        (
            "avconcat/mp4/concatorder/3-2-1/b.mp4/a.mp4/c.mp4",
            ['c', 'a', 'b'],
        ),
        ("avconcat/2/format/mp4/index/2/b.mp4/c.mp4", ['b', 'a', 'c']),
        ("avconcat/2/format/mp4/index/3/b.mp4/c.mp4", ['b', 'c', 'a']),
        ("avconcat/mp4/c.mp4/c.mp4", ['a', 'c', 'c']),
    ] {
        assert_eq!(light(ops), order, "{ops}");
    }
}

#[test]
fn what_a_part_does_not_have_is_silence_and_black() {
    let clips = Clips::new()
        .take("silent.mp4")
        .take("tone.mp3")
        .take("b-frames.mp4")
        .take("start-offset.ts");
    let made = clips.join(
        "b-frames.mp4",
        "avconcat/mp4/silent.mp4/tone.mp3/start-offset.ts",
    );
    assert!(
        (made.output.duration - 12.0).abs() < 0.25,
        "{}",
        made.output.duration
    );
    let silent = silences(made.path(), 0.5);
    assert_eq!(silent.len(), 1, "{silent:?}");
    assert!(
        (silent[0].0 - 3.0).abs() < 0.05 && (silent[0].1 - 6.0).abs() < 0.1,
        "{silent:?}"
    );
    let pictures = pictures(made.path());
    let dark: Vec<f64> = pictures
        .iter()
        .filter(|shown| shown.1 < 20)
        .map(|shown| shown.0)
        .collect();
    let (first, last) = (dark[0], dark[dark.len() - 1]);
    assert!(
        (first - 6.0).abs() < 0.1 && (last - 9.0).abs() < 0.15,
        "black from {first} to {last}"
    );
    assert!((dark.len() as i64 - 75).abs() < 4, "{}", dark.len());
    made.decodes_clean();

    // The pictures of the second say what the black of the first is like.
    let made = clips.join("tone.mp3", "avconcat/mkv/b-frames.mp4");
    assert_eq!(size(&made), (320, 240));
    assert_eq!(silences(made.path(), 0.05), []);
    assert_eq!([3.2, 5.9].map(|at| made.second_shown_at(at)), [0, 2]);
    made.decodes_clean();
}

#[test]
fn pictures_are_fitted_into_those_of_the_first() {
    let clips = Clips::new()
        .take("silent.mp4")
        .take("rotated-90.mp4")
        .take("sar-4-3.mp4");
    let at = |made: &Made, time: &str, x: u32, y: u32| {
        let still = clips.path("still.png");
        let said = ffmpeg(&[
            "-i",
            utf8(made.path()),
            "-ss",
            time,
            "-frames:v",
            "1",
            utf8(&still),
        ]);
        assert_eq!(said, "");
        image::open(&still).unwrap().to_luma8().get_pixel(x, y)[0]
    };
    let made = clips.join("silent.mp4", "avconcat/mp4/rotated-90.mp4/sar-4-3.mp4");
    assert_eq!(size(&made), (320, 240));
    // Upright it is 180 wide with 70 of black on both sides; the wide one has 30 above and below.
    assert!(at(&made, "4.5", 60, 120) < 20 && at(&made, "4.5", 260, 120) < 20);
    assert!(at(&made, "4.5", 160, 4) > 60 && at(&made, "4.5", 160, 120) > 40);
    assert!(at(&made, "7.5", 160, 20) < 20 && at(&made, "7.5", 160, 220) < 20);
    assert!(at(&made, "7.5", 20, 60) > 100);

    // The first lies on its side: the others are brought to what a player shows of it.
    let made = clips.join("rotated-90.mp4", "avconcat/mp4/silent.mp4");
    assert_eq!(size(&made), (240, 320));
    assert_eq!(
        made.stream("video")["side_data_list"][0]["rotation"].as_i64(),
        None
    );
    assert!(at(&made, "4.5", 120, 20) < 20 && at(&made, "4.5", 20, 120) > 100);

    // Pixels keep the shape they have in the first.
    let made = clips.join("sar-4-3.mp4", "avconcat/mp4/silent.mp4");
    assert_eq!(
        (size(&made), &made.stream("video")["sample_aspect_ratio"]),
        ((320, 240), &"4:3".into())
    );
    assert!(at(&made, "4.5", 20, 120) < 20 && at(&made, "4.5", 60, 60) > 100);
}

/// The same red in the numbers of two standards is the same red in the output.
#[test]
fn colours_of_two_standards_stay_the_same() {
    let red = |matrix: &str| {
        format!(
            "color=0xc02020:size=160x120:rate=25:duration=1,scale=out_color_matrix={matrix},format=yuv420p"
        )
    };
    let (hd, sd) = (red("bt709"), red("bt601"));
    let clips = Clips::new()
        .make(
            "hd.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                &hd,
                "-crf",
                "5",
                "-colorspace",
                "bt709",
            ],
        )
        .make(
            "sd.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                &sd,
                "-crf",
                "5",
                "-colorspace",
                "smpte170m",
            ],
        );
    for (source, ops) in [
        ("hd.mp4", "avconcat/mp4/sd.mp4"),
        ("sd.mp4", "avconcat/mp4/hd.mp4"),
    ] {
        let made = clips.join(source, ops);
        for time in ["0.5", "1.5"] {
            let path = clips.path("still.png");
            let still = [
                "-i",
                utf8(made.path()),
                "-ss",
                time,
                "-frames:v",
                "1",
                utf8(&path),
            ];
            assert_eq!(ffmpeg(&still), "");
            let shown = image::open(&path).unwrap().to_rgb8().get_pixel(80, 60).0;
            for (one, two) in shown.iter().zip([0xc0, 0x20, 0x20]) {
                assert!(one.abs_diff(two) < 9, "{ops} at {time}: {shown:?}");
            }
        }
    }
}

#[test]
fn sound_alone_is_joined_too() {
    let clips = Clips::new()
        .take("tone.mp3")
        .take("tone.wav")
        .take("tone.m4a")
        .take("clip.mp4");
    for (ops, lasts) in [
        ("avconcat/mp3/tone.wav/tone.m4a", 7.0),
        ("avconcat/m4a/tone.wav", 4.0),
        ("avconcat/aac/tone.m4a", 6.0),
        ("avconcat/mp3/clip.mp4", 23.0),
    ] {
        let made = clips.join("tone.mp3", ops);
        assert!(
            (made.output.duration - lasts).abs() < 0.12,
            "{ops}: {}",
            made.output.duration
        );
        assert_eq!(
            made.probe()["streams"].as_array().unwrap().len(),
            1,
            "{ops}"
        );
        assert_eq!(silences(made.path(), 0.06), [], "{ops}");
        made.decodes_clean();
    }
}

/// The list of packets without those that only warm a decoder up.
fn heard(path: &Path) -> Vec<String> {
    let mut all = packets(path, "0:a");
    all.remove(0);
    all
}

#[test]
fn copied_parts_keep_their_packets() {
    let clips = Clips::new()
        .take("tone.mp3")
        .take("start-offset.ts")
        .take("b-frames.mp4")
        .make(
            "louder.mp3",
            &[
                "-f",
                "lavfi",
                "-i",
                "sine=f=300:r=44100:d=1,aformat=channel_layouts=stereo",
                "-b:a",
                "96k",
            ],
        );
    let all = |name: &str, stream: &str| packets(&clips.path(name), stream);

    let made = clips.join(
        "tone.mp3",
        "avconcat/mp3/mode/1/tone.mp3/louder.mp3/tone.mp3",
    );
    let expected = [
        all("tone.mp3", "0:a"),
        all("louder.mp3", "0:a"),
        all("tone.mp3", "0:a"),
    ]
    .concat();
    assert!(packets(made.path(), "0:a") == expected, "mp3");
    assert!(
        (made.output.duration - 7.1).abs() < 0.1,
        "{}",
        made.output.duration
    );

    let made = clips.join(
        "start-offset.ts",
        "avconcat/ts/mode/1/start-offset.ts/start-offset.ts",
    );
    for stream in ["0:v", "0:a"] {
        let one = all("start-offset.ts", stream);
        assert!(
            packets(made.path(), stream) == [one.clone(), one].concat(),
            "ts {stream}"
        );
    }
    assert!(
        (made.output.duration - 6.0).abs() < 0.1,
        "{}",
        made.output.duration
    );

    for container in ["mp4", "mov", "mkv"] {
        let made = clips.join(
            "b-frames.mp4",
            &format!("avconcat/{container}/mode/1/b-frames.mp4/b-frames.mp4"),
        );
        let (video, first) = (all("b-frames.mp4", "0:v"), all("b-frames.mp4", "0:a"));
        assert!(
            packets(made.path(), "0:v") == [video.clone(), video].concat(),
            "{container}"
        );
        let sound = [first, heard(&clips.path("b-frames.mp4"))].concat();
        assert!(packets(made.path(), "0:a") == sound, "{container}");
    }
}

#[test]
fn copied_parts_play_one_after_another() {
    let clips = Clips::new().take("b-frames.mp4").take("start-offset.ts");
    for (source, ops) in [
        (
            "b-frames.mp4",
            "avconcat/mp4/mode/1/moovToFront/1/b-frames.mp4/b-frames.mp4/b-frames.mp4",
        ),
        (
            "b-frames.mp4",
            "avconcat/mkv/mode/1/b-frames.mp4/b-frames.mp4/b-frames.mp4",
        ),
        (
            "b-frames.mp4",
            "avconcat/flv/mode/1/b-frames.mp4/b-frames.mp4/b-frames.mp4",
        ),
        (
            "b-frames.mp4",
            "avconcat/ts/mode/1/b-frames.mp4/b-frames.mp4/b-frames.mp4",
        ),
        (
            "start-offset.ts",
            "avconcat/ts/mode/1/start-offset.ts/start-offset.ts/start-offset.ts",
        ),
        (
            "start-offset.ts",
            "avconcat/mp4/mode/1/start-offset.ts/start-offset.ts/start-offset.ts",
        ),
    ] {
        let made = clips.join(source, ops);
        assert!(
            (made.output.duration - 9.0).abs() < 0.2,
            "{ops}: {}",
            made.output.duration
        );
        assert!(
            (made.duration() - 9.0).abs() < 0.2,
            "{ops}: {}",
            made.duration()
        );
        assert_eq!(pictures(made.path()).len(), 225, "{ops}");
        assert_eq!(
            [0.5, 2.5, 3.5, 5.5, 6.5, 8.5].map(|at| made.second_shown_at(at)),
            [0, 2, 0, 2, 0, 2],
            "{ops}"
        );
        // Packets are whole: up to two of them are missing where sound ends before the picture.
        assert_eq!(silences(made.path(), 0.05), [], "{ops}");
        made.decodes_clean();
    }
}

/// Of five copies each flash is still at its beep.
#[test]
fn copied_sound_and_picture_stay_together_over_all_joins() {
    let clips = Clips::new().clapper("a.mp4", 1.33, "", &["-c:a", "aac"]);
    let made = clips.join("a.mp4", "avconcat/mp4/mode/1/a.mp4/a.mp4/a.mp4/a.mp4/a.mp4");
    // The list is complete, as it names the source: five parts.
    let (flashes, beeps) = (flashes(made.path()), beeps(made.path()));
    assert_eq!(
        (flashes.len(), beeps.len()),
        (10, 10),
        "{flashes:?} {beeps:?}"
    );
    for (flash, beep) in flashes.iter().zip(&beeps) {
        assert!((flash - beep).abs() < 0.04, "{flashes:?} {beeps:?}");
    }
}

#[test]
fn parts_that_are_not_alike_are_not_copied() {
    let x264: &[&str] = &["-c:a", "aac"];
    let clips = Clips::new()
        .clapper("a.mp4", 0.6, "", x264)
        .clapper("size.mp4", 0.6, ",scale=320:240", x264)
        .clapper("codec.mp4", 0.6, "", &["-c:v", "mpeg4", "-c:a", "aac"])
        .clapper("rate.mp4", 0.6, "", &["-c:a", "aac", "-ar", "44100"])
        .make(
            "mute.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                "color=gray:size=160x120:rate=25:duration=1",
            ],
        )
        .clapper("turned.mp4", 0.6, "", &["-c:a", "aac", "-bf", "3"])
        .take("edit-list.mp4")
        .take("clip.mp4")
        .take("tone.mp3");
    let end = "as in part 1, so the packets of one cannot follow those of the other; write `mode/2` to encode all parts anew";
    for (other, what) in [
        ("size.mp4", "its video is 320x240, not 160x120"),
        ("codec.mp4", "its video is mpeg4, not h264"),
        ("rate.mp4", "its sample rate is 44100, not 48000"),
        ("mute.mp4", "it has no sound"),
        (
            "turned.mp4",
            "its h264 video is not encoded with the same settings",
        ),
        ("tone.mp3", "it has no video"),
    ] {
        let error = clips.refuse("a.mp4", &format!("avconcat/mp4/mode/1/a.mp4/{other}"));
        assert_eq!(
            error.to_string(),
            format!("part 2 (`{other}`): {what} {end}")
        );
        let error = clips.refuse(
            "a.mp4",
            &format!("avconcat/mp4/mode/1/concatorder/1-3-2/a.mp4/{other}/a.mp4"),
        );
        assert!(error.to_string().starts_with("part 3 "), "{error}");
    }
    let error = clips.refuse("clip.mp4", "avconcat/mp4/mode/1/edit-list.mp4");
    assert!(error.to_string().contains("mode/2"), "{error}");
    let error = clips.refuse("a.mp4", "avconcat/webm/mode/1/a.mp4/a.mp4");
    assert!(
        error
            .to_string()
            .starts_with("`mode/1` cannot put h264 into webm; write `mode/2`"),
        "{error}"
    );
    let error = clips.refuse("a.mp4", "avconcat/mp3/mode/1/a.mp4");
    assert!(
        error
            .to_string()
            .starts_with("`mode/1` cannot put aac into mp3"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_joined_is_named() {
    let clips = Clips::new().take("silent.mp4").take("tone.mp3");
    std::fs::copy(clip("bad/not-media.mp4"), clips.path("text.mp4")).unwrap();
    for (ops, message) in [
        ("avconcat/mp4/gone.mp4", "the object gone.mp4 is not there"),
        (
            "avconcat/mp4/tone.mp3/text.mp4",
            "part 3 (`text.mp4`): the source is not media",
        ),
        (
            "avconcat/mp3/tone.mp3",
            "part 1 (`the source`): the source has no audio stream",
        ),
        (
            "avconcat/mp4/concatorder/1-2/tone.mp3/tone.mp3",
            "`concatorder` has 2 numbers, but 3 files are to be joined: the source and those listed",
        ),
        (
            "avconcat/mp4/concatorder/3-2-1/tone.mp3/silent.mp4",
            "`concatorder` has 3 numbers, but 2 files are to be joined: the source is one of those listed",
        ),
        (
            "avconcat/2/format/mp4/index/2/tone.mp3/silent.mp4",
            "`index` is the place of a source that is not in the list, but `silent.mp4` is the source",
        ),
    ] {
        let error = clips.refuse("silent.mp4", ops).to_string();
        assert!(error.starts_with(message), "{ops}: {error}");
    }
}

#[test]
fn progress_counts_the_parts_together() {
    let clips = Clips::new().take("clip.mp4").take("silent.mp4");
    for mode in [1, 2] {
        let parts = if mode == 1 {
            "clip.mp4/clip.mp4"
        } else {
            "silent.mp4/clip.mp4/clip.mp4"
        };
        let total = if mode == 1 { 40.0 } else { 43.0 };
        let bench = Bench::run(
            &clips.path("clip.mp4"),
            &format!("avconcat/mkv/mode/{mode}/{parts}"),
        );
        let progress = &bench.progress;
        assert!(
            progress
                .windows(2)
                .all(|pair| pair[0].done_seconds <= pair[1].done_seconds)
        );
        assert!(progress.iter().all(|at| at.total_seconds == Some(total)));
        let last = progress.last().unwrap();
        assert_eq!(last.phase, Phase::Finalising);
        assert!((last.done_seconds - total).abs() < 0.3, "{last:?}");
    }
}

#[test]
fn a_stop_in_the_second_part_is_heard() {
    let clips = Clips::new().take("clip.mp4").take("silent.mp4");
    let cancel = Cancel::new();
    let bench = Bench::run_with(
        &clips.path("silent.mp4"),
        "avconcat/mp4/clip.mp4/clip.mp4",
        &cancel,
        |at| {
            if at.done_seconds > 5.0 {
                cancel.cancel();
            }
        },
    );
    assert!(
        matches!(bench.outcomes[0], Err(OpsError::Cancelled)),
        "{:?}",
        bench.outcomes[0]
    );
    assert!(bench.files_of(0).is_empty());
    assert!(bench.progress.iter().all(|at| at.done_seconds < 9.0));
}

#[test]
fn what_was_joined_can_be_worked_on() {
    let clips = Clips::new().take("b-frames.mp4");
    let made = clips.join(
        "b-frames.mp4",
        "avconcat/mkv/mode/1/b-frames.mp4/b-frames.mp4|avthumb/mp3/ss/4/t/1",
    );
    assert!((seconds(&made.probe()["format"]["duration"]) - 1.0).abs() < 0.06);
}
