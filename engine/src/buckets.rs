//! Names to places: which file or remote object an [`Entry`] is, and what its address is.
//!
//! A local bucket is a folder and its objects are plain files in it, used in place; `@local` is the whole file system
//! and `@out` the output folder of a job. Every other bucket is an `object_store`. A [`Key`](opmill_ops::Key) has no
//! `..` and no empty segment, so joining it to a root never leaves the root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path as ObjectPath;
use opmill_ops::{BucketName, Entry, Key};
use url::Url;

use crate::config::Config;
use crate::error::EngineError;
use crate::place::Place;

/// Every bucket of an engine.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// `<data>/buckets`, home of the buckets that have no root.
    home: PathBuf,
    public_url: Url,
    local_files: bool,
    named: BTreeMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    root: Root,
    hosts: Vec<String>,
}

/// Where the objects of a bucket are.
#[derive(Debug, Clone)]
pub(crate) enum Root {
    Folder(PathBuf),
    Remote(Arc<dyn ObjectStore>, ObjectPath),
}

/// What is wrong with the root of a bucket, if anything.
pub(crate) fn root_problem(root: &str) -> Option<String> {
    Root::open(root).err()
}

impl Root {
    fn open(root: &str) -> Result<Self, String> {
        let url = Url::parse(root)
            .map_err(|error| format!("{root:?} is not a URL ({error}); write file:///path"))?;
        if url.scheme() == "file" {
            return match url.to_file_path() {
                Ok(path) => Ok(Self::Folder(path)),
                Err(()) => Err(format!(
                    "{root:?} does not name a folder of this machine; write file:///path"
                )),
            };
        }
        // Credentials come from the environment, as those of the providers' own tools do (AWS_ACCESS_KEY_ID, …).
        let environment = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
        match object_store::parse_url_opts(&url, environment) {
            Ok((store, prefix)) => Ok(Self::Remote(store.into(), prefix)),
            Err(error) if cfg!(feature = "cloud") => Err(format!("{root:?}: {error}")),
            Err(error) => Err(format!(
                "{root:?}: {error}; s3, gs and az need a build with the feature `cloud`"
            )),
        }
    }

    fn place(&self, key: &Key) -> Result<Place, String> {
        match self {
            Self::Folder(folder) => Ok(Place::File(folder.join(key.as_str()))),
            Self::Remote(store, prefix) => {
                let path = ObjectPath::parse(format!("{prefix}/{key}"))
                    .map_err(|error| error.to_string())?;
                Ok(Place::Object(Arc::clone(store), path))
            }
        }
    }
}

impl Buckets {
    /// The buckets of a configuration that was validated; `data` is absolute.
    pub fn open(config: &Config, data: &Path) -> Result<Self, EngineError> {
        let home = data.join("buckets");
        let open = |(name, bucket): (&String, &crate::config::BucketConfig)| {
            let root = match &bucket.root {
                Some(root) => Root::open(root).map_err(|reason| refused(name, reason))?,
                None => Root::Folder(home.join(name)),
            };
            Ok((
                name.clone(),
                Bucket {
                    root,
                    hosts: bucket.hosts.clone(),
                },
            ))
        };
        let named = config
            .buckets
            .iter()
            .map(open)
            .collect::<Result<_, EngineError>>()?;
        let public_url = Url::parse(&config.public_url)
            .map_err(|error| refused("public_url", error.to_string()))?;
        Ok(Self {
            home,
            public_url,
            local_files: config.local_files,
            named,
        })
    }

    /// The buckets of the configuration.
    pub fn names(&self) -> Vec<BucketName> {
        self.named
            .keys()
            .filter_map(|name| name.parse().ok())
            .collect()
    }

    /// True of a bucket of the configuration.
    pub fn is_named(&self, bucket: &BucketName) -> bool {
        self.named.contains_key(bucket.as_str())
    }

    /// The bucket one of whose hosts this is, with or without its port.
    pub fn of_host(&self, host: &str) -> Option<BucketName> {
        let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let is_it =
            |bound: &String| bound.eq_ignore_ascii_case(host) || bound.eq_ignore_ascii_case(bare);
        let found = self
            .named
            .iter()
            .find(|(_, bucket)| bucket.hosts.iter().any(is_it));
        found.and_then(|(name, _)| name.parse().ok())
    }

    /// Where the objects of a named bucket are.
    pub fn root(&self, bucket: &BucketName) -> Result<Root, EngineError> {
        let found = self.named.get(bucket.as_str());
        let found = found.ok_or_else(|| EngineError::BucketNotFound {
            bucket: bucket.clone(),
        })?;
        Ok(found.root.clone())
    }

    /// Where an object is, for a job with this output folder.
    pub fn place(&self, entry: &Entry, out: Option<&Path>) -> Result<Place, EngineError> {
        let name = entry.bucket.as_str();
        let folder = match self.named.get(name) {
            Some(bucket) => {
                return bucket
                    .root
                    .place(&entry.key)
                    .map_err(|reason| refused(name, reason));
            }
            None if entry.bucket == BucketName::local() && !self.local_files => {
                return Err(EngineError::LocalFilesOff);
            }
            None if entry.bucket == BucketName::local() => PathBuf::from("/"),
            None if entry.bucket == BucketName::out() => match out {
                Some(out) => out.to_owned(),
                None => return Err(refused(name, "the job has no output folder".to_owned())),
            },
            None => out.unwrap_or(&self.home).join(name),
        };
        Ok(Place::File(folder.join(entry.key.as_str())))
    }

    /// True when the object is the same one for every job, so that its record in the store is about it.
    pub fn is_shared(&self, entry: &Entry, out: Option<&Path>) -> bool {
        self.named.contains_key(entry.bucket.as_str())
            || (out.is_none() && !is_internal(&entry.bucket))
    }

    /// The address of an object: under its bucket's host or the public URL, or a `file://` one outside the buckets.
    pub fn url(&self, entry: &Entry, out: Option<&Path>) -> String {
        if !self.is_shared(entry, out) {
            return match self.place(entry, out) {
                Ok(Place::File(path)) => Url::from_file_path(path)
                    .map(String::from)
                    .unwrap_or_default(),
                _ => String::new(),
            };
        }
        let host = self
            .named
            .get(entry.bucket.as_str())
            .and_then(|bucket| bucket.hosts.first().map(String::as_str));
        let mut url = host
            .and_then(|host| self.host_url(host))
            .unwrap_or_else(|| self.public_url.clone());
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            if host.is_none() {
                path.push(entry.bucket.as_str());
            }
            path.extend(entry.key.as_str().split('/'));
        }
        url.into()
    }

    /// A bound host answers on the scheme of the public URL, and on its port unless it has one of its own.
    fn host_url(&self, host: &str) -> Option<Url> {
        let mut url = Url::parse(&format!("{}://{host}", self.public_url.scheme())).ok()?;
        if url.port().is_none() {
            url.set_port(self.public_url.port()).ok()?;
        }
        Some(url)
    }
}

fn is_internal(bucket: &BucketName) -> bool {
    *bucket == BucketName::local() || *bucket == BucketName::out()
}

fn refused(bucket: &str, reason: String) -> EngineError {
    EngineError::Bucket {
        bucket: bucket.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BucketConfig;

    fn bucket(root: Option<&str>, host: Option<&str>) -> BucketConfig {
        BucketConfig {
            concurrency: None,
            root: root.map(str::to_owned),
            hosts: host.map(str::to_owned).into_iter().collect(),
        }
    }

    fn buckets() -> Buckets {
        let config = Config {
            public_url: "http://media.example.com:8080/files/".to_owned(),
            buckets: BTreeMap::from([
                ("plain".to_owned(), bucket(None, None)),
                ("rooted".to_owned(), bucket(Some("file:///srv/media"), None)),
                ("hosted".to_owned(), bucket(None, Some("h.example.com"))),
                ("ported".to_owned(), bucket(None, Some("h.example.com:81"))),
                ("far".to_owned(), bucket(Some("memory:///deep"), None)),
            ]),
            ..Config::default()
        };
        Buckets::open(&config, Path::new("/data")).unwrap()
    }

    fn entry(text: &str) -> Entry {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn every_entry_has_one_place_and_one_address() {
        let out = Some(Path::new("/out"));
        let public = "http://media.example.com:8080/files";
        for (row, text, out, path, url) in [
            (
                "default root",
                "plain:a/o.jpg",
                None,
                "/data/buckets/plain/a/o.jpg",
                format!("{public}/plain/a/o.jpg"),
            ),
            (
                "own root",
                "rooted:o.jpg",
                None,
                "/srv/media/o.jpg",
                format!("{public}/rooted/o.jpg"),
            ),
            (
                "a named bucket ignores the folder",
                "rooted:o.jpg",
                out,
                "/srv/media/o.jpg",
                format!("{public}/rooted/o.jpg"),
            ),
            (
                "host",
                "hosted:o.jpg",
                None,
                "/data/buckets/hosted/o.jpg",
                "http://h.example.com:8080/o.jpg".to_owned(),
            ),
            (
                "host with port",
                "ported:o.jpg",
                None,
                "/data/buckets/ported/o.jpg",
                "http://h.example.com:81/o.jpg".to_owned(),
            ),
            (
                "unnamed",
                "other:o.jpg",
                None,
                "/data/buckets/other/o.jpg",
                format!("{public}/other/o.jpg"),
            ),
            (
                "unnamed in a folder",
                "other:o.jpg",
                out,
                "/out/other/o.jpg",
                "file:///out/other/o.jpg".to_owned(),
            ),
            (
                "the folder itself",
                "@out:o.jpg",
                out,
                "/out/o.jpg",
                "file:///out/o.jpg".to_owned(),
            ),
            (
                "a file",
                "@local:srv/a b.mp4",
                None,
                "/srv/a b.mp4",
                "file:///srv/a%20b.mp4".to_owned(),
            ),
            (
                "escaped",
                "plain:视 频/50%?#.jpg",
                None,
                "/data/buckets/plain/视 频/50%?#.jpg",
                format!("{public}/plain/%E8%A7%86%20%E9%A2%91/50%25%3F%23.jpg"),
            ),
        ] {
            let buckets = buckets();
            match buckets.place(&entry(text), out).unwrap() {
                Place::File(found) => assert_eq!(found, Path::new(path), "{row}"),
                Place::Object(..) => panic!("{row}: remote"),
            }
            assert_eq!(buckets.url(&entry(text), out), url, "{row}");
        }
    }

    #[test]
    fn a_remote_object_is_below_the_path_of_its_root() {
        match buckets().place(&entry("far:a/o.jpg"), None).unwrap() {
            Place::Object(_, path) => assert_eq!(path.as_ref(), "deep/a/o.jpg"),
            Place::File(path) => panic!("{path:?}"),
        }
    }

    #[test]
    fn files_outside_the_buckets_can_be_switched_off() {
        let buckets = Buckets {
            local_files: false,
            ..buckets()
        };
        assert!(matches!(
            buckets.place(&entry("@local:etc/passwd"), None),
            Err(EngineError::LocalFilesOff)
        ));
        assert!(matches!(
            buckets.place(&entry("@out:o.jpg"), None),
            Err(EngineError::Bucket { .. })
        ));
    }

    #[test]
    fn records_are_kept_only_of_objects_that_all_jobs_share() {
        let out = Some(Path::new("/out"));
        for (text, out, shared) in [
            ("plain:o.jpg", None, true),
            ("plain:o.jpg", out, true),
            ("other:o.jpg", None, true),
            ("other:o.jpg", out, false),
            ("@out:o.jpg", out, false),
            ("@local:o.jpg", None, false),
        ] {
            assert_eq!(
                buckets().is_shared(&entry(text), out),
                shared,
                "{text} {out:?}"
            );
        }
    }

    #[test]
    fn a_root_that_is_no_place_says_why() {
        for (root, expected) in [
            ("/srv/media", "write file:///path"),
            ("file://elsewhere/srv", "write file:///path"),
            ("gopher://x", "gopher"),
        ] {
            let problem = root_problem(root).unwrap();
            assert!(
                problem.contains(root) && problem.contains(expected),
                "{root}: {problem}"
            );
        }
        assert_eq!(root_problem("file:///srv/media"), None);
    }

    #[cfg(feature = "cloud")]
    #[test]
    fn the_clouds_are_roots_too() {
        for root in [
            "s3://bucket/prefix",
            "az://account/container",
            "gs://bucket",
        ] {
            let problem = root_problem(root).unwrap_or_default();
            assert!(!problem.contains("not enabled"), "{root}: {problem}");
        }
        assert_eq!(root_problem("s3://bucket/prefix"), None);
    }

    #[cfg(not(feature = "cloud"))]
    #[test]
    fn a_build_without_the_clouds_says_so() {
        let problem = root_problem("s3://bucket/prefix").unwrap();
        assert!(problem.contains("feature `cloud`"), "{problem}");
    }
}
