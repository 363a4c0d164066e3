//! Archives made here, good and hostile, and unpacked. What real archivers wrote lies in `testdata/archive`.

mod bombs;
mod contents;
mod damage;
mod maker;
mod names;
mod packing;

use std::path::{Path, PathBuf};

use super::unpack::Member;
use super::{Extracted, Format, extract};
use crate::error::{ArchiveError, OpsError};
use crate::{Cancel, Limits};

const FORMATS: [Format; 4] = [Format::Zip, Format::Tar, Format::Gzip, Format::SevenZip];

/// One archive on disk and the folder it is unpacked into.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("out")).unwrap();
        Self { dir }
    }

    fn archive(&self, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join("source");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn unpack(&self, bytes: &[u8], format: Format, limits: &Limits) -> Result<Extracted, OpsError> {
        let source = self.archive(bytes);
        extract(
            &source,
            format,
            "some.gz",
            &self.out(),
            limits,
            &Cancel::new(),
        )
    }
}

/// Names and contents of what comes out, sorted by name.
fn unpacked(bytes: &[u8], format: Format) -> Vec<(String, Vec<u8>)> {
    let bench = Bench::new();
    let extracted = bench.unpack(bytes, format, &Limits::default()).unwrap();
    contents(&extracted, &bench.out())
}

fn contents(extracted: &Extracted, out: &Path) -> Vec<(String, Vec<u8>)> {
    let read = |member: &Member| {
        assert_eq!(member.path.parent(), Some(out), "{member:?}");
        let content = std::fs::read(&member.path).unwrap();
        assert_eq!(content.len() as u64, member.bytes, "{member:?}");
        (member.name.clone(), content)
    };
    let kept: Vec<_> = extracted.members.iter().map(read).collect();
    assert_eq!(
        std::fs::read_dir(out).unwrap().count(),
        kept.len(),
        "files that nobody names"
    );
    kept
}

fn refused(bytes: &[u8], format: Format, limits: &Limits) -> ArchiveError {
    match Bench::new().unpack(bytes, format, limits) {
        Err(OpsError::Archive(error)) => error,
        other => panic!("{format}: {other:?}"),
    }
}

/// An archive of `testdata/archive`.
fn stored(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/archive");
    std::fs::read(folder.join(name)).unwrap()
}
