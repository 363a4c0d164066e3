//! Ctrl-C: once means stop in order, twice means now.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Resolves at the first Ctrl-C (or SIGTERM); the second one ends the process with 130 wherever it is. The handlers are
/// in place when this returns.
pub fn first_interrupt() -> io::Result<oneshot::Receiver<()>> {
    let mut signals = Signals::register()?;
    let (first, interrupted) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        // Nobody waits any more once the work is done.
        let _ = first.send(());
        signals.next().await;
        std::process::exit(130);
    });
    Ok(interrupted)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn register() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
