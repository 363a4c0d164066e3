//! Notifications: what is said about which job, in which order, how often it is tried, and what a restart remembers.

use opmill_engine::notify::Notification;
use opmill_engine::{DeliveryState, JobId};

use crate::recorder::Recorder;
use crate::script::{Act, Script};
use crate::world::{RECEIVER, SECOND, START, Seed, World, soon};

const THREE: &str = "avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b;avthumb/mov|saveas/out:c";

fn second_fails() -> Script {
    Script::new(|run| match run.index {
        1 => Act::Permanent("no such stream"),
        _ => Act::Write("x".to_owned()),
    })
}

fn items(told: &Notification) -> Vec<(&str, &str)> {
    told.items
        .iter()
        .map(|item| (item.cmd.as_str(), item.code.as_str()))
        .collect()
}

async fn told(world: &World, job: JobId) -> Vec<Notification> {
    soon(world.engine.settle(job)).await.unwrap();
    world.receiver.notifications()
}

#[tokio::test]
async fn c_38_one_notification_about_everything() {
    let world = World::start(second_fails()).await;
    let job = world.submit_spec(world.spec(THREE).notify(RECEIVER)).await;
    let told = told(&world, job).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].id.as_str(), told[0].code, told[0].separate),
        (job.to_string().as_str(), 3, 0)
    );
    let commands: Vec<&str> = THREE.split(';').collect();
    assert_eq!(
        items(&told[0]),
        [(commands[0], "3"), (commands[1], "2"), (commands[2], "3")]
    );
    assert_eq!(told[0].items[1].error.as_deref(), Some("no such stream"));
    assert_eq!(
        (
            told[0].inputbucket.as_str(),
            told[0].inputkey.as_str(),
            told[0].inputfsize
        ),
        ("bkt", "v.mp4", 10)
    );
    // The same is there to be asked for.
    assert_eq!(world.engine.notification(job).await.unwrap(), told[0]);
    assert_eq!(world.engine.status(job).await.unwrap().code, 6);
}

#[tokio::test]
async fn c_39_one_notification_per_command() {
    // The last to end is the second, which fails.
    let script = Script::new(|run| match run.index {
        1 => Act::Stall(Box::new(Act::Permanent("no such stream"))),
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let job = world
        .submit_spec(world.spec(THREE).notify(RECEIVER).separate(true))
        .await;
    for _ in 0..2 {
        events.delivered().await;
    }
    assert_eq!(world.engine.status(job).await.unwrap().code, 1);
    world.script.release(1);
    let told = told(&world, job).await;
    let codes: Vec<u8> = told.iter().map(|told| told.code).collect();
    assert_eq!(codes, [1, 1, 3]);
    assert!(
        told.iter()
            .all(|told| told.items.len() == 1 && told.separate == 1)
    );
    assert_eq!(told[2].items[0].code, "2");
}

#[tokio::test]
async fn a_failure_with_others_outstanding_has_code_2() {
    let script = Script::new(|run| match run.index {
        0 => Act::Permanent("no"),
        _ => Act::stall("x"),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let job = world
        .submit_spec(
            world
                .spec("avthumb/mp4;vframe/jpg")
                .notify(RECEIVER)
                .separate(true),
        )
        .await;
    events.delivered().await;
    world.script.release(1);
    let codes: Vec<_> = told(&world, job)
        .await
        .iter()
        .map(|told| (told.code, told.desc.clone()))
        .collect();
    assert_eq!(
        codes,
        [
            (2, "fileOperateFailed".to_owned()),
            (3, "fileOperateSucceed".to_owned())
        ]
    );
}

/// Several notifications that come to be owed at once are still sent one after the other, the one that ends the job last.
#[tokio::test]
async fn the_notifications_of_a_job_keep_their_order() {
    let world = Seed::new(Script::stall_on(0))
        .config(|config| config.workers.jobs = 1)
        .start()
        .await;
    world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let spec = world.spec("avthumb/mp4;vframe/jpg;avthumb/mov;vframe/png");
    let job = world
        .submit_spec(spec.notify(RECEIVER).separate(true))
        .await;
    world.engine.cancel(job).await.unwrap();
    let told = told(&world, job).await;
    let codes: Vec<_> = told
        .iter()
        .map(|told| (told.code, told.items[0].cmd.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            (2, "avthumb/mp4"),
            (2, "vframe/jpg"),
            (2, "avthumb/mov"),
            (3, "vframe/png")
        ]
    );
}

#[tokio::test]
async fn a_job_without_a_receiver_owes_nothing() {
    let world = World::start(Script::succeed()).await;
    let job = world.run("avthumb/mp4").await;
    assert_eq!(soon(world.engine.settle(job.id)).await.unwrap(), []);
    assert_eq!(world.engine.status(job.id).await.unwrap().code, 3);
}

#[tokio::test]
async fn a_message_is_signed_by_the_pair_that_created_the_job() {
    let world = World::start(Script::succeed()).await;
    for (signer, expected) in [
        (Some("otherak"), "otherak:"),
        (Some("unknown"), "testak:"),
        (None, "testak:"),
    ] {
        let spec = world.spec("avthumb/mp4").notify(RECEIVER);
        let spec = signer
            .into_iter()
            .fold(spec, |spec, signer| spec.signed_by(signer));
        let job = world.submit_spec(spec).await;
        soon(world.engine.settle(job)).await.unwrap();
        let post = world.receiver.posts().pop().unwrap();
        assert!(
            post.authorization.starts_with(expected),
            "{signer:?}: {}",
            post.authorization
        );
        assert_eq!(
            (post.url.as_str(), post.content_type),
            (RECEIVER, "text/plain; charset=UTF-8")
        );
    }
}

/// One attempt, three retries at once, five a minute apart, then it is given up; a restart in between changes nothing.
#[tokio::test]
async fn a_receiver_that_never_answers_is_tried_nine_times_across_restarts() {
    let receiver = Recorder::answering(|n| if n % 2 == 0 { Some(500) } else { None });
    let mut world = Seed::new(Script::succeed())
        .receiver(receiver)
        .start()
        .await;
    let mut events = world.events();
    let job = world
        .submit_spec(world.spec("avthumb/mp4").notify(RECEIVER))
        .await;
    for attempt in 1..=3 {
        assert_eq!(
            events.delivery_failed().await,
            (attempt, Some(START)),
            "at once"
        );
    }
    let mut at = START.plus(60 * SECOND);
    assert_eq!(events.delivery_failed().await, (4, Some(at)));
    soon(world.engine.settle(job)).await.unwrap();
    assert_eq!(world.engine.status(job).await.unwrap().code, 4);

    for attempt in 5..=9 {
        world = world.reopen(Script::succeed()).await;
        let mut events = world.events();
        assert_eq!(
            world.receiver.posts().len(),
            attempt - 1,
            "a restart alone tries nothing"
        );
        world.clock.advance_to(at);
        let next = (attempt < 9).then(|| at.plus(60 * SECOND));
        assert_eq!(
            events.delivery_failed().await,
            (u32::try_from(attempt).unwrap(), next)
        );
        at = next.unwrap_or(at);
    }
    let deliveries = soon(world.engine.settle(job)).await.unwrap();
    assert!(
        matches!(deliveries[0].state, DeliveryState::GivenUp { .. }),
        "{deliveries:?}"
    );
    assert!(deliveries[0].last_error.as_ref().unwrap().contains("500"));
    assert_eq!(world.engine.status(job).await.unwrap().code, 5);
    let posts = world.receiver.posts();
    assert_eq!(posts.len(), 9);
    assert!(
        posts.iter().all(|post| *post == posts[0]),
        "the same message every time"
    );
}

#[tokio::test]
async fn a_receiver_that_comes_back_is_told() {
    let receiver = Recorder::answering(|n| if n < 5 { Some(302) } else { Some(200) });
    let world = Seed::new(Script::succeed())
        .receiver(receiver)
        .start()
        .await;
    let mut events = world.events();
    let job = world
        .submit_spec(world.spec("avthumb/mp4").notify(RECEIVER))
        .await;
    let spaced = loop {
        let (attempts, next) = events.delivery_failed().await;
        if attempts == 4 {
            break next.unwrap();
        }
    };
    world.clock.advance_to(spaced);
    let next = events.delivery_failed().await.1.unwrap();
    world.clock.advance_to(next);
    events.delivered().await;
    assert_eq!(world.receiver.posts().len(), 6, "a redirect is no answer");
    assert_eq!(world.engine.status(job).await.unwrap().code, 6);
}

#[tokio::test]
async fn notifications_of_a_job_that_runs_again_are_owed_again() {
    let script = Script::new(|run| match run.run {
        1 => Act::Permanent("no"),
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let job = world
        .submit_spec(world.spec("avthumb/mp4").notify(RECEIVER))
        .await;
    soon(world.engine.settle(job)).await.unwrap();
    world.engine.retry(job).await.unwrap();
    let told = told(&world, job).await;
    let codes: Vec<_> = told
        .iter()
        .map(|told| told.items[0].code.as_str())
        .collect();
    assert_eq!(codes, ["2", "3"]);
}
