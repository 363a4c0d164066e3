//! PostgreSQL as a queue, the usual way: a row a job, claimed with SKIP LOCKED, each step a transaction that is on disk
//! when it is acknowledged (`synchronous_commit`, which is on unless told otherwise).

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::unistd::{User, chown, geteuid};
use postgres::{NoTls, Statement};

use super::server::{LOOK_AGAIN, PATIENCE, Server, command, free_port};
use super::{Client, Peer};
use crate::{Failure, PAYLOAD};

const SCHEMA: &str = "
    CREATE TABLE jobs (id bigserial PRIMARY KEY, state text NOT NULL DEFAULT 'available', body text NOT NULL);
    CREATE INDEX ready ON jobs (id) WHERE state = 'available'";
const ENQUEUE: &str = "INSERT INTO jobs (body) VALUES ($1)";
const CLAIM: &str = "
    UPDATE jobs SET state = 'running' WHERE id = (
        SELECT id FROM jobs WHERE state = 'available' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, body";
const FINISH: &str = "UPDATE jobs SET state = 'completed' WHERE id = $1";

pub struct Postgresql {
    port: u16,
    _server: Server,
}

impl Postgresql {
    pub fn start(dir: &Path) -> Result<Postgresql, Failure> {
        std::fs::create_dir(dir)?;
        // It refuses to run as root, and its data must belong to whoever runs it.
        if geteuid().is_root() {
            let user = User::from_name("postgres")?.ok_or("there is no user postgres")?;
            chown(dir, Some(user.uid), Some(user.gid))?;
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        }
        let mut init = program("initdb")?;
        init.args([
            "-A",
            "trust",
            "-U",
            "bench",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ]);
        let made = init.arg(dir).stdout(Stdio::null()).status()?;
        if !made.success() {
            return Err(format!("initdb: {made}").into());
        }
        let port = free_port()?;
        let mut command = program("postgres")?;
        command.arg("-D").arg(dir).args(["-p", &port.to_string()]);
        command.args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ]);
        // A fast shutdown: it does not wait for clients.
        let server = Server::start(command, port, Signal::SIGINT)?;
        let postgresql = Postgresql {
            port,
            _server: server,
        };
        // It listens before it is ready.
        let started = Instant::now();
        let mut client = loop {
            match postgresql.connect() {
                Err(_) if started.elapsed() < PATIENCE => sleep(LOOK_AGAIN),
                connected => break connected?,
            }
        };
        client.batch_execute(SCHEMA)?;
        Ok(postgresql)
    }

    fn connect(&self) -> Result<postgres::Client, Failure> {
        let settings = format!(
            "host=127.0.0.1 port={} user=bench dbname=postgres",
            self.port
        );
        Ok(postgres::Client::connect(&settings, NoTls)?)
    }
}

/// A program of the newest version that is installed, to be run as a user who may.
fn program(name: &str) -> Result<Command, Failure> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map_err(|error| format!("PostgreSQL is not installed: {error}"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    let version = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str);
        name.and_then(|name| name.parse::<u32>().ok())
    };
    versions.sort_by_key(version);
    let path = versions
        .last()
        .ok_or("PostgreSQL is not installed")?
        .join("bin")
        .join(name);
    let mut command = command();
    if geteuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg("--").arg(path).current_dir("/");
    Ok(command)
}

impl Peer for Postgresql {
    fn name(&self) -> &'static str {
        "PostgreSQL SKIP LOCKED"
    }

    fn client(&self) -> Result<Box<dyn Client>, Failure> {
        let mut client = self.connect()?;
        Ok(Box::new(Connection {
            enqueue: client.prepare(ENQUEUE)?,
            claim: client.prepare(CLAIM)?,
            finish: client.prepare(FINISH)?,
            client,
        }))
    }
}

struct Connection {
    client: postgres::Client,
    enqueue: Statement,
    claim: Statement,
    finish: Statement,
}

impl Client for Connection {
    fn one_job(&mut self) -> Result<(), Failure> {
        self.client.execute(&self.enqueue, &[&PAYLOAD])?;
        // When another client takes the job that was looked at, the statement comes back empty and is asked again.
        let row = loop {
            if let Some(row) = self.client.query_opt(&self.claim, &[])? {
                break row;
            }
        };
        let (id, body): (i64, &str) = (row.get(0), row.get(1));
        assert_eq!(body, PAYLOAD);
        match self.client.execute(&self.finish, &[&id])? {
            1 => Ok(()),
            changed => Err(format!("PostgreSQL ended {changed} jobs instead of one").into()),
        }
    }
}
