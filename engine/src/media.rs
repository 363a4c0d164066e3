//! The thread a processor runs on, and what it says to the executor.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

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
        let reporter = Reporter {
            sender,
            meter,
            pulse,
        };
        let ended = catch_unwind(AssertUnwindSafe(|| processor.run(work, &reporter)));
        let panic = ended.err().map(|panic| panic_message(&*panic));
        // Given back when the work ends, however late that is, and before anyone hears of it, who might begin the next.
        drop(share);
        // An error says that nobody listens any more.
        let _ = reporter.sender.send(Message::Ended(panic));
    };
    std::thread::Builder::new()
        .name("media".to_owned())
        .spawn(run)?;
    Ok(messages)
}

/// Waits until a thread that was told to stop has done so.
pub(crate) async fn drain(shared: &Shared, mut messages: UnboundedReceiver<Message>) {
    let ended = async { while !matches!(messages.recv().await, None | Some(Message::Ended(_))) {} };
    tokio::select! {
        () = ended => {}
        () = shared.clock.sleep_until(shared.now().plus(GRACE)) => {
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
