//! The name of a member, made the name of an object, or refused.

use std::borrow::Cow;

use crate::entry::Key;
use crate::error::BadName;

/// A key-like relative path: segments between `/`, none of them empty, `.` or `..`, no control characters.
///
/// Backslashes separate, as archivers on Windows write them so. What only looks odd is put right; what leads elsewhere
/// is refused.
pub(super) fn key(given: &str) -> Result<String, BadName> {
    let given = given.replace('\\', "/");
    if given.starts_with('/') {
        return Err(BadName::Absolute);
    }
    if matches!(given.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Err(BadName::Drive);
    }
    let mut key = String::with_capacity(given.len());
    for segment in given.split('/') {
        match segment {
            "" | "." => continue,
            ".." => return Err(BadName::Parent),
            _ if key.is_empty() => {}
            _ => key.push('/'),
        }
        key.extend(
            segment
                .chars()
                .map(|c| if c.is_control() { '_' } else { c }),
        );
    }
    match key.len() {
        0 => Err(BadName::Nothing),
        1..=Key::MAX_BYTES => Ok(key),
        _ => Err(BadName::TooLong),
    }
}

/// Text of a name in no stated encoding: UTF-8 if it is that, else each byte a character of Latin-1, so that two names
/// never become one.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_key() {
        for (given, expected) in [
            ("a.txt", "a.txt"),
            ("./a/./b.txt", "a/b.txt"),
            ("a//b", "a/b"),
            (r"dir\sub\file.txt", "dir/sub/file.txt"),
            ("two words/视频.mp4", "two words/视频.mp4"),
            ("line\nbreak\0\u{7f}", "line_break__"),
            ("..hidden/a..b/...", "..hidden/a..b/..."),
            ("-rf", "-rf"),
            ("10:30.log", "10:30.log"),
            ("a/c:/b", "a/c:/b"),
        ] {
            let key = key(given).unwrap();
            assert_eq!(key, expected);
            assert!(key.parse::<Key>().is_ok(), "{key}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let long = "a/".repeat(600);
        for (given, reason) in [
            ("../a", BadName::Parent),
            ("a/../../b", BadName::Parent),
            ("a/..", BadName::Parent),
            (r"..\a", BadName::Parent),
            (r"a\..\..\b", BadName::Parent),
            ("/etc/passwd", BadName::Absolute),
            (r"\\server\share\a", BadName::Absolute),
            (r"C:\Windows\a", BadName::Drive),
            ("c:a", BadName::Drive),
            ("", BadName::Nothing),
            ("./", BadName::Nothing),
            (&long, BadName::TooLong),
        ] {
            assert_eq!(key(given), Err(reason), "{given}");
        }
    }

    #[test]
    fn a_name_that_is_no_utf8_is_read_byte_by_byte() {
        for (bytes, expected) in [
            (&b"plain"[..], "plain"),
            ("视频".as_bytes(), "视频"),
            (b"caf\xe9", "café"),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }
}
