//! What a command line means, worked out before anything is opened: one planned job per input, and every reason not to
//! start.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use opmill_engine::{EngineError, JobSpec, ops};
use sha1::{Digest, Sha1};

use super::Args;
use super::inputs::{self, Input};
use crate::cli::{CliError, items};

/// A job to submit.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its source.
    pub input: Input,
    /// What to submit, but for its key.
    pub spec: JobSpec,
    /// The files its commands will write, in the order of the commands that can be run.
    pub targets: Vec<PathBuf>,
    /// Equal for equal work: see [`identity`].
    identity: String,
}

impl Planned {
    /// The key under which the queue knows this job. `--force` makes a further generation of the same work.
    pub fn key(&self, generation: u32) -> String {
        format!("run:{}:{generation}", self.identity)
    }
}

/// One job per input, or the first reason why the command line cannot be obeyed.
pub fn plan(args: &Args) -> Result<Vec<Planned>, CliError> {
    ops::parse(&args.ops).map_err(|error| CliError::Syntax {
        pointed: error.point(&args.ops),
        problem: error.to_string(),
    })?;
    let inputs = inputs::collect(&args.inputs, &[args.out.clone(), args.data.clone()])?;
    let out = std::path::absolute(&args.out)?;
    let jobs = inputs
        .into_iter()
        .map(|input| one(args, &out, input))
        .collect::<Result<Vec<_>, _>>()?;
    refuse_clashes(&jobs)?;
    Ok(jobs)
}

fn one(args: &Args, out: &Path, input: Input) -> Result<Planned, CliError> {
    let mut spec = JobSpec::file(&input.shown, &args.ops)
        .out(out)
        .separate(args.separate)
        .explain(args.explain)
        .force(args.force);
    if let Some(url) = &args.notify {
        spec = spec.notify(url);
    }
    let targets = spec.targets().map_err(|error| match error {
        EngineError::TargetName(source) => CliError::Template {
            input: input.shown.clone(),
            source,
        },
        error => error.into(),
    })?;
    let targets = targets
        .iter()
        .map(|entry| items::place(entry, &args.out))
        .collect();
    Ok(Planned {
        identity: identity(args, out, &input),
        input,
        spec,
        targets,
    })
}

/// A fingerprint of everything that decides what a job does. The same command line after an interruption gives the same
/// one and so finds its jobs; a source that changed since gives another.
fn identity(args: &Args, out: &Path, input: &Input) -> String {
    // Debug text rather than JSON: it takes any path, and quotes what could run together.
    let parts = (
        &input.path,
        input.size,
        input.modified,
        &args.ops,
        out,
        args.separate,
        &args.notify,
    );
    format!("{:x}", Sha1::digest(format!("{parts:?}")))
}

/// Jobs run at the same time: what two of them would write, or one would write over a source, is refused.
fn refuse_clashes(jobs: &[Planned]) -> Result<(), CliError> {
    let sources: HashSet<&Path> = jobs.iter().map(|job| job.input.path.as_path()).collect();
    let mut writers: HashMap<&Path, usize> = HashMap::new();
    for (n, job) in jobs.iter().enumerate() {
        for target in &job.targets {
            let first = *writers.entry(target).or_insert(n);
            // Two commands of one job may name one target: the later wins.
            if first != n {
                return Err(CliError::SameTarget {
                    target: target.clone(),
                    first: jobs[first].input.shown.clone(),
                    second: job.input.shown.clone(),
                });
            }
            if target
                .canonicalize()
                .is_ok_and(|target| sources.contains(target.as_path()))
            {
                return Err(CliError::TargetIsInput {
                    input: job.input.shown.clone(),
                    target: target.clone(),
                });
            }
        }
    }
    Ok(())
}
