//! `opmill run`: every INPUT becomes a job in the queue under `--data`, and is worked on until it is final.
//!
//! `plan` finds every reason not to start; then the data directory is opened, and what the queue already knows of this
//! very command line is resumed instead of submitted. `follow` sees the jobs to their end.

pub mod inputs;
mod plan;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use opmill_engine::{Engine, Job, Redriven};
use plan::Planned;

use super::follow::{self, Followed};
use super::open::{self, Worker};
use super::{CliError, Outcome, interrupt, text};

const EXAMPLES: &str = "\
Examples:
  opmill run --ops 'avthumb/mp4/s/640x|saveas/small:$(fprefix).mp4' films/
      every film below films/, at any depth, to ./out/small/<name>.mp4
  opmill run --ops 'vframe/jpg/offset/1|saveas/stills:$(fname).jpg' 'clips/*.mov' intro.mp4
  opmill run --ops 'avthumb/mp4/vb/64k|saveas/YnVja2V0OmZpbGVrZXk=' clip.mp4
      the protocol's form: the target bucket:filekey in URL-safe base64
  OPMILL_ACCESS_KEY=ak OPMILL_SECRET_KEY=sk opmill run --notify http://127.0.0.1:9000/done --ops ... clip.mp4

The same command line again finishes what an interruption left, and redoes nothing that finished.
Ctrl-C once stops in order, twice at once; in either case the same command line goes on.";

/// Runs an op string over files, as jobs in a durable queue.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Commands, separated by `;`, each applied to every input (see `opmill ops`).
    #[arg(long, value_name = "OPS")]
    ops: String,
    /// Folder of the results: `<DIR>/<bucket>/<key>`.
    #[arg(long, value_name = "DIR", default_value = "./out")]
    out: PathBuf,
    /// Folder of the queue.
    #[arg(long, value_name = "DIR", default_value = "./.opmill")]
    data: PathBuf,
    /// Send one notification per command instead of one per job.
    #[arg(long)]
    separate: bool,
    /// Send signed notifications to this address; the key pair is in OPMILL_ACCESS_KEY and OPMILL_SECRET_KEY.
    #[arg(long, value_name = "URL")]
    notify: Option<String>,
    /// Run everything again, over results that are there.
    #[arg(long)]
    force: bool,
    /// Tell of each result how it was made: what was copied, what was encoded, and why.
    #[arg(long)]
    explain: bool,
    /// Print one line of JSON per job on standard output, shaped like a notification.
    #[arg(long)]
    json: bool,
    /// Jobs that run at the same time; one per core without it.
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Files, directories (all media files in them, at any depth) and patterns such as 'clips/*.mp4'.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
}

pub async fn run(args: Args) -> Result<Outcome, CliError> {
    let keys = open::keys()?;
    if args.notify.is_some() && keys.is_none() {
        return Err(CliError::NoKeys);
    }
    let jobs = plan::plan(&args)?;
    make_folder(&args.out)?;
    let interrupted = interrupt::first_interrupt()?;
    let engine = open::working(
        &args.data,
        Worker {
            keys,
            jobs: args.workers,
        },
    )
    .await?;
    let events = engine.events();
    let submitted = match submit(&engine, &args, jobs).await {
        Ok(submitted) => submitted,
        Err(error) => {
            engine.shutdown().await?;
            return Err(error);
        }
    };
    let style = follow::Style {
        json: args.json,
        out: Some(args.out),
    };
    follow::follow(engine, submitted, events, interrupted, &style).await
}

/// Jobs of other command lines that an interruption left in the queue run too, which may surprise. `ours` of the
/// unfinished ones belong to this command line.
async fn tell_of_others(engine: &Engine, ours: usize) -> Result<(), CliError> {
    if engine.paused().await?.all.is_some() {
        text::note("the queue is paused, so nothing will begin; `opmill jobs resume` ends that");
    }
    let counts = engine.counts().await?;
    let left = counts.scheduled + counts.available + counts.running + counts.retryable;
    let others = left.saturating_sub(ours);
    if others > 0 {
        let others = text::count(others, "job");
        text::note(&format!(
            "before these: {others} that another command line left in the queue"
        ));
    }
    Ok(())
}

/// Finds out before anything runs whether results can be written at all.
fn make_folder(out: &Path) -> Result<(), CliError> {
    let problem = |source| CliError::Out {
        path: out.to_owned(),
        source,
    };
    std::fs::create_dir_all(out).map_err(problem)?;
    let trial = out.join(format!(".opmill-trial-{}", std::process::id()));
    std::fs::File::create_new(&trial)
        .and_then(|_| std::fs::remove_file(&trial))
        .map_err(problem)
}

/// Resumes the jobs the queue knows and submits the others, in the order of the inputs. Nothing of this command line is
/// submitted or resumed before all of it is found to be possible.
async fn submit(
    engine: &Engine,
    args: &Args,
    jobs: Vec<Planned>,
) -> Result<Vec<Followed>, CliError> {
    let mut found = Vec::new();
    let mut unfinished = 0;
    for job in jobs {
        let (generation, known) = place_in_queue(engine, args, &job).await?;
        match &known {
            Some(known) => unfinished += usize::from(!known.is_final()),
            None if args.force => {}
            None => refuse_existing(&job)?,
        }
        found.push((job, generation, known));
    }
    tell_of_others(engine, unfinished).await?;
    let mut submitted = Vec::new();
    for (job, generation, known) in found {
        let name = job.input.shown.display().to_string();
        let (id, before) = match known {
            Some(known) => (
                known.id,
                engine.resume(known.id).await? == Redriven::Complete,
            ),
            None => (
                engine
                    .submit(job.spec.clone().idempotency_key(job.key(generation)))
                    .await?
                    .id,
                false,
            ),
        };
        submitted.push(Followed { id, name, before });
    }
    Ok(submitted)
}

/// The latest generation of a job, and the job itself if the queue has it. With `--force` a generation that is final
/// makes room for the next one, so that a forced run that was interrupted goes on and one that ended starts anew.
async fn place_in_queue(
    engine: &Engine,
    args: &Args,
    job: &Planned,
) -> Result<(u32, Option<Job>), CliError> {
    let mut generation = 0;
    let mut latest = None;
    while let Some(id) = engine.find(job.key(generation)).await? {
        latest = engine.job(id).await?;
        generation += 1;
    }
    Ok(match latest {
        Some(job) if !(args.force && job.is_final()) => (generation - 1, Some(job)),
        _ => (generation, None),
    })
}

fn refuse_existing(job: &Planned) -> Result<(), CliError> {
    match job
        .targets
        .iter()
        .find(|target| target.symlink_metadata().is_ok())
    {
        Some(target) => Err(CliError::TargetExists {
            target: target.clone(),
        }),
        None => Ok(()),
    }
}
