//! The names below the folder of a bucket, in the order of their bytes, without reading more folders than are needed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file, or a folder with what is below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// The key; that of a folder ends with a slash, so that it sorts where the keys below it do.
    key: String,
}

impl Name {
    fn is_folder(&self) -> bool {
        self.key.ends_with('/')
    }
}

/// Goes through the keys below a root in order.
pub(super) struct Walk {
    root: PathBuf,
    prefix: String,
    /// Only keys after this one.
    after: String,
    /// What is left to look at, the next one last.
    left: Vec<Name>,
}

impl Walk {
    /// Keys that begin with `prefix` and come after `after`.
    pub(super) fn new(root: &Path, prefix: &str, after: &str) -> io::Result<Self> {
        let mut walk = Self {
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            after: after.to_owned(),
            left: Vec::new(),
        };
        let folder = prefix.rfind('/').map_or("", |slash| &prefix[..=slash]);
        walk.enter(folder)?;
        Ok(walk)
    }

    /// Puts what is in a folder on the list.
    fn enter(&mut self, folder: &str) -> io::Result<()> {
        let mut names: Vec<Name> = children(&self.root, folder)?
            .into_iter()
            .filter(|name| self.is_wanted(name))
            .collect();
        names.sort_unstable_by(|one, other| other.cmp(one));
        self.left.append(&mut names);
        Ok(())
    }

    fn is_wanted(&self, name: &Name) -> bool {
        let key = name.key.as_str();
        // Of a folder the keys below it count.
        let may_begin = match name.is_folder() {
            true => key.starts_with(&self.prefix) || self.prefix.starts_with(key),
            false => key.starts_with(&self.prefix),
        };
        let may_follow =
            key > self.after.as_str() || (name.is_folder() && self.after.starts_with(key));
        may_begin && may_follow
    }
}

impl Iterator for Walk {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(name) = self.left.pop() {
            if !name.is_folder() {
                return Some(Ok(name.key));
            }
            if let Err(error) = self.enter(&name.key) {
                return Some(Err(error));
            }
        }
        None
    }
}

/// The files and folders right in a folder of the bucket: keys of files, and keys of folders with their slash. A folder that
/// is not there is empty.
pub(super) fn folder(root: &Path, folder: &str) -> io::Result<Vec<String>> {
    let mut keys: Vec<String> = children(root, folder)?
        .into_iter()
        .map(|name| name.key)
        .collect();
    keys.sort_unstable();
    Ok(keys)
}

fn children(root: &Path, folder: &str) -> io::Result<Vec<Name>> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        // A name that is no text is no key.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type()?;
        let hidden = name.starts_with(".opmill-") && name.ends_with(".part");
        match () {
            () if hidden => {}
            () if kind.is_dir() => names.push(Name {
                key: format!("{folder}{name}/"),
            }),
            () if kind.is_file() => names.push(Name {
                key: format!("{folder}{name}"),
            }),
            () => {}
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(keys: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for key in keys {
            let path = dir.path().join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    #[test]
    fn keys_come_in_the_order_of_their_bytes() {
        let mut keys = [
            "a.txt", "a/b", "a/c/d", "a0", "b/a", "ü", "a-b", "a/c-", "Z",
        ];
        let dir = tree(&keys);
        fs::write(dir.path().join(".opmill-7.part"), "x").unwrap();
        keys.sort_unstable();
        let walk = |prefix, after| -> Vec<String> {
            Walk::new(dir.path(), prefix, after)
                .unwrap()
                .map(Result::unwrap)
                .collect()
        };
        assert_eq!(walk("", ""), keys);
        for prefix in ["", "a", "a/", "a/c", "a/c/", "x", "b/a"] {
            for after in ["", "a", "a-b", "a/b", "a/c/d", "a/zz", "b/a", "ü"] {
                let expected: Vec<&str> = keys
                    .iter()
                    .copied()
                    .filter(|key| key.starts_with(prefix) && *key > after)
                    .collect();
                assert_eq!(walk(prefix, after), expected, "{prefix:?} after {after:?}");
            }
        }
    }

    #[test]
    fn a_folder_tells_what_is_right_in_it() {
        let dir = tree(&["d/b.txt", "d/a/x", "d/b/x", "e"]);
        assert_eq!(
            folder(dir.path(), "d/").unwrap(),
            ["d/a/", "d/b.txt", "d/b/"]
        );
        assert_eq!(folder(dir.path(), "nowhere/").unwrap(), [""; 0]);
    }
}
