//! The media type of an object, judged by the suffix of its key, then by its first bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use opmill_ops::Key;

/// The type of bytes nobody knows.
pub(crate) const UNKNOWN: &str = "application/octet-stream";
/// First bytes that are looked at.
pub(crate) const SNIFFED: u64 = 512;

/// The type of an object, judged by its name and then by its first bytes.
pub(crate) fn of(key: &Key, start: &[u8]) -> &'static str {
    let by_name = mime(key).or_else(|| mime_guess::from_path(key.as_str()).first_raw());
    let by_bytes = || infer::get(start).map(|found| found.mime_type());
    by_name.or_else(by_bytes).unwrap_or(UNKNOWN)
}

/// The first bytes of a file, wherever it was read to.
pub(crate) fn start_of(file: &File) -> io::Result<Vec<u8>> {
    let mut start = vec![0; SNIFFED as usize];
    let mut filled = 0;
    while filled < start.len() {
        match file.read_at(&mut start[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    start.truncate(filled);
    Ok(start)
}

/// The media type of an object, judged by its suffix; `None` when the suffix says nothing.
pub(crate) fn mime(key: &Key) -> Option<&'static str> {
    let (_, suffix) = key.as_str().rsplit_once('.')?;
    Some(match suffix.to_ascii_lowercase().as_str() {
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "m4a" => "audio/mp4",
        "flv" => "video/x-flv",
        "f4v" => "video/x-f4v",
        "mkv" => "video/x-matroska",
        "webm" => "video/webm",
        "avi" => "video/x-msvideo",
        "mpg" | "mpeg" => "video/mpeg",
        "3gp" => "video/3gpp",
        "ogg" => "audio/ogg",
        "ogv" => "video/ogg",
        "ts" => "video/mp2t",
        "m3u8" => "application/vnd.apple.mpegurl",
        "mpd" => "application/dash+xml",
        "m4s" => "video/iso.segment",
        "mp3" => "audio/mpeg",
        "aac" => "audio/aac",
        "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "json" => "application/json",
        "vtt" => "text/vtt",
        "zip" => "application/zip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_decides_whatever_its_case() {
        for (key, expected) in [
            ("a/clip.mp4", Some("video/mp4")),
            ("CLIP.JPG", Some("image/jpeg")),
            ("clip.tar.m3u8", Some("application/vnd.apple.mpegurl")),
            ("clip.xyz", None),
            ("mp4", None),
        ] {
            assert_eq!(mime(&key.parse().unwrap()), expected, "{key}");
        }
    }
}
