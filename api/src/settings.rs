//! What a server is told: defaults < file < environment < flags. A key nobody knows is refused by its name, and all problems
//! are told at once.

mod read;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::FixedOffset;
use opmill_engine::{AppConfig, BucketConfig, Config, KeyPair};

use crate::http::token::Account;
use crate::http::{Limits, Options};
use read::{Problems, Section};

/// Everything a server needs to know.
#[derive(Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub engine: Config,
    pub accounts: Vec<Account>,
    pub options: Options,
    pub limits: Limits,
}

/// What was typed beside the file.
#[derive(Debug, Default)]
pub struct Flags {
    pub data: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    /// A bucket and a key pair of its own, and receivers on this machine.
    pub dev: Option<KeyPair>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    /// It is not TOML.
    #[error("the configuration {} is not TOML: {problem}", path.display())]
    Toml { path: PathBuf, problem: String },
    /// What is wrong with it, line by line.
    #[error("the configuration has {}:\n{}", count(problems), list(problems))]
    Problems { problems: Vec<String> },
}

fn count(problems: &[String]) -> String {
    match problems.len() {
        1 => "a problem".to_owned(),
        count => format!("{count} problems"),
    }
}

fn list(problems: &[String]) -> String {
    let line = |problem: &String| format!("  {problem}");
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The bucket of `--dev`.
pub const DEV_BUCKET: &str = "demo";

impl Settings {
    /// Reads the file, if there is one, then the environment, then the flags.
    pub fn read(
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: Flags,
    ) -> Result<Self, SettingsError> {
        let table = match file {
            Some(path) => parse(path)?,
            None => toml::Table::new(),
        };
        Self::of(table, environment, flags)
    }

    fn of(
        table: toml::Table,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: Flags,
    ) -> Result<Self, SettingsError> {
        let problems = Problems::default();
        let mut root = Section::root(table, environment, &problems);
        let listen = root.parsed("listen", "an address such as 127.0.0.1:8080");
        let listen = flags
            .listen
            .or(listen)
            .unwrap_or(([127, 0, 0, 1], 8080).into());
        let data = flags.data.or(root.text("data").map(PathBuf::from));
        let mut config = Config::at(data.unwrap_or_else(|| PathBuf::from("./data")));
        config.local_files = false;
        config.public_url = root
            .text("public_url")
            .unwrap_or(format!("http://{listen}"));
        root.flag("lenient", &mut config.lenient);
        let mut accounts = accounts(&mut root);
        accounts.extend(account_of_environment(environment, &problems));
        config.buckets = buckets(&mut root);
        config.apps = apps(&mut root);
        notify(root.section("notify"), &mut config);
        workers(root.section("workers"), &mut config);
        retention(root.section("retention"), &mut config);
        limits_of_sources(root.section("limits"), &mut config);
        let mut options = Options::default();
        upload(root.section("upload"), &mut options);
        options.base_domain = root.text("base_domain");
        let mut limits = Limits::default();
        http(root.section("http"), &mut options, &mut limits);
        root.end();
        if let Some(pair) = flags.dev {
            config.buckets.entry(DEV_BUCKET.to_owned()).or_default();
            config.notify.allow_private_addresses = true;
            accounts.push(Account {
                pair,
                buckets: None,
            });
        }
        config.keys = accounts
            .iter()
            .map(|account| account.pair.clone())
            .collect();
        if accounts.is_empty() {
            problems.push("there is no key pair: add [[keys]] with access_key and secret_key, or set OPMILL_ACCESS_KEY and OPMILL_SECRET_KEY; `opmill serve --dev` makes one to try".to_owned());
        }
        for account in &accounts {
            let unknown = account.buckets.iter().flatten();
            for name in unknown.filter(|name| !config.buckets.contains_key(*name)) {
                let access = &account.pair.access_key;
                problems.push(format!(
                    "keys: the pair {access} is for the bucket {name}, which is not in [buckets]"
                ));
            }
        }
        if let Err(error) = config.validate() {
            problems.extend(error.problems);
        }
        match problems.into_inner() {
            problems if problems.is_empty() => Ok(Self {
                listen,
                engine: config,
                accounts,
                options,
                limits,
            }),
            problems => Err(SettingsError::Problems { problems }),
        }
    }
}

fn parse(path: &Path) -> Result<toml::Table, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })?;
    text.parse()
        .map_err(|error: toml::de::Error| SettingsError::Toml {
            path: path.to_owned(),
            problem: error.to_string(),
        })
}

fn accounts(root: &mut Section<'_>) -> Vec<Account> {
    let mut accounts = Vec::new();
    for mut key in root.sections("keys") {
        let access = key.required("access_key");
        let secret = key.required("secret_key");
        let buckets = key.texts("buckets");
        key.end();
        accounts.push(Account {
            pair: KeyPair::new(access, secret),
            buckets,
        });
    }
    accounts
}

/// A pair whose secret is in no file.
fn account_of_environment(
    environment: &dyn Fn(&str) -> Option<String>,
    problems: &Problems,
) -> Option<Account> {
    let read = |name| environment(name).filter(|value| !value.is_empty());
    match (read("OPMILL_ACCESS_KEY"), read("OPMILL_SECRET_KEY")) {
        (Some(access), Some(secret)) => Some(Account {
            pair: KeyPair::new(access, secret),
            buckets: None,
        }),
        (None, None) => None,
        _ => {
            problems.push(
                "OPMILL_ACCESS_KEY and OPMILL_SECRET_KEY belong together; one of them is not set"
                    .to_owned(),
            );
            None
        }
    }
}

fn buckets(root: &mut Section<'_>) -> BTreeMap<String, BucketConfig> {
    let mut buckets = BTreeMap::new();
    for (name, mut bucket) in root.named_sections("buckets") {
        let config = BucketConfig {
            root: bucket.text("root"),
            hosts: bucket.texts("hosts").unwrap_or_default(),
            concurrency: bucket.number("concurrency"),
        };
        bucket.end();
        if PATHS.contains(&name.as_str()) {
            bucket_name_taken(root, &name);
        }
        buckets.insert(name, config);
    }
    buckets
}

fn apps(root: &mut Section<'_>) -> BTreeMap<String, AppConfig> {
    let mut apps = BTreeMap::new();
    for (name, mut app) in root.named_sections("ufop") {
        let mut config = AppConfig {
            address: app.required("address"),
            description: app.text("description").unwrap_or_default(),
            ..AppConfig::default()
        };
        app.flag("sign", &mut config.sign);
        app.flag("allow_private_address", &mut config.allow_private_address);
        app.end();
        apps.insert(name, config);
    }
    apps
}

/// First parts of the protocol's paths: a bucket of that name could not be read by its path.
const PATHS: &[&str] = &[
    "append",
    "bput",
    "bucket",
    "copy",
    "delete",
    "file",
    "fmgr",
    "fops",
    "healthz",
    "imageDetect",
    "list",
    "mkblk",
    "mkfile",
    "move",
    "openapi.json",
    "prefetch",
    "readyz",
    "setdeadline",
    "stat",
    "status",
    "wslive",
];

fn bucket_name_taken(root: &Section<'_>, name: &str) {
    root.problem(format!(
        "buckets.{name}: /{name} is a path of the protocol; give the bucket another name"
    ));
}

fn notify(mut section: Section<'_>, config: &mut Config) {
    let notify = &mut config.notify;
    section.set("immediate_retries", &mut notify.immediate_retries);
    section.set("spaced_retries", &mut notify.spaced_retries);
    section.seconds("spacing_seconds", &mut notify.spacing);
    section.seconds("connect_seconds", &mut notify.connect);
    section.seconds("response_seconds", &mut notify.response);
    section.set("parallel", &mut notify.parallel);
    section.flag(
        "allow_private_addresses",
        &mut notify.allow_private_addresses,
    );
    section.end();
}

fn workers(mut section: Section<'_>, config: &mut Config) {
    let workers = &mut config.workers;
    section.set("cores", &mut workers.cores);
    workers.jobs = workers.cores;
    section.set("jobs", &mut workers.jobs);
    section.seconds("lease_seconds", &mut workers.lease);
    section.seconds("drain_seconds", &mut workers.drain);
    section.seconds("stall_seconds", &mut workers.stall);
    section.end();
}

fn retention(mut section: Section<'_>, config: &mut Config) {
    if let Some(days) = section.number::<u64>("days") {
        let seconds = days.saturating_mul(24 * 3600);
        config.retention.age = Some(Duration::from_secs(seconds)).filter(|_| days > 0);
    }
    config.retention.count = section.number("count").or(config.retention.count);
    config.retention.bytes = section.bytes("bytes").or(config.retention.bytes);
    section.end();
}

fn limits_of_sources(mut section: Section<'_>, config: &mut Config) {
    let limits = &mut config.limits;
    section.set("pixels", &mut limits.pixels);
    section.set("pictures", &mut limits.pictures);
    section.end();
}

fn upload(mut section: Section<'_>, options: &mut Options) {
    if let Some(bytes) = section.bytes("max_bytes") {
        options.upload_bytes = bytes;
    }
    if let Some(zone) = section.text("time_zone") {
        match zone.parse::<FixedOffset>() {
            Ok(zone) => options.zone = zone,
            Err(_) if zone == "UTC" => options.zone = chrono::Offset::fix(&chrono::Utc),
            Err(_) => section.problem(format!(
                "upload.time_zone is {zone:?}; it is UTC, or a difference such as +08:00"
            )),
        }
    }
    section.flag("upload_ret", &mut options.upload_ret);
    section.flag("raw_callback", &mut options.raw_callback);
    section.end();
}

fn http(mut section: Section<'_>, options: &mut Options, limits: &mut Limits) {
    section.flag("behind_proxy", &mut options.behind_proxy);
    section.flag("sizes_as_text", &mut options.sizes_as_text);
    section.set("connections", &mut limits.connections);
    section.set("header_bytes", &mut limits.header_bytes);
    section.seconds("header_seconds", &mut limits.header_time);
    section.seconds("drain_seconds", &mut limits.drain);
    section.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let environment = |name: &str| {
            let mut pairs = environment.iter();
            pairs
                .find(|(own, _)| *own == name)
                .map(|(_, value)| value.to_string())
        };
        let settings = Settings::of(text.parse().unwrap(), &environment, Flags::default());
        settings.map_err(|error| match error {
            SettingsError::Problems { problems } => problems,
            other => vec![other.to_string()],
        })
    }

    const WHOLE: &str = r#"
        listen = "127.0.0.1:9000"
        data = "/srv/opmill"
        public_url = "https://media.example"
        [[keys]]
        access_key = "testak"
        secret_key = "testsk"
        buckets = ["bkt"]
        [buckets.bkt]
        root = "file:///srv/media/bkt"
        hosts = ["bkt.localhost"]
        concurrency = 3
        [ufop.MyApp]
        address = "http://127.0.0.1:9100/svc"
        description = "turns pictures round"
        sign = true
        allow_private_address = true
        [notify]
        immediate_retries = 1
        spacing_seconds = 7.5
        allow_private_addresses = true
        [workers]
        cores = 3
        [retention]
        days = 7
        bytes = "1 GiB"
        [upload]
        max_bytes = "64MiB"
        time_zone = "UTC"
        [http]
        connections = 10
    "#;

    #[test]
    fn a_file_says_everything() {
        let settings = read(WHOLE, &[]).unwrap();
        assert_eq!(settings.listen.port(), 9000);
        assert_eq!(settings.engine.data, Path::new("/srv/opmill"));
        assert_eq!(
            settings.accounts[0].buckets.as_deref(),
            Some(&["bkt".to_owned()][..])
        );
        assert_eq!(settings.engine.keys[0].access_key, "testak");
        assert_eq!(settings.engine.buckets["bkt"].concurrency, Some(3));
        let app = &settings.engine.apps["MyApp"];
        assert_eq!(app.address, "http://127.0.0.1:9100/svc");
        assert_eq!(app.description, "turns pictures round");
        assert!(app.sign && app.allow_private_address);
        assert_eq!(settings.engine.notify.spacing, Duration::from_millis(7500));
        assert_eq!(
            (settings.engine.workers.cores, settings.engine.workers.jobs),
            (3, 3)
        );
        assert_eq!(settings.engine.retention.bytes, Some(1 << 30));
        assert_eq!(settings.options.upload_bytes, 64 << 20);
        assert_eq!(settings.options.zone.local_minus_utc(), 0);
        assert_eq!(settings.limits.connections, 10);
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let over = [
            ("OPMILL_LISTEN", "[::1]:80"),
            ("OPMILL_NOTIFY_IMMEDIATE_RETRIES", "9"),
            ("OPMILL_NOTIFY_ALLOW_PRIVATE_ADDRESSES", "false"),
            ("OPMILL_UPLOAD_MAX_BYTES", "1k"),
            ("OPMILL_ACCESS_KEY", "envak"),
            ("OPMILL_SECRET_KEY", "envsk"),
        ];
        let settings = read(WHOLE, &over).unwrap();
        assert_eq!(settings.listen.to_string(), "[::1]:80");
        assert_eq!(settings.engine.notify.immediate_retries, 9);
        assert!(!settings.engine.notify.allow_private_addresses);
        assert_eq!(settings.options.upload_bytes, 1000);
        assert_eq!(settings.accounts[1].pair.access_key, "envak");
    }

    #[test]
    fn every_problem_is_told_by_name() {
        let text = r#"
            listen = "somewhere"
            colour = "red"
            [[keys]]
            access_key = "a"
            secret = "b"
            [buckets.stat]
            [buckets.bkt]
            root = "nowhere"
            [notify]
            immediate_retries = -1
            spaced_retry = 1
            allow_private_addresses = "yes"
            [workers]
            cores = 0
            [upload]
            max_bytes = "much"
            time_zone = "Mars"
        "#;
        let problems = read(text, &[("OPMILL_ACCESS_KEY", "a")]).unwrap_err();
        for expected in [
            "listen is \"somewhere\"; it is an address",
            "colour is no setting",
            "keys[0].secret_key is missing",
            "keys[0].secret is no setting; did you mean secret_key?",
            "buckets.stat: /stat is a path of the protocol",
            "buckets.bkt.root",
            "notify.immediate_retries is -1",
            "notify.spaced_retry is no setting; did you mean spaced_retries?",
            "notify.allow_private_addresses is \"yes\"; it is true or false",
            "workers.cores is 0",
            "upload.max_bytes is \"much\"",
            "upload.time_zone is \"Mars\"",
            "OPMILL_ACCESS_KEY and OPMILL_SECRET_KEY belong together",
        ] {
            let is_told = problems.iter().any(|problem| problem.starts_with(expected));
            assert!(is_told, "{expected}: {problems:#?}");
        }
        let none = read("", &[]).unwrap_err();
        assert!(none[0].starts_with("there is no key pair"), "{none:?}");
    }
}
