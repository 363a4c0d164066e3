//! Sees jobs to their end: progress while they run, what they came to, the notifications they owe, and the order to
//! stop. Shared by `run` and `jobs retry`.

use std::path::PathBuf;
use std::time::Duration;

use opmill_engine::{Delivery, DeliveryState, Engine, EngineError, Events, Job, JobId};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::progress::Progress;
use super::{CliError, Outcome, items, text};

/// How long to wait for a receiver before saying so.
const PATIENCE: Duration = Duration::from_secs(2);

/// A job somebody waits for.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The job.
    pub id: JobId,
    /// What to call it: its source, as the user wrote it.
    pub name: String,
    /// It had ended before this command line was given, and is only reported.
    pub before: bool,
}

/// How to print what jobs came to.
#[derive(Debug)]
pub struct Style {
    /// A line of JSON per job instead of tables.
    pub json: bool,
    /// The folder of the results, as it shall be printed.
    pub out: Option<PathBuf>,
}

/// Waits for `jobs`, prints what they came to in their order, and closes the engine. `events` were asked for before the
/// jobs could begin.
pub async fn follow(
    engine: Engine,
    jobs: Vec<Followed>,
    events: Events,
    interrupted: oneshot::Receiver<()>,
    style: &Style,
) -> Result<Outcome, CliError> {
    let outcome = to_the_end(&engine, jobs, events, interrupted, style).await;
    if outcome.is_err() {
        // What runs is wound up. That the end goes wrong as well says nothing new.
        let _ = engine.shutdown().await;
    }
    outcome
}

async fn to_the_end(
    engine: &Engine,
    jobs: Vec<Followed>,
    mut events: Events,
    mut interrupted: oneshot::Receiver<()>,
    style: &Style,
) -> Result<Outcome, CliError> {
    let mut waits = JoinSet::new();
    for job in &jobs {
        let (engine, id) = (engine.clone(), job.id);
        waits.spawn(async move { engine.wait(id).await });
    }
    let mut progress = view(engine, &jobs).await?;
    let all_ended = watch(&mut waits, &mut progress, &mut events, &mut interrupted).await?;
    if !all_ended {
        return stop(engine, waits, progress, events).await;
    }
    drop(progress);

    let settled = tokio::select! {
        settled = settle(engine, &jobs) => settled.map(|()| true)?,
        // The sender lives as long as the process.
        _ = &mut interrupted => false,
    };
    let (mut failed, mut failed_before) = (false, false);
    for followed in &jobs {
        let job = known(engine, followed).await?;
        failed |= !job.succeeded();
        failed_before |= followed.before && !job.succeeded();
        print(engine, followed, &job, style).await?;
    }
    engine.shutdown().await?;
    if failed_before {
        text::note(
            "what failed before is not run again by itself: see opmill jobs retry, or give --force",
        );
    }
    if !settled {
        text::note(
            "interrupted while delivering notifications; the same command line sends what is owed",
        );
        return Ok(Outcome::Interrupted);
    }
    Ok(if failed {
        Outcome::Failed
    } else {
        Outcome::Succeeded
    })
}

async fn known(engine: &Engine, followed: &Followed) -> Result<Job, EngineError> {
    let job = engine.job(followed.id).await?;
    job.ok_or(EngineError::UnknownJob { job: followed.id })
}

/// The view of what is left to do.
async fn view(engine: &Engine, jobs: &[Followed]) -> Result<Progress, CliError> {
    let mut open = Vec::new();
    for followed in jobs.iter().filter(|followed| !followed.before) {
        open.push((followed.name.clone(), known(engine, followed).await?));
    }
    Ok(Progress::new(
        open.iter().map(|open| (open.0.clone(), &open.1)),
    ))
}

/// Until every job is final, or the interrupt: true if every job is final.
async fn watch(
    waits: &mut JoinSet<Result<Job, EngineError>>,
    progress: &mut Progress,
    events: &mut Events,
    interrupted: &mut oneshot::Receiver<()>,
) -> Result<bool, CliError> {
    let mut left = waits.len();
    loop {
        tokio::select! {
            // In this order: what happened is shown before the end of the wait for it is noticed.
            biased;
            _ = &mut *interrupted => return Ok(false),
            Some(event) = events.next() => progress.show(&event),
            Some(ended) = waits.join_next() => {
                ended.map_err(std::io::Error::from)??;
                left -= 1;
            }
            () = std::future::ready(()), if left == 0 => return Ok(true),
        }
    }
}

/// Waits until notifications are delivered or can only be waited for, and says what is still owed.
async fn settle(engine: &Engine, jobs: &[Followed]) -> Result<(), CliError> {
    let mut owed = false;
    for followed in jobs {
        let settled = engine.settle(followed.id);
        let mut settled = std::pin::pin!(settled);
        let deliveries = match tokio::time::timeout(PATIENCE, &mut settled).await {
            Ok(deliveries) => deliveries?,
            Err(_) => {
                text::note(&format!(
                    "{}: waiting for the receiver of its notifications; Ctrl-C leaves them for later",
                    followed.name
                ));
                settled.await?
            }
        };
        let of = |which: fn(&DeliveryState) -> bool| {
            deliveries
                .iter()
                .filter(move |delivery| which(&delivery.state))
        };
        let why = |delivery: &Delivery| delivery.last_error.clone().unwrap_or_default();
        let due = of(|state| matches!(state, DeliveryState::Due { .. })).collect::<Vec<_>>();
        if let Some(last) = due.last() {
            owed = true;
            let notifications = text::count(due.len(), "notification");
            text::note(&format!(
                "{}: {notifications} not delivered yet: {}",
                followed.name,
                why(last)
            ));
        }
        for lost in of(|state| matches!(state, DeliveryState::GivenUp { .. })) {
            text::note(&format!(
                "{}: a notification was given up: {}",
                followed.name,
                why(lost)
            ));
        }
    }
    if owed {
        text::note("the same command line again sends the notifications that are still owed");
    }
    Ok(())
}

/// The first Ctrl-C: what runs may end soon or is given back, and what ends meanwhile is shown.
async fn stop(
    engine: &Engine,
    mut waits: JoinSet<Result<Job, EngineError>>,
    mut progress: Progress,
    mut events: Events,
) -> Result<Outcome, CliError> {
    progress.say("stopping; Ctrl-C again stops at once");
    let show = async {
        while let Some(event) = events.next().await {
            progress.show(&event);
        }
    };
    let (closed, ()) = tokio::join!(engine.shutdown(), show);
    closed?;
    drop(progress);
    let mut left = 0;
    while let Some(ended) = waits.join_next().await {
        left += usize::from(!matches!(ended, Ok(Ok(_))));
    }
    text::note(&match left {
        0 => "interrupted, but everything had ended; the same command line reports it".to_owned(),
        left => {
            let left = text::count(left, "job");
            format!("interrupted, {left} left to finish; the same command line goes on from here")
        }
    });
    Ok(Outcome::Interrupted)
}

async fn print(
    engine: &Engine,
    followed: &Followed,
    job: &Job,
    style: &Style,
) -> Result<(), CliError> {
    if style.json {
        let line = engine.notification(job.id).await?.to_json();
        return Ok(text::print(&format!("{line}\n"))?);
    }
    let commands = text::count(job.items.len(), "command");
    let verdict = match job.failures().count() {
        0 => format!("{commands} ok"),
        failed => format!("{failed} of {commands} failed"),
    };
    let before = if followed.before {
        ", finished before"
    } else {
        ""
    };
    let table = items::table(job, style.out.as_deref());
    Ok(text::print(&format!(
        "{} (job {}): {verdict}{before}\n{table}",
        followed.name, job.id
    ))?)
}
