//! What may pass is tried again, what cannot succeed fails at once, and either way the siblings finish.

use std::fs;

use opmill_engine::{Cause, ItemIndex, ItemStatus, JobState, Redriven};

use crate::script::{Act, Script};
use crate::world::{LEASE, SECOND, START, Seed, World, a_moment, soon};

#[tokio::test]
async fn a_transient_failure_is_retried_with_growing_pauses() {
    let script = Script::new(|run| match (run.index, run.run) {
        (1, 1 | 2) => Act::Transient("the disk is full"),
        _ => Act::Write(format!("{}.{}", run.index, run.run)),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let job = world
        .submit("avthumb/mp4|saveas/out:a.mp4;vframe/jpg|saveas/out:b.jpg")
        .await;

    let (at, error) = events.retrying().await;
    assert_eq!(
        (at, error.as_str()),
        (START.plus(5 * SECOND), "command 2: the disk is full")
    );
    let waiting = world.job(job).await;
    assert_eq!(
        (waiting.state, waiting.last_error),
        (JobState::Retryable { at }, Some(error))
    );
    assert_eq!(world.script.runs().len(), 2, "nothing runs before its time");
    assert_eq!(
        world.content("out", "a.mp4"),
        "0.1",
        "what succeeded is there already"
    );

    world.clock.advance_to(at);
    let (next, _) = events.retrying().await;
    assert_eq!(next, at.plus(15 * SECOND));
    world.clock.advance_to(next);
    let job = world.end(job).await;
    assert!(job.succeeded() && job.attempts == 3, "{job:?}");
    assert_eq!(
        job.items
            .iter()
            .map(|item| item.attempt)
            .collect::<Vec<_>>(),
        [1, 3]
    );
    let mut runs = world.script.runs();
    runs.sort();
    assert_eq!(
        runs,
        [(0, 1), (1, 1), (1, 2), (1, 3)],
        "only the command without a result runs again"
    );
}

#[tokio::test]
async fn when_the_attempts_are_used_up_the_item_fails_and_a_retry_may_help() {
    let script = Script::new(|run| match run.run {
        1..=3 => Act::Transient("no space left"),
        _ => Act::Write("x".to_owned()),
    });
    let world = Seed::new(script)
        .config(|config| config.retry.attempts = 3)
        .start()
        .await;
    let mut events = world.events();
    let id = world.submit("avthumb/mp4").await;
    for _ in 0..2 {
        world.clock.advance_to(events.retrying().await.0);
    }
    let job = world.end(id).await;
    assert_eq!((job.state.clone(), job.attempts), (JobState::Discarded, 3));
    assert_eq!(job.items[0].status, ItemStatus::FailedTransient);
    assert_eq!(
        job.items[0].error(),
        Some("no space left (given up after 3 attempts)")
    );

    assert_eq!(
        world.engine.resume(id).await.unwrap(),
        Redriven::Commands(vec![ItemIndex(0)])
    );
    assert!(world.end(id).await.succeeded());
    assert_eq!(world.engine.resume(id).await.unwrap(), Redriven::Complete);
    assert_eq!(world.engine.retry(id).await.unwrap(), Redriven::Complete);
}

#[tokio::test]
async fn a_permanent_failure_fails_one_item_at_once_and_the_siblings_finish() {
    let script = Script::new(|run| match run.index {
        1 => Act::Permanent("stream 0 cannot be decoded"),
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let job = world
        .run("avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b;avthumb/mov|saveas/out:c")
        .await;
    assert_eq!((job.state.clone(), job.attempts), (JobState::Completed, 1));
    let status: Vec<_> = job.items.iter().map(|item| item.status).collect();
    assert_eq!(
        status,
        [
            ItemStatus::Succeeded,
            ItemStatus::Failed,
            ItemStatus::Succeeded
        ]
    );
    assert_eq!(job.items[1].error(), Some("stream 0 cannot be decoded"));
    assert_eq!(
        (job.items[1].body.key.as_str(), job.items[1].body.fsize),
        ("out:b", 0)
    );
    assert_eq!(job.failures().count(), 1);
    assert!(!world.object("out", "b").exists());
}

#[tokio::test]
async fn a_command_in_error_never_reaches_the_processor() {
    let world = World::start(Script::succeed()).await;
    let job = world
        .run("vframe/jpg/w/1921|saveas/out:a.jpg;avthumb/mp4|saveas/out:b.mp4")
        .await;
    assert_eq!(
        (job.items[0].status, job.items[1].status),
        (ItemStatus::Failed, ItemStatus::Succeeded)
    );
    let error = job.items[0].error().unwrap();
    assert!(
        error.contains('w') && error.contains("1921") && error.contains("1920"),
        "{error}"
    );
    assert_eq!(job.items[0].body.key, "out:a.jpg");
    assert_eq!(world.script.runs(), [(1, 1)]);
}

#[tokio::test]
async fn a_job_of_nothing_but_errors_is_completed_without_running() {
    let world = World::start(Script::succeed()).await;
    let job = world.run("bogus/x;vframe/bmp").await;
    assert_eq!(
        (job.state.clone(), job.failures().count()),
        (JobState::Completed, 2)
    );
    assert_eq!(world.script.runs(), []);
}

#[tokio::test]
async fn a_panic_costs_the_attempt_and_not_the_engine() {
    let script = Script::new(|run| match run.run {
        1 => Act::Panic("index out of bounds"),
        _ => Act::Write("x".to_owned()),
    });
    let world = Seed::new(script)
        .config(|config| config.workers.jobs = 1)
        .start()
        .await;
    let mut events = world.events();
    let job = world.submit("avthumb/mp4").await;
    let (at, error) = events.retrying().await;
    assert!(error.contains("panicked: index out of bounds"), "{error}");
    world.clock.advance_to(at);
    assert!(world.end(job).await.succeeded());
}

#[tokio::test]
async fn a_processor_that_says_nothing_is_tried_again() {
    let script = Script::new(|run| match run.run {
        1 => Act::Vanish,
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let job = world.submit("avthumb/mp4").await;
    world.clock.advance_to(events.retrying().await.0);
    assert!(world.end(job).await.succeeded());
}

#[tokio::test]
async fn an_unwritable_output_folder_is_retried_and_then_named() {
    let world = Seed::new(Script::succeed())
        .config(|config| config.retry.attempts = 3)
        .start()
        .await;
    let out = world.dir().join("results");
    // A file in its place: refused to everyone, whatever the rights of the user.
    fs::write(&out, "in the way").unwrap();
    let mut events = world.events();
    let spec = world.spec("avthumb/mp4|saveas/b:o.mp4").out(&out);
    let id = world.submit_spec(spec).await;
    for attempt in 1..=2 {
        let (at, error) = events.retrying().await;
        assert!(
            error.contains(out.to_str().unwrap()),
            "attempt {attempt}: {error}"
        );
        world.clock.advance_to(at);
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
            .contains(out.to_str().unwrap()),
        "{:?}",
        job.items[0]
    );
    // Put right, the same job succeeds.
    fs::remove_file(&out).unwrap();
    world.engine.retry(id).await.unwrap();
    assert!(world.end(id).await.succeeded());
    assert_eq!(fs::read_to_string(out.join("b/o.mp4")).unwrap(), "0.4");
}

#[tokio::test]
async fn a_source_that_is_gone_fails_its_commands() {
    let world = Seed::new(Script::stall_on(0))
        .config(|config| config.workers.jobs = 1)
        .start()
        .await;
    let first = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let second = world.submit("vframe/jpg;vframe/png").await;
    fs::remove_file(world.object("bkt", "v.mp4")).unwrap();
    world.script.release(0);
    soon(world.engine.wait(first)).await.unwrap();
    let job = world.end(second).await;
    assert_eq!((job.state.clone(), job.attempts), (JobState::Completed, 1));
    assert!(
        job.failures()
            .all(|item| item.error() == Some("there is no source bkt:v.mp4")),
        "{job:?}"
    );
}

#[tokio::test]
async fn resuming_makes_again_only_what_is_missing() {
    let script = Script::new(|run| match run.index {
        3 => Act::Permanent("undecodable"),
        _ => Act::Write(format!("{}.{}", run.index, run.run)),
    });
    let world = World::start(script).await;
    let ops = "avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b;avthumb/mov|saveas/out:c;avthumb/mkv|saveas/out:d";
    let id = world.run(ops).await.id;
    assert_eq!(world.engine.resume(id).await.unwrap(), Redriven::Complete);
    fs::remove_file(world.object("out", "a")).unwrap();
    fs::write(world.object("out", "c"), "another size").unwrap();
    assert_eq!(
        world.engine.resume(id).await.unwrap(),
        Redriven::Commands(vec![ItemIndex(0), ItemIndex(2)])
    );
    world.end(id).await;
    let contents = ["a", "b", "c"].map(|key| world.content("out", key));
    assert_eq!(contents, ["0.2", "1.1", "2.2"]);
}

#[tokio::test]
async fn a_retry_runs_what_failed_and_keeps_what_succeeded() {
    let script = Script::new(|run| match (run.index, run.run) {
        (1, 1) => Act::Permanent("no picture there"),
        _ => Act::Write(format!("{}.{}", run.index, run.run)),
    });
    let world = World::start(script).await;
    let id = world
        .run("avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b")
        .await
        .id;
    assert_eq!(
        world.engine.retry(id).await.unwrap(),
        Redriven::Commands(vec![ItemIndex(1)])
    );
    let job = world.end(id).await;
    assert!(job.succeeded());
    assert_eq!(
        (world.content("out", "a"), world.content("out", "b")),
        ("0.1".to_owned(), "1.2".to_owned())
    );
}

/// A codec that hangs must not hold its worker for ever; another attempt may fare better.
#[tokio::test]
async fn an_attempt_that_stands_still_is_stopped_and_repeated() {
    let script = Script::new(|run| match run.run {
        1 => Act::stall("hangs"),
        _ => Act::Write("moves".to_owned()),
    });
    let world = Seed::new(script).start().await;
    let mut events = world.events();
    let job = world.submit("avthumb/mp4|saveas/out:a").await;
    world.script.stalled(1).await;
    // The watchdog looks several times: a single jump of the clock is no standstill. Time goes on no faster than the
    // lease is kept.
    while let JobState::Running(before) = world.job(job).await.state {
        world.clock.advance(LEASE / 3);
        soon(async {
            while matches!(world.job(job).await.state, JobState::Running(lease) if lease.expires == before.expires) {
                a_moment().await;
            }
        })
        .await;
    }
    let (at, error) = events.retrying().await;
    assert_eq!(
        error,
        "command 1: nothing moved for 300 s, so the attempt was stopped"
    );
    world.clock.advance_to(at);
    let job = world.end(job).await;
    assert!(job.succeeded());
    assert_eq!(
        (job.items[0].attempts, job.items[0].cause),
        (2, Some(Cause::Watchdog))
    );
    assert_eq!(world.content("out", "a"), "moves");
}
