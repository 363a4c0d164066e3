//! A store with everything in it, and what the doctor says of a directory.

use std::path::Path;

use opmill_store::{
    Diagnosis, Event, Finding, ItemIndex, Mishap, NewItem, NewJob, Next, Owed, OwedScope, Priority,
    Store,
};

use crate::common::{
    ALL_DONE, LEASE, MINUTE, ManualClock, START, World, command_done, done, object,
};

/// A job in every state, the last of them running; items short and long, deliveries in every state, objects, keys, pauses.
pub fn full_store() -> World {
    let world = World::new();
    let store = world.store();
    for (key, event) in [
        ("completed", Event::Succeeded),
        ("discarded", Event::Failed(Next::GiveUp)),
        (
            "retryable",
            Event::Failed(Next::RetryAt(START.plus(MINUTE))),
        ),
        ("interrupted", Event::Interrupted),
    ] {
        world.submit_with(NewJob {
            lane: "films".to_owned(),
            priority: Priority::new(1),
            ..keyed(key)
        });
        let lease = world.claim();
        let long = NewItem {
            body: "long é ".repeat(1100),
            ..done(0)
        };
        store
            .record_item(&lease, long, Some(command_done(0)))
            .unwrap();
        let in_progress = Owed {
            scope: OwedScope::All,
            code: 1,
        };
        let error = Some(format!("{key}: \"it\" failed\nbadly"));
        let (last, owed) = (vec![done(1)], vec![ALL_DONE, in_progress]);
        let mishap = Mishap {
            index: ItemIndex(1),
            cause: "storage".to_owned(),
            error: "é\n".repeat(2500),
            lost: false,
        };
        let mishaps = match event {
            Event::Failed(_) => vec![mishap],
            _ => vec![],
        };
        store
            .finish_with(&lease, event, last, owed, error, mishaps)
            .unwrap();
    }
    let due = store.due_deliveries(2).unwrap();
    store.delivered(due[0].id).unwrap();
    store
        .delivery_failed(due[1].id, "500".to_owned(), None)
        .unwrap();
    store
        .cancel(world.submit_with(keyed("cancelled")), vec![ALL_DONE])
        .unwrap();
    world.submit_with(NewJob {
        due: Some(START.plus(MINUTE)),
        ..keyed("scheduled")
    });
    world.submit();
    let work = Some("the same".to_owned());
    let running = world.submit_with(NewJob {
        priority: Priority::new(0),
        spec: "x".repeat(9000),
        work: work.clone(),
        ..keyed("running")
    });
    let lease = world.claim();
    assert_eq!(lease.job, running);
    world.submit_with(NewJob {
        work,
        ..keyed("following")
    });
    assert_eq!(store.followers(running).unwrap().len(), 1);
    world.clock.advance(MINUTE / 4);
    store.begin(&lease, vec![ItemIndex(1)]).unwrap();
    let progress = Some("{\"percent\":50}".to_owned());
    store.heartbeat_with(&lease, LEASE, progress).unwrap();
    store.cancel(running, vec![]).unwrap();
    store.put_object("bucket:key é", object()).unwrap();
    store.pause(Some("films")).unwrap();
    store.pause(None).unwrap();
    world
}

fn keyed(key: &str) -> NewJob {
    NewJob {
        idempotency_key: Some(key.to_owned()),
        spec: format!("{{\"of\":\"{key}\"}}"),
        ..NewJob::default()
    }
}

type Visit = fn(
    &Path,
    &opmill_store::Options,
    &mut dyn FnMut(&Finding),
) -> Result<Diagnosis, opmill_store::StoreError>;

fn visit(dir: &Path, visit: Visit) -> (Diagnosis, Vec<Finding>) {
    let mut found = Vec::new();
    let diagnosis = visit(dir, &ManualClock::new().options(), &mut |finding| {
        found.push(finding.clone())
    });
    (diagnosis.unwrap(), found)
}

pub fn examine(dir: &Path) -> (Diagnosis, Vec<Finding>) {
    visit(dir, |dir, options, report| {
        Store::examine(dir, options, report)
    })
}

pub fn repair(dir: &Path) -> (Diagnosis, Vec<Finding>) {
    visit(dir, |dir, options, report| {
        Store::repair(dir, options, report)
    })
}

/// The lines of an export, and what was left out of it.
pub fn export(dir: &Path) -> (Vec<String>, Vec<Finding>) {
    let (mut lines, mut found) = (Vec::new(), Vec::new());
    let options = ManualClock::new().options();
    let done = Store::export(dir, &options, &mut lines, &mut |finding| {
        found.push(finding.clone())
    })
    .unwrap();
    let lines: Vec<_> = String::from_utf8(lines)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(done.records as usize, lines.len() - 2);
    (lines, found)
}
