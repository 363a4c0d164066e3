//! `opmill jobs`: looking at a queue and steering it, without working on it.

use serde_json::Value;

use crate::SLOW;
use crate::world::World;

/// A queue in which the first job was at work and the second waited when the process died.
fn interrupted() -> (World, [String; 2]) {
    let world = World::new();
    world.clip("clip.mp4", "a.mp4");
    world.clip("clip.mp4", "b.mp4");
    let mut run = world.start(&["run", "--workers", "1", "--ops", SLOW, "a.mp4", "b.mp4"]);
    run.wait_for("a.mp4: vframe/jpg/offset/3: ok");
    run.signal("KILL");
    run.end();
    let ids: Vec<_> = world
        .jobs()
        .iter()
        .map(|job| job["id"].as_str().unwrap().to_owned())
        .collect();
    (world, ids.try_into().unwrap())
}

#[test]
fn jobs_can_be_listed_shown_and_cancelled() {
    let (world, [first, second]) = interrupted();
    let jobs = world.jobs();
    let statuses = |job: &Value| -> Vec<String> {
        job["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["status"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(statuses(&jobs[0])[2], "ok", "{jobs:?}");
    assert_eq!(statuses(&jobs[1]), ["waiting"; 3]);
    assert!(jobs[0]["source"].as_str().unwrap().ends_with("/a.mp4"));

    let list = world.opmill(&["jobs", "list"]);
    assert!(
        list.out.contains(&first) && list.out.contains(&second) && list.out.contains("1/3 ok"),
        "{list:?}"
    );
    let show = world.opmill(&["jobs", "show", &first]);
    assert!(
        show.out.contains("vframe/jpg/offset/3") && show.out.contains("out/b/a.jpg"),
        "{show:?}"
    );
    assert_eq!(world.files("out"), ["b/a.jpg"], "looking ran nothing");

    let cancelled = world.opmill(&["jobs", "cancel", &second]);
    assert_eq!(
        (cancelled.code, cancelled.out),
        (Some(0), format!("cancelled {second}\n"))
    );
    assert_eq!(world.jobs()[1]["state"], "cancelled");
    let again = world.opmill(&["jobs", "cancel", &second]);
    assert!(again.out.contains("is cancelled already"), "{again:?}");
}

#[test]
fn what_is_not_there_is_named() {
    let world = World::new();
    world
        .opmill(&["jobs", "list"])
        .assert_refused("./.opmill is no data directory");
    world
        .opmill(&["jobs", "retry", &"0".repeat(36)])
        .assert_refused("is no data directory");
    assert!(!world.path(".opmill").exists(), "looking made nothing");
    world
        .opmill(&["jobs", "list", "--data", "."])
        .assert_refused(". is no data directory");
    assert_eq!(world.files(""), [""; 0]);

    world.clip("silent.mp4", "a.mp4");
    assert_eq!(
        world.opmill(&["run", "--ops", "vframe/jpg", "a.mp4"]).code,
        Some(0)
    );
    for action in ["show", "cancel", "retry"] {
        world
            .opmill(&["jobs", action, &"0".repeat(36)])
            .assert_refused("there is no job 0000");
        world
            .opmill(&["jobs", action, "seven"])
            .assert_refused("seven");
    }
}

#[test]
fn a_queue_can_be_paused_and_resumed() {
    let (world, _) = interrupted();
    for (args, said) in [
        (&["jobs", "pause"][..], "paused everything"),
        (&["jobs", "pause", "films"], "paused the bucket films"),
        (&["jobs", "resume"], "resumed everything"),
        (&["jobs", "resume"], "everything was not paused"),
        (&["jobs", "resume", "films"], "resumed the bucket films"),
    ] {
        let answer = world.opmill(args);
        assert_eq!(
            (answer.code, answer.out.trim_end()),
            (Some(0), said),
            "{args:?}"
        );
    }
    world
        .opmill(&["jobs", "pause", "no bucket"])
        .assert_refused("no bucket");
}

#[test]
fn what_a_kill_interrupted_is_told_with_the_evidence() {
    let (world, [first, _]) = interrupted();
    let job = &world.jobs()[0];
    let lost = &job["history"][0];
    assert_eq!(
        (&lost["what"], &lost["fence"]),
        (&"lost".into(), &1.into()),
        "{job}"
    );
    assert_eq!(
        lost["commands"],
        serde_json::json!([1, 2]),
        "these had no result"
    );
    assert_eq!(
        (&job["cause"], &job["rescues"]),
        (&"worker-lost".into(), &1.into())
    );
    let item = &job["items"][0];
    assert_eq!(
        (&item["attempts"], &item["cause"]),
        (&1.into(), &"worker-lost".into())
    );
    let show = world.opmill(&["jobs", "show", &first]);
    assert!(
        show.out.contains("was lost (fence 1)")
            && show.out.contains("no result then: commands 1, 2"),
        "{show:?}"
    );
}

#[test]
fn jobs_that_were_given_up_are_listed_and_run_again_with_their_history() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    std::fs::create_dir(world.path("out")).unwrap();
    // A file in the place of the folder: refused to everyone, whatever the rights of the user.
    std::fs::write(world.path("out/b"), "in the way").unwrap();
    let ops = "vframe/jpg|saveas/b:a.jpg;vframe/png|saveas/c:a.png";
    let run = world.opmill(&["run", "--ops", ops, "a.mp4"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let dead = world.opmill(&["jobs", "list", "--dead", "--json"]).lines();
    let [job] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!(job["cause"], "storage");
    assert_eq!(job["items"][0]["attempts"], 3);
    assert_eq!(job["history"].as_array().unwrap().len(), 3, "{job}");
    let list = world.opmill(&["jobs", "list", "--dead"]);
    let id = job["id"].as_str().unwrap();
    assert!(
        list.out.contains(id) && list.out.contains("storage"),
        "{list:?}"
    );
    world
        .opmill(&["jobs", "retry", "--dead", id])
        .assert_refused("cannot be used with");
    world.opmill(&["jobs", "retry"]).assert_refused("<ID>");

    std::fs::remove_file(world.path("out/b")).unwrap();
    let retry = world.opmill(&["jobs", "retry", "--dead"]);
    assert_eq!(retry.code, Some(0), "{retry:?}");
    assert_eq!(world.files("out"), ["b/a.jpg", "c/a.png"]);
    assert_eq!(world.opmill(&["jobs", "list", "--dead", "--json"]).out, "");
    let job = &world.jobs()[0];
    assert_eq!(job["items"][0]["attempts"], 4, "those before count");
    assert_eq!(job["history"][3]["what"], "redriven");
    let nothing = world.opmill(&["jobs", "retry", "--dead"]);
    assert_eq!(
        nothing.code,
        Some(0),
        "there is nothing to run: {nothing:?}"
    );
}
