//! What durability costs: fdatasyncs per job, counted. A job is enqueued, claimed and finished, each acknowledged.
#![allow(clippy::unwrap_used)]

mod common;

use std::thread;

use common::{LEASE, World};
use opmill_store::{Event, NewJob, Store, WorkerId};

fn run_jobs(store: &Store, jobs: usize) {
    for _ in 0..jobs {
        store
            .enqueue(NewJob {
                commands: 1,
                spec: "{}".to_owned(),
                ..NewJob::default()
            })
            .unwrap();
        let (lease, _) = store
            .claim(&WorkerId::new("worker"), LEASE)
            .unwrap()
            .unwrap();
        store
            .finish(&lease, Event::Succeeded, vec![], vec![], None)
            .unwrap();
    }
}

fn syncs_per_job(clients: usize, jobs_each: usize) -> f64 {
    let world = World::new();
    let before = world.store().syncs();
    thread::scope(|scope| {
        for _ in 0..clients {
            let store = world.store().clone();
            scope.spawn(move || run_jobs(&store, jobs_each));
        }
    });
    assert_eq!(
        world.store().counts().unwrap().completed,
        clients * jobs_each
    );
    (world.store().syncs() - before) as f64 / (clients * jobs_each) as f64
}

#[test]
fn one_client_pays_one_sync_a_verb() {
    assert_eq!(syncs_per_job(1, 20), 3.0);
}

#[test]
fn thirty_two_clients_share_their_syncs() {
    let shared = syncs_per_job(32, 40);
    assert!(shared <= 0.30, "{shared} syncs per job");
}
