//! Jobs that ended are forgotten by age and by number; those that did not end, or owe something, are kept.

use std::time::Duration;

use opmill_engine::JobId;

use crate::script::Script;
use crate::world::{Seed, World, soon};

const HOUR: Duration = Duration::from_secs(3600);

/// Turns the clock until the job is forgotten.
async fn forgotten(world: &World, job: JobId) {
    soon(async {
        while world.engine.job(job).await.unwrap().is_some() {
            world.clock.advance(HOUR);
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_is_forgotten_when_its_time_is_over() {
    let seed = Seed::new(Script::succeed());
    let world = seed
        .config(|config| config.retention.age = Some(24 * HOUR))
        .start()
        .await;
    let job = world.run("avthumb/mp4|saveas/out:a").await.id;
    let ended = world
        .engine
        .job(job)
        .await
        .unwrap()
        .unwrap()
        .finished
        .unwrap();
    let waiting = {
        world.engine.pause(None).await.unwrap();
        world.submit("avthumb/flv").await
    };
    forgotten(&world, job).await;
    assert!(opmill_engine::Clock::now(&*world.clock).since(ended) >= 24 * HOUR);
    assert!(world.object("out", "a").exists(), "the output stays");
    assert!(world.engine.job(waiting).await.unwrap().is_some());
}

#[tokio::test]
async fn only_so_many_jobs_are_remembered() {
    let seed = Seed::new(Script::succeed());
    let world = seed
        .config(|config| {
            config.retention.age = None;
            config.retention.count = Some(2);
        })
        .start()
        .await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(world.run("avthumb/mp4").await.id);
        world.clock.advance(Duration::from_secs(1));
    }
    forgotten(&world, jobs[1]).await;
    assert!(world.engine.job(jobs[0]).await.unwrap().is_none());
    assert!(world.engine.job(jobs[2]).await.unwrap().is_some());
    assert!(world.engine.job(jobs[3]).await.unwrap().is_some());
}
