//! Copies: the source's own packets in another container, with what that container needs around them.

use std::path::{Path, PathBuf};
use std::process::Command;

use opmill_ops::OpsError;

use crate::bench::{Bench, clip, ffmpeg, ffprobe, packets, second_shown, seconds, shared, utf8};

const COPY: &str = "vcodec/copy/acodec/copy";
/// Three pictures in a row that are stored in another order than they are shown in.
const H264: &[&str] = &[
    "-c:v",
    "libx264",
    "-preset",
    "fast",
    "-bf",
    "3",
    "-b_strategy",
    "0",
    "-g",
    "25",
    "-c:a",
    "aac",
];
const H265: &[&str] = &[
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=none:bframes=3:b-adapt=0:keyint=25",
    "-c:a",
    "aac",
];

/// A film of one second.
fn film(dir: &Path, name: &str, how: &[&str]) -> PathBuf {
    let path = dir.join(name);
    let mut args = vec![
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=160x120:rate=25:duration=1",
    ];
    args.extend([
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000:duration=1",
    ]);
    args.extend(["-ac", "2", "-pix_fmt", "yuv420p", "-threads", "1"]);
    args.extend(how);
    args.push(utf8(&path));
    assert_eq!(ffmpeg(&args), "", "{name}");
    path
}

/// What ffmpeg makes of the same copy.
fn reference(source: &Path, container: &str) -> PathBuf {
    let muxer = match container {
        "mkv" => "matroska",
        "ts" => "mpegts",
        "m4a" => "ipod",
        "aac" => "adts",
        other => other,
    };
    let path = source.with_file_name(format!("reference.{container}"));
    let said = ffmpeg(&[
        "-i",
        utf8(source),
        "-map",
        "0",
        "-c",
        "copy",
        "-f",
        muxer,
        utf8(&path),
    ]);
    assert_eq!(said, "");
    path
}

/// Every picture as decoded, with the milliseconds from the first at which it is shown.
fn pictures(path: &Path) -> Vec<(i64, String)> {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i", utf8(path), "-map", "0:v"])
        .args([
            "-fps_mode",
            "passthrough",
            "-enc_time_base",
            "1:1000",
            "-f",
            "framemd5",
            "-",
        ])
        .output()
        .unwrap();
    let table = String::from_utf8(out.stdout).unwrap();
    let row = |row: &str| {
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        (cells[2].parse::<i64>().unwrap(), cells[5].to_owned())
    };
    let rows: Vec<_> = table
        .lines()
        .filter(|row| !row.starts_with('#'))
        .map(row)
        .collect();
    let first = rows.first().map_or(0, |row| row.0);
    rows.into_iter()
        .map(|(at, hash)| (at - first, hash))
        .collect()
}

fn same_film(source: &Path, copy: &Path, what: &str) {
    let (before, after) = (pictures(source), pictures(copy));
    assert_eq!(before.len(), after.len(), "{what}");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.1, after.1, "{what} at {} ms", before.0);
        assert!(
            (before.0 - after.0).abs() <= 1,
            "{what}: {} became {}",
            before.0,
            after.0
        );
    }
}

fn copied(source: &Path, container: &str) -> (Bench, PathBuf) {
    let copies = match container {
        "mp3" | "aac" | "opus" | "flac" | "wav" => "acodec/copy",
        _ => COPY,
    };
    let bench = Bench::run(source, &format!("avthumb/{container}/{copies}"));
    let path = match &bench.outcomes[0] {
        Ok(outputs) => outputs[0].path.clone(),
        Err(error) => panic!("{} to {container}: {error}", source.display()),
    };
    (bench, path)
}

fn decodes_clean(path: &Path, what: &str) {
    let said = ffmpeg(&[
        "-xerror",
        "-i",
        utf8(path),
        "-fps_mode",
        "passthrough",
        "-f",
        "null",
        "-",
    ]);
    assert_eq!(said, "", "{what}");
}

/// The copy is what ffmpeg makes of it, packet by packet.
fn same_packets(source: &Path, copy: &Path, container: &str, streams: &[&str]) {
    let reference = reference(source, container);
    for stream in streams {
        let (ours, theirs) = (packets(copy, stream), packets(&reference, stream));
        let what = format!("{} to {container}, {stream}", source.display());
        assert!(!ours.is_empty() && ours == theirs, "{what}");
    }
}

/// Seconds that the sound begins after the picture.
fn apart(path: &Path) -> f64 {
    let probe = ffprobe(path);
    let start = |kind: &str| {
        let streams = probe["streams"].as_array().unwrap();
        let found = streams.iter().find(|stream| stream["codec_type"] == kind);
        seconds(&found.unwrap()["start_time"])
    };
    start("audio") - start("video")
}

fn films_travel(how: &[&str], ways: &[(&str, &[&str])]) {
    let dir = tempfile::tempdir().unwrap();
    let first = film(dir.path(), "first.mp4", how);
    for (from, others) in ways {
        let (_kept, source) = copied(&first, from);
        for to in *others {
            let what = format!("{from} to {to}");
            let (_kept, copy) = copied(&source, to);
            decodes_clean(&copy, &what);
            same_film(&first, &copy, &what);
            same_packets(&source, &copy, to, &["0:v", "0:a"]);
            // A frame of AAC is 21 ms, and some containers hide the first.
            let moved = apart(&copy) - apart(&first);
            assert!(moved.abs() < 0.03, "{what}: sound moved by {moved} s");
        }
    }
}

#[test]
fn films_travel_between_containers_as_they_are() {
    films_travel(
        H264,
        &[
            ("mp4", &["mp4", "mov", "mkv", "ts", "flv"]),
            ("mkv", &["mp4", "ts", "flv"]),
            ("ts", &["mp4", "mkv", "flv", "ts"]),
            ("flv", &["mp4", "ts"]),
            ("mov", &["mkv"]),
        ],
    );
}

#[test]
fn so_do_films_of_another_codec() {
    films_travel(
        H265,
        &[
            ("mp4", &["mkv", "ts", "mov"]),
            ("mkv", &["mp4", "ts"]),
            ("ts", &["mp4", "mkv"]),
        ],
    );
}

#[test]
fn films_of_the_web_travel_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let how = [
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-c:a",
        "libopus",
    ];
    let source = film(dir.path(), "film.webm", &how);
    for to in ["webm", "mkv", "mp4"] {
        let (_kept, copy) = copied(&source, to);
        decodes_clean(&copy, to);
        same_film(&source, &copy, to);
        for stream in ["0:v", "0:a"] {
            assert_eq!(packets(&copy, stream), packets(&source, stream), "{to}");
        }
    }
}

#[test]
fn sound_travels_between_containers_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for (name, how, containers) in [
        (
            "a.mp3",
            &["-c:a", "libmp3lame"][..],
            &["mp3", "mp4", "mov", "mkv", "ts", "flv", "avi"][..],
        ),
        (
            "a.aac",
            &["-c:a", "aac"],
            &["aac", "m4a", "mp4", "mkv", "ts", "flv"],
        ),
        (
            "a.m4a",
            &["-c:a", "aac"],
            &["aac", "mp4", "mkv", "ts", "flv"],
        ),
        (
            "a.opus",
            &["-c:a", "libopus"],
            &["opus", "ogg", "webm", "mkv", "mp4", "ts"],
        ),
        ("a.ogg", &["-c:a", "libvorbis"], &["ogg", "webm", "mkv"]),
        (
            "a.ac3",
            &["-c:a", "ac3"],
            &["mp4", "mov", "mkv", "ts", "avi"],
        ),
        ("a.flac", &["-c:a", "flac"], &["flac", "ogg", "mkv"]),
        (
            "a.wav",
            &["-c:a", "pcm_s16le"],
            &["wav", "mov", "mkv", "avi"],
        ),
        ("opus.ts", &["-c:a", "libopus"], &["mkv", "mp4"]),
        (
            "latm.ts",
            &["-c:a", "aac", "-mpegts_flags", "latm"],
            &["ts"],
        ),
    ] {
        let source = dir.path().join(name);
        let mut args = vec![
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:sample_rate=48000:duration=1",
            "-ac",
            "2",
        ];
        args.extend(how);
        args.push(utf8(&source));
        assert_eq!(ffmpeg(&args), "", "{name}");
        for to in containers {
            let (_kept, copy) = copied(&source, to);
            decodes_clean(&copy, &format!("{name} to {to}"));
            same_packets(&source, &copy, to, &["0:a"]);
        }
    }
}

#[test]
fn matroska_holds_what_avi_and_quicktime_have_a_name_for() {
    let dir = tempfile::tempdir().unwrap();
    for (name, codec) in [("a.gif", "gif"), ("b.tiff", "tiff"), ("c.avi", "mpeg4")] {
        let source = dir.path().join(name);
        let picture = "testsrc2=size=64x48:rate=10:duration=0.1";
        let args = ["-f", "lavfi", "-i", picture, utf8(&source)];
        assert_eq!(ffmpeg(&args), "");
        let (_bench, copy) = copied(&source, "mkv");
        assert_eq!(ffprobe(&copy)["streams"][0]["codec_name"], codec);
        decodes_clean(&copy, name);
    }
    let how = ["-c:v", "libx264", "-c:a", "aac", "-mpegts_flags", "latm"];
    let (_bench, copy) = copied(&film(dir.path(), "latm.ts", &how), "mkv");
    assert_eq!(ffprobe(&copy)["streams"][1]["codec_name"], "aac_latm");
    decodes_clean(&copy, "latm.ts");
}

#[test]
fn what_a_container_cannot_hold_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let made = |name: &str, how: &[&str]| film(dir.path(), name, how);
    let web = made(
        "web.webm",
        &[
            "-c:v",
            "libvpx-vp9",
            "-deadline",
            "realtime",
            "-c:a",
            "libvorbis",
        ],
    );
    let latm = made(
        "latm.ts",
        &["-c:v", "libx264", "-c:a", "aac", "-mpegts_flags", "latm"],
    );
    let flac = made("flac.mkv", &["-c:v", "libx264", "-c:a", "flac"]);
    let old = made("old.avi", &["-c:v", "mpeg4", "-c:a", "pcm_s16le"]);
    for (source, container, refused) in [
        (&web, "ts", "vp9"),
        (&web, "mov", "vp9"),
        (&web, "flv", "vp9"),
        (&web, "ts/vn/1", "vorbis"),
        (&web, "mp3", "vorbis"),
        (&web, "flac", "vorbis"),
        (&latm, "mp4", "aac_latm"),
        (&flac, "mp4", "flac"),
        (&flac, "mov", "flac"),
        (&flac, "wav", "flac"),
        (&old, "flv", "mpeg4"),
        (&old, "mp4", "pcm_s16le"),
        (&old, "webm", "mpeg4"),
    ] {
        let copies = if container.contains("vn/1") || ["mp3", "flac", "wav"].contains(&container) {
            "acodec/copy"
        } else {
            COPY
        };
        let bench = Bench::run(source, &format!("avthumb/{container}/{copies}"));
        match &bench.outcomes[0] {
            Err(OpsError::CannotCopy {
                codec,
                container: named,
            }) => {
                assert_eq!(codec, refused, "{container}");
                assert!(container.starts_with(named), "{container}");
            }
            other => panic!("{} to {container}: {other:?}", source.display()),
        }
        assert!(bench.files_of(0).is_empty());
    }
}

/// AVI stores neither when pictures are shown nor, with packed pictures, one picture a packet.
#[test]
fn films_out_of_avi_get_the_times_they_never_had() {
    let dir = tempfile::tempdir().unwrap();
    let mut films = vec![film(
        dir.path(),
        "ffmpeg.avi",
        &["-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"],
    )];
    let xvid = Command::new("ffmpeg")
        .args(["-v", "quiet", "-h", "encoder=libxvid"])
        .output()
        .unwrap();
    if String::from_utf8_lossy(&xvid.stdout).contains("libxvid") {
        films.push(film(
            dir.path(),
            "packed.avi",
            &["-c:v", "libxvid", "-bf", "2", "-c:a", "libmp3lame"],
        ));
    } else {
        eprintln!("left out: packed pictures, as this ffmpeg has no libxvid");
    }
    for source in &films {
        for to in ["mp4", "mkv", "ts"] {
            let (_kept, copy) = copied(source, to);
            let what = format!("{} to {to}", source.display());
            decodes_clean(&copy, &what);
            same_film(source, &copy, &what);
        }
    }
    let h264 = film(
        dir.path(),
        "h264.avi",
        &[
            "-c:v",
            "libx264",
            "-bf",
            "2",
            "-b_strategy",
            "0",
            "-c:a",
            "libmp3lame",
        ],
    );
    let bench = Bench::run(
        &h264,
        &format!("avthumb/mp4/{COPY};avthumb/mp4/preset/ultrafast"),
    );
    let said = bench.outcomes[0].as_ref().unwrap_err();
    assert!(matches!(said, OpsError::Untimed { stream: 0 }), "{said}");
    assert!(bench.files_of(0).is_empty() && bench.outcomes[1].is_ok());
}

/// MPEG-4 in mp4 has its header beside the stream, a transport stream can only have it inside.
#[test]
fn a_header_that_stood_beside_the_stream_is_put_into_it() {
    let dir = tempfile::tempdir().unwrap();
    let source = film(
        dir.path(),
        "film.mp4",
        &["-c:v", "mpeg4", "-g", "5", "-c:a", "aac"],
    );
    let (_kept, copy) = copied(&source, "ts");
    same_film(&source, &copy, "ts");
    let bytes = std::fs::read(&copy).unwrap();
    let headers = bytes
        .windows(5)
        .filter(|window| window == &[0, 0, 1, 0x20, 0])
        .count();
    assert_eq!(headers, 5, "one before each key picture");
}

#[test]
fn players_of_mp4_find_the_name_they_look_for() {
    let dir = tempfile::tempdir().unwrap();
    let source = film(dir.path(), "film.mkv", H265);
    for (to, tag) in [("mp4", "hvc1"), ("mov", "hvc1"), ("m4a", "hvc1")] {
        let (_kept, copy) = copied(&source, to);
        assert_eq!(
            ffprobe(&copy)["streams"][0]["codec_tag_string"],
            tag,
            "{to}"
        );
    }
}

/// Key pictures of the clip are two seconds apart. A copy begins with one; mp4 can say that what is before the cut is not to
/// be shown, other containers show it.
#[test]
fn a_copy_is_cut_at_a_key_picture() {
    for (container, first, last) in [("mp4", 5, 7), ("mov", 5, 7), ("mkv", 4, 7), ("ts", 4, 7)] {
        let ops = format!("avthumb/{container}/{COPY}/ss/5/t/3");
        let made = Bench::one("clip.mp4", &ops);
        made.decodes_clean();
        let lasts = made.duration();
        let whole = f64::from(last - first + 1);
        assert!((lasts - whole).abs() < 0.2, "{container}: {lasts} s");
        let shown = [made.second_shown_at(0.1), made.second_shown_at(whole - 0.3)];
        assert_eq!(shown, [first, last], "{container}");
    }
}

#[test]
fn what_an_edit_list_hides_stays_hidden_in_a_copy_that_can_say_so() {
    let (_kept, copy) = copied(&clip("edit-list.mp4"), "mp4");
    same_film(&clip("edit-list.mp4"), &copy, "edit list");
    let shown = [0.1, 0.4, 0.6, 2.4].map(|at| second_shown(&copy, at));
    assert_eq!(shown, [1, 1, 2, 3]);
}

#[test]
fn films_of_the_wild_travel_too() {
    for (name, to) in [
        ("interlaced-1080i50-h264-ac3-avchd.mts", "mkv"),
        ("ts-hevc-854x480.ts", "mp4"),
        ("ts-h264-aac-captions-start-9.8s.ts", "flv"),
        ("ts-h264-dts.ts", "mkv"),
        ("mkv-h264-ac3-subrip.mkv", "mp4"),
        ("natural-pancake-426x240-10s-h264-opus.mkv", "mp4"),
        ("webm-av1-opus-560x320.webm", "mp4"),
        ("b-frame-pyramid-h264.mp4", "flv"),
        ("hlg-1080p-hevc-main10-aac.mp4", "ts"),
        ("fragmented-h264-aac.mp4", "mp4"),
        ("flv-h264-aac.flv", "ts"),
        ("mp4-mpeg4-qcif.mp4", "ts"),
        ("avi-mpeg4-mp3-160x120.avi", "mp4"),
        ("start-offset-10s-h264-sar.mp4", "mkv"),
    ] {
        let Some(source) = shared(&format!("video/{name}")) else {
            return;
        };
        let (_kept, copy) = copied(&source, to);
        decodes_clean(&copy, name);
        same_film(&source, &copy, name);
    }
}
