//! beanstalkd with its binlog synced at every write (`-f0`): put, reserve, delete. A reservation is not written down, so
//! it has one durable step less than the others.

use std::path::Path;

use nix::sys::signal::Signal;

use super::server::{Server, command, free_port};
use super::wire::Wire;
use super::{Client, Peer};
use crate::{Failure, PAYLOAD};

pub struct Beanstalkd {
    port: u16,
    _server: Server,
}

impl Beanstalkd {
    pub fn start(dir: &Path) -> Result<Beanstalkd, Failure> {
        std::fs::create_dir(dir)?;
        let port = free_port()?;
        let mut command = command();
        command
            .args(["--", "beanstalkd"])
            .args(["-l", "127.0.0.1", "-f0", "-p", &port.to_string(), "-b"])
            .arg(dir);
        Ok(Beanstalkd {
            port,
            _server: Server::start(command, port, Signal::SIGTERM)?,
        })
    }
}

impl Peer for Beanstalkd {
    fn name(&self) -> &'static str {
        "beanstalkd -f0"
    }

    fn client(&self) -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Connection(Wire::to(self.port)?)))
    }
}

struct Connection(Wire);

impl Client for Connection {
    fn one_job(&mut self) -> Result<(), Failure> {
        let put = format!("put 0 0 60 {}\r\n{PAYLOAD}\r\n", PAYLOAD.len());
        self.0.send(put.as_bytes())?;
        expect(&self.0.line()?, "INSERTED ")?;
        self.0.send(b"reserve\r\n")?;
        let reserved = self.0.line()?;
        let (id, length) = expect(&reserved, "RESERVED ")?
            .split_once(' ')
            .ok_or("a reservation without a length")?;
        assert_eq!(self.0.body(length.parse()?)?, PAYLOAD);
        self.0.send(format!("delete {id}\r\n").as_bytes())?;
        expect(&self.0.line()?, "DELETED")?;
        Ok(())
    }
}

fn expect<'a>(line: &'a str, what: &str) -> Result<&'a str, Failure> {
    line.strip_prefix(what)
        .ok_or_else(|| format!("beanstalkd said {line}").into())
}
