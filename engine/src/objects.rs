//! The objects that commands read beside their source: watermarks, subtitles, files to join. Named by the op string,
//! found and brought here by the executor before a command runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use opmill_ops::{BucketName, Entry, ObjectRef};

use crate::error::EngineError;
use crate::processor::Failure;
use crate::shared::Shared;
use crate::spec::Spec;
use crate::target;

/// Objects of one attempt; each is brought once, however many commands name it.
pub(crate) struct Objects<'a> {
    shared: &'a Shared,
    spec: &'a Spec,
    /// Where copies of remote objects go.
    dir: &'a Path,
    here: BTreeMap<Entry, PathBuf>,
}

impl<'a> Objects<'a> {
    /// `source` is where the source is already: commands may name it among their objects.
    pub fn new(shared: &'a Shared, spec: &'a Spec, dir: &'a Path, source: &Path) -> Self {
        Self {
            shared,
            spec,
            dir,
            here: BTreeMap::from([(spec.source.clone(), source.to_owned())]),
        }
    }

    /// The files of all these objects, or why one of them cannot be had.
    pub async fn bring(
        &mut self,
        names: impl IntoIterator<Item = &ObjectRef>,
    ) -> Result<BTreeMap<ObjectRef, PathBuf>, Failure> {
        let mut files = BTreeMap::new();
        for name in names {
            let entry = entry(name, &self.spec.source)?;
            if !self.here.contains_key(&entry) {
                let copy = self.dir.join(format!("object-{}", self.here.len()));
                let place = self.shared.buckets.place(&entry, self.spec.out.as_deref());
                let file = place.map_err(Failure::from)?.fetch(&entry, &copy).await;
                self.here
                    .insert(entry.clone(), file.map_err(Failure::from)?);
            }
            files.insert(name.clone(), self.here[&entry].clone());
        }
        Ok(files)
    }
}

/// The object that is meant beside this source.
pub(crate) fn entry(name: &ObjectRef, source: &Entry) -> Result<Entry, Failure> {
    let is_local = source.bucket == BucketName::local();
    let refused = |error: opmill_ops::EntryError| Failure::from(EngineError::TargetName(error));
    let local = |key: &str| {
        Ok(Entry {
            bucket: BucketName::local(),
            key: key.parse().map_err(refused)?,
        })
    };
    match name {
        ObjectRef::Entry(entry) => Ok(entry.clone()),
        // Beside a file, a path counts from its folder.
        ObjectRef::Key(key) if is_local => {
            let folder = source.key.as_str().len() - target::file_name(source.key.as_str()).len();
            local(&format!("{}{key}", &source.key.as_str()[..folder]))
        }
        ObjectRef::Key(key) => Ok(Entry {
            bucket: source.bucket.clone(),
            key: key.clone(),
        }),
        ObjectRef::Path(path) if is_local => local(path.trim_start_matches('/')),
        ObjectRef::Path(path) => Err(Failure::permanent(format!(
            "{path} is a path of this machine, but the source is an object of a bucket; name an object as `bucket:key`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_beside_the_source() {
        for (source, name, expected) in [
            ("bkt:a/v.mp4", "marks:logo.png", Some("marks:logo.png")),
            ("bkt:a/v.mp4", "logo.png", Some("bkt:logo.png")),
            ("bkt:a/v.mp4", "/srv/logo.png", None),
            (
                "@local:srv/a/v.mp4",
                "logo.png",
                Some("@local:srv/a/logo.png"),
            ),
            (
                "@local:srv/a/v.mp4",
                "b/logo.png",
                Some("@local:srv/a/b/logo.png"),
            ),
            ("@local:v.mp4", "logo.png", Some("@local:logo.png")),
            (
                "@local:srv/a/v.mp4",
                "/etc/logo.png",
                Some("@local:etc/logo.png"),
            ),
        ] {
            let source: Entry = serde_json::from_value(source.into()).unwrap();
            let found = entry(&ObjectRef::parse(name).unwrap(), &source);
            let found = found.ok().map(|entry| entry.to_string());
            assert_eq!(found.as_deref(), expected, "{source} {name}");
        }
    }
}
