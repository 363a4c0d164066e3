//! `getapic`: the pictures inside audio files.

use std::path::{Path, PathBuf};
use std::process::Command;

use opmill_ops::OpsError;

use crate::bench::{Bench, clip, ffmpeg, shared, utf8};

/// An audio file of this suffix with a cover of 120x90 in this picture format.
fn album(dir: &Path, suffix: &str, cover: &str) -> PathBuf {
    let (picture, song) = (
        dir.join(format!("cover.{cover}")),
        dir.join(format!("song.{suffix}")),
    );
    let said = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=120x90",
        "-frames:v",
        "1",
        utf8(&picture),
    ]);
    assert_eq!(said, "");
    let said = ffmpeg(&[
        "-i",
        utf8(&clip("tone.wav")),
        "-i",
        utf8(&picture),
        "-map",
        "0:a",
        "-map",
        "1:v",
        "-c:v",
        "copy",
        "-disposition:v",
        "attached_pic",
        utf8(&song),
    ]);
    assert_eq!(said, "");
    song
}

/// The embedded picture as ffmpeg takes it out, byte for byte.
fn embedded(song: &Path) -> Vec<u8> {
    let out = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-i",
            utf8(song),
            "-map",
            "0:v",
            "-c",
            "copy",
            "-f",
            "image2pipe",
            "-",
        ])
        .output()
        .unwrap();
    out.stdout
}

#[test]
fn a_cover_in_the_format_asked_for_is_taken_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for (suffix, cover) in [
        ("mp3", "jpg"),
        ("mp3", "png"),
        ("m4a", "jpg"),
        ("m4a", "png"),
        ("flac", "jpg"),
    ] {
        let song = album(dir.path(), suffix, cover);
        let bench = Bench::run(&song, &format!("getapic/{cover}"));
        let output = &bench.outcomes[0].as_ref().unwrap()[0];
        assert_eq!(
            std::fs::read(&output.path).unwrap(),
            embedded(&song),
            "{suffix} {cover}"
        );
        assert_eq!(output.resolution, Some((120, 90)), "{suffix} {cover}");
    }
}

#[test]
fn a_cover_in_another_format_is_encoded_anew() {
    let dir = tempfile::tempdir().unwrap();
    for (cover, wanted, magic) in [
        ("png", "jpg", &b"\xff\xd8\xff"[..]),
        ("jpg", "png", b"\x89PNG"),
    ] {
        let song = album(dir.path(), "mp3", cover);
        let bench = Bench::run(&song, &format!("getapic/{wanted}"));
        let output = &bench.outcomes[0].as_ref().unwrap()[0];
        let bytes = std::fs::read(&output.path).unwrap();
        assert!(bytes.starts_with(magic), "{cover} to {wanted}");
        let (given, got) = (
            image::load_from_memory(&embedded(&song)).unwrap().to_rgb8(),
            image::load_from_memory(&bytes).unwrap().to_rgb8(),
        );
        assert_eq!(got.dimensions(), (120, 90));
        let apart: u64 = given
            .iter()
            .zip(got.iter())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(
            apart / (given.len() as u64) < 6,
            "{cover} to {wanted}: {apart}"
        );
    }
}

#[test]
fn a_cover_may_become_a_thumbnail_beside_other_commands() {
    let dir = tempfile::tempdir().unwrap();
    let song = album(dir.path(), "mp3", "png");
    let bench = Bench::run(
        &song,
        "avthumb/aac/ab/64k;getapic/jpg|imageView2/jpg/mode/1/w/40;getapic/png",
    );
    let resolutions: Vec<_> = bench
        .outcomes
        .iter()
        .map(|outcome| outcome.as_ref().unwrap()[0].resolution)
        .collect();
    assert_eq!(resolutions, [None, Some((40, 40)), Some((120, 90))]);
}

#[test]
fn a_file_without_a_cover_says_so() {
    for source in ["tone.mp3", "clip.mp4"] {
        let error = Bench::error(source, "getapic/jpg");
        assert_eq!(
            error.to_string(),
            "the source has no embedded picture",
            "{source}"
        );
    }
    let text = Bench::error("bad/not-media.mp4", "getapic/jpg");
    assert!(matches!(text, OpsError::NotMedia { .. }), "{text}");
}

#[test]
fn covers_of_real_albums_are_found() {
    for (name, size) in [
        ("audio/cover-art-1618x1381-jpeg.mp3", (1618, 1381)),
        ("audio/cover-art.flac", (371, 320)),
        ("audio/cover-art-ogg-missing-flag.ogg", (250, 246)),
    ] {
        let Some(source) = shared(name) else { return };
        for format in ["jpg", "png"] {
            let bench = Bench::run(&source, &format!("getapic/{format}"));
            let output = &bench.outcomes[0]
                .as_ref()
                .unwrap_or_else(|error| panic!("{name}: {error}"))[0];
            assert_eq!(
                image::image_dimensions(&output.path).unwrap(),
                size,
                "{name} {format}"
            );
        }
    }
}
