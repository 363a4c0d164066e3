//! The thread a processor runs on, and what it says to the executor.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::attempt::Stop;
use crate::cores::Share;
use crate::ledger::Outcome;
use crate::processor::{Progress, Report, Work};
use crate::progress::{Meter, Readings};
use crate::pulse::Pulse;
use crate::shared::{Shared, panic_message};

/// How long an attempt that was stopped waits for its media thread. It asks for the flag between packets; one that
/// hangs in a codec is left behind with nowhere to publish to.
const GRACE: Duration = Duration::from_secs(10);

/// What the thread says.
pub(crate) enum Message {
    /// How a command is going to be carried out.
    Explained(usize, String),
    /// A command ended.
    Done(usize, Outcome),
    /// Nothing more comes; what the processor said when it panicked.
    Ended(Option<String>),
}

/// Starts the processor on `work`.
pub(crate) fn start(
    shared: &Shared,
    work: Work,
    share: Share,
    pulse: Arc<Pulse>,
    readings: Arc<Readings>,
) -> io::Result<UnboundedReceiver<Message>> {
    let (sender, messages) = unbounded_channel();
    let meter = Meter::new(work.job, Arc::clone(&shared.events), readings);
    let processor = Arc::clone(&shared.processor);
    let run = move || {
        // Given back when the thread ends, however late that is.
        let _share = share;
        let reporter = Reporter {
            sender,
            meter,
            pulse,
        };
        let ended = catch_unwind(AssertUnwindSafe(|| processor.run(work, &reporter)));
        let panic = ended.err().map(|panic| panic_message(&*panic));
        // An error says that nobody listens any more.
        let _ = reporter.sender.send(Message::Ended(panic));
    };
    std::thread::Builder::new()
        .name("media".to_owned())
        .spawn(run)?;
    Ok(messages)
}

/// How long one that was cancelled waits for it: who called a job off is told within two seconds that it is, though an
/// encoder takes its time to let go of what it holds.
const GRACE_WHEN_CANCELLED: Duration = Duration::from_millis(1500);

/// Waits until a thread that was told to stop has done so.
pub(crate) async fn drain(
    shared: &Shared,
    mut messages: UnboundedReceiver<Message>,
    why: Option<Stop>,
) {
    let grace = match why {
        Some(Stop::Cancelled) => GRACE_WHEN_CANCELLED,
        _ => GRACE,
    };
    let ended = async { while !matches!(messages.recv().await, None | Some(Message::Ended(_))) {} };
    tokio::select! {
        () = ended => {}
        () = shared.clock.sleep_until(shared.now().plus(grace)) => {
            tracing::warn!("a media thread does not stop; it is left behind");
        }
    }
}

struct Reporter {
    sender: UnboundedSender<Message>,
    meter: Meter,
    pulse: Arc<Pulse>,
}

impl Report for Reporter {
    fn progress(&self, progress: Progress) {
        self.pulse.heard(&progress);
        self.meter.report(progress);
    }

    fn explain(&self, index: usize, text: &str) {
        let _ = self.sender.send(Message::Explained(index, text.to_owned()));
    }

    fn done(&self, index: usize, result: Outcome) {
        self.pulse.beat();
        // An error says that the attempt is over.
        let _ = self.sender.send(Message::Done(index, result));
    }
}
