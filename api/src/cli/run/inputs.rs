//! INPUT arguments to files: a file is itself, a directory its media files at any depth, a pattern what it matches.
//!
//! Called by `run` before anything is opened: an argument that leads to nothing is named, and nothing runs.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Suffixes by which a file in a directory is taken for media. A file given by name is taken whatever it is called:
/// what it is, its bytes will say.
const MEDIA_SUFFIXES: &[&str] = &[
    "3g2", "3gp", "aac", "ac3", "aif", "aiff", "amr", "asf", "avi", "caf", "dv", "eac3", "f4v",
    "flac", "flv", "m2ts", "m4a", "m4b", "m4v", "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg",
    "mts", "mxf", "oga", "ogg", "ogv", "opus", "ps", "rm", "rmvb", "ts", "vob", "wav", "webm",
    "wma", "wmv",
];

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// As the user wrote it, or as found below a directory he named.
    pub shown: PathBuf,
    /// Absolute and free of symbolic links, so that two spellings of a file are one.
    pub path: PathBuf,
    /// The file's name without its folders.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Last change, nanoseconds since 1970.
    pub modified: u128,
}

/// Why an INPUT is no source.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No such file, or no right to look.
    #[error("cannot read the input {}: {source}", path.display())]
    Unreadable {
        /// What was given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A pattern nothing matches.
    #[error("no file matches the input {pattern}")]
    NoMatch {
        /// What was given.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("the input {pattern} is neither a file nor a pattern: {reason}")]
    BadPattern {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A directory in which nothing looks like media.
    #[error("no media files in the input {}; name files that have unusual suffixes one by one", path.display())]
    NoMedia {
        /// The directory.
        path: PathBuf,
    },
    /// A socket, device or pipe.
    #[error("the input {} is not a regular file", path.display())]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// A name that is not UTF-8 cannot be part of a key.
    #[error("the input {} has a name that is not UTF-8; rename it", path.display())]
    NotUnicode {
        /// What was given.
        path: PathBuf,
    },
}

/// The files behind `arguments`, in their order and each once; below directories sorted by path. Directories in
/// `except` (the results and the queue of this very command) are not entered from above.
pub fn collect(arguments: &[PathBuf], except: &[PathBuf]) -> Result<Vec<Input>, InputError> {
    let except: Vec<PathBuf> = except
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut seen = HashSet::new();
    let mut inputs = Vec::new();
    for argument in arguments {
        for path in expand(argument)? {
            for input in files_of(&path, &except)? {
                if seen.insert(input.path.clone()) {
                    inputs.push(input);
                }
            }
        }
    }
    Ok(inputs)
}

/// A path that exists is meant literally, even with a `[` in its name; else it may be a pattern.
fn expand(argument: &Path) -> Result<Vec<PathBuf>, InputError> {
    let pattern = argument
        .to_str()
        .filter(|text| text.contains(['*', '?', '[']));
    let Some(pattern) = pattern.filter(|_| argument.symlink_metadata().is_err()) else {
        return Ok(vec![argument.to_owned()]);
    };
    let hidden_stay_hidden = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..Default::default()
    };
    let matches =
        glob::glob_with(pattern, hidden_stay_hidden).map_err(|e| InputError::BadPattern {
            pattern: pattern.to_owned(),
            reason: e.msg,
        })?;
    let mut paths = Vec::new();
    for found in matches {
        paths.push(found.map_err(|e| InputError::Unreadable {
            path: e.path().to_owned(),
            source: e.into(),
        })?);
    }
    if paths.is_empty() {
        Err(InputError::NoMatch {
            pattern: pattern.to_owned(),
        })
    } else {
        Ok(paths)
    }
}

fn files_of(path: &Path, except: &[PathBuf]) -> Result<Vec<Input>, InputError> {
    let metadata = path.metadata().map_err(|source| unreadable(path, source))?;
    if !metadata.is_dir() {
        return Ok(vec![input(path)?]);
    }
    let mut found = Vec::new();
    walk(path, except, &mut found)?;
    found.sort();
    if found.is_empty() {
        return Err(InputError::NoMedia {
            path: path.to_owned(),
        });
    }
    found.iter().map(|path| input(path)).collect()
}

/// Media files below `directory`. Links to files are followed, links to directories are not: they may lead in circles.
fn walk(directory: &Path, except: &[PathBuf], found: &mut Vec<PathBuf>) -> Result<(), InputError> {
    for entry in directory
        .read_dir()
        .map_err(|source| unreadable(directory, source))?
    {
        let entry = entry.map_err(|source| unreadable(directory, source))?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry
            .file_type()
            .map_err(|source| unreadable(&path, source))?;
        if kind.is_dir() {
            if !path.canonicalize().is_ok_and(|path| except.contains(&path)) {
                walk(&path, except, found)?;
            }
        } else if looks_like_media(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn looks_like_media(path: &Path) -> bool {
    let suffix = path
        .extension()
        .and_then(OsStr::to_str)
        .map(str::to_ascii_lowercase);
    suffix.is_some_and(|suffix| MEDIA_SUFFIXES.binary_search(&suffix.as_str()).is_ok())
}

fn input(shown: &Path) -> Result<Input, InputError> {
    let path = shown
        .canonicalize()
        .map_err(|source| unreadable(shown, source))?;
    let metadata = path
        .metadata()
        .map_err(|source| unreadable(shown, source))?;
    if !metadata.is_file() {
        return Err(InputError::NotAFile {
            path: shown.to_owned(),
        });
    }
    // Opened once, so that a file without read permission is named now and not by a failed job later.
    std::fs::File::open(&path).map_err(|source| unreadable(shown, source))?;
    // The name is what the user sees, not what a link points to; the whole path becomes the source's key.
    let name = shown
        .file_name()
        .or_else(|| path.file_name())
        .and_then(OsStr::to_str);
    let (Some(name), Some(_)) = (name, path.to_str()) else {
        return Err(InputError::NotUnicode {
            path: shown.to_owned(),
        });
    };
    let name = name.to_owned();
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let modified = modified
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    Ok(Input {
        shown: shown.to_owned(),
        path,
        name,
        size: metadata.len(),
        modified,
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> InputError {
    InputError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
