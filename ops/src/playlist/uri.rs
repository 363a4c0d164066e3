//! Names of files in lists. What is not sure to be plain in an address, a playlist and XML alike is escaped.

use std::fmt::Write as _;
use std::path::Path;

/// What names of files are put behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder(String);

impl Folder {
    /// The folder of the list itself.
    pub(super) fn relative() -> Self {
        Self(String::new())
    }

    /// The folder of this address, which ends with a slash.
    pub(super) fn at(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The folder's own address, if names are not relative.
    pub(super) fn address(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|address| !address.is_empty())
    }

    /// The reference to a file.
    pub(super) fn file(&self, path: &Path) -> String {
        let name = path.file_name().unwrap_or_default();
        format!("{}{}", self.0, escaped(&name.to_string_lossy()))
    }
}

/// RFC 3986: everything but unreserved characters as bytes in percent signs. A `:` would make a scheme of what is
/// before it, a `$` a variable of DASH.
pub(super) fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_wherever_they_stand() {
        for (name, relative) in [
            ("v_000001.ts", "v_000001.ts"),
            ("my film.ts", "my%20film.ts"),
            ("a:b\"c&d<$e%#?.ts", "a%3Ab%22c%26d%3C%24e%25%23%3F.ts"),
            ("视.ts", "%E8%A7%86.ts"),
        ] {
            let path = Path::new("/tmp/x").join(name);
            assert_eq!(Folder::relative().file(&path), relative);
            let whole = Folder::at("https://cdn.example/a/").file(&path);
            assert_eq!(whole, format!("https://cdn.example/a/{relative}"));
        }
    }
}
