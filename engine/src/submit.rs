//! Takes a request: everything that can be known to be wrong is refused here, with nothing left behind; what is
//! accepted is on disk when [`submit`] returns.

use opmill_ops::{Command, Entry};
use opmill_store::{Enqueued, NewJob};
use url::Url;

use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::flight;
use crate::job::{JobSpec, Source, Submitted};
use crate::notify::transport::check_literal;
use crate::shared::Shared;
use crate::source;
use crate::spec::{self, Spec};
use crate::target;

pub(crate) async fn submit(shared: &Shared, request: JobSpec) -> Result<Submitted, EngineError> {
    if let Some(trouble) = shared.trouble() {
        return Err(trouble);
    }
    let lenient = shared.config.lenient;
    let commands = spec::parse(&request.ops, lenient)?;
    if let Some(url) = &request.notify {
        check_receiver(shared, url)?;
    }
    // Before the targets are looked at: those of the existing job may well be there by now.
    if let Some(key) = request.idempotency_key.clone()
        && let Some(id) = shared.store(move |store| store.find(&key)).await?
    {
        return Ok(Submitted { id, existing: true });
    }
    let out = request.out.map(source::out_folder).transpose()?;
    if matches!(request.source, Source::File(_)) && !shared.config.local_files {
        return Err(EngineError::LocalFilesOff);
    }
    let source = source::entry(request.source)?;
    let place = shared.buckets.place(&source, out.as_deref())?;
    let stamp = place.stamp(&source).await?;
    let stamp = stamp.ok_or_else(|| EngineError::SourceNotFound {
        name: source.to_string(),
    })?;
    let spec = Spec {
        source,
        size: stamp.size,
        ops: request.ops,
        out,
        notify: request.notify,
        separate: request.separate,
        lenient,
        explain: request.explain,
        access_key: request.signed_by,
        manage: None,
    };
    let work = flight::work(shared, &spec, &commands, &stamp).await;
    let job = NewJob {
        idempotency_key: request.idempotency_key,
        priority: request.priority,
        lane: spec.source.bucket.to_string(),
        due: request.due,
        commands: u32::try_from(commands.len()).unwrap_or(u32::MAX),
        spec: spec.to_json(),
        work,
        anew: request.force,
    };
    let later = request.due.filter(|at| *at > shared.now());
    let enqueued = match follow(shared, &job).await? {
        // What it finds at its targets is made by the job it follows.
        Some(following) => following,
        None => {
            if !request.force {
                check_targets(shared, &commands, &spec).await?;
            }
            shared.store(move |store| store.enqueue(job)).await?
        }
    };
    if !enqueued.existing {
        shared
            .events
            .send(EngineEvent::Submitted { job: enqueued.id });
        match later {
            _ if enqueued.follows.is_some() => {}
            Some(at) => shared.timetable.comes_due(at),
            None => shared.available(1),
        }
    }
    Ok(Submitted {
        id: enqueued.id,
        existing: enqueued.existing,
    })
}

/// Puts the job behind one that does the same work, if there is one.
async fn follow(shared: &Shared, job: &NewJob) -> Result<Option<Enqueued>, EngineError> {
    let Some(work) = job.work.clone().filter(|_| !job.anew) else {
        return Ok(None);
    };
    // Asked first, because it costs nothing, and most jobs are like no other.
    if !shared.store(move |store| store.is_under_way(&work)).await? {
        return Ok(None);
    }
    let job = job.clone();
    shared
        .store(move |store| store.enqueue_following(job))
        .await
}

pub(crate) fn check_receiver(shared: &Shared, url: &str) -> Result<(), EngineError> {
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
        let Ok(pipeline) = &command.pipeline else {
            continue;
        };
        if pipeline.saveas.is_none() {
            continue;
        }
        // A name that this source makes invalid fails its command, not the job.
        let Ok(entry) = target::of(command, pipeline, spec) else {
            continue;
        };
        let Ok(entry) = target::first(&entry) else {
            continue;
        };
        let place = shared.buckets.place(&entry, spec.out.as_deref())?;
        if place.is_taken(&entry).await? {
            return Err(EngineError::TargetExists { entry });
        }
    }
    Ok(())
}

impl JobSpec {
    /// Where the (first) output of each command would go, in the order of the op string, without those of commands in
    /// error. For callers that plan many jobs and must know before they submit.
    ///
    /// # Errors
    /// [`EngineError::Ops`], [`EngineError::SourcePath`], and [`EngineError::TargetName`] for a target that has no
    /// valid name for this source.
    pub fn targets(&self) -> Result<Vec<Entry>, EngineError> {
        let spec = Spec {
            source: source::entry(self.source.clone())?,
            size: 0,
            ops: String::new(),
            out: self.out.clone(),
            notify: None,
            separate: false,
            lenient: false,
            explain: false,
            access_key: None,
            manage: None,
        };
        let commands = opmill_ops::parse(&self.ops)?;
        let known = commands
            .iter()
            .filter_map(|command| Some((command, command.pipeline.as_ref().ok()?)));
        let target = |(command, pipeline)| target::first(&target::of(command, pipeline, &spec)?);
        Ok(known.map(target).collect::<Result<_, _>>()?)
    }
}
