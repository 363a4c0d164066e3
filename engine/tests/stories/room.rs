//! Jobs begin when there is room for them on the machine: by cores, memory and scratch space.

use std::collections::BTreeSet;

use opmill_engine::{JobId, JobState, Need};

use crate::script::{Act, Script};
use crate::world::{Seed, World};

/// Films (mp4) need most of the memory, sound (mp3) little, and archives of it (mkv) more than there is.
fn needs(script: Script) -> Script {
    script.needing(|candidate| Need {
        cores: 1,
        memory_bytes: match candidate.pipelines[0].suffix() {
            "mp4" => 60,
            "mkv" => 1000,
            _ => 10,
        },
        scratch_bytes: candidate.size,
    })
}

fn seed(script: Script) -> Seed {
    Seed::new(needs(script)).config(|config| {
        config.workers.jobs = 8;
        config.admission.memory_bytes = 100;
    })
}

/// The jobs that were ever at work at the same time as this one.
fn company(world: &World, job: JobId) -> BTreeSet<JobId> {
    let mut company: BTreeSet<_> = world
        .script
        .together()
        .into_iter()
        .filter(|jobs| jobs.contains(&job))
        .flatten()
        .collect();
    company.remove(&job);
    company
}

#[tokio::test]
async fn two_large_jobs_take_turns_while_a_small_one_passes() {
    let world = seed(Script::stall_on(0)).start().await;
    let first = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let second = world.submit("avthumb/mp4/vb/1m").await;
    let small = world.submit("avthumb/mp3").await;
    world.script.stalled(2).await;
    assert_eq!(
        world.job(second).await.state,
        JobState::Available,
        "it waits for room"
    );
    assert!(matches!(world.job(small).await.state, JobState::Running(_)));
    world.script.release(0);
    for job in [first, second, small] {
        assert!(world.end(job).await.succeeded());
    }
    assert!(!company(&world, first).contains(&second));
    assert!(company(&world, first).contains(&small));
}

#[tokio::test]
async fn a_job_larger_than_the_machine_runs_alone_and_is_not_passed_for_ever() {
    // What the first job's second command does: hold on.
    let world = seed(Script::stall_on(1)).start().await;
    let first = world.submit("avthumb/mp3;avthumb/mp3/ab/64k").await;
    world.script.stalled(1).await;
    let giant = world.submit("avthumb/mkv").await;
    let mut small = Vec::new();
    for n in 0..12 {
        small.push(world.submit(&format!("avthumb/mp3/ss/{n}")).await);
    }
    for job in &small[..8] {
        assert!(
            world.end(*job).await.succeeded(),
            "these pass the one that waits"
        );
    }
    assert_eq!(world.job(giant).await.state, JobState::Available);
    world.script.release(1);
    for job in small.iter().chain([&first, &giant]) {
        assert!(world.end(*job).await.succeeded());
    }
    assert_eq!(company(&world, giant), BTreeSet::new(), "alone");
    let runs = world.script.all_runs();
    let threads = runs.iter().find(|run| run.job == giant).unwrap().threads;
    assert_eq!(threads, 4, "with every core, though others wait");
    let place = |job: JobId| runs.iter().position(|run| run.job == job).unwrap();
    let passed = small
        .iter()
        .filter(|job| place(**job) < place(giant))
        .count();
    assert_eq!(passed, 8, "so many pass, and no more");
}

#[tokio::test]
async fn cores_and_scratch_space_are_counted_too() {
    let by_cores = Script::stall_on(0).needing(|_| Need {
        cores: 2,
        ..Need::default()
    });
    let by_space = Script::stall_on(0).needing(|candidate| Need {
        scratch_bytes: candidate.size * 2,
        ..Need::default()
    });
    for script in [by_cores, by_space] {
        let world = Seed::new(script)
            .config(|config| {
                config.workers.jobs = 8;
                config.admission.cores = 4;
                // The source has ten bytes.
                config.admission.scratch_bytes = Some(40);
            })
            .start()
            .await;
        let mut jobs = Vec::new();
        for n in 0..5 {
            jobs.push(world.submit(&format!("avthumb/mp3/ss/{n}")).await);
        }
        world.script.stalled(2).await;
        world.script.release(0);
        for job in jobs {
            assert!(world.end(job).await.succeeded());
        }
        let most = world.script.together().iter().map(BTreeSet::len).max();
        assert_eq!(most, Some(2));
    }
}

/// An attempt that ends badly gives its room back like any other.
#[tokio::test]
async fn room_comes_back_whatever_ends_an_attempt() {
    let script = Script::new(|run| match run.run {
        1 => Act::Panic("on the way"),
        _ => Act::Write("x".to_owned()),
    });
    let world = seed(script).start().await;
    let mut events = world.events();
    let job = world.submit("avthumb/mkv").await;
    let (at, _) = events.retrying().await;
    let gone = world.submit("avthumb/mkv/vb/1m").await;
    world.engine.cancel(gone).await.unwrap();
    world.clock.advance_to(at);
    assert!(world.end(job).await.succeeded());
}
