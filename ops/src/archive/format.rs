//! The archives there are, told apart by their first bytes, never by their names.

use std::fmt;

/// Bytes that are enough to tell formats apart: one block of a tar.
pub(super) const BEGINNING: usize = 512;

/// An archive format, as `decompression` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Format {
    Zip,
    /// Plain, or compressed with gzip.
    Tar,
    /// One file, or a tar, compressed with gzip.
    Gzip,
    SevenZip,
}

impl Format {
    /// The name in the op string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::SevenZip => "7z",
        }
    }

    /// True of the first bytes of an archive of this format. For `tar` a gzip file will do: what it holds is seen once
    /// it is unpacked.
    pub(super) fn matches(self, beginning: &[u8]) -> bool {
        match self {
            Self::Zip => is_zip(beginning),
            Self::Tar => is_tar(beginning) || is_gzip(beginning),
            Self::Gzip => is_gzip(beginning),
            Self::SevenZip => beginning.starts_with(SEVEN_ZIP),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const SEVEN_ZIP: &[u8] = b"7z\xbc\xaf\x27\x1c";

pub(super) fn is_gzip(beginning: &[u8]) -> bool {
    beginning.starts_with(b"\x1f\x8b")
}

/// A member, or the end of an archive without any.
fn is_zip(beginning: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"]
        .iter()
        .any(|magic| beginning.starts_with(*magic))
}

/// A header with the right checksum, which all kinds of tar have; or zeros, the end of a tar without members.
pub(super) fn is_tar(beginning: &[u8]) -> bool {
    let Some(block) = beginning.first_chunk::<BEGINNING>() else {
        return false;
    };
    if block.iter().all(|byte| *byte == 0) {
        return true;
    }
    let mut header = ::tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let counted: u32 = block[..148]
        .iter()
        .chain(&block[156..])
        .map(|byte| u32::from(*byte))
        .sum();
    header
        .cksum()
        .is_ok_and(|stated| stated == counted + 8 * u32::from(b' '))
}

/// What a file is that begins like this, for those who named another format.
pub(super) fn name_of(beginning: &[u8]) -> Option<&'static str> {
    let magic = |bytes: &[u8]| beginning.starts_with(bytes);
    match () {
        () if beginning.is_empty() => Some("an empty file"),
        () if is_zip(beginning) => Some("a zip archive"),
        () if is_gzip(beginning) => Some("a gzip file"),
        () if magic(SEVEN_ZIP) => Some("a 7z archive"),
        () if magic(b"Rar!\x1a\x07") => Some("a rar archive"),
        () if magic(b"BZh") => Some("a bzip2 file"),
        () if magic(b"\xfd7zXZ\0") => Some("an xz file"),
        () if magic(b"\x28\xb5\x2f\xfd") => Some("a zstd file"),
        () if is_tar(beginning) => Some("a tar archive"),
        () => None,
    }
}
