//! Takes a request: everything that can be known to be wrong is refused here, with nothing left behind; what is
//! accepted is on disk when [`submit`] returns.

use std::path::PathBuf;

use opmill_ops::{BucketName, Command, Entry};
use opmill_store::NewJob;
use url::Url;

use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::job::{JobSpec, Source, Submitted};
use crate::notify::transport::check_literal;
use crate::shared::Shared;
use crate::spec::Spec;
use crate::target;

pub(crate) async fn submit(shared: &Shared, request: JobSpec) -> Result<Submitted, EngineError> {
    if let Some(trouble) = shared.trouble() {
        return Err(trouble);
    }
    let commands = opmill_ops::parse(&request.ops)?;
    if let Some(url) = &request.notify {
        check_receiver(shared, url)?;
    }
    // Before the targets are looked at: those of the existing job may well be there by now.
    if let Some(key) = request.idempotency_key.clone()
        && let Some(id) = shared.store(move |store| store.find(&key)).await?
    {
        return Ok(Submitted { id, existing: true });
    }
    let out = request.out.map(out_folder).transpose()?;
    let source = source(shared, request.source)?;
    let place = shared.buckets.place(&source, out.as_deref())?;
    let size = place.size(&source).await?;
    let size = size.ok_or_else(|| EngineError::SourceNotFound {
        name: source.to_string(),
    })?;
    let spec = Spec {
        source,
        size,
        ops: request.ops,
        out,
        notify: request.notify,
        separate: request.separate,
        access_key: request.signed_by,
    };
    if !request.force {
        check_targets(shared, &commands, &spec).await?;
    }
    let job = NewJob {
        idempotency_key: request.idempotency_key,
        priority: request.priority,
        due: request.due,
        commands: u32::try_from(commands.len()).unwrap_or(u32::MAX),
        spec: spec.to_json(),
    };
    let later = request.due.filter(|at| *at > shared.now());
    let enqueued = shared.store(move |store| store.enqueue(job)).await?;
    if !enqueued.existing {
        shared
            .events
            .send(EngineEvent::Submitted { job: enqueued.id });
        match later {
            Some(at) => shared.timetable.comes_due(at),
            None => shared.available(1),
        }
    }
    Ok(Submitted {
        id: enqueued.id,
        existing: enqueued.existing,
    })
}

impl JobSpec {
    /// Where each command's (first) output would go, in the order of the op string; a command in error has no target.
    /// For callers that must know before they submit, such as one that plans many jobs at once.
    ///
    /// # Errors
    /// [`EngineError::Ops`], [`EngineError::SourcePath`], and [`EngineError::TargetName`] for a target that has no
    /// valid name for this source.
    pub fn targets(&self) -> Result<Vec<Entry>, EngineError> {
        let spec = Spec {
            source: entry(self.source.clone())?,
            size: 0,
            ops: String::new(),
            out: self.out.clone(),
            notify: None,
            separate: false,
            access_key: None,
        };
        let mut targets = Vec::new();
        for command in opmill_ops::parse(&self.ops)? {
            if let Ok(pipeline) = &command.pipeline {
                targets.push(first_output(&target::of(&command, pipeline, &spec)?)?);
            }
        }
        Ok(targets)
    }
}

/// The name of a target's only output.
fn first_output(target: &Entry) -> Result<Entry, EngineError> {
    let key = target::numbered(&target.key, 1)?.pop();
    Ok(Entry {
        bucket: target.bucket.clone(),
        key: key.unwrap_or_else(|| target.key.clone()),
    })
}

fn source(shared: &Shared, source: Source) -> Result<Entry, EngineError> {
    match source {
        Source::File(_) if !shared.config.local_files => Err(EngineError::LocalFilesOff),
        source => entry(source),
    }
}

fn entry(source: Source) -> Result<Entry, EngineError> {
    let path = match source {
        Source::Object(entry) => return Ok(entry),
        Source::File(path) => path,
    };
    let whole = absolute(path)?;
    let refused = |reason: &dyn ToString| EngineError::SourcePath {
        path: whole.clone(),
        reason: reason.to_string(),
    };
    let text = whole
        .to_str()
        .ok_or_else(|| refused(&"its name is not UTF-8"))?;
    let key = text
        .trim_start_matches('/')
        .parse()
        .map_err(|error| refused(&error))?;
    Ok(Entry {
        bucket: BucketName::local(),
        key,
    })
}

/// The folder need not exist yet, so only its beginning can be made sure of.
fn out_folder(path: PathBuf) -> Result<PathBuf, EngineError> {
    std::path::absolute(&path).map_err(|source| EngineError::Write { path, source })
}

/// Jobs outlive the working directory they were submitted in. `..` is resolved as the file system does it, since a key
/// may not hold it.
fn absolute(path: PathBuf) -> Result<PathBuf, EngineError> {
    let has_parent = path
        .components()
        .any(|part| part == std::path::Component::ParentDir);
    let whole = if has_parent {
        path.canonicalize()
    } else {
        std::path::absolute(&path)
    };
    whole.map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => EngineError::SourceNotFound {
            name: path.display().to_string(),
        },
        _ => EngineError::Source {
            name: path.display().to_string(),
            source,
        },
    })
}

fn check_receiver(shared: &Shared, url: &str) -> Result<(), EngineError> {
    let refused = |reason: String| EngineError::NotifyUrl {
        url: url.to_owned(),
        reason,
    };
    if shared.config.keys.is_empty() {
        return Err(EngineError::NoKeyPair);
    }
    let parsed = Url::parse(url).map_err(|error| refused(error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(refused("it must be http:// or https://".to_owned()));
    }
    match shared.config.notify.allow_private_addresses {
        true => Ok(()),
        false => check_literal(url).map_err(|error| refused(error.to_string())),
    }
}

/// Refuses to run over what is there (wire.md 5.2). Default names count as results of the same command and are not
/// looked at; a command in error writes nothing.
async fn check_targets(
    shared: &Shared,
    commands: &[Command],
    spec: &Spec,
) -> Result<(), EngineError> {
    for command in commands {
        let Some((pipeline, true)) = command
            .pipeline
            .as_ref()
            .ok()
            .map(|known| (known, known.saveas.is_some()))
        else {
            continue;
        };
        let Ok(target) = target::of(command, pipeline, spec) else {
            continue;
        };
        let Ok(entry) = first_output(&target) else {
            continue;
        };
        let place = shared.buckets.place(&entry, spec.out.as_deref())?;
        if place.is_taken(&entry).await? {
            return Err(EngineError::TargetExists { entry });
        }
    }
    Ok(())
}
