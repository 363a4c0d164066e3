//! Delivers what the outbox owes: at least once, several at a time but one after the other for each job, and with
//! every failed attempt on disk before the next one, so that a restart goes on where it was.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use opmill_store::{Delivery, JobId, UnixMillis};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::sign::authorization;
use super::transport::{Answer, Post};
use crate::config::{KeyPair, Notify};
use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::manage;
use crate::shared::Shared;
use crate::shutdown::Stage;
use crate::spec::Spec;
use crate::{telemetry, view};

const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";
/// Deliveries looked at per turn. Of one job only the first can be under way, so this is more than may be parallel.
const LOOKAHEAD: usize = 1024;

/// Delivers until the engine is interrupted. A request under way is then dropped; the delivery is still owed.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut under_way: JoinSet<JobId> = JoinSet::new();
    let mut jobs: HashSet<JobId> = HashSet::new();
    loop {
        let mut rung = std::pin::pin!(shared.outbox.notified());
        rung.as_mut().enable();
        match shared.store(|store| store.due_deliveries(LOOKAHEAD)).await {
            Ok(mut due) => {
                // Of one job the oldest first, so that the notification that ends it comes last.
                due.sort_by_key(|delivery| delivery.id);
                for delivery in due {
                    if jobs.len() < shared.config.notify.parallel && jobs.insert(delivery.job) {
                        let span = telemetry::delivery(&delivery);
                        under_way.spawn(deliver(Arc::clone(&shared), delivery).instrument(span));
                    }
                }
            }
            Err(EngineError::Closed) => return,
            // The scheduler rings again.
            Err(error) => tracing::error!(error = error.report(), "cannot read the outbox"),
        }
        tokio::select! {
            () = rung => {}
            Some(ended) = under_way.join_next() => match ended {
                Ok(job) => {
                    jobs.remove(&job);
                }
                Err(error) => {
                    tracing::error!(%error, "a delivery ended by a panic");
                    // Which job it was is lost with it; the others finish and tell their own.
                    under_way.abort_all();
                    while under_way.join_next().await.is_some() {}
                    jobs.clear();
                }
            },
            () = shared.reached(Stage::Interrupting) => return,
        }
    }
}

/// One delivery, through its immediate retries. Gives back the job it is about.
async fn deliver(shared: Arc<Shared>, mut delivery: Delivery) -> JobId {
    let job = delivery.job;
    loop {
        let outcome = attempt(&shared, &delivery).await;
        let noted = match outcome {
            Ok(()) => delivered(&shared, &delivery).await.map(|()| Step::Over),
            Err(error) => failed(&shared, &mut delivery, error).await,
        };
        match noted {
            Ok(Step::Now) => {}
            Ok(Step::Over) => return job,
            Err(error) => {
                tracing::error!(
                    error = error.report(),
                    "cannot note how a delivery went; it will be tried again"
                );
                // The outbox still says due. Without a pause this would become a flood at the receiver.
                shared
                    .clock
                    .sleep_until(shared.now().plus(shared.config.notify.spacing))
                    .await;
                return job;
            }
        }
    }
}

/// What follows an attempt.
#[derive(Debug, PartialEq)]
enum Step {
    /// Another one at once.
    Now,
    /// None, or none now.
    Over,
}

async fn delivered(shared: &Shared, delivery: &Delivery) -> Result<(), EngineError> {
    let id = delivery.id;
    shared.store(move |store| store.delivered(id)).await?;
    shared.events.send(EngineEvent::Delivered {
        job: delivery.job,
        delivery: id,
    });
    shared.watchers.changed(delivery.job);
    Ok(())
}

async fn failed(
    shared: &Shared,
    delivery: &mut Delivery,
    error: String,
) -> Result<Step, EngineError> {
    delivery.attempts += 1;
    let (id, attempts) = (delivery.id, delivery.attempts);
    let pause = pause(&shared.config.notify, attempts);
    let next = pause.map(|pause| shared.now().plus(pause));
    tracing::warn!(
        error,
        next = next.map(UnixMillis::get),
        "a notification was not taken"
    );
    let reason = error.clone();
    shared
        .store(move |store| store.delivery_failed(id, reason, next))
        .await?;
    shared.events.send(EngineEvent::DeliveryFailed {
        job: delivery.job,
        delivery: id,
        attempts,
        error,
        next,
    });
    shared.watchers.changed(delivery.job);
    match next {
        Some(_) if pause == Some(Duration::ZERO) => return Ok(Step::Now),
        Some(at) => shared.timetable.comes_due(at),
        None => {}
    }
    Ok(Step::Over)
}

/// The pause after so many failed attempts; `None` when there have been enough (wire.md 4.4, 7.5).
pub(super) fn pause(config: &Notify, failed: u32) -> Option<Duration> {
    let immediate = config.immediate_retries;
    match failed {
        failed if failed <= immediate => Some(Duration::ZERO),
        failed if failed <= immediate.saturating_add(config.spaced_retries) => Some(config.spacing),
        _ => None,
    }
}

/// True when a delivery that failed so often is in its spaced retries: nothing happens to it for a while.
pub(crate) fn is_spaced(config: &Notify, failed: u32) -> bool {
    failed > config.immediate_retries
}

async fn attempt(shared: &Shared, delivery: &Delivery) -> Result<(), String> {
    let post = message(shared, delivery)
        .await
        .map_err(|error| error.report())?;
    match shared.transport.post(post).await {
        Ok(Answer { status: 200, .. }) => Ok(()),
        Ok(Answer { status, .. }) => Err(format!(
            "the receiver answered {status}; a notification is taken by answering 200"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Renders the message anew each time: it says the same, and costs no space while it waits.
async fn message(shared: &Shared, delivery: &Delivery) -> Result<Post, EngineError> {
    let (job, scope, code) = (delivery.job, delivery.scope, delivery.code);
    let (spec, body) = shared
        .blocking(move |store| {
            let record = store.job(job)?.ok_or(EngineError::UnknownJob { job })?;
            Ok((
                Spec::of(&record)?,
                manage::body(&view::known(store, job)?, scope, code),
            ))
        })
        .await?;
    let url = spec.notify.ok_or_else(|| EngineError::Damaged {
        job,
        reason: "it has no receiver".to_owned(),
    })?;
    let pair =
        signer(&shared.config.keys, spec.access_key.as_deref()).ok_or(EngineError::NoKeyPair)?;
    Ok(Post {
        authorization: authorization(pair, &url, &body),
        url,
        content_type: CONTENT_TYPE,
        body,
    })
}

/// The pair that created the job, or else the first one: receivers look the secret up by the access key.
pub(super) fn signer<'a>(pairs: &'a [KeyPair], access_key: Option<&str>) -> Option<&'a KeyPair> {
    let own = pairs
        .iter()
        .find(|pair| Some(pair.access_key.as_str()) == access_key);
    own.or_else(|| pairs.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_attempt_then_three_at_once_then_five_spaced() {
        let config = Notify::default();
        let pauses: Vec<_> = (1..).map_while(|failed| pause(&config, failed)).collect();
        let (now, minute) = (Duration::ZERO, Duration::from_secs(60));
        assert_eq!(
            pauses,
            [now, now, now, minute, minute, minute, minute, minute]
        );
        assert_eq!(
            [3, 4].map(|failed| is_spaced(&config, failed)),
            [false, true]
        );
    }

    #[test]
    fn the_pair_that_created_the_job_signs() {
        let pairs = [KeyPair::new("first", "1"), KeyPair::new("second", "2")];
        for (given, expected) in [
            (Some("second"), "second"),
            (Some("gone"), "first"),
            (None, "first"),
        ] {
            assert_eq!(
                signer(&pairs, given).unwrap().access_key,
                expected,
                "{given:?}"
            );
        }
        assert_eq!(signer(&[], Some("first")), None);
    }
}
