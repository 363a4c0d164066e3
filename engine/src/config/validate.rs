//! Says everything that is wrong with a configuration at once, so that it is put right in one go.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use opmill_ops::BucketName;
use url::Url;

use super::{Admission, Config, Notify, Retry, Workers};

/// What is wrong with a [`Config`], every problem of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// One sentence per problem; each names the setting, what was given and what is allowed.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("; "))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Checks every part and reports all problems together.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        if self.data.as_os_str().is_empty() {
            problems.push("data is empty; name a directory".to_owned());
        }
        self.public_url_problem()
            .into_iter()
            .for_each(|problem| problems.push(problem));
        self.key_problems(&mut problems);
        self.bucket_problems(&mut problems);
        self.app_problems(&mut problems);
        self.workers.problems(&mut problems);
        self.admission.problems(&mut problems);
        self.retry.problems(&mut problems);
        self.notify.problems(&mut problems);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError { problems })
        }
    }

    fn public_url_problem(&self) -> Option<String> {
        let given = &self.public_url;
        match Url::parse(given) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() => None,
            Ok(_) => Some(format!(
                "public_url is {given:?}; it must be http:// or https:// without a query"
            )),
            Err(error) => Some(format!("public_url is {given:?}: {error}")),
        }
    }

    fn app_problems(&self, problems: &mut Vec<String>) {
        for (name, app) in &self.apps {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if name.is_empty() || !name.chars().all(plain) {
                problems.push(format!(
                    "ufop.{name}: the name of an app is letters, digits, '-', '_' and '.'"
                ));
            }
            let given = &app.address;
            match Url::parse(given) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.fragment().is_none() => {}
                Ok(_) => problems.push(format!(
                    "ufop.{name}.address is {given:?}; it must be http:// or https:// without a fragment"
                )),
                Err(error) => problems.push(format!("ufop.{name}.address is {given:?}: {error}")),
            }
            if app.sign && self.keys.is_empty() {
                problems.push(format!("ufop.{name}.sign is on, and there is no key pair"));
            }
        }
    }

    fn key_problems(&self, problems: &mut Vec<String>) {
        for (n, pair) in self.keys.iter().enumerate() {
            let name = &pair.access_key;
            if name.is_empty() || name.contains(':') {
                problems.push(format!(
                    "keys[{n}].access_key is {name:?}; it must not be empty or contain ':'"
                ));
            }
            if pair.secret_key.expose().is_empty() {
                problems.push(format!("keys[{n}].secret_key is empty"));
            }
            if self.keys[..n]
                .iter()
                .any(|earlier| earlier.access_key == *name)
            {
                problems.push(format!("keys[{n}].access_key {name:?} is given twice"));
            }
        }
    }

    fn bucket_problems(&self, problems: &mut Vec<String>) {
        let mut hosts: BTreeMap<String, &str> = BTreeMap::new();
        for (name, bucket) in &self.buckets {
            if let Err(error) = name.parse::<BucketName>() {
                problems.push(format!("buckets.{name}: {error}"));
            }
            if let Some(problem) = bucket
                .root
                .as_deref()
                .and_then(crate::buckets::root_problem)
            {
                problems.push(format!("buckets.{name}.root: {problem}"));
            }
            if bucket.concurrency == Some(0) {
                problems.push(format!(
                    "buckets.{name}.concurrency is 0; it must be at least 1 (to stop a bucket, pause it)"
                ));
            }
            for host in &bucket.hosts {
                if host.is_empty() || host.contains('/') {
                    problems.push(format!("buckets.{name}.hosts: {host:?} is not a host name"));
                }
                if let Some(other) = hosts.insert(host.to_ascii_lowercase(), name) {
                    problems.push(format!(
                        "buckets.{name}.hosts: {host:?} is already bound to {other}"
                    ));
                }
            }
        }
    }
}

impl Workers {
    fn problems(&self, problems: &mut Vec<String>) {
        for (name, count) in [("cores", self.cores), ("jobs", self.jobs)] {
            if count == 0 {
                problems.push(format!("workers.{name} is 0; it must be at least 1"));
            }
        }
        if self.lease < Duration::from_secs(1) {
            problems.push(format!(
                "workers.lease is {:?}; it must be at least 1s",
                self.lease
            ));
        }
    }
}

impl Admission {
    fn problems(&self, problems: &mut Vec<String>) {
        if self.cores == 0 {
            problems.push("admission.cores is 0; it must be at least 1".to_owned());
        }
        if self.memory_bytes == 0 {
            problems.push("admission.memory_bytes is 0; it must be more".to_owned());
        }
        if self.scratch_bytes == Some(0) {
            problems.push("admission.scratch_bytes is 0; it must be more".to_owned());
        }
    }
}

impl Retry {
    fn problems(&self, problems: &mut Vec<String>) {
        if self.attempts == 0 {
            problems.push("retry.attempts is 0; it must be at least 1".to_owned());
        }
        if !(self.factor >= 1.0 && self.factor.is_finite()) {
            problems.push(format!(
                "retry.factor is {}; it must be at least 1",
                self.factor
            ));
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            problems.push(format!(
                "retry.jitter is {}; it must be 0 to 1",
                self.jitter
            ));
        }
        if self.max < self.first {
            problems.push(format!(
                "retry.max {:?} is shorter than retry.first {:?}",
                self.max, self.first
            ));
        }
    }
}

impl Notify {
    fn problems(&self, problems: &mut Vec<String>) {
        for (name, wait) in [("connect", self.connect), ("response", self.response)] {
            if wait.is_zero() {
                problems.push(format!("notify.{name} is 0; it must be longer"));
            }
        }
        if self.parallel == 0 {
            problems.push("notify.parallel is 0; it must be at least 1".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BucketConfig, KeyPair};

    #[test]
    fn the_default_is_valid() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn every_problem_is_reported_and_names_its_setting() {
        let config = Config {
            public_url: "ftp://example.com".to_owned(),
            keys: vec![
                KeyPair::new("ak", "one"),
                KeyPair::new("ak", ""),
                KeyPair::new("a:b", "two"),
            ],
            buckets: BTreeMap::from([
                ("a b".to_owned(), BucketConfig::default()),
                (
                    "far".to_owned(),
                    BucketConfig {
                        root: Some("gopher://x".to_owned()),
                        hosts: vec!["h".to_owned()],
                        concurrency: Some(0),
                    },
                ),
                (
                    "near".to_owned(),
                    BucketConfig {
                        root: None,
                        hosts: vec!["H".to_owned()],
                        concurrency: None,
                    },
                ),
            ]),
            workers: Workers {
                cores: 0,
                jobs: 0,
                lease: Duration::ZERO,
                ..Workers::default()
            },
            admission: Admission {
                cores: 0,
                memory_bytes: 0,
                scratch_bytes: Some(0),
            },
            retry: Retry {
                attempts: 0,
                factor: 0.5,
                jitter: 2.0,
                ..Retry::default()
            },
            notify: Notify {
                connect: Duration::ZERO,
                parallel: 0,
                ..Notify::default()
            },
            ..Config::default()
        };
        let problems = config.validate().unwrap_err().problems;
        for expected in [
            "public_url",
            "keys[1].access_key \"ak\" is given twice",
            "keys[1].secret_key",
            "keys[2].access_key",
            "buckets.a b",
            "buckets.far.root",
            "buckets.near.hosts",
            "buckets.far.concurrency",
            "workers.cores",
            "workers.jobs",
            "workers.lease",
            "admission.cores",
            "admission.memory_bytes",
            "admission.scratch_bytes",
            "retry.attempts",
            "retry.factor",
            "retry.jitter",
            "notify.connect",
            "notify.parallel",
        ] {
            assert!(
                problems.iter().any(|problem| problem.starts_with(expected)),
                "{expected} in {problems:#?}"
            );
        }
        assert_eq!(problems.len(), 19, "{problems:#?}");
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert!(!format!("{:?}", KeyPair::new("ak", "hush")).contains("hush"));
    }
}
