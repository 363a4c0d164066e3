//! One attempt, first command to verdict: the commands without a result go to the processor, each result is published
//! and recorded as it arrives, and the attempt ends in one commit with what the job then owes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opmill_ops::{Command, Disposition, Entry, Output, Pipeline, Task};
use opmill_store::{Event, ItemOutcome, Job, JobState, Next, Store, StoreError};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::attempt::{Attempt, Stop};
use crate::cause::Cause;
use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::item::{Item, ItemBody};
use crate::ledger::Ledger;
use crate::manage::{self, Managed};
use crate::media::{self, Message};
use crate::objects::Objects;
use crate::outputs::Outputs;
use crate::processor::{Failure, Work};
use crate::pulse::Pulse;
use crate::shared::Shared;
use crate::spec::Spec;
use crate::storage::Storage;
use crate::suspects::{Suspects, mishap};
use crate::verdict::{Decided, Verdict, item_index};
use crate::work::WorkDir;
use crate::{flight, retry, target};

/// Runs an attempt to its end. Whatever goes wrong ends in the job's record or in the log.
pub(crate) async fn run(shared: &Arc<Shared>, attempt: &Arc<Attempt>, job: &Job) {
    let mut executor = match Executor::begin(shared, attempt, job).await {
        Ok(executor) => executor,
        Err(error) => return give_up_unread(shared, attempt, job, &error).await,
    };
    executor.work().await;
    executor.conclude().await;
    flight::land(shared, job.id).await;
    // After the job's end is on disk and told: an encoder may take a second to let go of what it holds, and whatever it
    // still writes has nowhere to go.
    if let Some(messages) = executor.stopping.take() {
        media::drain(shared, messages).await;
    }
    if let Some(work) = executor.work.take()
        && let Err(error) = shared.blocking(move |_| work.remove()).await
    {
        tracing::warn!(
            error = error.report(),
            "a work directory is left to the next start"
        );
    }
}

struct Executor<'a> {
    shared: &'a Arc<Shared>,
    attempt: &'a Arc<Attempt>,
    job: &'a Job,
    /// How many attempts failed, this one included.
    failed: u32,
    suspects: Suspects,
    spec: Spec,
    commands: Vec<Command>,
    texts: Vec<String>,
    targets: Vec<Option<Entry>>,
    ledger: Ledger,
    /// The result that ends the job. It waits for the verdict, to be committed with it.
    last: Option<Decided>,
    work: Option<WorkDir>,
    /// The source on this machine, once it is here.
    source: Option<PathBuf>,
    /// What a media thread says that was told to stop.
    stopping: Option<UnboundedReceiver<Message>>,
    /// The store was told which commands were begun.
    one_by_one: bool,
    /// Outputs so far, over all commands.
    published: usize,
    /// What is to be told of each command beside its result.
    notes: BTreeMap<usize, Vec<String>>,
}

impl<'a> Executor<'a> {
    async fn begin(
        shared: &'a Arc<Shared>,
        attempt: &'a Arc<Attempt>,
        job: &'a Job,
    ) -> Result<Self, EngineError> {
        let id = job.id;
        let look = move |store: &Store| {
            let asked = store.job(id)?.is_some_and(|job| job.cancel_requested);
            Ok((store.items(id)?, store.history(id)?, asked))
        };
        let (items, history, asked) = shared.blocking(look).await?;
        if asked {
            // A cancellation between the claim and now, or one that the previous worker did not live to hear.
            attempt.stop(Stop::Cancelled);
        }
        let spec = Spec::of(job)?;
        let commands = spec.commands(id)?;
        let shown = spec.shown(id)?.into_iter();
        let (texts, targets): (Vec<_>, Vec<_>) =
            shown.map(|shown| (shown.text, shown.target)).unzip();
        let is_recorded = |index| items.iter().any(|item| item.index.0 as usize == index);
        let rows = targets.iter().cloned().enumerate();
        Ok(Self {
            failed: retry::failed(job.attempts, job.rescues),
            suspects: Suspects::new(history, shared.config.retry.poison),
            ledger: Ledger::new(rows.map(|(index, target)| (target, is_recorded(index)))),
            shared,
            attempt,
            job,
            spec,
            commands,
            texts,
            targets,
            last: None,
            work: None,
            source: None,
            stopping: None,
            one_by_one: false,
            published: 0,
            notes: BTreeMap::new(),
        })
    }

    /// Until every command has a result or is to run again, or the attempt is stopped.
    async fn work(&mut self) {
        if let Some(managed) = self.spec.manage {
            return self.manage(managed).await;
        }
        for index in self.ledger.waiting() {
            if let Err(failure) = self.runnable(index) {
                self.ledger.arrive(index, Err(failure));
            }
        }
        self.settle().await;
        if self.ledger.waiting().is_empty() || self.attempt.stopped().is_some() {
            return;
        }
        for round in self.suspects.rounds(self.ledger.waiting()) {
            if self.attempt.stopped().is_some() {
                return;
            }
            match self.start(&round).await {
                Ok((messages, pulse)) => self.listen(&round, messages, &pulse).await,
                Err(error) => self.fail_waiting(&round, &Failure::from(error)),
            }
            self.settle().await;
        }
    }

    /// The same, for a job that manages objects: one command after the other, as they were given.
    async fn manage(&mut self, managed: Managed) {
        let tasks = match self.spec.tasks(self.job.id, managed) {
            Ok(tasks) => tasks,
            Err(error) => return self.fail_all(&Failure::from(error)).await,
        };
        for round in self.suspects.rounds(self.ledger.waiting()) {
            if let Err(error) = self.begin_round(&round).await {
                return self.fail_all(&Failure::from(error)).await;
            }
            for index in round {
                let done = match self.suspects.refusal(index) {
                    Some(failure) => Err(failure),
                    None => {
                        let attempt = Arc::clone(self.attempt);
                        tokio::select! {
                            done = self.deed(index, &tasks[index], managed) => done,
                            () = attempt.stopping() => return,
                        }
                    }
                };
                self.decide(index, done).await;
            }
        }
    }

    async fn deed(
        &mut self,
        index: usize,
        task: &manage::Task,
        managed: Managed,
    ) -> Result<ItemBody, Failure> {
        let folder = match task.needs_folder() {
            true => Some(self.folder(index).await?),
            false => None,
        };
        let lease = self.attempt.lease();
        let context = manage::Context {
            shared: self.shared,
            storage: Storage::new(Arc::clone(self.shared)),
            force: managed.force,
            // Each claim raises the fence.
            again: lease.fence > 1,
            cancel: self.attempt.cancel.clone(),
            folder,
        };
        manage::run(&context, &self.texts[index], task.clone()).await
    }

    /// An empty folder of a command.
    async fn folder(&mut self, index: usize) -> Result<PathBuf, EngineError> {
        let (data, lease) = (self.shared.data.clone(), self.attempt.lease());
        let make = move |_: &Store| {
            let work = WorkDir::create(&data, &lease)?;
            let folder = work.command(index)?;
            Ok((work, folder))
        };
        let (work, folder) = self.shared.blocking(make).await?;
        self.work = Some(work);
        Ok(folder)
    }

    async fn fail_all(&mut self, failure: &Failure) {
        let waiting = self.ledger.waiting();
        self.fail_waiting(&waiting, failure);
        self.settle().await;
    }

    /// Says which commands begin, should that not be all that have no result.
    async fn begin_round(&mut self, round: &[usize]) -> Result<(), EngineError> {
        // Once said, it has to be said of every round.
        self.one_by_one |= round.len() < self.ledger.unrecorded().len();
        if !self.one_by_one {
            return Ok(());
        }
        let lease = self.attempt.lease();
        let begun = round.iter().map(|index| item_index(*index)).collect();
        let begin = move |store: &Store| store.begin(&lease, begun);
        let begun = self.shared.store(begin).await;
        begun.inspect_err(|error| self.stop_if_lost(error))
    }

    /// Why a command is not even started, if it is not.
    fn runnable(&self, index: usize) -> Result<(), Failure> {
        let command = &self.commands[index];
        let refused = |error: &opmill_ops::CommandError| {
            Failure::permanent(error.to_string()).because(Cause::Parameter)
        };
        let pipeline = command.pipeline.as_ref().map_err(refused)?;
        target::of(command, pipeline, &self.spec).map_err(EngineError::from)?;
        self.suspects.refusal(index).map_or(Ok(()), Err)
    }

    /// Brings the source here and starts the processor.
    async fn start(
        &mut self,
        round: &[usize],
    ) -> Result<(UnboundedReceiver<Message>, Arc<Pulse>), EngineError> {
        self.begin_round(round).await?;
        let (data, lease) = (self.shared.data.clone(), self.attempt.lease());
        let waiting = round.to_vec();
        let prepare = move |_: &Store| {
            let work = WorkDir::create(&data, &lease)?;
            let dirs = waiting
                .into_iter()
                .map(|index| Ok((index, work.command(index)?)));
            let dirs = dirs.collect::<Result<Vec<_>, EngineError>>()?;
            Ok((work, dirs))
        };
        let (work, dirs) = self.shared.blocking(prepare).await?;
        let dir = self.work.insert(work).path().to_owned();
        let (source, out) = (&self.spec.source, self.spec.out.as_deref());
        let place = self.shared.buckets.place(source, out)?;
        let copy = dir.join("source");
        let source = match self.source.take() {
            Some(here) => here,
            None => tokio::select! {
                source = place.fetch(source, &copy) => source?,
                () = self.attempt.stopping() => return Err(EngineError::Closed),
            },
        };
        self.source = Some(source.clone());
        let tasks = tokio::select! {
            tasks = self.tasks(dirs, &dir, &source) => tasks,
            () = self.attempt.stopping() => return Err(EngineError::Closed),
        };
        let mut ready = Vec::with_capacity(tasks.len());
        for (index, task) in tasks {
            match task {
                Ok(task) => ready.push(task),
                Err(failure) => self.ledger.arrive(index, Err(failure)),
            }
        }
        let share = self.shared.share(self.attempt.company);
        let work = Work {
            job: self.job.id,
            source,
            tasks: ready,
            limits: self.shared.config.limits.clone(),
            threads: share.threads(),
            cancel: self.attempt.cancel.clone(),
        };
        let pulse = Arc::new(Pulse::new(Arc::clone(&self.shared.clock), dir.clone()));
        let readings = Arc::clone(&self.attempt.progress);
        match media::start(self.shared, work, share, Arc::clone(&pulse), readings) {
            Ok(messages) => Ok((messages, pulse)),
            Err(source) => Err(EngineError::Work { path: dir, source }),
        }
    }

    /// The commands with all they need to run, or why one cannot.
    async fn tasks(
        &self,
        dirs: Vec<(usize, PathBuf)>,
        work: &Path,
        source: &Path,
    ) -> Vec<(usize, Result<Task, Failure>)> {
        let mut objects = Objects::new(self.shared, &self.spec, work, source);
        let mut tasks = Vec::with_capacity(dirs.len());
        for (index, dir) in dirs {
            let Ok(pipeline) = &self.commands[index].pipeline else {
                continue;
            };
            let brought = objects.bring(pipeline.objects()).await;
            let task = brought.map(|objects| Task {
                objects,
                ..self.task(index, pipeline.clone(), dir)
            });
            tasks.push((index, task));
        }
        tasks
    }

    /// A command without the objects it reads.
    fn task(&self, index: usize, pipeline: Pipeline, dir: PathBuf) -> Task {
        let mut task = Task::new(index, pipeline, dir);
        if let Ok(source) = target::source(&self.spec) {
            task.source = source;
        }
        let given = self.targets[index].as_ref();
        let Some(target) = given.and_then(|target| target::first(target).ok()) else {
            return task;
        };
        let given = given.map_or("", |target| target::file_name(target.key.as_str()));
        let counted = given.contains(target::COUNT).then(|| given.to_owned());
        let name = target::file_name(target.key.as_str()).to_owned();
        let url = self.shared.buckets.url(&target, self.spec.out.as_deref());
        Task {
            folder_url: url.rfind('/').map(|slash| url[..=slash].to_owned()),
            name,
            counted,
            ..task
        }
    }

    /// Acts on results as they arrive, until the processor ends or the attempt is stopped.
    async fn listen(
        &mut self,
        round: &[usize],
        mut messages: UnboundedReceiver<Message>,
        pulse: &Arc<Pulse>,
    ) {
        let panic = loop {
            tokio::select! {
                biased;
                () = self.attempt.stopping() => {
                    self.stopping = Some(messages);
                    return;
                }
                () = stalled(self.shared, pulse) => return self.give_up_stalled(round, messages).await,
                message = messages.recv() => match message {
                    Some(Message::Done(index, outcome)) => self.ledger.arrive(index, outcome),
                    Some(Message::Explained(index, text)) => self.explained(index, text),
                    Some(Message::Ended(panic)) => break panic,
                    None => break None,
                },
            }
            self.settle().await;
        };
        let failure =
            match panic {
                Some(panic) => Failure::transient(format!("the worker panicked: {panic}"))
                    .because(Cause::Panic),
                None => Failure::transient("the worker ended without a result")
                    .because(Cause::WorkerLost),
            };
        self.fail_waiting(round, &failure);
    }

    /// Nothing moved for so long that the attempt is held to hang. Another one may fare better.
    async fn give_up_stalled(&mut self, round: &[usize], messages: UnboundedReceiver<Message>) {
        tracing::warn!("nothing moves any more; the attempt is stopped");
        self.attempt.cancel.cancel();
        media::drain(self.shared, messages).await;
        let seconds = self.shared.config.workers.stall.as_secs();
        let message = format!("nothing moved for {seconds} s, so the attempt was stopped");
        let failure = Failure::transient(message).because(Cause::Watchdog);
        self.fail_waiting(round, &failure);
    }

    fn explained(&mut self, index: usize, text: String) {
        tracing::debug!(command = index, "{text}");
        if self.spec.explain {
            self.notes.entry(index).or_default().push(text);
        }
    }

    fn fail_waiting(&mut self, round: &[usize], failure: &Failure) {
        for index in round.iter().copied() {
            // Ignored for those whose result has arrived.
            self.ledger.arrive(index, Err(failure.clone()));
        }
    }

    /// Acts on every result whose turn it is.
    async fn settle(&mut self) {
        while self.attempt.stopped().is_none()
            && let Some((index, outcome)) = self.ledger.next()
        {
            let result = match outcome {
                Ok(outputs) => self.publish(index, outputs).await,
                Err(failure) => Err(failure),
            };
            self.decide(index, result).await;
        }
    }

    /// Records what a command came to, unless it is to run again.
    async fn decide(&mut self, index: usize, result: Result<ItemBody, Failure>) {
        match result {
            Ok(body) => {
                let done = Decided {
                    index,
                    outcome: ItemOutcome::Succeeded,
                    body,
                    cause: None,
                };
                self.record(done).await;
            }
            Err(failure) if failure.disposition == Disposition::Fail => {
                let done = self.failure(index, ItemOutcome::Failed, failure);
                self.record(done).await;
            }
            // Interrupted: it was told to stop, and the verdict knows why; or it stopped of its own accord.
            Err(failure) => self.ledger.retry(index, failure),
        }
    }

    fn failure(&self, index: usize, outcome: ItemOutcome, failure: Failure) -> Decided {
        let (command, target) = (&self.texts[index], self.targets[index].as_ref());
        Decided {
            index,
            outcome,
            body: ItemBody::failed(command, target, failure.message),
            cause: Some(failure.cause),
        }
    }

    /// Puts the outputs of a command in their places.
    async fn publish(&mut self, index: usize, outputs: Vec<Output>) -> Result<ItemBody, Failure> {
        let (Some(target), Some(work)) = (&self.targets[index], &self.work) else {
            return Err(Failure::permanent("the command has no target"));
        };
        let publisher = Outputs {
            shared: self.shared,
            attempt: self.attempt,
            work,
            out: self.spec.out.as_deref(),
        };
        let first = self.published;
        self.published += outputs.len();
        let bodies = publisher.publish(target, outputs, first).await;
        let bodies = bodies.inspect_err(|error| self.stop_if_lost(error))?;
        match bodies.is_empty() {
            true => Err(Failure::permanent("the command made no output")),
            false => {
                let mut notes = self.commands[index].warnings.clone();
                notes.extend(self.notes.remove(&index).unwrap_or_default());
                let command = &self.commands[index].text;
                Ok(ItemBody::succeeded(command, &notes, bodies))
            }
        }
    }

    /// Records a result; the one that ends the job is kept for the verdict.
    async fn record(&mut self, decided: Decided) {
        let index = decided.index;
        if self.ledger.is_last(index) {
            self.ledger.recorded(index);
            self.last = Some(decided);
            return;
        }
        let (lease, item) = (self.attempt.lease(), decided.to_new());
        let owed = decided.owed(&self.spec);
        let record = move |store: &Store| store.record_item(&lease, item, owed);
        match self.shared.store(record).await {
            Ok(()) => {
                self.ledger.recorded(index);
                self.announce(&decided);
                self.shared.outbox.notify_one();
            }
            Err(EngineError::Store(StoreError::AlreadyRecorded { .. })) => {
                self.ledger.recorded(index);
            }
            Err(error) => {
                self.stop_if_lost(&error);
                self.ledger.retry(index, Failure::from(error));
            }
        }
    }

    /// After some errors nothing of this attempt may be kept: another worker has the job, or the store is gone.
    fn stop_if_lost(&self, error: &EngineError) {
        if error.disposition() == Disposition::Interrupted {
            tracing::warn!(error = error.report(), "a result is not kept");
            self.attempt.stop(Stop::LeaseLost);
        }
    }

    /// Ends the attempt in one commit: the job's state, its last results and what it now owes.
    async fn conclude(&mut self) {
        let verdict = match self.attempt.stopped() {
            Some(Stop::LeaseLost) => return self.lost(),
            // Everything was done before the word to stop was heard.
            _ if self.ledger.all_recorded() => Verdict::succeeded(&self.spec, self.last.take()),
            Some(Stop::Cancelled) => Verdict::cancelled(&self.spec, &self.ledger.unrecorded()),
            Some(Stop::Interrupted) => Verdict::interrupted(),
            None => self.failed(),
        };
        let Verdict {
            event,
            last,
            owed,
            error,
            mishaps,
        } = verdict;
        let (lease, items) = (
            self.attempt.lease(),
            last.iter().map(Decided::to_new).collect(),
        );
        let (end, reason) = (event.clone(), error.clone());
        let finish =
            move |store: &Store| store.finish_with(&lease, end, items, owed, reason, mishaps);
        match self.shared.store(finish).await {
            Ok(state) => {
                last.iter().for_each(|decided| self.announce(decided));
                self.ended(&event, state, error.unwrap_or_default());
            }
            Err(EngineError::Store(StoreError::LeaseLost { .. })) => self.lost(),
            Err(error) => {
                let error = error.report();
                tracing::error!(error, "cannot end the attempt; its lease will run out");
            }
        }
    }

    /// Some commands have no result: another attempt, or the end of the job with what is known of them.
    fn failed(&self) -> Verdict {
        let retries = self.ledger.retries();
        let reason =
            |(index, failure): &(_, Failure)| format!("command {}: {}", index + 1, failure.message);
        let (poison, bearable): (Vec<_>, Vec<_>) = retries
            .iter()
            .partition(|(index, failure)| self.suspects.is_poison(*index, failure));
        let mishaps = retries.iter().filter_map(mishap).collect();
        let policy = &self.shared.config.retry;
        let error = bearable.first().or(poison.first()).map(|row| reason(row));
        let pause = match bearable.is_empty() {
            true => None,
            false => retry::pause(policy, self.failed, retry::roll()),
        };
        if let Some(pause) = pause {
            return Verdict::retry(self.shared.now().plus(pause), error, mishaps);
        }
        let given_up = |(index, failure): (usize, Failure)| {
            let failure = match self.suspects.is_poison(index, &failure) {
                true => self.suspects.set_aside(index, &failure),
                false => match self.failed {
                    1 => failure,
                    attempts => Failure {
                        message: format!(
                            "{} (given up after {attempts} attempts)",
                            failure.message
                        ),
                        ..failure
                    },
                },
            };
            self.failure(index, ItemOutcome::FailedTransient, failure)
        };
        Verdict::given_up(
            &self.spec,
            retries.into_iter().map(given_up).collect(),
            error,
            mishaps,
        )
    }

    fn ended(&self, event: &Event, state: JobState, error: String) {
        let (shared, job) = (self.shared, self.job.id);
        match *event {
            Event::Failed(Next::RetryAt(at)) => {
                tracing::warn!(
                    error,
                    at = at.get(),
                    "the attempt failed and will be repeated"
                );
                let attempt = self.job.attempts;
                shared.events.send(EngineEvent::Retrying {
                    job,
                    attempt,
                    at,
                    error,
                });
                shared.timetable.comes_due(at);
                shared.watchers.changed(job);
            }
            Event::Interrupted => {
                shared.events.send(EngineEvent::Interrupted { job });
                shared.watchers.changed(job);
            }
            _ => {
                tracing::info!(?state, "the job is final");
                shared.finished(job, state);
            }
        }
    }

    fn lost(&self) {
        tracing::warn!("the lease was lost; the results of this attempt are not kept");
        self.shared
            .events
            .send(EngineEvent::LeaseLost { job: self.job.id });
    }

    fn announce(&self, decided: &Decided) {
        let index = decided.item_index();
        let item = Item {
            attempt: self.job.attempts,
            attempts: self.suspects.attempts(decided.index) + 1,
            last_error: decided.body.error.clone(),
            cause: decided.cause,
            ..Item::new(index, decided.outcome.into(), decided.body.clone())
        };
        let job = self.job.id;
        self.shared.events.send(EngineEvent::Item {
            job,
            item: Box::new(item),
        });
    }
}

/// Looks at the pulse in this time an attempt may stand still.
const LOOKS: u32 = 4;

/// Completes when an attempt has stood still for as long as it may. Seen at several looks in a row, because a single
/// jump of the clock (a machine that slept) is no standstill.
async fn stalled(shared: &Shared, pulse: &Arc<Pulse>) {
    let (mut last, mut still) = (None, 0);
    while still < LOOKS {
        let pause = shared.config.workers.stall / LOOKS;
        shared.clock.sleep_until(shared.now().plus(pause)).await;
        let pulse = Arc::clone(pulse);
        // A look at files blocks. Should it fail, the attempt counts as moving.
        let moved = tokio::task::spawn_blocking(move || pulse.last()).await.ok();
        still = if moved.is_some() && moved == last {
            still + 1
        } else {
            0
        };
        last = moved;
    }
}

/// A job whose stored description cannot be read can never run: it is given up, with the reason in its record.
async fn give_up_unread(shared: &Shared, attempt: &Attempt, job: &Job, error: &EngineError) {
    tracing::error!(error = error.report(), "the job cannot be started");
    if error.disposition() != Disposition::Fail {
        // The store has trouble; the lease runs out and the job comes back.
        return;
    }
    let (lease, reason) = (attempt.lease(), Some(error.report()));
    let give_up = Event::Failed(Next::GiveUp);
    let finish = move |store: &Store| store.finish(&lease, give_up, Vec::new(), Vec::new(), reason);
    match shared.store(finish).await {
        Ok(state) => {
            shared.finished(job.id, state);
            flight::land(shared, job.id).await;
        }
        Err(error) => tracing::error!(error = error.report(), "cannot give the job up"),
    }
}
