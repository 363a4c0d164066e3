//! The matrix: every file of a folder of real media × (transcode, remux, screenshot, probe), in child processes of the
//! program itself. No case may crash, hang, fail without a reason or give a result that ffprobe and ffmpeg find wrong.
//!
//! `MEDIA=folder cargo test -p opmill --test matrix -- --nocapture` (or `make matrix`) runs all of it. Without MEDIA a
//! choice of files is run, where the media are (`OPMILL_MEDIA`, or `../shared/media` beside the workspace), and the
//! generated clips elsewhere, so that both engine and checker are always exercised.

mod case;
mod check;
mod child;
mod ffprobe;
mod table;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};

use check::Source;
use table::Table;

/// The folders of media that have files for an engine of video and sound, pictures among them.
const FOLDERS: [&str; 4] = ["video", "audio", "bad", "hls"];
/// Files at work at the same time.
const AT_ONCE: usize = 2;

/// One of each kind of trouble, none of them long: what the ordinary tests run.
const CHOICE: [&str; 25] = [
    "video/audio-two-tracks-ac3-aac.mp4",
    "video/dolby-vision-hlg-iphone-rot90.mov",
    "video/edit-list-preroll-sync.mp4",
    "video/flv-flv1-mp3.flv",
    "video/mkv-h264-ac3-pgs.mkv",
    "video/odd-161x121-vp9.webm",
    "video/resolution-change-midstream-vp8.webm",
    "video/sar-4-3-640x480-h264-aac.mp4",
    "video/smallest.avi",
    "video/smallest.mp4",
    "video/subtitle-only-subrip.mkv",
    "video/tiny-1x1-h264-yuv444-1fps.mp4",
    "video/ts-hevc-854x480.ts",
    "audio/audio-aac-8khz-mono.m4a",
    "audio/audio-opus-5p1.ogg",
    "audio/cover-art-1618x1381-jpeg.mp3",
    "bad/bad-image-jpegdec-cc4ee796d16c9fe68978166c7cd1ae1b.jpg",
    "bad/bad-image-mozcrash-1848717-1.avif",
    "bad/damaged-excessive-alloc.mp3",
    "bad/damaged-vp9-invalid-bitstream.webm",
    "bad/encrypted-cenc-h264-aac.mp4",
    "bad/mismatch-jpeg-named.tiff",
    "bad/unsupported-vvc.mp4",
    "hls/dash-cmaf-fmp4-local/video_1.m4s",
    "hls/hls-playlist-master.m3u8",
];

#[test]
fn every_file_gives_a_sound_result_or_a_reason() {
    let files = match std::env::var_os("MEDIA").map(PathBuf::from) {
        Some(media) => every_file(&media),
        None => a_choice(),
    };
    let (queue, table) = (Mutex::new(files.into_iter()), Mutex::new(Table::default()));
    let others = RwLock::new(());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no worker panicked").next();
                    let Some((folder, name, path)) = next else {
                        break;
                    };
                    let (cases, took) = case::run(&path, folder == "audio", &others);
                    table
                        .lock()
                        .expect("no worker panicked")
                        .add(&folder, &name, cases, took);
                }
            });
        }
    });
    table.into_inner().expect("no worker panicked").finish();
}

/// The checker can say no: results that are wrong in one way each, made by taking a clip for the result of another.
#[test]
fn the_checker_finds_what_is_wrong() {
    for (name, source, result, expected) in [
        (
            "too short",
            "clip.mp4",
            "b-frames.mp4",
            "lasts 3.000 s; the source lasts 20.0",
        ),
        (
            "still on its side",
            "rotated-90.mp4",
            "rotated-90.mp4",
            "turns it by 90 degrees",
        ),
        (
            "turned without being asked",
            "rotated-90.mp4",
            "silent.mp4",
            "is 320x240 with pixels 1.000:1; expected 240x320",
        ),
        (
            "square pixels lost",
            "sar-4-3.mp4",
            "b-frames.mp4",
            "expected 320x240 with pixels 1.333:1",
        ),
        (
            "half a file",
            "silent.mp4",
            "bad/truncated.mp4",
            "does not decode clean",
        ),
    ] {
        let wrong = Source::new(&testdata(source)).film(&testdata(result));
        assert!(
            wrong.iter().any(|problem| problem.contains(expected)),
            "{name}: {wrong:?}"
        );
    }
    let whole = Source::new(&testdata("b-frames.mp4"));
    assert_eq!(whole.film(&testdata("b-frames.mp4")), [""; 0]);
    assert_eq!(whole.copy(&testdata("b-frames.mp4")), [""; 0]);
    let other = whole.copy(&testdata("tone.mp3"));
    assert!(
        other
            .iter()
            .any(|problem| problem == "stream 0 is mp3, as none was"),
        "{other:?}"
    );
}

/// A program that does not end is killed, and one that crashes is not taken for one that fails.
#[test]
fn the_watcher_tells_a_hang_and_a_crash_from_a_failure() {
    use std::process::Command;
    use std::time::Duration;
    for (script, expected) in [
        ("read x < <(:); exit 1", None),
        ("kill -SEGV $$", Some("crashed: signal: 11 (SIGSEGV)")),
        ("exit 101", Some("crashed: exit status: 101")),
        (
            "echo \"thread 'x' panicked at y\" >&2; exit 1",
            Some("panicked: thread 'x'"),
        ),
        ("exec tail -f /dev/null", Some("hung: ")),
    ] {
        let ended = child::watch(
            Command::new("bash").args(["-c", script]),
            Duration::from_secs(2),
        );
        let misbehaviour = ended.misbehaviour().unwrap_or_default();
        assert!(
            misbehaviour.starts_with(expected.unwrap_or_default()),
            "{script}: {misbehaviour}"
        );
        assert_eq!(
            misbehaviour.is_empty(),
            expected.is_none(),
            "{script}: {misbehaviour}"
        );
    }
}

/// A folder's name, a file's path in it, and where it is.
type Named = (String, String, PathBuf);

/// Every file of the four folders, the largest first, so that none of them is alone at the end.
fn every_file(media: &Path) -> Vec<Named> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        let root = media.join(folder);
        if !root.is_dir() {
            println!("no media here: {} is not a folder", root.display());
            continue;
        }
        files.extend(below(&root).into_iter().map(|path| {
            let name = path.strip_prefix(&root).expect("it is below");
            (folder.to_owned(), name.display().to_string(), path)
        }));
    }
    let bytes = |(.., path): &Named| path.metadata().map_or(0, |found| found.len());
    files.sort_by_key(|named| std::cmp::Reverse(bytes(named)));
    files
}

/// What the ordinary tests run.
fn a_choice() -> Vec<Named> {
    let named = |root: PathBuf, names: &[String]| -> Vec<Named> {
        let name = |path: &String| {
            let (folder, name) = path.split_once('/').unwrap_or((".", path));
            (folder.to_owned(), name.to_owned(), root.join(path))
        };
        names.iter().map(name).collect()
    };
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media");
    let media = std::env::var_os("OPMILL_MEDIA").map_or(beside, PathBuf::from);
    if media.is_dir() {
        return named(media, &CHOICE.map(String::from));
    }
    println!(
        "no media at {}: the generated clips stand in for them",
        media.display()
    );
    let root = testdata("");
    let is_media = |path: &PathBuf| {
        path.extension()
            .is_some_and(|suffix| suffix != "md" && suffix != "sh")
    };
    let clips: Vec<_> = below(&root)
        .into_iter()
        .filter(is_media)
        .map(|path| {
            path.strip_prefix(&root)
                .expect("it is below")
                .display()
                .to_string()
        })
        .collect();
    named(root, &clips)
}

/// A generated clip, or the folder of them.
fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/media")
        .join(name)
}

/// Every file below a folder, sorted.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
