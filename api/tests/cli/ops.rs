//! Ops whose results are more than one file, or that read more than one: what the whole program makes of them.

use std::process::Command;

use opmill_engine::ops::b64u;

use crate::world::{World, ffprobe_seconds};

const FAST: &str = "preset/ultrafast/an/1";

/// A watermark beside the film is named by its path from there; one that is missing costs its command alone.
#[test]
fn a_command_may_read_files_beside_its_source() {
    let world = World::new();
    world.clip("silent.mp4", "films/a.mp4");
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "color=red:size=32x32",
            "-frames:v",
            "1",
        ])
        .arg(world.path("films/logo.png"))
        .status();
    assert!(made.unwrap().success());
    let [here, gone] = ["logo.png", "gone.png"].map(b64u::encode);
    let ops = format!(
        "avthumb/mp4/{FAST}/wmImage2/{here}|saveas/b:marked.mp4;\
         avthumb/mp4/{FAST}/wmImage2/{gone}|saveas/b:unmarked.mp4;vframe/jpg|saveas/b:a.jpg"
    );
    let said = world.opmill(&["run", "--ops", &ops, "films/a.mp4"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(world.files("out"), ["b/a.jpg", "b/marked.mp4"]);
    assert!(said.out.contains("gone.png"), "{said:?}");
    world.assert_tidy();
}

/// A playlist and its segments stand side by side under the name that was asked for, and play from there.
#[test]
fn a_playlist_comes_with_its_segments() {
    let world = World::new();
    world.clip("b-frames.mp4", "a.mp4");
    let ops = "avthumb/m3u8/segtime/1/preset/ultrafast|saveas/hls:film/a.m3u8";
    let said = world.opmill(&["run", "--json", "--ops", ops, "a.mp4"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let item = &said.lines()[0]["items"][0];
    let keys: Vec<_> = item["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["key"].as_str().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "hls:film/a.m3u8",
            "hls:film/a_000001.ts",
            "hls:film/a_000002.ts",
            "hls:film/a_000003.ts"
        ]
    );
    assert_eq!(
        (&item["key"], &item["resolution"]),
        (&keys[0].into(), &"320X240".into())
    );
    assert!((ffprobe_seconds(&world.path("out/hls/film/a.m3u8")) - 3.0).abs() < 0.1);
    world.assert_tidy();
}

/// What was only on the way is nowhere to be found.
#[test]
fn of_a_chain_only_the_end_is_published() {
    let world = World::new();
    world.clip("clip.mp4", "a.mp4");
    let ops = "avthumb/mp4/ss/2/t/1/preset/ultrafast|vframe/jpg|imageView2/jpg/mode/2/width/100|saveas/b:a.jpg";
    let said = world.opmill(&["run", "--json", "--ops", ops, "a.mp4"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.lines()[0]["items"][0]["resolution"], "100X75");
    assert_eq!(world.files("out"), ["b/a.jpg"]);
    world.assert_tidy();
}

#[test]
fn explain_says_what_was_copied_and_why() {
    let world = World::new();
    world.clip("b-frames.mp4", "a.mp4");
    let ops = "avthumb/mkv/vcodec/copy/acodec/libmp3lame|saveas/b:a.mkv";
    let said = world.opmill(&["run", "--explain", "--ops", ops, "a.mp4"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for word in ["video: copied", "audio: encoded", "because"] {
        assert!(said.out.contains(word), "{word:?} is not in {said:?}");
    }
}
