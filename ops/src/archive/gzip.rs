//! A gzip file: one file, or a tar. Which of the two is seen once the first bytes are out.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::unpack::Unpacking;
use super::{Format, format, name, tar};
use crate::error::{ArchiveError, OpsError};

/// Hands what is compressed in `source` to `into`: the members of a tar, or the one file, called after the archive.
pub(super) fn members(
    source: BufReader<File>,
    wanted: Format,
    archive: &str,
    into: &mut Unpacking<'_>,
) -> Result<(), OpsError> {
    let mut content = MultiGzDecoder::new(source);
    let mut beginning = Vec::with_capacity(format::BEGINNING);
    (&mut content)
        .take(format::BEGINNING as u64)
        .read_to_end(&mut beginning)
        .map_err(|error| into.broken(None, &error))?;
    let stated = content
        .header()
        .and_then(|header| header.filename())
        .map(<[u8]>::to_owned);
    let is_tar = format::is_tar(&beginning);
    let mut content = Cursor::new(beginning).chain(content);
    if is_tar {
        tar::members(&mut content, into)?;
        // The checksum of the whole comes last, behind the end of the tar.
        return into.padding(&mut content);
    }
    if wanted == Format::Tar {
        return Err(ArchiveError::NotThat {
            wanted,
            found: Some("a gzip file that holds no tar"),
        }
        .into());
    }
    into.file(&called(archive, stated.as_deref()), &mut content)
}

/// What the one file is called: as the archive without `.gz`; if the archive does not end so, as it says itself.
fn called(archive: &str, stated: Option<&[u8]>) -> String {
    let last = |path: &str| {
        path.rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let archive = last(archive);
    let stem = archive
        .len()
        .checked_sub(".gz".len())
        .and_then(|at| archive.split_at_checked(at));
    if let Some((stem, suffix)) = stem
        && !stem.is_empty()
        && suffix.eq_ignore_ascii_case(".gz")
    {
        return stem.to_owned();
    }
    let stated = stated.map(|bytes| last(&name::text(bytes)));
    // A name that cannot be used is no reason to fail: the file has another.
    stated
        .filter(|stated| name::key(stated).is_ok())
        .unwrap_or(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_compressed_alone_is_called_after_its_archive() {
        for (archive, stated, expected) in [
            ("logs/day.log.gz", None, "day.log"),
            ("day.log.GZ", Some(&b"other"[..]), "day.log"),
            ("upload", Some(b"day.log"), "day.log"),
            ("upload", Some(b"/var/log/day.log"), "day.log"),
            ("upload", Some(b"C:\\day.log"), "day.log"),
            ("upload", Some(b".."), "upload"),
            ("upload", None, "upload"),
            (".gz", None, ".gz"),
            ("日.gz", None, "日"),
        ] {
            assert_eq!(called(archive, stated), expected, "{archive} {stated:?}");
        }
    }
}
