//! Processes die, leases are lost, engines are shut down: each command still gets one result, and each result is
//! told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opmill_engine::{EngineError, EngineEvent, Health, ItemStatus, JobState};

use crate::script::{Act, Script};
use crate::world::{LEASE, RECEIVER, SECOND, Seed, World, a_moment, soon};

/// A worker dies in the middle of a job; the next process finishes it, and the client hears once.
#[tokio::test]
async fn a_job_survives_the_death_of_its_worker() {
    let world = World::start(Script::stall_on(1)).await;
    let mut events = world.events();
    let spec = world
        .spec("avthumb/mp4|saveas/out:a.mp4;vframe/jpg|saveas/out:b.jpg")
        .notify(RECEIVER);
    let job = world.submit_spec(spec).await;
    world.script.stalled(1).await;
    events.item().await;

    // Its directory has one process at a time, so opening it is proof enough that the worker is gone.
    let world = world.kill_and_reopen(Script::succeed()).await;
    let job = world.end(job).await;
    assert!(job.succeeded() && job.rescues == 1, "{job:?}");
    assert_eq!(
        world.script.runs(),
        [(1, 1)],
        "only the command without a result runs again"
    );
    soon(world.engine.settle(job.id)).await.unwrap();
    assert_eq!(world.receiver.posts().len(), 1);
    let deliveries = world.engine.deliveries(job.id).await.unwrap();
    assert_eq!((deliveries.len(), deliveries[0].attempts), (1, 0));
}

/// A worker is stopped for longer than its lease, and goes on when another has the job.
#[tokio::test]
async fn a_worker_that_lost_its_lease_publishes_nothing() {
    let script = Script::new(|run| match (run.index, run.run) {
        (0, 1) => Act::StallDeaf(Box::new(Act::Write("stale".to_owned()))),
        (0, _) => Act::Write("fresh".to_owned()),
        _ => Act::Write("other".to_owned()),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let job = world.submit("avthumb/mp4|saveas/out:o.mp4").await;
    world.script.stalled(1).await;
    opmill_engine::testing::disown(&world.engine, job);
    world.clock.advance(LEASE + SECOND);
    let done = world.end(job).await;
    assert!(
        done.succeeded() && done.items[0].attempt == 2 && done.rescues == 1,
        "{done:?}"
    );
    world.script.release(0);
    events.lease_lost().await;
    assert_eq!(world.content("out", "o.mp4"), "fresh");
    assert_eq!(world.job(job).await, done, "nothing was recorded either");
}

#[tokio::test]
async fn a_lease_is_kept_as_long_as_the_work_takes() {
    let world = World::start(Script::stall_on(0)).await;
    let job = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let JobState::Running(first) = world.job(job).await.state else {
        panic!("it runs")
    };
    for _ in 0..9 {
        let JobState::Running(before) = world.job(job).await.state else {
            panic!("it runs")
        };
        world.clock.advance(LEASE / 3);
        // The heartbeat is heard in the store.
        soon(async {
            while matches!(world.job(job).await.state, JobState::Running(lease) if lease.expires == before.expires) {
                a_moment().await;
            }
        })
        .await;
    }
    world.script.release(0);
    let job = world.end(job).await;
    assert!(job.succeeded() && job.rescues == 0 && job.attempts == 1);
    assert!(job.updated >= first.expires, "it outlived its first lease");
}

/// The machine sleeps for an hour: nobody else can have taken the jobs, so they go on where they were.
#[tokio::test]
async fn a_jump_of_the_clock_costs_nobody_the_lease() {
    const JOBS: usize = 8;
    let world = Seed::new(Script::stall_on(1))
        .config(|config| config.workers.jobs = JOBS + 1)
        .start()
        .await;
    let mut jobs = Vec::new();
    for job in 1..=JOBS {
        // Each its own work.
        let ops = format!("avthumb/mp4;avthumb/mov/vb/{job}00k");
        jobs.push(world.submit(&ops).await);
    }
    world.script.stalled(JOBS).await;
    world.clock.advance(120 * LEASE);
    assert!(
        world.run("vframe/jpg").await.succeeded(),
        "others are not disturbed"
    );
    world.script.release(1);
    for job in jobs {
        let job = world.end(job).await;
        assert!(
            job.succeeded() && job.attempts == 1 && job.rescues == 0,
            "{job:?}"
        );
    }
}

/// Ctrl-C in the middle: the attempt is given back, and the next start goes on.
#[tokio::test]
async fn a_shutdown_interrupts_and_the_next_start_goes_on() {
    let world = World::start(Script::stall_on(1)).await;
    let mut events = world.events();
    let id = world
        .submit("avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b")
        .await;
    world.script.stalled(1).await;
    events.item().await;
    let waiting = tokio::spawn({
        let engine = world.engine.clone();
        async move { engine.wait(id).await }
    });
    let seed = world.shut_down().await;
    assert!(matches!(
        soon(waiting).await.unwrap(),
        Err(EngineError::Closed)
    ));
    events.interrupted().await;

    let world = seed.script(Script::succeed()).start().await;
    let job = world.end(id).await;
    assert!(job.succeeded());
    assert_eq!(
        (job.attempts, job.rescues),
        (1, 0),
        "the interrupted attempt does not count"
    );
    assert_eq!(job.items[1].attempts, 1, "for its command neither");
    assert!(
        world.engine.history(id).await.unwrap().events.is_empty(),
        "nothing went wrong"
    );
    assert_eq!(world.script.runs(), [(1, 1)]);
}

#[tokio::test]
async fn a_shutdown_lets_running_jobs_finish_while_it_drains() {
    let world = Seed::new(Script::stall_on(0))
        .config(|config| {
            config.workers.drain = Duration::from_secs(3600);
            config.workers.jobs = 1;
        })
        .start()
        .await;
    let running = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let queued = world.submit("vframe/jpg").await;
    let mut events = world.events();
    let ending = tokio::spawn({
        let engine = world.engine.clone();
        async move { engine.shutdown().await }
    });
    // Nothing new is taken from the moment the end has begun.
    soon(async {
        while !matches!(
            world.engine.submit(world.spec("avthumb/mp4")).await,
            Err(EngineError::Closed)
        ) {
            a_moment().await;
        }
    })
    .await;
    world.script.release(0);
    soon(ending).await.unwrap().unwrap();
    let finished = events
        .find(|event| match event {
            EngineEvent::Finished { job, state } => Some((*job, state.clone())),
            _ => None,
        })
        .await;
    assert_eq!(finished, (running, JobState::Completed));
    world.engine.shutdown().await.unwrap();
    let world = world.reopen(Script::succeed()).await;
    assert!(
        world.end(queued).await.succeeded(),
        "what was not claimed is still there"
    );
}

/// Dropping every handle is a shutdown without the waiting.
#[tokio::test]
async fn dropping_the_engine_gives_running_jobs_back() {
    let world = World::start(Script::stall_on(0)).await;
    let id = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let mut events = world.events();
    let world = world.drop_engine(Script::succeed()).await;
    events.interrupted().await;
    let job = world.end(id).await;
    assert_eq!((job.succeeded(), job.attempts, job.rescues), (true, 1, 0));
}

#[tokio::test]
async fn a_job_that_takes_every_worker_with_it_is_given_up() {
    let mut world = Seed::new(Script::stall_on(0))
        .config(|config| {
            config.retry.attempts = 1;
            config.retry.poison = 2;
        })
        .start()
        .await;
    let id = world.submit("avthumb/mp4").await;
    for _ in 0..3 {
        world.script.stalled(1).await;
        world = world.kill_and_reopen(Script::stall_on(0)).await;
    }
    let job = world.end(id).await;
    assert_eq!(
        (job.state.clone(), job.items[0].status),
        (JobState::Discarded, ItemStatus::FailedTransient)
    );
    assert!(
        job.items[0]
            .error()
            .unwrap()
            .contains("the worker was lost 3 times at this command"),
        "{:?}",
        job.items[0]
    );
    assert_eq!(world.script.runs(), [], "it is not even started");
}

/// The disk refuses a sync: whoever waits hears it, nothing more is promised, and a restart goes on from the disk.
#[tokio::test]
async fn a_disk_that_does_not_sync_stops_the_engine() {
    let broken = Arc::new(AtomicBool::new(false));
    let disk = Arc::clone(&broken);
    let refusal = || std::io::Error::other("the disk is gone");
    let world = Seed::new(Script::stall_on(0))
        .sync(move || {
            if disk.load(Ordering::Relaxed) {
                Err(refusal())
            } else {
                Ok(())
            }
        })
        .start()
        .await;
    let id = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    broken.store(true, Ordering::Relaxed);
    world.script.release(0);
    let error = soon(world.engine.wait(id)).await.unwrap_err();
    assert!(matches!(error, EngineError::Broken { .. }), "{error}");
    let refused = world.engine.submit(world.spec("avthumb/mp4")).await;
    assert!(
        matches!(refused, Err(EngineError::Broken { .. })),
        "{refused:?}"
    );
    let told = soon(world.engine.wait_failed()).await;
    assert!(
        matches!(&told, Some(EngineError::Broken { cause }) if cause.contains("the disk is gone")),
        "{told:?}"
    );
    assert!(matches!(world.engine.health(), Health::Failed { .. }));
    assert!(
        world.engine.job(id).await.unwrap().is_some(),
        "reading goes on"
    );
    let end = soon(world.engine.shutdown()).await;
    assert!(matches!(end, Err(EngineError::Broken { .. })), "{end:?}");
    let after = world.engine.wait(id).await;
    assert!(
        matches!(after, Err(EngineError::Broken { .. })),
        "{after:?}"
    );

    let world = world.kill_and_reopen(Script::succeed()).await;
    assert!(world.end(id).await.succeeded());
}

/// A job whose end is in memory and not on disk has not ended, for whoever asks.
#[tokio::test]
async fn an_end_that_never_reached_the_disk_is_not_told() {
    let broken = Arc::new(AtomicBool::new(false));
    let disk = Arc::clone(&broken);
    let world = Seed::new(Script::stall_on(0))
        .sync(move || match disk.load(Ordering::Relaxed) {
            true => Err(std::io::Error::other("the disk is gone")),
            false => Ok(()),
        })
        .start()
        .await;
    let id = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    broken.store(true, Ordering::Relaxed);
    world.script.release(0);
    soon(world.engine.wait_failed()).await.unwrap();
    // The first look of this wait already finds a final state, if the end was committed before the sync failed.
    let told = soon(world.engine.wait(id)).await;
    assert!(matches!(told, Err(EngineError::Broken { .. })), "{told:?}");
}

/// An engine that ends in order never failed.
#[tokio::test]
async fn an_orderly_end_is_no_failure() {
    let world = World::start(Script::succeed()).await;
    assert_eq!(world.engine.health(), Health::Working);
    let (failed, ended) = tokio::join!(soon(world.engine.wait_failed()), world.engine.shutdown());
    assert!(failed.is_none() && ended.is_ok(), "{failed:?} {ended:?}");
    assert_eq!(world.engine.health(), Health::Closing);
}

#[tokio::test]
async fn one_process_at_a_time_has_a_data_directory() {
    let world = World::start(Script::succeed()).await;
    let second = opmill_engine::Engine::open(world.config.clone()).await;
    let error = second.unwrap_err();
    assert!(
        matches!(
            error,
            EngineError::Store(opmill_engine::StoreError::InUse { .. })
        ),
        "{error}"
    );
}
