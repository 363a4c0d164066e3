//! A real process, killed in the middle of a job by the system, and a real one after it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use opmill_engine::{BucketConfig, Config, Engine, JobSpec, Parts};

use crate::script::Script;
use crate::world::soon;

/// Names the directory, for the child.
const DIRECTORY: &str = "OPMILL_TEST_KILLED_IN";
const STALLED: &str = "stalled";

async fn open(dir: &Path, script: Script) -> Engine {
    let mut config = Config::at(dir.join("data"));
    config
        .buckets
        .insert("bkt".to_owned(), BucketConfig::default());
    let parts = Parts {
        processor: Arc::new(script),
        ..Parts::default()
    };
    Engine::open_with(config, parts).await.unwrap()
}

/// The process that is going to die. Run by the test below only.
#[tokio::test]
#[ignore = "the child of a_killed_process_leaves_nothing_that_the_next_one_does_not_finish"]
async fn child() {
    let Some(dir) = std::env::var_os(DIRECTORY).map(PathBuf::from) else {
        return;
    };
    let script = Script::stall_on(1);
    let engine = open(&dir, script.clone()).await;
    let mut events = engine.events();
    let ops = "avthumb/mp4|saveas/out:a.mp4;vframe/jpg|saveas/out:b.jpg";
    engine
        .submit(JobSpec::object("bkt:v.mp4".parse().unwrap(), ops).idempotency_key("job"))
        .await
        .unwrap();
    script.stalled(1).await;
    while !matches!(
        soon(events.next()).await.unwrap(),
        opmill_engine::EngineEvent::Item { .. }
    ) {}
    println!("{STALLED}");
    std::future::pending().await
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_that_the_next_one_does_not_finish() {
    let dir = tempfile::TempDir::new().unwrap();
    let source = dir.path().join("data/buckets/bkt/v.mp4");
    std::fs::create_dir_all(source.parent().unwrap()).unwrap();
    std::fs::write(source, "source").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--ignored", "--nocapture"])
        .env(DIRECTORY, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let stalled = tokio::task::spawn_blocking(move || {
        BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .any(|line| line.ends_with(STALLED))
    });
    assert!(soon(stalled).await.unwrap(), "the child ended early");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        dir.path()
            .join("data/work")
            .read_dir()
            .unwrap()
            .next()
            .is_some(),
        "it was at work"
    );

    let script = Script::succeed();
    let engine = open(dir.path(), script.clone()).await;
    let ops = "avthumb/mp4|saveas/out:a.mp4;vframe/jpg|saveas/out:b.jpg";
    let spec = JobSpec::object("bkt:v.mp4".parse().unwrap(), ops).idempotency_key("job");
    let submitted = engine.submit(spec).await.unwrap();
    assert!(submitted.existing, "the job was on disk");
    let job = soon(engine.wait(submitted.id)).await.unwrap();
    assert!(job.succeeded() && job.rescues == 1, "{job:?}");
    assert_eq!(
        script.runs(),
        [(1, 1)],
        "the command that had its result does not run again"
    );
    engine.shutdown().await.unwrap();
    assert!(
        dir.path()
            .join("data/work")
            .read_dir()
            .unwrap()
            .next()
            .is_none()
    );
}
