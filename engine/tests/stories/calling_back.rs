//! Callbacks of uploads: sent while the client waits, then in the background, across restarts.

use std::time::Duration;

use opmill_engine::notify::{Callback, CallbackOutcome};

use crate::recorder::Recorder;
use crate::script::Script;
use crate::world::{Seed, soon};

fn callback() -> Callback {
    Callback {
        url: "http://127.0.0.1:9000/cb?u=1".to_owned(),
        text: "position=abc&message=Success".to_owned(),
        raw: false,
        access_key: "testak".to_owned(),
    }
}

#[tokio::test]
async fn c_34_a_callback_is_a_signed_form() {
    let receiver = Recorder::taking().saying(r#"{"ok":true}"#);
    let world = Seed::new(Script::succeed())
        .receiver(receiver)
        .start()
        .await;
    let outcome = world.engine.call_back(callback()).await.unwrap();
    let answer = r#"{"ok":true}"#.to_owned();
    assert_eq!(outcome, CallbackOutcome::Taken { answer });
    let post = &world.receiver.posts()[0];
    assert_eq!(post.body, "callbackBody=position%3Dabc%26message%3DSuccess");
    assert_eq!(
        post.authorization,
        "testak:MWJmOTU2M2UxZjczNmFkNWIxYmY3ODA5NDE0YTFkNWNlMzFmNjMyMw=="
    );
    let raw = Callback {
        raw: true,
        text: "url=aHR0cDovL2FiYy5jb20vMS5qcGc=&fsize=1231341&bucket=test".to_owned(),
        ..callback()
    };
    world.engine.call_back(raw).await.unwrap();
    let post = &world.receiver.posts()[1];
    assert!(post.body.starts_with("url%3DaHR0cDov"), "{}", post.body);
    // C-35
    assert_eq!(
        post.authorization,
        "testak:YzI5NDA4ODYzMmViZmU0MjQxMTE1MTE2ZTIxMzVhZjVjMWQyMmU4OQ=="
    );
}

#[tokio::test]
async fn c_36_it_is_sent_four_times_at_once_and_five_times_a_minute_apart_across_restarts() {
    let world = Seed::new(Script::succeed())
        .receiver(Recorder::answering(|_| Some(500)))
        .start()
        .await;
    let outcome = world.engine.call_back(callback()).await.unwrap();
    let CallbackOutcome::NotTaken {
        token,
        status,
        reason,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (token, status),
        (world.receiver.posts()[0].authorization.clone(), 500)
    );
    assert!(reason.contains("answered 500"), "{reason}");
    assert_eq!(world.receiver.posts().len(), 4);
    let minute = Duration::from_secs(60);
    let (mut world, mut posts) = (world, 4);
    for restarts in [false, true, false, true, false] {
        if restarts {
            let receiver = world.receiver.clone();
            world = world.shut_down().await.receiver(receiver).start().await;
        }
        world.clock.advance(minute);
        posts += 1;
        soon(world.receiver.received(posts)).await;
        assert_eq!(world.receiver.posts().len(), posts);
    }
    // Enough.
    world.clock.advance(minute * 100);
    let world = world.shut_down().await.start().await;
    assert_eq!(world.receiver.posts().len(), 9);
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_none() {
    for body in ["", "null", "thanks"] {
        let receiver = Recorder::answering(|number| Some(if number < 4 { 200 } else { 500 }));
        let world = Seed::new(Script::succeed())
            .receiver(receiver.saying(body))
            .start()
            .await;
        let outcome = world.engine.call_back(callback()).await.unwrap();
        assert!(
            matches!(outcome, CallbackOutcome::NotTaken { status: 200, .. }),
            "{outcome:?}"
        );
    }
}
