//! The picture at a moment is the one that a full decode shows then: compared with what the ffmpeg program decodes from the
//! first packet on, without a seek, in all the ways a file can make that hard.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use image::GrayImage;

use crate::bench::{Bench, clip, ffmpeg, ffprobe, seconds, shared, utf8};
use crate::ssim::ssim;

/// Alike enough to be the same picture through two conversions to RGB.
const SAME: f64 = 0.98;
/// What two neighbours of a still scene may differ in their likeness to one picture.
const TIE: f64 = 0.001;

/// The films a full decode gives, in seconds from where the file begins, and where the last picture ends.
pub struct Film {
    path: PathBuf,
    pub shown: Vec<f64>,
    pub end: f64,
}

impl Film {
    pub fn decode(path: &Path) -> Self {
        let out = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "V:0", "-show_frames"])
            .args([
                "-show_entries",
                "frame=best_effort_timestamp_time,pkt_duration_time",
            ])
            .args(["-of", "json", utf8(path)])
            .output()
            .unwrap();
        let frames: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        let frames = frames["frames"].as_array().unwrap();
        let origin = seconds(&ffprobe(path)["format"]["start_time"]);
        let mut shown: Vec<f64> = Vec::new();
        for frame in frames {
            // A picture without a time (the last one of an AVI) comes as long after the one before as that did.
            let time = frame["best_effort_timestamp_time"].as_str();
            let next = |shown: &[f64]| 2.0 * shown[shown.len() - 1] - shown[shown.len() - 2];
            shown.push(time.map_or_else(
                || next(&shown),
                |time| time.parse::<f64>().unwrap() - origin,
            ));
        }
        assert!(shown.is_sorted(), "{}: {shown:?}", path.display());
        let last = shown.last().unwrap();
        let lasts = frames.last().unwrap()["pkt_duration_time"].as_str();
        let end = last + lasts.map_or(0.0, |seconds| seconds.parse().unwrap());
        Self {
            path: path.to_owned(),
            shown,
            end,
        }
    }

    /// Which picture is shown at a moment given in milliseconds.
    pub fn at(&self, millis: u64) -> usize {
        let moment = millis as f64 / 1000.0 + 1e-6;
        self.shown.partition_point(|&shown| shown <= moment).max(1) - 1
    }

    /// Moments in milliseconds: the first, the last, exact times of pictures, and just before and between them.
    fn moments(&self) -> BTreeSet<u64> {
        let last = self.shown.len() - 1;
        let millis = |seconds: f64| (seconds.max(0.0) * 1000.0 - 1e-3).ceil() as u64;
        let mut moments = BTreeSet::from([0, millis(self.shown[last])]);
        moments.extend((1..=4).map(|quarter| millis(self.shown[last * quarter / 5 + 1.min(last)])));
        moments.extend([last / 3, last / 2, last].map(|n| millis(self.shown[n]).saturating_sub(1)));
        moments.extend(
            [last / 4, last * 2 / 3].map(|n| millis((self.shown[n] + self.shown[n + 1]) / 2.0)),
        );
        let nearly_over = millis((self.shown[last] + self.end) / 2.0);
        moments.extend((self.end > self.shown[last] + 0.002).then_some(nearly_over));
        moments
    }

    /// The pictures with these numbers, from one decode from the first packet to the last, in the size of `like`.
    pub fn pictures(
        &self,
        numbers: &BTreeSet<usize>,
        (width, height): (u32, u32),
    ) -> BTreeMap<usize, GrayImage> {
        let dir = tempfile::tempdir().unwrap();
        let select: Vec<_> = numbers.iter().map(|n| format!("eq(n\\,{n})")).collect();
        let chain = format!(
            "select='{}',scale={width}:{height}:flags=bicubic",
            select.join("+")
        );
        let to = dir.path().join("%d.png");
        let said = Command::new("ffmpeg")
            .args([
                "-nostdin",
                "-v",
                "fatal",
                "-i",
                utf8(&self.path),
                "-map",
                "0:V:0",
            ])
            .args(["-vf", &chain, "-fps_mode", "passthrough", utf8(&to)])
            .status()
            .unwrap();
        assert!(said.success(), "{}", self.path.display());
        let open = |place: usize| {
            image::open(dir.path().join(format!("{}.png", place + 1)))
                .unwrap()
                .to_luma8()
        };
        numbers
            .iter()
            .enumerate()
            .map(|(place, &n)| (n, open(place)))
            .collect()
    }
}

/// Takes the pictures of all moments, a command for each and one command for all, and compares each with the one a full
/// decode shows then, and with its neighbours, which must not be more like it.
fn assert_accurate(name: &str, path: &Path, size: &str) {
    let film = Film::decode(path);
    let moments: Vec<_> = film.moments().into_iter().collect();
    assert!(moments.len() >= 8, "{name}: only {moments:?}");
    let seconds = |millis: &u64| format!("{}.{:03}", millis / 1000, millis % 1000);
    let each: Vec<_> = moments
        .iter()
        .map(|at| format!("vframe/png/offset/{}{size}", seconds(at)))
        .collect();
    let list: Vec<_> = moments.iter().map(seconds).collect();
    let all = format!("vframe/png/offsets/{}{size}", list.join(":"));
    let bench = Bench::run(path, &format!("{};{all}", each.join(";")));
    let taken = bench.outcomes.iter().flat_map(|outcome| match outcome {
        Ok(outputs) => outputs.iter().map(|output| &output.path),
        Err(error) => panic!("{name} at {moments:?} of {:?}: {error}", film.shown),
    });
    let pictures: Vec<_> = taken
        .map(|path| image::open(path).unwrap().to_luma8())
        .collect();
    assert_eq!(pictures.len(), 2 * moments.len(), "{name}");
    let around = |n: usize| n.saturating_sub(1)..=(n + 1).min(film.shown.len() - 1);
    let numbers = moments.iter().flat_map(|&at| around(film.at(at))).collect();
    let references = film.pictures(&numbers, pictures[0].dimensions());
    for (place, picture) in pictures.iter().enumerate() {
        let at = moments[place % moments.len()];
        let how = if place < moments.len() {
            "alone"
        } else {
            "of many"
        };
        let n = film.at(at);
        let likeness = |n: usize| ssim(picture, &references[&n]);
        let this = likeness(n);
        assert!(
            this > SAME,
            "{name} at {at} ms, {how}: picture {n} has SSIM {this:.4}"
        );
        for other in around(n) {
            let other_likeness = likeness(other);
            assert!(
                this >= other_likeness - TIE,
                "{name} at {at} ms, {how}: {other} ({other_likeness:.4}) rather than {n} ({this:.4})"
            );
        }
    }
}

#[test]
fn pictures_of_the_generated_clips_are_those_of_a_full_decode() {
    for name in [
        "clip.mp4",
        "b-frames.mp4",
        "edit-list.mp4",
        "rotated-90.mp4",
        "sar-4-3.mp4",
        "start-offset.ts",
        "subtitles.mkv",
        "vfr.mp4",
    ] {
        assert_accurate(name, &clip(name), "");
    }
}

/// A test picture in which every frame differs from the next, stored in one troublesome way each.
#[test]
fn every_way_of_storing_pictures_gives_them_back_at_their_moments() {
    const X264: &str = "-c:v libx264 -preset veryfast -pix_fmt yuv420p";
    const X265: &str = "-c:v libx265 -preset ultrafast -x265-params";
    const VP9: &str = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 300k";
    const COPY: &str = "-c copy";
    let dir = tempfile::tempdir().unwrap();
    let make = |name: &str, input: &[&str], codec: &str, options: &str| {
        let to = dir.path().join(name);
        let words = codec.split(' ').chain(options.split(' '));
        let all: Vec<_> = input
            .iter()
            .copied()
            .chain(words)
            .chain([utf8(&to)])
            .collect();
        assert_eq!(ffmpeg(&all), "", "{name}");
        to
    };
    let lavfi = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=160x120:rate=25:duration=2.4",
    ];
    let lavfi = &lavfi[..];
    let base = make("base.mp4", lavfi, X264, "-g 24 -bf 2");
    let base = &["-i", utf8(&base)][..];
    let cut = &["-ss", "0.9", base[0], base[1]][..];
    let tone = &[lavfi, &["-f", "lavfi", "-i", "sine=duration=2.4"]].concat()[..];
    let uneven = "-vf select='not(mod(n\\,7))+between(n\\,20\\,30)' -fps_mode vfr -g 100 -bf 3";
    for (name, input, codec, options) in [
        ("long-gop.mp4", lavfi, X264, "-g 600 -bf 3"),
        (
            "pyramid.mkv",
            lavfi,
            X264,
            "-g 30 -bf 7 -b_strategy 0 -b-pyramid normal",
        ),
        (
            "open-gop.ts",
            lavfi,
            X264,
            "-x264-params open-gop=1:keyint=12:bframes=3:b-adapt=0",
        ),
        (
            "intra-refresh.mp4",
            lavfi,
            X264,
            "-x264-params intra-refresh=1:keyint=12",
        ),
        (
            "hevc.mp4",
            lavfi,
            X265,
            "log-level=none:keyint=20:bframes=4",
        ),
        (
            "hidden-frames.webm",
            lavfi,
            VP9,
            "-auto-alt-ref 1 -lag-in-frames 12 -g 40",
        ),
        ("film.avi", lavfi, "-c:v mpeg4", "-bf 2 -g 20 -q:v 3"),
        (
            "program-stream.mpg",
            lavfi,
            "-c:v mpeg2video",
            "-bf 2 -g 12 -q:v 3",
        ),
        ("film.flv", lavfi, X264, "-g 20 -bf 2"),
        (
            "fragmented.mp4",
            base,
            COPY,
            "-movflags frag_keyframe+empty_moov",
        ),
        ("late-start.ts", base, COPY, "-output_ts_offset 30"),
        // The clock has 33 bits and rolls over at 95443.7 s; the muxer begins 1.4 s later than it is told.
        (
            "clock-rolls-over.ts",
            base,
            COPY,
            "-output_ts_offset 95441.1",
        ),
        ("edit-list.mp4", cut, COPY, "-avoid_negative_ts disabled"),
        ("negative-start.mkv", tone, X264, "-c:a libopus -g 30 -bf 2"),
        ("vfr.mp4", lavfi, X264, uneven),
        ("ten-frames-a-second.ts", lavfi, X264, "-r 10 -g 50 -bf 2"),
    ] {
        assert_accurate(name, &make(name, input, codec, options), "");
    }
}

#[test]
fn pictures_of_real_files_are_those_of_a_full_decode() {
    for (name, file) in [
        (
            "long groups of pictures",
            "oldfilm-640x360-10s-h264-mp3.mp4",
        ),
        (
            "long groups, msmpeg4",
            "natural-pedestrians-768x576-80s-msmpeg4v3.avi",
        ),
        (
            "pyramid of B-frames, oblong pixels",
            "b-frame-pyramid-h264.mp4",
        ),
        (
            "edit list, starts late",
            "edit-list-positive-shift-1080p.mp4",
        ),
        (
            "edit list hides the first pictures",
            "edit-list-preroll-sync.mp4",
        ),
        (
            "negative start",
            "natural-pancake-426x240-10s-h264-opus.mkv",
        ),
        ("variable frame rate", "vfr-webcam-640x480-h264-aac.mov"),
        (
            "variable frame rate, upside down",
            "phone-rot180-vfr-720p-h264-aac.mp4",
        ),
        (
            "transport stream that starts late",
            "ts-h264-aac-captions-start-9.8s.ts",
        ),
        ("transport stream of hevc", "ts-hevc-854x480.ts"),
        ("transport stream of mpeg2", "ts-mpeg2-1080p-mp2.ts"),
        ("no index", "webm-no-cues-vp8.webm"),
        (
            "fragments",
            "natural-street-640x480-8s-h264-aac-fragmented.mp4",
        ),
        ("starts at ten seconds", "start-offset-10s-h264-sar.mp4"),
    ] {
        if let Some(path) = shared(&format!("video/{file}")) {
            assert_accurate(name, &path, "/w/240");
        }
    }
}
