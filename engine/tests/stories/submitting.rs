//! What is accepted, what is refused, and what becomes of a request that comes twice.

use std::fs;

use opmill_engine::config::BucketConfig;
use opmill_engine::{
    Engine, EngineError, EngineEvent, ItemStatus, JobSpec, JobState, Priority, UnixMillis,
};

use crate::script::{Act, Script};
use crate::world::{SECOND, START, Seed, World, soon};

#[tokio::test]
async fn a_job_runs_each_command_and_stores_each_output() {
    let world = World::start(Script::succeed()).await;
    let job = world
        .run("avthumb/mp4|saveas/out:a/one.mp4;vframe/jpg|saveas/out:two.jpg")
        .await;
    assert_eq!(
        (job.state.clone(), job.succeeded(), job.size),
        (JobState::Completed, true, 10)
    );
    assert_eq!(world.content("out", "a/one.mp4"), "0.1");
    assert_eq!(world.content("out", "two.jpg"), "1.1");
    let body = &job.items[0].body;
    assert_eq!(body.cmd, "avthumb/mp4|saveas/out:a/one.mp4");
    assert_eq!(
        (body.code.as_str(), body.key.as_str(), body.fsize),
        ("3", "out:a/one.mp4", 3)
    );
    assert_eq!(body.url, "http://127.0.0.1:8080/out/a/one.mp4");
    assert_eq!(
        (
            body.duration,
            body.bit_rate.as_str(),
            body.resolution.as_str()
        ),
        (1.5, "64000", "640X360")
    );
    assert_eq!(
        body.hash,
        opmill_engine::etag::Etag::of_reader(&b"0.1"[..]).unwrap().0
    );
}

#[tokio::test]
async fn results_without_a_name_get_the_default_one() {
    let world = World::start(Script::succeed()).await;
    let job = world.run("avthumb/mp4/vb/64k").await;
    let key = &job.items[0].body.key;
    assert!(
        key.starts_with("bkt:v_")
            && key.ends_with(".mp4")
            && key.len() == "bkt:v_12345678.mp4".len(),
        "{key}"
    );
    // It is the result of this command and no other, so it may be made again without force.
    let again = world.run("avthumb/mp4/vb/64k").await;
    assert_eq!(&again.items[0].body.key, key);
    assert_ne!(
        &world.run("avthumb/mp4/vb/65k").await.items[0].body.key,
        key
    );
}

#[tokio::test]
async fn a_file_is_processed_where_it_is_and_its_results_go_to_a_folder() {
    let world = World::start(Script::succeed()).await;
    let (source, out) = (world.dir().join("my clip.mov"), world.dir().join("results"));
    fs::write(&source, "abc").unwrap();
    let spec =
        JobSpec::file(&source, "avthumb/mp4;avthumb/mp4|saveas/b:x/$(fprefix).mp4").out(&out);
    let job = world.submit_spec(spec).await;
    let job = world.end(job).await;
    assert_eq!(
        job.source.to_string(),
        format!(
            "@local:{}",
            source.to_str().unwrap().trim_start_matches('/')
        )
    );
    assert_eq!(
        fs::read_to_string(out.join("b/x/my clip.mp4")).unwrap(),
        "1.1"
    );
    let default = job.items[0].body.detail[0].entry().unwrap();
    assert_eq!(default.bucket.as_str(), "@out");
    let path = world.engine.path(&job, &default).unwrap();
    assert!(path.starts_with(&out) && fs::read_to_string(&path).unwrap() == "0.1");
    assert!(
        job.items[1].body.url.starts_with("file:///")
            && job.items[1].body.url.ends_with("/b/x/my%20clip.mp4")
    );
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_nothing_left_behind() {
    let world = Seed::new(Script::succeed())
        .config(|config| config.local_files = false)
        .start()
        .await;
    let object = |key: &str, ops: &str| JobSpec::object(format!("bkt:{key}").parse().unwrap(), ops);
    let refused = async |spec| soon(world.engine.submit(spec)).await.unwrap_err();
    assert!(matches!(
        refused(object("v.mp4", "avthumb/mp4|")).await,
        EngineError::Ops(_)
    ));
    assert!(matches!(
        refused(object("gone.mp4", "avthumb/mp4")).await,
        EngineError::SourceNotFound { .. }
    ));
    assert!(matches!(
        refused(JobSpec::file("/etc/hostname", "avthumb/mp4")).await,
        EngineError::LocalFilesOff
    ));
    for url in [
        "ftp://example.com",
        "not a url",
        "http://127.0.0.1/",
        "http://[::1]:80/",
    ] {
        let error = refused(object("v.mp4", "avthumb/mp4").notify(url)).await;
        assert!(
            matches!(error, EngineError::NotifyUrl { .. }),
            "{url}: {error}"
        );
    }
    assert_eq!(world.engine.jobs(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_folder_is_no_source() {
    let world = World::start(Script::succeed()).await;
    let error = world
        .engine
        .submit(JobSpec::file(world.dir(), "avthumb/mp4"))
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::SourcePath { .. }), "{error}");
}

#[tokio::test]
async fn notifications_need_a_key_pair() {
    let world = Seed::new(Script::succeed())
        .config(|config| config.keys.clear())
        .start()
        .await;
    let spec = world.spec("avthumb/mp4").notify("http://receiver.example/");
    assert!(matches!(
        world.engine.submit(spec).await,
        Err(EngineError::NoKeyPair)
    ));
}

#[tokio::test]
async fn an_existing_target_is_kept_unless_forced() {
    let world = World::start(Script::succeed()).await;
    let ops = "vframe/jpg|saveas/out:a.jpg;avthumb/mp4|saveas/out:b.mp4";
    fs::create_dir_all(world.object("out", "")).unwrap();
    fs::write(world.object("out", "b.mp4"), "precious").unwrap();
    match world.engine.submit(world.spec(ops)).await {
        Err(EngineError::TargetExists { entry }) => assert_eq!(entry.to_string(), "out:b.mp4"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.content("out", "b.mp4"), "precious");
    let job = world.submit_spec(world.spec(ops).force(true)).await;
    world.end(job).await;
    assert_eq!(world.content("out", "b.mp4"), "1.1");
}

#[tokio::test]
async fn a_request_that_comes_twice_is_one_job() {
    let world = World::start(Script::succeed()).await;
    let ops = "avthumb/mp4|saveas/out:o.mp4";
    let first = world
        .engine
        .submit(world.spec(ops).idempotency_key("k"))
        .await
        .unwrap();
    world.end(first.id).await;
    // Its target exists by now, which is no reason to refuse it.
    let second = world
        .engine
        .submit(world.spec(ops).idempotency_key("k"))
        .await
        .unwrap();
    assert_eq!(
        (second.id, first.existing, second.existing),
        (first.id, false, true)
    );
    assert_eq!(world.script.runs(), [(0, 1)]);
}

#[tokio::test]
async fn a_job_with_a_due_time_waits_for_it() {
    let world = World::start(Script::succeed()).await;
    let at = START.plus(60 * SECOND);
    let job = world.submit_spec(world.spec("avthumb/mp4").due(at)).await;
    assert_eq!(world.job(job).await.state, JobState::Scheduled { at });
    world.clock.advance_to(UnixMillis::new(at.get() - 1));
    assert_eq!(world.run("vframe/jpg").await.state, JobState::Completed);
    assert_eq!(world.job(job).await.state, JobState::Scheduled { at });
    world.clock.advance_to(at);
    assert_eq!(world.end(job).await.state, JobState::Completed);
}

#[tokio::test]
async fn urgent_jobs_go_first() {
    let script = Script::new(|run| {
        if run.index == 1 {
            Act::stall("held")
        } else {
            Act::Write("x".to_owned())
        }
    });
    let world = Seed::new(script)
        .config(|config| config.workers.jobs = 1)
        .start()
        .await;
    let blocker = world.submit("avthumb/mp4;avthumb/mov").await;
    world.script.stalled(1).await;
    let usual = world.submit("avthumb/mkv").await;
    let urgent = world
        .submit_spec(world.spec("avthumb/flv").priority(Priority::new(1)))
        .await;
    world.script.release(1);
    world.end(usual).await;
    world.end(urgent).await;
    let order: Vec<_> = world.script.all_runs().iter().map(|run| run.job).collect();
    assert_eq!(order, [blocker, blocker, urgent, usual]);
}

#[tokio::test]
async fn many_jobs_share_few_workers() {
    let world = Seed::new(Script::succeed())
        .config(|config| config.workers.jobs = 4)
        .start()
        .await;
    let mut jobs = Vec::new();
    for n in 0..40 {
        jobs.push(
            world
                .submit(&format!("avthumb/mp4|saveas/out:{n}.mp4"))
                .await,
        );
    }
    for job in &jobs {
        assert!(world.end(*job).await.succeeded());
    }
    let listed = world.engine.jobs(None, 100).await.unwrap();
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), jobs);
    assert_eq!(
        world.engine.jobs(Some(jobs[37]), 100).await.unwrap().len(),
        2
    );
    assert_eq!(world.engine.counts().await.unwrap().completed, 40);
    assert!(
        world
            .script
            .all_runs()
            .iter()
            .all(|run| (1..=4).contains(&run.threads))
    );
}

#[tokio::test]
async fn the_course_of_a_job_can_be_followed() {
    let script = Script::new(|_| Act::Progress(vec![0.0, 2.5, 5.0], "x".to_owned()));
    let world = World::start(script).await;
    let events = world.events();
    let job = world.submit("avthumb/mp4").await;
    world.end(job).await;
    world.shut_down().await;
    let mut seen: Vec<&str> = events
        .all()
        .await
        .iter()
        .map(|event| match event {
            EngineEvent::Submitted { .. } => "submitted",
            EngineEvent::Started { attempt: 1, .. } => "started",
            EngineEvent::Progress(progress) => {
                assert_eq!((progress.job, progress.index.0), (job, 0));
                assert!(
                    [0.0, 25.0, 50.0].map(Some).contains(&progress.percent),
                    "{progress:?}"
                );
                "progress"
            }
            EngineEvent::Item { item, .. } if item.status == ItemStatus::Succeeded => "item",
            EngineEvent::Finished {
                state: JobState::Completed,
                ..
            } => "finished",
            other => panic!("{other:?}"),
        })
        .collect();
    // How many of the three reports become events is a matter of time (see `progress`).
    seen.dedup();
    // The worker may be quicker than the submitter.
    seen.retain(|event| *event != "submitted");
    seen.dedup();
    assert_eq!(seen, ["started", "progress", "item", "finished"]);
}

#[tokio::test]
async fn a_remote_bucket_is_read_and_written_through_object_storage() {
    let far = BucketConfig {
        concurrency: None,
        root: Some("memory:///deep".to_owned()),
        hosts: vec![],
    };
    // Larger than one part, so that the upload has several.
    let large = "x".repeat((8 << 20) + 5);
    let content = large.clone();
    let script = Script::new(move |run| match run.index {
        0 => Act::Write(content.clone()),
        _ => Act::Write("small".to_owned()),
    });
    let world = Seed::new(script)
        .config(|config| {
            config.buckets.insert("far".to_owned(), far);
        })
        .start()
        .await;
    let first = world
        .run("avthumb/mp4|saveas/far:large.mp4;vframe/jpg|saveas/far:a/small.jpg")
        .await;
    assert!(first.succeeded(), "{first:?}");
    assert_eq!(
        first.items[0].body.hash,
        opmill_engine::etag::Etag::of_reader(large.as_bytes())
            .unwrap()
            .0
    );
    // What was written there is there to be read.
    let spec = JobSpec::object(
        "far:large.mp4".parse().unwrap(),
        "vframe/jpg|saveas/out:o.jpg",
    );
    let second = world.submit_spec(spec).await;
    let second = world.end(second).await;
    assert_eq!(
        (second.size, second.succeeded()),
        (large.len() as u64, true)
    );
    let again = world.spec("avthumb/mp4|saveas/far:large.mp4");
    assert!(matches!(
        world.engine.submit(again).await,
        Err(EngineError::TargetExists { .. })
    ));
}

#[tokio::test]
async fn an_object_that_is_the_source_is_not_brought_again() {
    let far = BucketConfig {
        concurrency: None,
        root: Some("memory:///deep".to_owned()),
        hosts: vec![],
    };
    let script = Script::new(|run| match run.index {
        2 => Act::Objects,
        _ => Act::Write("a film".to_owned()),
    });
    let world = Seed::new(script)
        .config(|config| {
            config.buckets.insert("far".to_owned(), far);
        })
        .start()
        .await;
    let first = world
        .run("avthumb/mp4|saveas/far:a.mp4;avthumb/mp4|saveas/far:b.mp4")
        .await;
    assert!(first.succeeded(), "{first:?}");
    let b64u = opmill_engine::ops::b64u::encode;
    let join = format!(
        "vframe/jpg|saveas/out:1;vframe/jpg|saveas/out:2;avconcat/2/format/mp4/{}/{}|saveas/out:list",
        b64u("far:a.mp4"),
        b64u("b.mp4")
    );
    let spec = JobSpec::object("far:a.mp4".parse().unwrap(), &join);
    let second = world.submit_spec(spec).await;
    let second = world.end(second).await;
    assert!(second.succeeded(), "{second:?}");
    assert_eq!(
        world.content("out", "list"),
        "far:a.mp4 true\nb.mp4 false\n"
    );
}

#[tokio::test]
async fn the_targets_of_a_request_are_known_before_it_is_submitted() {
    let world = World::start(Script::succeed()).await;
    let ops = "avthumb/mp4|saveas/out:$(fprefix).mp4;bogus/x;vframe/jpg|saveas/out:$(count).jpg;vframe/png";
    let spec = world.spec(ops);
    let planned: Vec<String> = spec
        .targets()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    let job = world.submit_spec(spec).await;
    let job = world.end(job).await;
    let made: Vec<&str> = job
        .items
        .iter()
        .filter(|item| !item.status.is_failure())
        .map(|item| item.body.key.as_str())
        .collect();
    assert_eq!(
        (planned.len(), planned[0].as_str(), planned[1].as_str()),
        (3, "out:v.mp4", "out:000001.jpg")
    );
    assert_eq!(planned, made);
}

#[tokio::test]
async fn an_idle_engine_takes_jobs_and_runs_none() {
    let world = World::start(Script::succeed()).await;
    let seed = world.shut_down().await;
    let idle = Engine::open_idle(seed.config.clone()).await.unwrap();
    let id = idle
        .submit(JobSpec::object("bkt:v.mp4".parse().unwrap(), "avthumb/mp4"))
        .await
        .unwrap()
        .id;
    assert_eq!(
        idle.job(id).await.unwrap().unwrap().state,
        JobState::Available
    );
    idle.shutdown().await.unwrap();
    let world = seed.start().await;
    assert!(world.end(id).await.succeeded());
}
