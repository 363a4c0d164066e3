//! Buckets that are paused, and buckets that may have only so many jobs at work.

use std::fs;

use opmill_engine::config::BucketConfig;
use opmill_engine::{JobSpec, JobState};
use opmill_ops::BucketName;

use crate::script::Script;
use crate::world::{Seed, World};

fn bucket(name: &str) -> BucketName {
    name.parse().unwrap()
}

/// A job whose source is in the bucket `songs`.
fn song(world: &World) -> JobSpec {
    let path = world.object("songs", "s.mp3");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "abc").unwrap();
    JobSpec::object("songs:s.mp3".parse().unwrap(), "avthumb/mp3")
}

#[tokio::test]
async fn a_paused_bucket_waits_through_a_restart_and_goes_on_when_told() {
    let world = World::start(Script::succeed()).await;
    world.engine.pause(Some(&bucket("bkt"))).await.unwrap();
    let film = world.submit("avthumb/mp4").await;
    let other = world.submit_spec(song(&world)).await;
    assert!(world.end(other).await.succeeded());
    let world = world.shut_down().await.start().await;
    assert_eq!(world.job(film).await.state, JobState::Available);
    let paused = world.engine.paused().await.unwrap();
    assert!(paused.holds("bkt") && !paused.holds("songs"));
    assert!(world.engine.unpause(Some(&bucket("bkt"))).await.unwrap());
    assert!(world.end(film).await.succeeded());
}

#[tokio::test]
async fn a_paused_engine_takes_jobs_and_begins_none() {
    let world = World::start(Script::stall_on(0)).await;
    let running = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    world.engine.pause(None).await.unwrap();
    let waiting = world.submit("vframe/jpg;avthumb/mp4").await;
    world.script.release(0);
    assert!(world.end(running).await.succeeded(), "what runs goes on");
    assert_eq!(world.job(waiting).await.state, JobState::Available);
    world.engine.unpause(None).await.unwrap();
    assert!(world.end(waiting).await.succeeded());
}

#[tokio::test]
async fn of_a_limited_bucket_one_job_runs_while_others_pass_it() {
    let limited = BucketConfig {
        concurrency: Some(1),
        ..BucketConfig::default()
    };
    let seed = Seed::new(Script::stall_on(0)).config(|config| {
        config.buckets.insert("bkt".to_owned(), limited);
        config.workers.jobs = 4;
    });
    let world = seed.start().await;
    let first = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let second = world.submit("avthumb/flv").await;
    let other = world.submit_spec(song(&world)).await;
    world.script.stalled(2).await;
    assert_eq!(world.job(second).await.state, JobState::Available);
    world.script.release(0);
    for job in [first, other, second] {
        assert!(world.end(job).await.succeeded());
    }
}
