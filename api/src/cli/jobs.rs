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
    List,
    /// Shows a job, its results and the notifications it owes.
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
    /// Runs the failed or cancelled commands of a finished job again, now.
    Retry {
        /// The job's id, as `list` prints it.
        id: JobId,
    },
}

pub async fn jobs(args: Args) -> Result<Outcome, CliError> {
    if let Action::Retry { id } = args.action {
        return retry(&args, id).await;
    }
    let engine = open::idle(&args.data).await?;
    let done = match args.action {
        Action::List => list(&engine, &args).await,
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
    facts.extend(
        job.last_error
            .iter()
            .map(|error| ["last error".into(), error.clone()]),
    );
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

/// Runs until the job is final again, like `run` does.
async fn retry(args: &Args, id: JobId) -> Result<Outcome, CliError> {
    open::must_exist(&args.data)?;
    let worker = Worker {
        keys: open::keys()?,
        jobs: None,
    };
    let interrupted = interrupt::first_interrupt()?;
    let engine = open::working(&args.data, worker).await?;
    let events = engine.events();
    let again = async {
        let job = known(&engine, args, id).await?;
        if job.is_final() {
            engine.retry(id).await?;
        }
        Ok(job)
    };
    match again.await {
        Ok(job) => {
            let followed = vec![Followed {
                id,
                name: describe::source(&job),
                before: false,
            }];
            let style = follow::Style {
                json: args.json,
                out: job.out,
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
    let line = json::line(job, &deliveries).map_err(std::io::Error::from)?;
    Ok(text::print(&format!("{line}\n"))?)
}
