//! The items of a request (wire.md 2.6): `name/value` pairs, most values in URL-safe base64, read into types that cannot be
//! wrong. Pure; asked before a job is taken, and again when it runs.

use opmill_ops::{ArchiveFormat, BucketName, Entry, Key, b64u};
use url::Url;

use super::Verb;

/// Most items of a request.
const ITEMS: usize = 1000;

/// What an item asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Task {
    Fetch {
        url: String,
        to: Entry,
        /// Lower-case hexadecimal.
        md5: Option<String>,
        unpack: Option<Unpack>,
    },
    Copy {
        from: Entry,
        to: Entry,
    },
    Move {
        from: Entry,
        to: Entry,
    },
    Delete {
        entry: Entry,
    },
    DeletePrefix {
        bucket: BucketName,
        prefix: String,
        /// Where a list of what was deleted goes.
        output: Option<Entry>,
    },
    DeletePlaylist {
        entry: Entry,
        segments: bool,
    },
    SetDeadline {
        bucket: BucketName,
        prefix: String,
        /// `None`: for ever.
        days: Option<u64>,
    },
    Compress {
        bucket: BucketName,
        /// Objects; with a slash at the end, every object of that folder.
        keys: Vec<String>,
        /// An object that names more of them, one a line.
        list: Option<Key>,
        to: Entry,
    },
}

/// The members of an archive that is fetched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unpack {
    pub format: ArchiveFormat,
    /// What their keys begin with, without a slash at its end.
    pub folder: Option<Key>,
    /// The list of them is stored under the target's name.
    pub list: bool,
}

impl Task {
    /// Every bucket it touches.
    pub fn buckets(&self) -> Vec<&BucketName> {
        match self {
            Self::Fetch { to, .. } => vec![&to.bucket],
            Self::Copy { from, to } | Self::Move { from, to } => vec![&to.bucket, &from.bucket],
            Self::Delete { entry } | Self::DeletePlaylist { entry, .. } => vec![&entry.bucket],
            Self::DeletePrefix { bucket, output, .. } => {
                let output = output.iter().map(|entry| &entry.bucket);
                std::iter::once(bucket).chain(output).collect()
            }
            Self::SetDeadline { bucket, .. } => vec![bucket],
            Self::Compress { bucket, to, .. } => vec![bucket, &to.bucket],
        }
    }

    /// What it is about, as an item shows it.
    pub fn target(&self) -> Option<&Entry> {
        match self {
            Self::Fetch { to, .. }
            | Self::Copy { to, .. }
            | Self::Move { to, .. }
            | Self::Compress { to, .. } => Some(to),
            Self::Delete { entry } | Self::DeletePlaylist { entry, .. } => Some(entry),
            Self::DeletePrefix { output, .. } => output.as_ref(),
            Self::SetDeadline { .. } => None,
        }
    }

    /// It makes files of its own on the way.
    pub fn needs_folder(&self) -> bool {
        matches!(
            self,
            Self::Compress { .. }
                | Self::Fetch {
                    unpack: Some(_),
                    ..
                }
        )
    }
}

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// There is nothing to do.
    #[error("`fops` names nothing to do")]
    Empty,
    /// There is too much to do.
    #[error("there are {count} items; a request has at most {ITEMS}")]
    TooMany {
        /// Items.
        count: usize,
    },
    /// An item is malformed.
    #[error("item {number} of {verb}: {reason}")]
    Item {
        /// Which one; 1 is the first.
        number: usize,
        /// The verb.
        verb: Verb,
        /// What is wrong with it.
        reason: String,
    },
}

/// The items of a request, as they were written.
pub(crate) fn texts(items: &str) -> Vec<&str> {
    let texts = items.split(';').map(str::trim);
    texts.filter(|text| !text.is_empty()).collect()
}

/// Reads the items of a request.
pub(crate) fn read(verb: Verb, items: &str) -> Result<Vec<Task>, ManageError> {
    let texts = texts(items);
    match texts.len() {
        0 => return Err(ManageError::Empty),
        count if count > ITEMS => return Err(ManageError::TooMany { count }),
        _ => {}
    }
    let task = |(index, text): (usize, &&str)| {
        item(verb, text).map_err(|reason| ManageError::Item {
            number: index + 1,
            verb,
            reason,
        })
    };
    texts.iter().enumerate().map(task).collect()
}

fn item(verb: Verb, text: &str) -> Result<Task, String> {
    let mut fields = Fields::of(text)?;
    let task = match verb {
        Verb::Fetch => fetch(&mut fields)?,
        Verb::Copy | Verb::Move => {
            let from = fields.entry("resource")?.ok_or("`resource` is missing")?;
            let to = fields.target(from.key.as_str())?;
            match verb {
                Verb::Copy => Task::Copy { from, to },
                _ => Task::Move { from, to },
            }
        }
        Verb::Delete => Task::Delete {
            entry: fields.own()?,
        },
        Verb::DeletePrefix => Task::DeletePrefix {
            bucket: fields.bucket()?,
            prefix: fields.required("prefix")?,
            output: fields.entry("output")?,
        },
        Verb::DeletePlaylist => Task::DeletePlaylist {
            entry: fields.own()?,
            segments: match fields.plain("deletets") {
                // What else would set it apart from `delete`?
                None | Some("1") => true,
                Some("0") => false,
                Some(other) => return Err(format!("`deletets` is {other}; it is 0 or 1")),
            },
        },
        Verb::SetDeadline => Task::SetDeadline {
            bucket: fields.bucket()?,
            prefix: fields.required("prefix")?,
            days: match fields.plain("deadline") {
                Some("-1") => None,
                Some(days) => Some(days.parse().map_err(|_| {
                    format!("`deadline` is {days}; it is a number of days, or -1 for ever")
                })?),
                None => return Err("`deadline` is missing".to_owned()),
            },
        },
        Verb::Compress => compress(&mut fields)?,
    };
    fields.end()?;
    Ok(task)
}

fn fetch(fields: &mut Fields<'_>) -> Result<Task, String> {
    let url = fields.required("fetchURL")?;
    let parsed = Url::parse(&url).map_err(|error| format!("`fetchURL` is {url:?}: {error}"))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(format!(
            "`fetchURL` is {url:?}; it must be http:// or https://"
        ));
    }
    let md5 = fields.plain("md5").map(md5).transpose()?;
    let format = fields.plain("decompression").map(format).transpose()?;
    let has_key = fields.has("key");
    let prefix = fields.decoded_ahead("prefix")?;
    let own = parsed.path().rsplit('/').next().unwrap_or_default();
    let own = percent_encoding::percent_decode_str(own).decode_utf8();
    let own = own.map(String::from).unwrap_or_default();
    if own.is_empty() && !has_key {
        return Err("`key` is missing, and the address names no file".to_owned());
    }
    let to = fields.target(&own)?;
    let unpack = match format {
        None => None,
        Some(format) => {
            let folder = prefix.unwrap_or_default();
            let folder = folder.trim_end_matches('/');
            let folder = (!folder.is_empty()).then(|| folder.parse()).transpose();
            Some(Unpack {
                format,
                folder: folder.map_err(|error| format!("`prefix` is no folder: {error}"))?,
                list: has_key,
            })
        }
    };
    Ok(Task::Fetch {
        url,
        to,
        md5,
        unpack,
    })
}

fn compress(fields: &mut Fields<'_>) -> Result<Task, String> {
    let bucket = fields.bucket()?;
    let mut keys = Vec::new();
    for key in fields.plain("keys").unwrap_or_default().split('|') {
        if key.is_empty() {
            continue;
        }
        let key = decode("keys", key)?;
        let name = key.strip_suffix('/').unwrap_or(&key);
        name.parse::<Key>()
            .map_err(|error| format!("{key:?} in `keys` is no key: {error}"))?;
        keys.push(key);
    }
    let list = match fields.decoded("keyList")? {
        Some(list) => Some(list),
        // As one of the SDKs has it.
        None => fields.decoded("keylist")?,
    };
    let list = list.map(|key| key.parse()).transpose();
    let list = list.map_err(|error| format!("`keyList` is no key: {error}"))?;
    if keys.is_empty() && list.is_none() {
        return Err("`keys` is missing".to_owned());
    }
    let to = fields.entry("saveas")?.ok_or("`saveas` is missing")?;
    Ok(Task::Compress {
        bucket,
        keys,
        list,
        to,
    })
}

/// Hexadecimal, or the base64 of that.
fn md5(text: &str) -> Result<String, String> {
    let is_hex = |text: &str| text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_hex(text) {
        return Ok(text.to_ascii_lowercase());
    }
    let decoded = decode("md5", text).ok().filter(|text| is_hex(text));
    decoded
        .map(|text| text.to_ascii_lowercase())
        .ok_or_else(|| format!("`md5` is {text}; it is 32 hexadecimal digits"))
}

fn format(text: &str) -> Result<ArchiveFormat, String> {
    let known = [
        ArchiveFormat::Zip,
        ArchiveFormat::Tar,
        ArchiveFormat::Gzip,
        ArchiveFormat::SevenZip,
    ];
    let found = known.into_iter().find(|format| format.to_string() == text);
    found.ok_or_else(|| format!("`decompression` is {text}; it is zip, tar, gzip or 7z"))
}

fn decode(name: &str, value: &str) -> Result<String, String> {
    let bytes = b64u::decode(value);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| format!("`{name}` is not URL-safe base64 of UTF-8 text"))
}

/// The pairs of an item, taken one by one.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Result<Self, String> {
        let mut parts = text.split('/');
        let mut fields: Vec<(&str, &str)> = Vec::new();
        while let Some(name) = parts.next() {
            let value = parts.next();
            let value = value.ok_or_else(|| format!("`{name}` has no value"))?;
            if fields.iter().any(|(own, _)| *own == name) {
                return Err(format!("`{name}` is given twice"));
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    fn has(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|(own, value)| *own == name && !value.is_empty())
    }

    /// The value of a name, unless it is empty.
    fn plain(&mut self, name: &str) -> Option<&'a str> {
        let index = self.0.iter().position(|(own, _)| *own == name)?;
        Some(self.0.remove(index).1).filter(|value| !value.is_empty())
    }

    fn decoded(&mut self, name: &str) -> Result<Option<String>, String> {
        self.plain(name)
            .map(|value| decode(name, value))
            .transpose()
    }

    /// The same, left where it is.
    fn decoded_ahead(&self, name: &str) -> Result<Option<String>, String> {
        let found = self.0.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| decode(name, value)).transpose()
    }

    fn required(&mut self, name: &str) -> Result<String, String> {
        let value = self.decoded(name)?.filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("`{name}` is missing"))
    }

    fn bucket(&mut self) -> Result<BucketName, String> {
        let name = self.required("bucket")?;
        name.parse()
            .map_err(|error| format!("`bucket` is {name:?}: {error}"))
    }

    /// `bucket:key` in one value.
    fn entry(&mut self, name: &str) -> Result<Option<Entry>, String> {
        let Some(text) = self.decoded(name)? else {
            return Ok(None);
        };
        let entry = text.parse();
        entry
            .map(Some)
            .map_err(|error| format!("`{name}` is {text:?}: {error}"))
    }

    /// The object that `bucket` and `key` name.
    fn own(&mut self) -> Result<Entry, String> {
        let (bucket, key) = (self.bucket()?, self.required("key")?);
        let key = key
            .parse()
            .map_err(|error| format!("`key` is {key:?}: {error}"))?;
        Ok(Entry { bucket, key })
    }

    /// Where a copy goes: `prefix`, then `key`, or else the source's own name.
    fn target(&mut self, own: &str) -> Result<Entry, String> {
        let bucket = self.bucket()?;
        let key = self.decoded("key")?.filter(|key| !key.is_empty());
        let prefix = self.decoded("prefix")?.unwrap_or_default();
        let name = format!("{prefix}{}", key.as_deref().unwrap_or(own));
        let key = name
            .parse()
            .map_err(|error| format!("the target would be called {name:?}: {error}"))?;
        Ok(Entry { bucket, key })
    }

    /// What is left was not asked for.
    fn end(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("there is no parameter `{name}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        text.parse().unwrap()
    }

    #[test]
    fn c_22_an_address_to_fetch() {
        let read = read(
            Verb::Fetch,
            "fetchURL/aHR0cDovL3gveQ==/bucket/Ymt0/key/aw==",
        );
        assert_eq!(
            read.unwrap(),
            [Task::Fetch {
                url: "http://x/y".to_owned(),
                to: entry("bkt:k"),
                md5: None,
                unpack: None,
            }]
        );
    }

    #[test]
    fn c_23_objects_to_delete_and_to_copy() {
        let deleted = read(Verb::Delete, "bucket/Ymt0/key/YQ==;bucket/Ymt0/key/Yg==");
        let delete = |name: &str| Task::Delete { entry: entry(name) };
        assert_eq!(deleted.unwrap(), [delete("bkt:a"), delete("bkt:b")]);
        let copied = read(Verb::Copy, "resource/Ymt0OmE=/bucket/Ymt0/key/Yg==");
        let (from, to) = (entry("bkt:a"), entry("bkt:b"));
        assert_eq!(copied.unwrap(), [Task::Copy { from, to }]);
    }

    #[test]
    fn targets_are_called_as_prefix_and_key_or_own_name_say() {
        let b = b64u::encode;
        for (verb, item, target) in [
            (
                Verb::Copy,
                format!("resource/{}/bucket/{}", b("bkt:d/a"), b("o")),
                "o:d/a",
            ),
            (
                Verb::Move,
                format!(
                    "resource/{}/bucket/{}/prefix/{}",
                    b("bkt:d/a"),
                    b("o"),
                    b("p/")
                ),
                "o:p/d/a",
            ),
            (
                Verb::Move,
                format!(
                    "key/{}/resource/{}/bucket/{}/prefix/{}",
                    b("k"),
                    b("bkt:d/a"),
                    b("o"),
                    b("p/")
                ),
                "o:p/k",
            ),
            (
                Verb::Fetch,
                format!(
                    "fetchURL/{}/bucket/{}",
                    b("https://x/d/a%20b.zip?q=1"),
                    b("bkt")
                ),
                "bkt:a b.zip",
            ),
            (
                Verb::Compress,
                format!(
                    "bucket/{}/keys/{}|{}/keylist/{}/saveas/{}",
                    b("bkt"),
                    b("a"),
                    b("d/"),
                    b("l"),
                    b("o:z.zip")
                ),
                "o:z.zip",
            ),
            (
                Verb::DeletePrefix,
                format!(
                    "bucket/{}/prefix/{}/output/{}",
                    b("bkt"),
                    b("a"),
                    b("o:l.txt")
                ),
                "o:l.txt",
            ),
            (
                Verb::DeletePlaylist,
                format!("bucket/{}/key/{}/deletets/0", b("bkt"), b("a.m3u8")),
                "bkt:a.m3u8",
            ),
        ] {
            let task = read(verb, &item).unwrap().remove(0);
            assert_eq!(task.target(), Some(&entry(target)), "{item}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_the_item() {
        let b = b64u::encode;
        let own = format!("bucket/{}/key/{}", b("bkt"), b("a"));
        for (verb, items, expected) in [
            (Verb::Delete, "".to_owned(), "`fops` names nothing to do"),
            (
                Verb::Delete,
                format!("{own};bucket/Ymt0"),
                "item 2 of delete: `key` is missing",
            ),
            (
                Verb::Delete,
                format!("{own}/x/1"),
                "item 1 of delete: there is no parameter `x`",
            ),
            (
                Verb::Delete,
                format!("{own}/x"),
                "item 1 of delete: `x` has no value",
            ),
            (
                Verb::Delete,
                format!("{own}/key/YQ=="),
                "item 1 of delete: `key` is given twice",
            ),
            (
                Verb::Delete,
                "bucket/%%/key/YQ==".to_owned(),
                "item 1 of delete: `bucket` is not URL-safe base64",
            ),
            (
                Verb::Delete,
                format!("bucket/{}/key/{}", b("bkt"), b("/a")),
                "item 1 of delete: `key` is \"/a\"",
            ),
            (
                Verb::DeletePrefix,
                "bucket/Ymt0/prefix/".to_owned(),
                "item 1 of deletePrefix: `prefix` is missing",
            ),
            (
                Verb::DeletePlaylist,
                format!("{own}/deletets/2"),
                "item 1 of deletem3u8: `deletets` is 2",
            ),
            (
                Verb::SetDeadline,
                "bucket/Ymt0/prefix/YQ==/deadline/-2".to_owned(),
                "item 1 of setdeadline: `deadline` is -2",
            ),
            (
                Verb::Fetch,
                format!("fetchURL/{}/bucket/Ymt0/key/YQ==", b("file:///etc/passwd")),
                "item 1 of fetch: `fetchURL` is \"file:///etc/passwd\"",
            ),
            (
                Verb::Fetch,
                format!("fetchURL/{}/bucket/Ymt0", b("http://x/")),
                "item 1 of fetch: `key` is missing",
            ),
            (
                Verb::Fetch,
                format!("fetchURL/{}/bucket/Ymt0/md5/12", b("http://x/y")),
                "item 1 of fetch: `md5` is 12",
            ),
            (
                Verb::Fetch,
                format!("fetchURL/{}/bucket/Ymt0/decompression/rar", b("http://x/y")),
                "item 1 of fetch: `decompression` is rar",
            ),
            (
                Verb::Compress,
                format!("bucket/Ymt0/saveas/{}", b("bkt:z")),
                "item 1 of compress: `keys` is missing",
            ),
        ] {
            let error = read(verb, &items).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{items}: {error}");
        }
        let many = vec![own; ITEMS + 1].join(";");
        assert_eq!(
            read(Verb::Delete, &many),
            Err(ManageError::TooMany { count: 1001 })
        );
    }

    #[test]
    fn a_checksum_may_be_encoded_as_one_of_the_sdks_has_it() {
        let plain = "5D41402abc4b2a76b9719d911017c592";
        for given in [plain.to_owned(), b64u::encode(plain)] {
            assert_eq!(md5(&given).unwrap(), plain.to_ascii_lowercase());
        }
    }
}
