//! Names the source of a job as an object: files outside the buckets become entries of `@local`. Used by `submit`.

use std::io;
use std::path::{Component, PathBuf};

use opmill_ops::{BucketName, Entry};

use crate::error::EngineError;
use crate::job::Source;

/// The object a source is.
pub(crate) fn entry(source: Source) -> Result<Entry, EngineError> {
    let path = match source {
        Source::Object(entry) => return Ok(entry),
        Source::File(path) => absolute(path)?,
    };
    let refused = |reason: String| EngineError::SourcePath {
        path: path.clone(),
        reason,
    };
    let text = path
        .to_str()
        .ok_or_else(|| refused("its name is not UTF-8".to_owned()))?;
    let key = text.trim_start_matches('/').parse();
    let key = key.map_err(|error: opmill_ops::EntryError| refused(error.to_string()))?;
    Ok(Entry {
        bucket: BucketName::local(),
        key,
    })
}

/// The output folder of a job, which need not exist yet. Jobs outlive the working directory they were submitted in.
pub(crate) fn out_folder(path: PathBuf) -> Result<PathBuf, EngineError> {
    std::path::absolute(&path).map_err(|source| EngineError::Write { path, source })
}

/// A key may not hold `..`, so it is resolved here, the way the file system does it.
fn absolute(path: PathBuf) -> Result<PathBuf, EngineError> {
    let has_parent = path.components().any(|part| part == Component::ParentDir);
    let whole = if has_parent {
        path.canonicalize()
    } else {
        std::path::absolute(&path)
    };
    whole.map_err(|source| {
        let name = path.display().to_string();
        match source.kind() {
            io::ErrorKind::NotFound => EngineError::SourceNotFound { name },
            _ => EngineError::Source { name, source },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_an_object_of_the_local_bucket() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        std::fs::create_dir(dir.join("a")).unwrap();
        std::fs::write(dir.join("clip.mp4"), "x").unwrap();
        let expected = format!(
            "@local:{}/clip.mp4",
            dir.to_str().unwrap().trim_start_matches('/')
        );
        for path in [
            dir.join("clip.mp4"),
            dir.join("./clip.mp4"),
            dir.join("a/../clip.mp4"),
        ] {
            let entry = entry(Source::File(path.clone())).unwrap();
            assert_eq!(entry.to_string(), expected, "{}", path.display());
        }
    }

    #[test]
    fn what_cannot_be_a_key_cannot_be_a_source() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = std::ffi::OsString::from_vec(b"/srv/\xff.mp4".to_vec());
        for path in [
            PathBuf::from(bytes),
            PathBuf::from("/srv/a\nb.mp4"),
            PathBuf::from("/"),
        ] {
            let refused = entry(Source::File(path.clone()));
            assert!(
                matches!(refused, Err(EngineError::SourcePath { .. })),
                "{}",
                path.display()
            );
        }
        let gone = entry(Source::File(PathBuf::from("/gone/../clip.mp4")));
        assert!(
            matches!(gone, Err(EngineError::SourceNotFound { .. })),
            "{gone:?}"
        );
    }
}
