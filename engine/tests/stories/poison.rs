//! A command that takes its worker with it is found out, set aside with the evidence, and costs its siblings nothing.

use opmill_engine::{Cause, Happened, ItemIndex, ItemStatus, JobState, Redriven};

use crate::script::{Act, Script};
use crate::world::{Seed, World};

fn write(run: crate::script::Run) -> Act {
    Act::Write(format!("{}.{}", run.index, run.run))
}

/// Everything is at work when the process dies for the first time; from then on it dies of the second command.
fn killer() -> Script {
    Script::new(|run| match (run.index, run.run) {
        (1, _) => Act::stall("never"),
        _ => write(run),
    })
}

#[tokio::test]
async fn the_command_that_kills_is_told_from_its_siblings() {
    let mut world = World::start(Script::new(|_| Act::stall("never"))).await;
    let ops = "avthumb/mp4|saveas/out:a;avthumb/mov|saveas/out:b;avthumb/mkv|saveas/out:c";
    let id = world.submit(ops).await;
    world.script.stalled(3).await;
    world = world.kill_and_reopen(killer()).await;
    let mut order = Vec::new();
    for death in 2..=4 {
        world.script.stalled(1).await;
        let job = world.job(id).await;
        assert_eq!(job.items[1].attempts, death, "the running attempt counts");
        order.extend(world.script.runs().iter().map(|(index, _)| *index));
        world = world.kill_and_reopen(killer()).await;
    }
    assert_eq!(order, [0, 1, 2, 1, 1], "one by one, the suspect last");
    let job = world.end(id).await;
    assert_eq!(job.state, JobState::Discarded);
    assert!(job.is_dead());
    let status: Vec<_> = job.items.iter().map(|item| item.status).collect();
    use ItemStatus::{FailedTransient, Succeeded};
    assert_eq!(status, [Succeeded, FailedTransient, Succeeded]);
    let killer = &job.items[1];
    assert_eq!((killer.cause, killer.attempts), (Some(Cause::Poison), 4));
    let error = killer.error().unwrap();
    assert!(
        error.contains("the worker was lost 4 times at this command"),
        "{error}"
    );
    assert_eq!(job.cause, Some(Cause::WorkerLost));
    assert_eq!(world.script.runs(), [], "it is not tried a fifth time");

    // The evidence: when, under which fence, and what had no result then.
    let history = world.engine.history(id).await.unwrap();
    let open: Vec<_> = history
        .events
        .iter()
        .map(|past| {
            (
                past.fence,
                past.commands.iter().map(|i| i.0).collect::<Vec<_>>(),
            )
        })
        .collect();
    let expected = [
        (1, vec![0, 1, 2]),
        (2, vec![1, 2]),
        (3, vec![1]),
        (4, vec![1]),
    ];
    assert_eq!(open, expected);
    assert!(history.events.iter().all(|past| {
        matches!(&past.what, Happened::Lost { started, .. } if started.contains(&ItemIndex(1)))
    }));

    // Another chance, and the past is not forgotten.
    let world = world.reopen(Script::succeed()).await;
    assert_eq!(
        world.engine.retry(id).await.unwrap(),
        Redriven::Commands(vec![ItemIndex(1)])
    );
    let job = world.end(id).await;
    assert!(job.succeeded());
    assert_eq!(
        (job.items[1].attempts, job.items[1].cause),
        (5, Some(Cause::Poison))
    );
    assert_eq!(world.content("out", "a"), "0.1");
    let history = world.engine.history(id).await.unwrap();
    assert_eq!(history.events.len(), 5);
    assert_eq!(history.events[4].what, Happened::Redriven);
}

#[tokio::test]
async fn panics_count_and_the_siblings_of_a_command_that_panics_finish() {
    let script = Script::new(|run| match (run.index, run.run) {
        (0, _) => Act::Panic("index out of bounds"),
        (_, 1) => Act::Vanish,
        _ => write(run),
    });
    let world = Seed::new(script)
        .config(|config| config.retry.poison = 1)
        .start()
        .await;
    let mut events = world.events();
    let id = world
        .submit("avthumb/mp4|saveas/out:a;avthumb/mov|saveas/out:b")
        .await;
    world.clock.advance_to(events.retrying().await.0);
    let job = world.end(id).await;
    assert_eq!((job.state.clone(), job.attempts), (JobState::Discarded, 2));
    assert!(job.items[1].status == ItemStatus::Succeeded, "{job:?}");
    assert_eq!(
        (job.items[0].cause, job.items[0].attempts),
        (Some(Cause::Poison), 2)
    );
    let error = job.items[0].error().unwrap();
    assert!(
        error.contains("lost 2 times") && error.contains("panicked: index out of bounds"),
        "{error}"
    );
    assert_eq!(world.script.runs()[2..], [(0, 2), (1, 2)], "one by one");
    assert_eq!(world.content("out", "b"), "1.2");
}

/// Two jobs go down with their process again and again, and one of them is the reason: from the third time on they run
/// one at a time, so that the other is not set aside with it.
#[tokio::test]
async fn a_job_that_kills_is_told_from_one_that_was_there() {
    let script = || {
        Script::new(|run| match run.index {
            0 | 1 => Act::stall("x"),
            _ => write(run),
        })
    };
    // A command in error is never begun: so each of them can be told to go on by the number of its own.
    const ERROR: &str = "vframe/jpg/w/1921";
    let mut world = World::start(script()).await;
    let innocent = world.submit("avthumb/mp4|saveas/out:a").await;
    let killer = world
        .submit(&format!("{ERROR};avthumb/mov|saveas/out:b"))
        .await;
    for _ in 0..2 {
        world.script.stalled(2).await;
        world = world.kill_and_reopen(script()).await;
    }
    // They wait for each other; one that came later waits for nobody.
    world.script.stalled(1).await;
    assert!(
        world
            .run(&format!("{ERROR};{ERROR};avthumb/mkv"))
            .await
            .items[2]
            .error()
            .is_none()
    );
    assert_eq!(world.job(killer).await.state, JobState::Available);
    world.script.release(0);
    assert!(world.end(innocent).await.succeeded());
    for stalled in [2, 1] {
        // Alone: it has the loss to itself.
        world.script.stalled(stalled).await;
        world = world.kill_and_reopen(script()).await;
    }
    let killer = world.end(killer).await;
    assert!(killer.is_dead(), "{killer:?}");
    assert_eq!(
        (killer.items[1].cause, killer.items[1].attempts),
        (Some(Cause::Poison), 4)
    );
    let innocent = world.job(innocent).await;
    assert_eq!((innocent.items[0].attempts, innocent.rescues), (3, 2));
}

/// What fails for a reason of its own is no poison, and what is poison does not keep others from their retries.
#[tokio::test]
async fn a_sibling_that_waits_for_storage_is_tried_on() {
    let script = Script::new(|run| match (run.index, run.run) {
        (0, _) => Act::Panic("again"),
        (_, 1..=3) => Act::Transient("the disk is full"),
        _ => write(run),
    });
    let world = Seed::new(script)
        .config(|config| config.retry.poison = 0)
        .start()
        .await;
    let mut events = world.events();
    let id = world.submit("avthumb/mp4;avthumb/mov").await;
    for _ in 0..3 {
        world.clock.advance_to(events.retrying().await.0);
    }
    let job = world.end(id).await;
    assert_eq!(job.items[1].status, ItemStatus::Succeeded);
    assert_eq!(
        (job.items[0].cause, job.items[0].attempts),
        (Some(Cause::Poison), 1)
    );
    let panics = world
        .script
        .runs()
        .iter()
        .filter(|(index, _)| *index == 0)
        .count();
    assert_eq!(panics, 1, "once is too often");
}
