//! The media type of an object, judged by the suffix of its key, for its record and for remote storage.

use opmill_ops::Key;

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
