//! `opmill jobs`: what is in the queue of a data directory, and what to do about a job in it.

mod describe;
mod json;

use std::path::PathBuf;

use opmill_engine::ops::BucketName;
use opmill_engine::{CancelOutcome, Engine, Job, JobId};

use super::follow::{self, Followed};
use super::open::{self, Worker};
use super::text::{self, Align};
use super::{CliError, Outcome, interrupt, items};

/// Jobs read at a time.
const PAGE: usize = 256;

/// Shows and steers the jobs of a data directory.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill jobs list
  opmill jobs list --data /srv/opmill --json
  opmill jobs show 0193…
  opmill jobs retry 0193…
  opmill jobs list --dead
  opmill jobs retry --dead
  opmill jobs pause films

A data directory belongs to one process at a time: while `opmill run` works on it, these have to wait.")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    /// Folder of the queue.
    #[arg(long, value_name = "DIR", default_value = "./.opmill", global = true)]
    data: PathBuf,
    /// Print one line of JSON per job.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists every job, oldest first.
    List {
        /// Only those that were given up, and why: their attempts were used up, or they took their workers with them.
        #[arg(long)]
        dead: bool,
    },
    /// Shows a job, its results, what went wrong so far and the notifications it owes.
    Show {
        /// The job's id, as `list` prints it.
        id: JobId,
    },
    /// Cancels a job that is not finished; results it has are kept.
    Cancel {
        /// The job's id, as `list` prints it.
        id: JobId,
    },
    /// Begins no job of a bucket, or none at all, until `resume`; jobs that run go on.
    Pause {
        /// The bucket; everything without it.
        bucket: Option<BucketName>,
    },
    /// Ends a pause.
    Resume {
        /// The bucket; the pause of everything without it.
        bucket: Option<BucketName>,
    },
    /// Runs the failed or cancelled commands of a finished job again, now. What went wrong before is kept.
    Retry {
        /// The job's id, as `list` prints it.
        #[arg(required_unless_present = "dead", conflicts_with = "dead")]
        id: Option<JobId>,
        /// Every job that was given up.
        #[arg(long)]
        dead: bool,
    },
}

pub async fn jobs(args: Args) -> Result<Outcome, CliError> {
    if let Action::Retry { id, .. } = args.action {
        return retry(&args, id).await;
    }
    let engine = open::idle(&args.data).await?;
    let done = match args.action {
        Action::List { dead: true } => list_dead(&engine, &args).await,
        Action::List { dead: false } => list(&engine, &args).await,
        Action::Show { id } => show(&engine, &args, id).await,
        Action::Cancel { id } => cancel(&engine, &args, id).await,
        Action::Pause { ref bucket } => pause(&engine, bucket.as_ref()).await,
        Action::Resume { ref bucket } => resume(&engine, bucket.as_ref()).await,
        Action::Retry { .. } => Ok(()),
    };
    engine.shutdown().await?;
    done.map(|()| Outcome::Succeeded)
}

async fn list(engine: &Engine, args: &Args) -> Result<(), CliError> {
    let mut rows = vec![["job", "state", "commands", "submitted", "source"].map(str::to_owned)];
    let mut after = None;
    loop {
        let jobs = engine.jobs(after, PAGE).await?;
        let Some(last) = jobs.last() else { break };
        after = Some(last.id);
        for job in jobs {
            if args.json {
                print_json(engine, &job).await?;
            } else {
                rows.push(describe::row(&job));
            }
        }
    }
    if !args.json {
        let align = [
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Left,
        ];
        text::print(&text::columns(0, align, &rows))?;
    }
    Ok(())
}

async fn list_dead(engine: &Engine, args: &Args) -> Result<(), CliError> {
    let title = [
        "job",
        "cause",
        "attempts",
        "given up",
        "source",
        "last error",
    ];
    let mut rows = vec![title.map(str::to_owned)];
    for id in engine.dead().await? {
        let job = known(engine, args, id).await?;
        if args.json {
            print_json(engine, &job).await?;
        } else {
            rows.push(describe::dead(&job));
        }
    }
    if !args.json {
        let align = [
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Left,
            Align::Left,
        ];
        text::print(&text::columns(0, align, &rows))?;
    }
    Ok(())
}

async fn show(engine: &Engine, args: &Args, id: JobId) -> Result<(), CliError> {
    let job = known(engine, args, id).await?;
    if args.json {
        return print_json(engine, &job).await;
    }
    let mut facts = vec![
        ["job".into(), job.id.to_string()],
        ["state".into(), describe::state(&job.state).into()],
        [
            "source".into(),
            format!("{} ({})", describe::source(&job), text::bytes(job.size)),
        ],
        ["ops".into(), job.ops.clone()],
        ["submitted".into(), describe::age(job.submitted)],
        ["attempts".into(), job.attempts.to_string()],
    ];
    let fact = |name: &str, text: String| [name.to_owned(), text];
    let follows = job
        .follows
        .map(|leader| fact("same as", leader.to_string()));
    facts.extend(follows);
    let error = job.last_error.as_deref();
    facts.extend(error.map(|error| fact("last error", describe::because(job.cause, error))));
    for item in &job.items {
        let told = describe::progress(item)
            .into_iter()
            .chain(describe::trials(item));
        facts.extend(told.map(|told| fact(&format!("command {}", item.index.0 + 1), told)));
    }
    for past in &engine.history(id).await?.events {
        facts.push(fact("before", describe::past(past)));
    }
    for delivery in engine.deliveries(id).await? {
        facts.push(["notification".into(), describe::delivery(&delivery)]);
    }
    let table = items::table(&job, job.out.as_deref());
    Ok(text::print(&format!(
        "{}{table}",
        text::columns(0, [Align::Left; 2], &facts)
    ))?)
}

async fn cancel(engine: &Engine, args: &Args, id: JobId) -> Result<(), CliError> {
    known(engine, args, id).await?;
    let said = match engine.cancel(id).await? {
        CancelOutcome::Cancelled | CancelOutcome::Requested => format!("cancelled {id}"),
        CancelOutcome::AlreadyFinal(before) => {
            format!("{id} is {} already", describe::state(&before))
        }
    };
    Ok(text::print(&format!("{said}\n"))?)
}

async fn pause(engine: &Engine, bucket: Option<&BucketName>) -> Result<(), CliError> {
    engine.pause(bucket).await?;
    Ok(text::print(&format!("paused {}\n", scope(bucket)))?)
}

async fn resume(engine: &Engine, bucket: Option<&BucketName>) -> Result<(), CliError> {
    let said = match engine.unpause(bucket).await? {
        true => format!("resumed {}", scope(bucket)),
        false => format!("{} was not paused", scope(bucket)),
    };
    Ok(text::print(&format!("{said}\n"))?)
}

fn scope(bucket: Option<&BucketName>) -> String {
    bucket.map_or_else(
        || "everything".to_owned(),
        |bucket| format!("the bucket {bucket}"),
    )
}

/// Runs until the job, or every one that was given up, is final again, like `run` does.
async fn retry(args: &Args, id: Option<JobId>) -> Result<Outcome, CliError> {
    open::must_exist(&args.data)?;
    let worker = Worker {
        keys: open::keys()?,
        jobs: None,
    };
    let interrupted = interrupt::first_interrupt()?;
    let engine = open::working(&args.data, worker).await?;
    let events = engine.events();
    let again = async {
        let ids = match id {
            Some(id) => vec![id],
            None => engine.dead().await?,
        };
        let (mut followed, mut out) = (Vec::new(), None);
        for id in ids {
            let job = known(&engine, args, id).await?;
            if job.is_final() {
                engine.retry(id).await?;
            }
            followed.push(Followed {
                id,
                name: describe::source(&job),
                before: false,
            });
            out = job.out;
        }
        // Jobs of several folders show where each result is by its entry.
        Ok((followed, out.filter(|_| id.is_some())))
    };
    match again.await {
        Ok((followed, out)) => {
            let style = follow::Style {
                json: args.json,
                out,
            };
            follow::follow(engine, followed, events, interrupted, &style).await
        }
        Err(error) => {
            engine.shutdown().await?;
            Err(error)
        }
    }
}

async fn known(engine: &Engine, args: &Args, id: JobId) -> Result<Job, CliError> {
    engine.job(id).await?.ok_or_else(|| CliError::NoSuchJob {
        id,
        data: args.data.clone(),
    })
}

async fn print_json(engine: &Engine, job: &Job) -> Result<(), CliError> {
    let deliveries = engine.deliveries(job.id).await?;
    let history = engine.history(job.id).await?;
    let line = json::line(job, &deliveries, &history).map_err(std::io::Error::from)?;
    Ok(text::print(&format!("{line}\n"))?)
}
