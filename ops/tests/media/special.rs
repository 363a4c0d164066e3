//! Kinds of files that go wrong easily, one a test, on a real file of each kind: what a player shows of the film that was
//! made is what it shows of the source, picture for picture, and so it is with the picture of a moment.

use std::path::{Path, PathBuf};
use std::process::Command;

use image::GrayImage;
use serde_json::Value;

use crate::accuracy::Film;
use crate::bench::{Bench, ffmpeg, ffprobe, seconds, shared, utf8};
use crate::ssim::ssim;

/// How far a picture may move, in seconds: films of a steady rate are counted by the picture, even where their times waver.
const TICK: f64 = 0.017;

/// The film of the collection whose row says this of it.
fn film_that(says: &str) -> Option<PathBuf> {
    let manifest = std::fs::read_to_string(shared("MANIFEST.tsv")?).unwrap();
    let is_it =
        |row: &&str| row.starts_with("video/") && row.rsplit('\t').next().unwrap().contains(says);
    let row = manifest
        .lines()
        .find(is_it)
        .unwrap_or_else(|| panic!("no film says: {says}"));
    shared(row.split('\t').next().unwrap())
}

/// A film and a picture made of a source.
struct Made {
    bench: Bench,
}

impl Made {
    /// `avthumb` to MP4, and `vframe` at these seconds.
    fn of(source: &Path, at: f64) -> Self {
        let ops = format!("avthumb/mp4/preset/ultrafast;vframe/png/offset/{at:.3}");
        let bench = Bench::run(source, &ops);
        for outcome in &bench.outcomes {
            assert!(outcome.is_ok(), "{}: {outcome:?}", source.display());
        }
        Self { bench }
    }

    fn path(&self, command: usize) -> &Path {
        &self.bench.outcomes[command].as_ref().unwrap()[0].path
    }

    fn film(&self) -> &Path {
        self.path(0)
    }

    /// The only stream of a kind in the film.
    fn stream(&self, kind: &str) -> Value {
        let probe = ffprobe(self.film());
        let streams = probe["streams"].as_array().unwrap().iter();
        let found: Vec<_> = streams
            .filter(|stream| stream["codec_type"] == kind)
            .collect();
        assert_eq!(found.len(), 1, "{probe}");
        found[0].clone()
    }

    /// Size and pixel aspect of the film, which needs no turning, and size of the picture.
    fn assert_sizes(&self, film: (u64, u64, &str), still: (u32, u32)) {
        let video = self.stream("video");
        let size = |side: &str| video[side].as_u64().unwrap();
        let pixels = video["sample_aspect_ratio"].as_str().unwrap_or("1:1");
        assert_eq!((size("width"), size("height"), pixels), film, "{video}");
        assert_eq!(video["side_data_list"], Value::Null, "{video}");
        assert_eq!(image::image_dimensions(self.path(1)).unwrap(), still);
    }

    /// Every picture of the source is in the film, at its moment, and the film ends when the source does.
    fn assert_shows_all_of(&self, source: &Film) {
        let film = Film::decode(self.film());
        assert_eq!(
            film.shown.len(),
            source.shown.len(),
            "{:?}\n{:?}",
            film.shown,
            source.shown
        );
        let shift = film.shown[0] - source.shown[0];
        assert!(shift.abs() < 0.05, "begins {shift} s later");
        for (ours, theirs) in film.shown.iter().zip(&source.shown) {
            assert!(
                (ours - shift - theirs).abs() <= TICK,
                "{ours} rather than {theirs}"
            );
        }
        let longest = 1.0_f64.max(source.end);
        assert!(
            (film.end - source.end).abs() < 0.05 * longest,
            "{} rather than {}",
            film.end,
            source.end
        );
    }

    /// The picture is the one a full decode of the source shows at these seconds.
    fn assert_picture(&self, source: &Film, at: f64) {
        let picture = image::open(self.path(1)).unwrap().to_luma8();
        let n = source.at((at * 1000.0).round() as u64);
        let reference = &source.pictures(&[n].into(), picture.dimensions())[&n];
        let likeness = ssim(&picture, reference);
        assert!(likeness > 0.98, "picture {n}: {likeness:.4}");
    }
}

/// Makes a film and a picture, and checks all of it.
fn assert_special(says: &str, at: f64, film: (u64, u64, &str), still: (u32, u32)) -> Option<Made> {
    let source = film_that(says)?;
    let made = Made::of(&source, at);
    made.assert_sizes(film, still);
    let source = Film::decode(&source);
    made.assert_shows_all_of(&source);
    made.assert_picture(&source, at);
    Some(made)
}

#[test]
fn a_phone_held_upright_gives_an_upright_film() {
    assert_special(
        "rotation -90; iPhone mov",
        1.0,
        (320, 568, "1:1"),
        (320, 568),
    );
}

#[test]
fn a_phone_held_upside_down_gives_an_upright_film() {
    assert_special("rotation 180; VFR", 1.0, (1280, 720, "1:1"), (1280, 720));
}

#[test]
fn oblong_pixels_stay_in_a_film_and_become_square_in_a_picture() {
    assert_special(
        "non-square pixels 3:2",
        2.0,
        (1280, 1080, "3:2"),
        (1920, 1080),
    );
}

#[test]
fn an_odd_size_loses_a_line_in_a_film_and_none_in_a_picture() {
    assert_special("odd dimensions", 0.5, (160, 120, "1:1"), (161, 121));
}

#[test]
fn interlaced_pictures_keep_their_number_and_size() {
    assert_special(
        "interlaced tff 1080i",
        0.3,
        (1920, 1080, "1:1"),
        (1920, 1080),
    );
}

#[test]
fn ten_bits_become_eight_in_h264() {
    if let Some(made) = assert_special("10-bit h264", 0.05, (640, 360, "1:1"), (640, 360)) {
        assert_eq!(made.stream("video")["pix_fmt"], "yuv420p");
    }
}

/// High dynamic range is made standard as ffmpeg's own filters do it: neither washed out nor dark.
#[test]
fn pq_is_mapped_to_standard_range() {
    assert_mapped("HDR10 PQ; av1", 0.5);
}

#[test]
fn hlg_is_mapped_to_standard_range() {
    assert_mapped("HLG; hevc main10", 0.1);
}

fn assert_mapped(says: &str, at: f64) {
    let Some(path) = film_that(says) else { return };
    let made = Made::of(&path, at);
    let video = made.stream("video");
    for (field, value) in [
        ("color_transfer", "bt709"),
        ("color_primaries", "bt709"),
        ("pix_fmt", "yuv420p"),
    ] {
        assert_eq!(video[field], value, "{video}");
    }
    let dir = tempfile::tempdir().unwrap();
    let to = |name: &str| dir.path().join(name);
    let at = format!("{at}");
    let take = |film: &Path, chain: &str, name: &str| {
        let chain = format!("{chain}scale=320:-2,format=rgb24");
        let arguments = [
            "-i",
            utf8(film),
            "-ss",
            &at,
            "-frames:v",
            "1",
            "-vf",
            &chain,
        ];
        assert_eq!(ffmpeg(&[&arguments[..], &[utf8(&to(name))]].concat()), "");
        looks(&to(name))
    };
    let chain = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,\
zscale=t=bt709:m=bt709:r=tv,format=yuv420p,";
    let reference = take(&path, chain, "reference.png");
    let flat = take(&path, "format=yuv420p,", "flat.png");
    let still = looks(made.path(1));
    let film = take(made.film(), "", "film.png");
    for (name, (light, colour)) in [("film", film), ("picture", still)] {
        assert!(
            (light - reference.0).abs() < 3.0,
            "{name}: luma {light} rather than {}",
            reference.0
        );
        assert!(
            (colour - reference.1).abs() < 0.03,
            "{name}: saturation {colour} rather than {}",
            reference.1
        );
    }
    let told_apart = (flat.0 - reference.0).abs() > 6.0 || (flat.1 - reference.1).abs() > 0.06;
    assert!(
        told_apart,
        "this film would pass unmapped: {flat:?}, {reference:?}"
    );
}

/// Mean luma, 0 to 255, and mean saturation, 0 to 1.
fn looks(path: &Path) -> (f64, f64) {
    let picture = image::open(path).unwrap();
    let light = |grey: GrayImage| grey.pixels().map(|p| f64::from(p.0[0])).sum::<f64>();
    let rgb = picture.to_rgb8();
    let count = f64::from(rgb.width() * rgb.height());
    let saturation = rgb.pixels().map(|pixel| {
        let (most, least) = (pixel.0.iter().max().unwrap(), pixel.0.iter().min().unwrap());
        f64::from(most - least) / f64::from(*most).max(1.0)
    });
    (
        light(picture.to_luma8()) / count,
        saturation.sum::<f64>() / count,
    )
}

#[test]
fn what_has_an_alpha_channel_is_shown_without() {
    if let Some(made) = assert_special("alpha channel vp9", 2.0, (200, 200, "1:1"), (200, 200)) {
        assert_eq!(made.stream("video")["pix_fmt"], "yuv420p");
    }
}

#[test]
fn of_several_tracks_one_of_each_is_taken() {
    let Some(source) = film_that("two video, two aac, two mov_text tracks") else {
        return;
    };
    let made = Made::of(&source, 3.0);
    // Both films are marked as default; a player shows the larger.
    made.assert_sizes((480, 270, "1:1"), (480, 270));
    assert_eq!(made.stream("audio")["channels"], 2);
    // Its subtitles go on after picture and sound.
    let sound = seconds(&ffprobe(&source)["streams"][4]["duration"]);
    assert!((seconds(&ffprobe(made.film())["format"]["duration"]) - sound).abs() < 0.1);
    let Some(eight) = film_that("8 mono aac") else {
        return;
    };
    let bench = Bench::run(&eight, "avthumb/mp3/t/1");
    assert_eq!(
        ffprobe(&bench.outcomes[0].as_ref().unwrap()[0].path)["streams"][0]["channels"],
        1
    );
}

#[test]
fn a_film_without_an_index_is_shown_whole() {
    assert_special("no seek index", 3.1, (320, 240, "1:1"), (320, 240));
    assert_special("fragmented mp4 6 s", 4.0, (400, 300, "1:1"), (400, 300));
}

/// A download that broke off: what is there is shown, where the format begins with what is needed to read it.
#[test]
fn a_film_that_breaks_off_is_shown_as_far_as_it_goes() {
    let Some(whole) = film_that("no seek index") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("cut.webm");
    let bytes = std::fs::read(whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() * 6 / 10]).unwrap();
    let made = Made::of(&cut, 1.5);
    let source = Film::decode(&cut);
    made.assert_picture(&source, 1.5);
    let film = Film::decode(made.film());
    assert!(film.shown.len() > 30 && film.shown.len().abs_diff(source.shown.len()) <= 1);
}

/// The clock of a transport stream has 33 bits, and starts again from zero after a day.
#[test]
fn a_clock_that_rolls_over_goes_on() {
    let Some(whole) = film_that("mpeg-ts hevc") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let rolled = dir.path().join("rolled.ts");
    // The muxer begins 1.4 s later than it is told; the clock ends at 95443.7 s.
    let options = ["-c", "copy", "-output_ts_offset", "95441.8"];
    let said = ffmpeg(&[&["-i", utf8(&whole)], &options[..], &[utf8(&rolled)]].concat());
    assert_eq!(said, "");
    let clock = raw_clock(&rolled);
    assert!(
        clock[0] > 95_000.0 && clock[clock.len() - 1] < 10.0,
        "it does not roll over: {clock:?}"
    );
    for at in [0.2, 0.9] {
        let made = Made::of(&rolled, at);
        let source = Film::decode(&whole);
        made.assert_shows_all_of(&source);
        made.assert_picture(&source, at);
    }
}

/// When pictures are shown by the clock of a transport stream as it is stored.
fn raw_clock(path: &Path) -> Vec<f64> {
    let out = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-correct_ts_overflow",
            "0",
            "-select_streams",
            "v",
        ])
        .args([
            "-show_entries",
            "packet=pts_time",
            "-of",
            "csv=p=0",
            utf8(path),
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let times = text
        .split([',', '\n'])
        .filter_map(|cell| cell.trim().parse().ok());
    times.collect()
}

#[test]
fn ten_seconds_without_a_key_picture_are_no_obstacle() {
    assert_special(
        "mp3-in-mp4; public domain",
        8.5,
        (640, 360, "1:1"),
        (640, 360),
    );
}

#[test]
fn an_edit_list_decides_what_is_shown() {
    assert_special("edit list pre-roll", 0.3, (640, 360, "1:1"), (640, 360));
}

#[test]
fn a_film_that_begins_before_zero_loses_nothing() {
    assert_special(
        "natural; negative start",
        5.0,
        (426, 240, "1:1"),
        (426, 240),
    );
}

#[test]
fn pictures_keep_their_uneven_moments() {
    let Some(made) = assert_special("VFR; timebase 600", 5.0, (640, 480, "1:1"), (640, 480)) else {
        return;
    };
    let source = Film::decode(&film_that("VFR; timebase 600").unwrap());
    let film = Film::decode(made.film());
    let moved = film
        .shown
        .iter()
        .zip(&source.shown)
        .map(|(ours, theirs)| (ours - theirs).abs());
    let most = moved.fold(0.0, f64::max);
    assert!(most < 0.002, "a picture moved by {most} s");
}
