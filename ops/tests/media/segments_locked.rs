//! Encrypted HLS: it plays with the key and not without.

use std::path::Path;
use std::process::Command;

use opmill_ops::b64u;

use crate::bench::{ffprobe, packets, utf8};
use crate::segments::*;

const KEY: &[u8; 16] = b"0123456789abcdef";
const OTHER: &[u8; 16] = b"fedcba9876543210";

/// A command whose segments are encrypted, and whose players get the key from this file.
fn locked(key: &Path, rest: &str) -> String {
    let url = b64u::encode(format!("file://{}", key.display()));
    format!(
        "avthumb/m3u8/hlsKey/{}/hlsKeyUrl/{url}{rest}",
        b64u::encode(KEY)
    )
}

/// What ffmpeg needs to read a playlist whose key is a file of any name.
const ANY_KEY: &[&str] = &["-allowed_extensions", "ALL"];

#[test]
fn encrypted_segments_play_with_the_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    for rest in [
        "/segtime/1/preset/ultrafast",
        "/segtime/1/preset/ultrafast/hlsIV/000102030405060708090A0B0C0D0E0F",
        "/segtime/1/vn/1",
    ] {
        let made = Segmented::of("b-frames.mp4", &locked(&key, rest));
        let (pictures, sound) = played(made.list(), ANY_KEY);
        let longest = pictures.max(sound);
        assert!((longest - 3.0).abs() < 0.06, "{rest}: {longest}");

        std::fs::write(&key, OTHER).unwrap();
        let (said, decoded) = play(made.list(), ANY_KEY);
        assert!(
            !said.is_empty() && !decoded.contains("\n0,"),
            "{rest}: {said}"
        );
        std::fs::write(&key, KEY).unwrap();
        for segment in made.ending(".ts") {
            assert_eq!(
                ffprobe(&segment.path)["streams"],
                serde_json::Value::Null,
                "{rest}: not encrypted"
            );
            assert_eq!(segment.path.metadata().unwrap().len() % 16, 0);
        }
        made.is_listed_in_full();
    }
}

/// What is inside is what would be there without a key, and the vector is the one the standard names.
#[test]
fn each_segment_is_encrypted_with_the_vector_the_list_says() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let rest = "/segtime/1/vcodec/copy/acodec/copy";
    let open = Segmented::of("clip.mp4", &format!("avthumb/m3u8{rest}/t/7"));
    let vector = "f0e0d0c0b0a090807060504030201000";
    for (given, of_segment) in [
        (
            String::new(),
            (0..4).map(|n| format!("{n:032x}")).collect::<Vec<_>>(),
        ),
        (format!("/hlsIV/0x{vector}"), vec![vector.to_owned(); 4]),
    ] {
        let made = Segmented::of("clip.mp4", &locked(&key, &format!("{rest}/t/7{given}")));
        let line = format!("IV=0x{vector}");
        assert_eq!(made.text("v.m3u8").contains(&line), !given.is_empty());
        let segments = made.ending(".ts");
        assert_eq!(segments.len(), 4);
        for ((segment, plain), iv) in segments.iter().zip(open.ending(".ts")).zip(of_segment) {
            let out = Command::new("ffmpeg")
                .args([
                    "-v",
                    "error",
                    "-y",
                    "-decryption_key",
                    &hex(KEY),
                    "-decryption_iv",
                    &iv,
                ])
                .args([
                    "-i",
                    &format!("crypto:{}", utf8(&segment.path)),
                    "-map",
                    "0",
                    "-c",
                    "copy",
                    "-f",
                    "framemd5",
                    "-",
                ])
                .output()
                .unwrap();
            let table = String::from_utf8(out.stdout).unwrap();
            let rows = |table: &str| -> Vec<String> {
                let rows = table.lines().filter(|line| !line.starts_with('#'));
                rows.filter_map(|line| Some(line.split(',').nth(5)?.trim().to_owned()))
                    .collect()
            };
            let expected = [packets(&plain.path, "0:v"), packets(&plain.path, "0:a")].concat();
            let mut found = rows(&table);
            let mut expected = expected;
            found.sort();
            expected.sort();
            assert!(
                !found.is_empty() && found == expected,
                "{} {found:?} {expected:?} {table}",
                segment.path.display()
            );
        }
    }
}

#[test]
fn every_list_of_a_ladder_says_where_the_key_is() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let rest = "/segtime/1/t/2/preset/ultrafast/envBandWidth/100000:200000";
    let made = Segmented::of("clip.mp4", &locked(&key, rest));
    for list in ["v_b100000.m3u8", "v_b200000.m3u8"] {
        let text = made.text(list);
        let line = text
            .lines()
            .find(|line| line.starts_with("#EXT-X-KEY:"))
            .unwrap();
        let said = attributes(line);
        assert_eq!(said["METHOD"], "AES-128");
        assert_eq!(said["URI"], format!("file://{}", key.display()));
        assert!(!said.contains_key("IV"));
        played(&file_of(&made.dir, list), ANY_KEY);
    }
    played(made.list(), ANY_KEY);
    assert!(
        !made.text("v.m3u8").contains("KEY"),
        "it is said where the segments are"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
