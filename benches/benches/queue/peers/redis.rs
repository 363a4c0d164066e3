//! Redis with its log synced before every answer (`appendfsync always`): LPUSH, LMOVE to the list of running jobs, LREM.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::Signal;

use super::server::{Server, command, free_port};
use super::wire::Wire;
use super::{Client, Peer};
use crate::{Failure, PAYLOAD};

pub struct Redis {
    port: u16,
    /// Redis takes a job out by its text, so each carries a number.
    next: &'static AtomicU64,
    _server: Server,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Redis {
    pub fn start(dir: &Path) -> Result<Redis, Failure> {
        std::fs::create_dir(dir)?;
        let port = free_port()?;
        let mut command = command();
        command
            .args(["--", "redis-server"])
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(["--save", "", "--dir"])
            .arg(dir);
        Ok(Redis {
            port,
            next: &NEXT,
            _server: Server::start(command, port, Signal::SIGTERM)?,
        })
    }
}

impl Peer for Redis {
    fn name(&self) -> &'static str {
        "Redis, appendfsync always"
    }

    fn client(&self) -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Connection {
            wire: Wire::to(self.port)?,
            next: self.next,
        }))
    }
}

struct Connection {
    wire: Wire,
    next: &'static AtomicU64,
}

impl Connection {
    fn call(&mut self, words: &[&str]) -> Result<String, Failure> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.wire.send(request.as_bytes())?;
        let answer = self.wire.line()?;
        match answer.split_at_checked(1) {
            Some((":", number)) => Ok(number.to_owned()),
            Some(("$", length)) if !length.starts_with('-') => self.wire.body(length.parse()?),
            _ => Err(format!("Redis said {answer}").into()),
        }
    }
}

impl Client for Connection {
    fn one_job(&mut self) -> Result<(), Failure> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.call(&["LPUSH", "queue", &format!("{number} {PAYLOAD}")])?;
        let job = self.call(&["LMOVE", "queue", "running", "RIGHT", "LEFT"])?;
        assert!(job.ends_with(PAYLOAD));
        match self.call(&["LREM", "running", "1", &job])?.as_str() {
            "1" => Ok(()),
            removed => Err(format!("Redis removed {removed} jobs instead of one").into()),
        }
    }
}
