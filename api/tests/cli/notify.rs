//! Notifications reach a receiver that checks every signature with code of its own.

#[path = "../../examples/receiver/receiver.rs"]
mod receiver;
#[path = "../../examples/receiver/signature.rs"]
mod signature;

use receiver::Receiver;
use signature::KeyPair;

use crate::world::{Said, World};

const OPS: &str =
    "vframe/jpg|saveas/b:1.jpg;bogus/1|saveas/b:no;vframe/jpg/offset/1|saveas/b:2.jpg";

fn keys() -> KeyPair {
    KeyPair {
        access_key: "testak".into(),
        secret_key: "testsk".into(),
    }
}

fn run(world: &World, url: &str, more: &[&str]) -> Said {
    let line = [&["run", "--ops", OPS, "--notify", url], more, &["a.mp4"]].concat();
    let mut command = world.command(&line);
    command
        .env("OPMILL_ACCESS_KEY", "testak")
        .env("OPMILL_SECRET_KEY", "testsk");
    command.output().unwrap().into()
}

/// One in all: after every command, with all items in their order (wire.md 7.3).
#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_notified_once() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let mut receiver = Receiver::listen("127.0.0.1:0", keys()).await.unwrap();
    let said = run(&world, receiver.url(), &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let json = receiver.next().await.unwrap().json;
    assert_eq!((&json["code"], &json["separate"]), (&3.into(), &0.into()));
    let codes: Vec<_> = json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].clone())
        .collect();
    assert_eq!(codes, ["3", "2", "3"]);
    receiver.close().await.unwrap();
}

/// One for each command; the last one says that the job is done (wire.md 7.4).
#[tokio::test(flavor = "multi_thread")]
async fn with_separate_each_command_is_notified() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let mut receiver = Receiver::listen("127.0.0.1:0", keys()).await.unwrap();
    run(&world, receiver.url(), &["--separate"]);
    let mut codes = Vec::new();
    for _ in 0..3 {
        let json = receiver.next().await.unwrap().json;
        assert_eq!(json["items"].as_array().unwrap().len(), 1, "{json}");
        let item = json["items"][0]["code"].clone();
        codes.push((json["code"].as_u64().unwrap(), item));
    }
    assert_eq!(codes.last().map(|(code, _)| *code), Some(3), "{codes:?}");
    assert!(
        codes[..2]
            .iter()
            .all(|(code, item)| (*code == 1 && item == "3") || (*code == 2 && item == "2")),
        "{codes:?}"
    );
    assert_eq!(codes.iter().filter(|(_, item)| item == "2").count(), 1);
    receiver.close().await.unwrap();
}

/// Nobody listens: the job is done all the same, the user is told, and the same line sends it once somebody does.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_sent_by_a_later_run() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let gone = Receiver::listen("127.0.0.1:0", keys()).await.unwrap();
    let url = gone.url().to_owned();
    gone.close().await.unwrap();

    let said = run(&world, &url, &[]);
    assert_eq!(
        said.code,
        Some(1),
        "the failed command decides, not the receiver: {said:?}"
    );
    assert!(
        said.err.contains("a.mp4: 1 notification not delivered yet"),
        "{said:?}"
    );
    assert!(said.err.contains("the same command line again"), "{said:?}");
    assert_eq!(world.jobs()[0]["owed"], 1);

    let address = url
        .trim_start_matches("http://")
        .trim_end_matches("/notify");
    let mut receiver = Receiver::listen(address, keys()).await.unwrap();
    // Its next attempt is due some seconds later; the run that comes after that sends it.
    while world.jobs()[0]["owed"] == 1 {
        let said = run(&world, &url, &[]);
        assert!(said.out.contains("finished before"), "{said:?}");
    }
    let json = receiver.next().await.unwrap().json;
    assert_eq!(json["code"], 3);
    receiver.close().await.unwrap();
}
