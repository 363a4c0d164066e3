//! A peer's server: started for this run on loopback, and stopped by its own id when dropped, whatever happened.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Failure;

/// How long a server may take to answer, and to end.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub struct Server {
    child: Child,
    stop: Signal,
}

impl Server {
    /// Runs the program until [`Server`] is dropped, which sends it `stop`; returns when it listens on `port`.
    /// `command` is one that [`command`] began.
    pub fn start(mut command: Command, port: u16, stop: Signal) -> Result<Server, Failure> {
        let quiet = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = quiet
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        let mut server = Server { child, stop };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(ended) = server.child.try_wait()? {
                return Err(format!("{command:?}: {ended}").into());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("{command:?} does not listen").into());
            }
            sleep(LOOK_AGAIN);
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let asked = i32::try_from(self.child.id()).map(|id| kill(Pid::from_raw(id), self.stop));
        let started = Instant::now();
        while asked.is_ok() && started.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(LOOK_AGAIN);
        }
        // It did not listen to the word; its children notice that it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs what is added to it, which hears SIGTERM should this process be killed. setpriv becomes the program, so that
/// its id is the one we stop.
pub fn command() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    command
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
