//! Calling jobs off, before, while and after they run.

use opmill_engine::{CancelOutcome, EngineError, ItemStatus, JobState, Redriven};

use crate::script::{Act, Script};
use crate::world::{RECEIVER, Seed, World, soon};

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once() {
    let world = Seed::new(Script::stall_on(0))
        .config(|config| config.workers.jobs = 1)
        .start()
        .await;
    let running = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let queued = world
        .submit_spec(world.spec("avthumb/mp4;vframe/jpg").notify(RECEIVER))
        .await;
    assert_eq!(
        world.engine.cancel(queued).await.unwrap(),
        CancelOutcome::Cancelled
    );
    let job = world.end(queued).await;
    assert_eq!(job.state, JobState::Cancelled);
    assert!(
        job.items
            .iter()
            .all(|item| item.status == ItemStatus::Cancelled && item.body.code == "2")
    );
    soon(world.engine.settle(queued)).await.unwrap();
    let told = &world.receiver.notifications()[0];
    assert_eq!(
        (told.code, told.items[0].error.as_deref()),
        (3, Some("the job was cancelled"))
    );
    world.script.release(0);
    world.end(running).await;
    assert_eq!(world.script.runs().len(), 1, "it never ran");
}

#[tokio::test]
async fn a_running_job_stops_and_keeps_the_results_it_has() {
    let world = World::start(Script::stall_on(1)).await;
    let mut events = world.events();
    let id = world
        .submit("avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b")
        .await;
    world.script.stalled(1).await;
    events.item().await;
    assert_eq!(
        world.engine.cancel(id).await.unwrap(),
        CancelOutcome::Requested
    );
    let job = world.end(id).await;
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(
        (job.items[0].status, job.items[1].status),
        (ItemStatus::Succeeded, ItemStatus::Cancelled)
    );
    assert_eq!(
        world.engine.cancel(id).await.unwrap(),
        CancelOutcome::AlreadyFinal(JobState::Cancelled)
    );
    // What was called off can be taken up again.
    world.script.release(1);
    assert!(
        matches!(world.engine.retry(id).await.unwrap(), Redriven::Commands(again) if again.len() == 1)
    );
    assert!(world.end(id).await.succeeded());
    assert_eq!(world.content("out", "a"), "0.1");
}

#[tokio::test]
async fn a_cancellation_whose_worker_died_is_heard_by_the_next() {
    let deaf = Script::new(|_| Act::StallDeaf(Box::new(Act::Write("x".to_owned()))));
    let world = World::start(deaf).await;
    let id = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    assert_eq!(
        world.engine.cancel(id).await.unwrap(),
        CancelOutcome::Requested
    );
    let dead = world.script.clone();
    let world = world.kill_and_reopen(Script::succeed()).await;
    assert_eq!(world.end(id).await.state, JobState::Cancelled);
    assert_eq!(world.script.runs(), [], "it may not run again");
    dead.release(0);
}

#[tokio::test]
async fn a_thread_that_does_not_stop_is_left_behind() {
    let deaf = Script::new(|_| Act::StallDeaf(Box::new(Act::Write("late".to_owned()))));
    let world = World::start(deaf).await;
    let id = world.submit("avthumb/mp4|saveas/out:o.mp4").await;
    world.script.stalled(1).await;
    assert_eq!(
        world.engine.cancel(id).await.unwrap(),
        CancelOutcome::Requested
    );
    // The clock stands still: nobody waits for the thread.
    assert_eq!(world.end(id).await.state, JobState::Cancelled);
    world.script.release(0);
    assert!(!world.object("out", "o.mp4").exists());
}

#[tokio::test]
async fn only_what_exists_can_be_cancelled_or_retried() {
    let world = World::start(Script::stall_on(0)).await;
    let nobody = "0123456789abffffffffffffffffffffffff".parse().unwrap();
    assert!(matches!(
        world.engine.cancel(nobody).await,
        Err(EngineError::UnknownJob { .. })
    ));
    assert!(matches!(
        world.engine.retry(nobody).await,
        Err(EngineError::UnknownJob { .. })
    ));
    assert!(matches!(
        world.engine.wait(nobody).await,
        Err(EngineError::UnknownJob { .. })
    ));
    assert_eq!(world.engine.job(nobody).await.unwrap(), None);
    let running = world.submit("avthumb/mp4").await;
    assert!(matches!(
        world.engine.retry(running).await,
        Err(EngineError::NotFinal { .. })
    ));
    assert_eq!(
        world.engine.resume(running).await.unwrap(),
        Redriven::Underway
    );
}
