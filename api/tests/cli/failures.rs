//! What fails while it runs: that command alone, with a reason, nothing half-made, and exit 1.

use serde_json::Value;

use crate::world::World;

/// The only item's reason, after checking that the run failed and left nothing behind.
fn reason(world: &World, clip: &str, op: &str) -> String {
    world.clip(clip, clip);
    let ops = format!("{op}|saveas/b:result");
    let said = world.opmill(&["run", "--json", "--ops", &ops, clip]);
    assert_eq!(said.code, Some(1), "{clip} {op}: {said:?}");
    let item = said.lines()[0]["items"][0].clone();
    assert_eq!(
        (&item["code"], &item["fsize"], &item["hash"]),
        (&"2".into(), &0.into(), &"".into()),
        "{item}"
    );
    assert_eq!(world.files("out"), [""; 0], "{clip} {op} left something");
    world.assert_tidy();
    item["error"].as_str().unwrap().to_lowercase()
}

#[test]
fn a_source_that_cannot_be_used_is_a_failed_item_with_its_reason() {
    for (name, clip, op, expected) in [
        (
            "text under a film's name",
            "bad/not-media.mp4",
            "avthumb/mp4",
            "not media",
        ),
        (
            "an upload that stopped half way",
            "bad/truncated.mp4",
            "avthumb/mp4",
            "not media",
        ),
        ("a picture of sound", "tone.m4a", "vframe/jpg", "no video"),
        (
            "the sound of a silent film",
            "silent.mp4",
            "avthumb/mp3",
            "no audio",
        ),
        (
            "a picture after the end",
            "silent.mp4",
            "vframe/jpg/offset/60",
            "ends at 3",
        ),
    ] {
        let reason = reason(&World::new(), clip, op);
        println!("{name}: {reason}");
        assert!(
            reason.contains(expected),
            "{name}: {expected:?} is not in {reason:?}"
        );
    }
}

/// Each message names the parameter, what was given and what is allowed; the siblings finish.
#[test]
fn a_bad_command_fails_alone() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    for (n, (bad, words)) in [
        ("transmogrify/mp4", &["transmogrify", "avthumb"][..]),
        ("avthumb/mp4/frobs/3", &["avthumb", "frobs"]),
        ("vframe/jpg/w/5000", &["w", "5000", "1920"]),
        ("avthumb/xyz", &["xyz", "mp4"]),
    ]
    .into_iter()
    .enumerate()
    {
        let ops = format!("{bad}|saveas/b:{n}-bad;vframe/jpg|saveas/b:{n}.jpg");
        let said = world.opmill(&["run", "--json", "--ops", &ops, "a.mp4"]);
        assert_eq!(said.code, Some(1), "{bad}: {said:?}");
        let items = said.lines()[0]["items"].clone();
        let codes = [&items[0]["code"], &items[1]["code"]];
        assert_eq!(codes, ["2", "3"], "{items}");
        let reason = items[0]["error"].as_str().unwrap();
        for word in words {
            assert!(reason.contains(word), "{word:?} is not in {reason:?}");
        }
        assert!(world.path(&format!("out/b/{n}.jpg")).exists());
    }
}

/// When no command of a well-formed line can run, they all fail: that is exit 1 and not a usage error.
#[test]
fn a_line_of_bad_commands_runs_and_fails() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let said = world.opmill(&[
        "run",
        "--json",
        "--ops",
        "bogus/1;avthumb/mp4/r/999",
        "a.mp4",
    ]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let codes: Vec<Value> = said.lines()[0]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].clone())
        .collect();
    assert_eq!(codes, ["2", "2"]);
}

/// A failure is a result: the same line reports it, `jobs retry` runs it again.
#[test]
fn a_failure_is_kept_until_it_is_asked_for() {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let line = [
        "run",
        "--ops",
        "vframe/jpg/offset/60|saveas/b:x.jpg;vframe/jpg|saveas/b:y.jpg",
        "a.mp4",
    ];
    assert_eq!(world.opmill(&line).code, Some(1));
    let again = world.opmill(&line);
    assert_eq!(again.code, Some(1));
    assert!(
        again
            .out
            .contains("1 of 2 commands failed, finished before"),
        "{again:?}"
    );
    assert!(
        again.err.contains("--force"),
        "it says how to run it again: {again:?}"
    );

    let id = world.jobs()[0]["id"].as_str().unwrap().to_owned();
    let retried = world.opmill(&["jobs", "retry", &id]);
    assert_eq!(retried.code, Some(1), "{retried:?}");
    assert!(
        retried.err.contains("vframe/jpg/offset/60: failed"),
        "it ran: {retried:?}"
    );
    assert!(
        !retried.err.contains("vframe/jpg: ok"),
        "what had succeeded did not: {retried:?}"
    );
}
