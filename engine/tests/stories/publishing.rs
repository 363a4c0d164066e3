//! Outputs appear whole, in the right order, and leave nothing else behind.

use std::fs;

use opmill_engine::ItemStatus;

use crate::script::{Act, Script};
use crate::world::{Seed, World};

#[tokio::test]
async fn of_two_commands_with_one_target_the_later_wins_whoever_is_faster() {
    let world = World::start(Script::stall_on(0)).await;
    let ops = "avthumb/mp4/vb/64k|saveas/out:same;avthumb/flv/vb/64k|saveas/out:same;vframe/jpg|saveas/out:other";
    let mut events = world.events();
    let job = world.submit(ops).await;
    world.script.stalled(1).await;
    // The third command has its result, so the second, which was as fast, is being held back.
    assert_eq!(events.item().await, 2);
    assert!(!world.object("out", "same").exists());
    world.script.release(0);
    let job = world.end(job).await;
    assert!(job.succeeded());
    assert_eq!(world.content("out", "same"), "1.1");
    assert_ne!(
        job.items[0].body.hash, job.items[1].body.hash,
        "each reports what it made"
    );
}

#[tokio::test]
async fn when_the_earlier_of_two_has_to_run_again_the_later_still_wins() {
    let script = Script::new(|run| match (run.index, run.run) {
        (0, 1) => Act::Transient("try again"),
        _ => Act::Write(format!("{}.{}", run.index, run.run)),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let job = world
        .submit("avthumb/mp4|saveas/out:same;avthumb/flv|saveas/out:same")
        .await;
    world.clock.advance_to(events.retrying().await.0);
    assert!(world.end(job).await.succeeded());
    assert_eq!(world.content("out", "same"), "1.2");
}

#[tokio::test]
async fn several_outputs_are_numbered_and_listed() {
    let three = || Act::WriteEach(["a", "bb", "ccc"].map(str::to_owned).to_vec());
    let script = Script::new(move |run| {
        if run.index == 2 {
            Act::Write("d".to_owned())
        } else {
            three()
        }
    });
    let world = World::start(script).await;
    let job = world
        .run("vframe/jpg|saveas/out:n.jpg;vframe/jpg|saveas/out:c-$(count).jpg;vframe/jpg|saveas/out:s-$(count).jpg")
        .await;
    let keys = |index: usize| {
        job.items[index]
            .body
            .detail
            .iter()
            .map(|output| output.key.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys(0),
        ["out:n_000001.jpg", "out:n_000002.jpg", "out:n_000003.jpg"]
    );
    assert_eq!(
        keys(1),
        ["out:c-000001.jpg", "out:c-000002.jpg", "out:c-000003.jpg"]
    );
    assert_eq!(keys(2), ["out:s-000001.jpg"]);
    assert_eq!(
        (job.items[0].body.key.as_str(), job.items[0].body.fsize),
        ("out:n_000001.jpg", 1)
    );
    assert_eq!(world.content("out", "c-000003.jpg"), "ccc");
}

/// A player that finds the playlist finds its segments, so the playlist comes last; it is listed first all the same.
#[tokio::test]
async fn files_that_name_each_other_are_called_after_the_target() {
    let world = World::start(Script::new(|_| Act::Playlist)).await;
    let job = world.run("avthumb/mp4|saveas/out:a/v.m3u8").await;
    let body = &job.items[0].body;
    let keys: Vec<_> = body.detail.iter().map(|output| &*output.key).collect();
    assert_eq!(keys, ["out:a/v.m3u8", "out:a/v_000001.ts"]);
    assert_eq!(body.key, "out:a/v.m3u8");
    assert_eq!(world.content("out", "a/v_000001.ts"), "v_000001.ts");
    let changed = |key: &str| {
        let object = fs::metadata(world.object("out", key)).unwrap();
        std::os::unix::fs::MetadataExt::ctime_nsec(&object) as i128
            + i128::from(std::os::unix::fs::MetadataExt::ctime(&object)) * 1_000_000_000
    };
    assert!(changed("a/v.m3u8") >= changed("a/v_000001.ts"));
}

#[tokio::test]
async fn an_item_tells_how_it_was_made_if_that_was_asked_for() {
    let script = Script::new(|_| Act::Explain("video: copied, because", "x".to_owned()));
    let world = World::start(script).await;
    let asked = world
        .submit_spec(world.spec("avthumb/mp4").explain(true))
        .await;
    let desc = |job: opmill_engine::Job| job.items[0].body.desc.clone();
    assert_eq!(
        desc(world.end(asked).await),
        "fileOperateSucceed; video: copied, because"
    );
    assert_eq!(desc(world.run("avthumb/flv").await), "fileOperateSucceed");
}

#[tokio::test]
async fn a_lenient_engine_runs_what_it_knows_and_warns() {
    let ops = "avthumb/mp4/sparkle/9|saveas/out:a";
    let strict = World::start(Script::succeed()).await.run(ops).await;
    assert_eq!(strict.items[0].status, ItemStatus::Failed);
    let seed = Seed::new(Script::succeed()).config(|config| config.lenient = true);
    let job = seed.start().await.run(ops).await;
    let desc = &job.items[0].body.desc;
    assert!(
        job.succeeded() && desc.starts_with("fileOperateSucceed; "),
        "{desc}"
    );
    assert!(desc.contains("`sparkle`"), "{desc}");
}

#[tokio::test]
async fn nothing_is_left_but_the_outputs() {
    let script = Script::new(|run| match (run.index, run.run) {
        (1, 1) => Act::Transient("again"),
        (2, _) => Act::Permanent("never"),
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let ops = "avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b;avthumb/flv|saveas/out:c";
    let job = world.submit(ops).await;
    world.clock.advance_to(events.retrying().await.0);
    world.end(job).await;
    let cancelled = world.submit("avthumb/mp4").await;
    let _ = world.engine.cancel(cancelled).await.unwrap();
    world.end(cancelled).await;
    let seed = world.shut_down().await;
    let world = seed.start().await;
    let mut files = world.files();
    files.retain(|file| !file.starts_with("data/buckets/bkt/v_"));
    assert_eq!(
        files,
        [
            "data/buckets/bkt/v.mp4",
            "data/buckets/out/a",
            "data/buckets/out/b"
        ]
    );
    assert!(
        fs::read_dir(world.config.data.join("work"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[tokio::test]
async fn a_name_that_cannot_be_a_file_fails_at_once() {
    let world = World::start(Script::succeed()).await;
    let job = world
        .run(&format!("avthumb/mp4|saveas/out:{}", "n".repeat(300)))
        .await;
    assert_eq!((job.items[0].status, job.attempts), (ItemStatus::Failed, 1));
}

/// Skipped where the system has no second file system to write to.
#[tokio::test]
async fn an_output_on_another_file_system_is_copied_and_then_renamed() {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(elsewhere) = tempfile::TempDir::new_in("/dev/shm") else {
        return;
    };
    let world = Seed::new(Script::succeed()).start().await;
    if fs::metadata(elsewhere.path()).unwrap().dev() == fs::metadata(world.dir()).unwrap().dev() {
        return;
    }
    let spec = world
        .spec("avthumb/mp4|saveas/b:o.mp4;vframe/jpg|saveas/b:o.mp4")
        .out(elsewhere.path());
    let job = world.submit_spec(spec).await;
    assert!(world.end(job).await.succeeded());
    let folder = elsewhere.path().join("b");
    assert_eq!(fs::read_to_string(folder.join("o.mp4")).unwrap(), "1.1");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}
