//! `decompression`: every member of an archive as a file of its own, and a list of their keys.

use std::path::Path;

use crate::archive::{self, Extracted};
use crate::entry::{BucketName, Entry, Key};
use crate::error::{ArchiveError, BadName, OpsError};
use crate::op::Decompression;
use crate::run::{Environment, Name, Output, Task};

/// What a folder is called beside a source that has no suffix to lose.
const WITHOUT_SUFFIX: &str = "_files";

pub(crate) fn run(
    source: &Path,
    task: &Task,
    op: &Decompression,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let dir = task.file("members");
    std::fs::create_dir(&dir).map_err(|error| OpsError::write_file(&dir, &error))?;
    let name = task.source.key.as_str();
    let extracted = archive::extract(source, op.format, name, &dir, env.limits, env.cancel)?;
    if let Some(notes) = skipped(&extracted) {
        (env.explain)(task.index, &notes);
    }
    let (bucket, folder) = match &op.dir {
        Some(dir) => (
            &dir.bucket,
            dir.path.as_ref().map(|path| path.as_str().to_owned()),
        ),
        None => (&task.source.bucket, Some(beside(&task.source.key))),
    };
    let mut list = String::new();
    let mut outputs = Vec::with_capacity(extracted.members.len() + 1);
    for member in extracted.members {
        let entry = entry(bucket, folder.as_deref(), &member.name)?;
        list.push_str(entry.key.as_str());
        list.push('\n');
        outputs.push(Output::still(member.path, None).named(Name::Entry(entry)));
    }
    let path = task.file("list.txt");
    std::fs::write(&path, list).map_err(|error| OpsError::write_file(&path, &error))?;
    outputs.insert(0, Output::still(path, None).named(Name::Target));
    Ok(outputs)
}

/// The folder next to the source and called as it is, without its suffix.
fn beside(source: &Key) -> String {
    let key = source.as_str();
    let name = key.rfind('/').map_or(0, |slash| slash + 1);
    let lower = key.to_ascii_lowercase();
    let suffix = [".tar.gz", ".tar"]
        .into_iter()
        .find(|suffix| lower.ends_with(suffix));
    let end = match suffix {
        Some(suffix) => key.len() - suffix.len(),
        None => key.rfind('.').unwrap_or(0),
    };
    match end > name {
        true => key[..end].to_owned(),
        false => format!("{key}{WITHOUT_SUFFIX}"),
    }
}

fn entry(bucket: &BucketName, folder: Option<&str>, member: &str) -> Result<Entry, ArchiveError> {
    let key = match folder {
        Some(folder) => format!("{folder}/{member}"),
        None => member.to_owned(),
    };
    // Folder and member are keys each: together they can only be too long.
    let key = key.parse().map_err(|_| ArchiveError::BadName {
        member: member.to_owned(),
        reason: BadName::TooLong,
    })?;
    Ok(Entry {
        bucket: bucket.clone(),
        key,
    })
}

/// What was left out, in a sentence.
fn skipped(extracted: &Extracted) -> Option<String> {
    const NAMED: usize = 5;
    let count = extracted.skipped.len();
    let named = extracted
        .skipped
        .iter()
        .take(NAMED)
        .map(|skipped| format!("{} ({})", skipped.name, skipped.what));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = if count > NAMED { ", …" } else { "" };
    (count > 0).then(|| format!("left out, as they are no files: {named}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_called_as_the_archive() {
        for (source, folder) in [
            ("photos.zip", "photos"),
            ("a/b/photos.2024.zip", "a/b/photos.2024"),
            ("a/photos.tar.gz", "a/photos"),
            ("a/Photos.TAR.GZ", "a/Photos"),
            ("photos.tgz", "photos"),
            ("a.d/photos", "a.d/photos_files"),
            (".zip", ".zip_files"),
            (".tar.gz", ".tar.gz_files"),
            ("照片.7z", "照片"),
        ] {
            assert_eq!(beside(&source.parse().unwrap()), folder, "{source}");
        }
    }
}
