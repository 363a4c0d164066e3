//! Where the outputs of a command go: its `saveas`, or the default name of wire.md 5.1, and the numbering of several
//! outputs of wire.md 5.5. Pure; asked by `submit` (does the target exist?) and by `executor` (where to publish?).

use std::path::Path;

use opmill_ops::entry::EntryError;
use opmill_ops::{BucketName, Command, Entry, Key, Name, Pipeline, SaveAs};
use sha1::{Digest as _, Sha1};

use crate::notify::sign::hex;
use crate::spec::Spec;

/// Stands for the number of an output.
pub(crate) const COUNT: &str = "$(count)";

/// The target of a command that parsed.
pub(crate) fn of(command: &Command, pipeline: &Pipeline, spec: &Spec) -> Result<Entry, EntryError> {
    match &pipeline.saveas {
        Some(SaveAs::Entry(entry)) => Ok(entry.clone()),
        Some(SaveAs::Template(template)) => template.expand(file_name(spec.source.key.as_str())),
        None => default(&command.text, pipeline.suffix(), spec),
    }
}

/// The target to show for any command, as far as one can be told: that of a command in error is read from its text.
pub(crate) fn shown(command: &Command, spec: &Spec) -> Option<Entry> {
    match &command.pipeline {
        Ok(pipeline) => of(command, pipeline, spec).ok(),
        Err(_) => {
            let target = command
                .text
                .rsplit('|')
                .next()?
                .trim()
                .strip_prefix("saveas/")?;
            Entry::from_b64u(target).or_else(|_| target.parse()).ok()
        }
    }
}

/// `<source key without suffix>_<8 hex digits of SHA-1 of the command>.<format>` in the bucket of the source. A job
/// with an output folder gets it there, without the folders of the source's key.
fn default(command: &str, format: &str, spec: &Spec) -> Result<Entry, EntryError> {
    let digest = hex(&Sha1::digest(command.as_bytes())[..4]);
    let source = source(spec)?;
    let (stem, _) = split_suffix(source.key.as_str());
    Ok(Entry {
        key: format!("{stem}_{digest}.{format}").parse()?,
        bucket: source.bucket,
    })
}

/// What the source is called where results are kept: names that follow from it are made of this.
pub(crate) fn source(spec: &Spec) -> Result<Entry, EntryError> {
    match spec.out {
        Some(_) => Ok(Entry {
            bucket: BucketName::out(),
            key: file_name(spec.source.key.as_str()).parse()?,
        }),
        None => Ok(spec.source.clone()),
    }
}

/// The object that the only output of a command with this target is.
pub(crate) fn first(target: &Entry) -> Result<Entry, EntryError> {
    let key = target.key.as_str().replace(COUNT, &count(1)).parse()?;
    Ok(Entry {
        bucket: target.bucket.clone(),
        key,
    })
}

/// The objects that the outputs of a command with this target become (wire.md 5.5).
pub(crate) fn named<'a>(
    target: &Entry,
    names: impl IntoIterator<Item = (&'a Name, &'a Path)>,
) -> Result<Vec<Entry>, EntryError> {
    let names: Vec<_> = names.into_iter().collect();
    let count = names.iter().filter(|(name, _)| **name == Name::Numbered);
    let mut numbers = numbered(&target.key, count.count())?.into_iter();
    let whole = first(target)?;
    let (stem, _) = split_suffix(whole.key.as_str());
    let folder =
        &whole.key.as_str()[..whole.key.as_str().len() - file_name(whole.key.as_str()).len()];
    let named = |(name, path): (&Name, &Path)| {
        let key = match name {
            Name::Numbered => match numbers.next() {
                Some(key) => key,
                None => whole.key.clone(),
            },
            Name::Target => whole.key.clone(),
            Name::Beside => {
                let own = path.file_name().and_then(|name| name.to_str());
                format!("{folder}{}", own.unwrap_or_default()).parse()?
            }
            Name::Inside(key) => format!("{stem}/{key}").parse()?,
            Name::Key(key) => key.clone(),
            Name::Entry(entry) => return Ok(entry.clone()),
        };
        Ok(Entry {
            bucket: target.bucket.clone(),
            key,
        })
    };
    names.into_iter().map(named).collect()
}

/// The keys of so many outputs: `$(count)` becomes 000001, 000002, …; without it a single output keeps the key as it
/// is and several get `_000001`, … before the suffix.
fn numbered(target: &Key, outputs: usize) -> Result<Vec<Key>, EntryError> {
    let key = target.as_str();
    let (stem, suffix) = split_suffix(key);
    (1..=outputs)
        .map(|n| {
            if key.contains(COUNT) {
                key.replace(COUNT, &count(n)).parse()
            } else if outputs == 1 {
                Ok(target.clone())
            } else {
                format!("{stem}_{}{suffix}", count(n)).parse()
            }
        })
        .collect()
}

/// How an output is counted (wire.md 5.5).
fn count(n: usize) -> String {
    format!("{n:06}")
}

/// The last segment of a key.
pub(crate) fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// Splits before the last dot of the last segment. A dot at its beginning belongs to the name (`.env`).
fn split_suffix(key: &str) -> (&str, &str) {
    let start = key.len() - file_name(key).len();
    match key.rfind('.') {
        Some(dot) if dot > start => key.split_at(dot),
        _ => (key, ""),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn spec(source: &str, out: Option<&str>) -> Spec {
        Spec {
            source: serde_json::from_value(source.into()).unwrap(),
            size: 1,
            ops: String::new(),
            out: out.map(PathBuf::from),
            notify: None,
            separate: false,
            lenient: false,
            explain: false,
            access_key: None,
            manage: None,
        }
    }

    #[test]
    fn every_command_has_a_target() {
        let digest = |text: &str| hex(&Sha1::digest(text)[..4]);
        let mp4 = digest("avthumb/mp4/vb/64k");
        for (row, source, out, command, expected) in [
            (
                "saveas",
                "bkt:v.mov",
                None,
                "avthumb/mp4|saveas/YnVja2V0OmZpbGVrZXk=",
                "bucket:filekey".to_owned(),
            ),
            (
                "template",
                "bkt:a/v.mov",
                None,
                "avthumb/mp4|saveas/to:x/$(fprefix).mp4",
                "to:x/v.mp4".to_owned(),
            ),
            (
                "default",
                "bkt:a/v.mov",
                None,
                "avthumb/mp4/vb/64k",
                format!("bkt:a/v_{mp4}.mp4"),
            ),
            (
                "default, no suffix",
                "bkt:a.b/v",
                None,
                "avthumb/mp4/vb/64k",
                format!("bkt:a.b/v_{mp4}.mp4"),
            ),
            (
                "default, dot file",
                "bkt:.env",
                None,
                "avthumb/mp4/vb/64k",
                format!("bkt:.env_{mp4}.mp4"),
            ),
            (
                "next to a file",
                "@local:srv/v.mov",
                None,
                "avthumb/mp4/vb/64k",
                format!("@local:srv/v_{mp4}.mp4"),
            ),
            (
                "into a folder",
                "@local:srv/v.mov",
                Some("/o"),
                "avthumb/mp4/vb/64k",
                format!("@out:v_{mp4}.mp4"),
            ),
        ] {
            let command = opmill_ops::parse(command).unwrap().remove(0);
            let target = of(
                &command,
                command.pipeline.as_ref().unwrap(),
                &spec(source, out),
            )
            .unwrap();
            assert_eq!(target.to_string(), expected, "{row}");
            assert_eq!(shown(&command, &spec(source, out)), Some(target), "{row}");
        }
        // The vector of RFC 3174: SHA-1 of "abc" begins a9993e36.
        assert_eq!(digest("abc"), "a9993e36");
    }

    #[test]
    fn the_target_of_a_command_in_error_is_still_shown() {
        for (text, expected) in [
            ("bogus/x|saveas/Ymt0Om8uanBn", Some("bkt:o.jpg")),
            ("bogus/x|saveas/bkt:o.jpg", Some("bkt:o.jpg")),
            ("bogus/x|saveas/???", None),
            ("bogus/x", None),
        ] {
            let command = opmill_ops::parse(text).unwrap().remove(0);
            assert!(command.pipeline.is_err(), "{text}");
            let target = shown(&command, &spec("bkt:v.mp4", None)).map(|entry| entry.to_string());
            assert_eq!(target.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn several_outputs_are_numbered() {
        for (row, key, count, expected) in [
            ("one keeps its name", "a/o.jpg", 1, &["a/o.jpg"][..]),
            ("two", "a/o.jpg", 2, &["a/o_000001.jpg", "a/o_000002.jpg"]),
            (
                "two without suffix",
                "a.b/o",
                2,
                &["a.b/o_000001", "a.b/o_000002"],
            ),
            (
                "count",
                "o-$(count).jpg",
                2,
                &["o-000001.jpg", "o-000002.jpg"],
            ),
            ("count, one", "o-$(count).jpg", 1, &["o-000001.jpg"]),
            ("none", "o.jpg", 0, &[]),
        ] {
            let keys = numbered(&key.parse().unwrap(), count).unwrap();
            assert_eq!(
                keys.iter().map(Key::as_str).collect::<Vec<_>>(),
                expected,
                "{row}"
            );
        }
    }

    #[test]
    fn outputs_say_what_they_are_called() {
        let key = |text: &str| text.parse::<Key>().unwrap();
        let elsewhere: Entry = "other:x.txt".parse().unwrap();
        let named = |target: &str, names: &[(Name, &str)]| -> Vec<String> {
            let names = names.iter().map(|(name, path)| (name, Path::new(*path)));
            let entries = super::named(&target.parse().unwrap(), names).unwrap();
            entries.iter().map(Entry::to_string).collect()
        };
        let playlist = [
            (Name::Target, "/w/out.m3u8"),
            (Name::Beside, "/w/v_000001.ts"),
        ];
        assert_eq!(
            named("bkt:a/v.m3u8", &playlist),
            ["bkt:a/v.m3u8", "bkt:a/v_000001.ts"]
        );
        let pictures = [
            (Name::Numbered, "/w/1.jpg"),
            (Name::Numbered, "/w/2.jpg"),
            (Name::Beside, "/w/o.vtt"),
        ];
        assert_eq!(
            named("bkt:o.jpg", &pictures),
            ["bkt:o_000001.jpg", "bkt:o_000002.jpg", "bkt:o.vtt"]
        );
        let members = [
            (Name::Target, "/w/list.txt"),
            (Name::Inside(key("b/c.txt")), "/w/c"),
            (Name::Key(key("k")), "/w/d"),
            (Name::Entry(elsewhere), "/w/e"),
        ];
        assert_eq!(
            named("bkt:a/list.txt", &members),
            [
                "bkt:a/list.txt",
                "bkt:a/list/b/c.txt",
                "bkt:k",
                "other:x.txt"
            ]
        );
        assert_eq!(
            named("bkt:v-$(count).m3u8", &playlist),
            ["bkt:v-000001.m3u8", "bkt:v_000001.ts"]
        );
    }

    #[test]
    fn a_name_that_grows_too_long_is_an_error() {
        let key: Key = "k".repeat(998).parse().unwrap();
        assert!(numbered(&key, 1).is_ok());
        assert!(numbered(&key, 2).is_err());
    }
}
