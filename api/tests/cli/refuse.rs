//! What is refused before anything runs: exit 2, a sentence that names it, and neither results nor jobs.

use crate::world::World;

fn world() -> World {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    world.clip("silent.mp4", "sub/a.mp4");
    std::fs::write(world.path("file"), "").unwrap();
    std::fs::create_dir(world.path("empty")).unwrap();
    world
}

#[test]
fn a_line_that_cannot_be_obeyed_names_why_and_leaves_nothing() {
    let ops = "vframe/jpg|saveas/b:x.jpg";
    for (name, arguments, expected) in [
        (
            "missing input",
            &["--ops", ops, "a.mp4", "gone.mp4"][..],
            "cannot read the input gone.mp4",
        ),
        (
            "pattern without a match",
            &["--ops", ops, "*.mkv"],
            "no file matches the input *.mkv",
        ),
        (
            "directory without media",
            &["--ops", ops, "empty"],
            "no media files in the input empty",
        ),
        (
            "one target for two inputs",
            &["--ops", ops, "a.mp4", "sub/a.mp4"],
            "a.mp4 and sub/a.mp4 would both write ./out/b/x.jpg",
        ),
        (
            "one default name for two inputs",
            &["--ops", "vframe/jpg", "a.mp4", "sub/a.mp4"],
            "would both write",
        ),
        (
            "a target that is an input",
            &[
                "--ops",
                "avthumb/mp4|saveas/sub:a.mp4",
                "--out",
                ".",
                "sub/a.mp4",
            ],
            "would replace the input",
        ),
        (
            "out folder below a file",
            &["--ops", ops, "--out", "file/out", "a.mp4"],
            "cannot write to the --out folder file/out",
        ),
        (
            "notify without keys",
            &["--ops", ops, "--notify", "http://127.0.0.1:9/", "a.mp4"],
            "OPMILL_ACCESS_KEY and OPMILL_SECRET_KEY",
        ),
        ("no op string", &["a.mp4"], "--ops"),
        ("no input", &["--ops", ops], "INPUT"),
        (
            "no workers",
            &["--ops", ops, "--workers", "0", "a.mp4"],
            "--workers",
        ),
    ] {
        let world = world();
        let said = world.opmill(&[&["run"], arguments].concat());
        println!("{name}: {}", said.err);
        said.assert_refused(expected);
        assert_eq!(world.files("out"), [""; 0], "{name}");
        assert!(!world.path(".opmill").exists(), "{name}");
    }
}

/// A malformed op string is shown with a caret under the byte that is wrong.
#[test]
fn a_malformed_op_string_points_at_the_byte() {
    let world = world();
    for (ops, at) in [
        ("avthumb/mp4/vb", 12),
        ("vframe/jpg;avthumb/mp4/vb", 23),
        ("vframe/jpg||saveas/b:x", 11),
    ] {
        let said = world.opmill(&["run", "--ops", ops, "a.mp4"]);
        said.assert_refused(&format!("the op string is malformed at byte {at}"));
        let lines: Vec<_> = said.err.lines().collect();
        let shown = lines
            .iter()
            .position(|line| line.ends_with(ops))
            .expect("the op string is shown");
        let column = lines[shown].find(ops).unwrap() + at;
        assert_eq!(lines[shown + 1].find('^'), Some(column), "{}", said.err);
        assert!(!world.path("out").exists());
    }
}

/// Results that are there are not overwritten unasked, wherever in the batch they are.
#[test]
fn an_existing_target_is_named_and_left_alone() {
    let world = world();
    std::fs::create_dir_all(world.path("out/b")).unwrap();
    std::fs::write(world.path("out/b/a.mp4.jpg"), "mine").unwrap();
    let line = [
        "run",
        "--ops",
        "vframe/jpg|saveas/b:$(fname).jpg",
        "file",
        "a.mp4",
    ];
    let said = world.opmill(&line);
    said.assert_refused("./out/b/a.mp4.jpg exists already; --force replaces it");
    assert_eq!(world.files("out"), ["b/a.mp4.jpg"]);
    assert_eq!(
        world.jobs().len(),
        0,
        "the input before it was not submitted either"
    );
    assert_eq!(
        std::fs::read(world.path("out/b/a.mp4.jpg")).unwrap(),
        b"mine"
    );

    let forced = world.opmill(&["run", "--force", "--ops", line[2], "a.mp4"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_ne!(
        std::fs::read(world.path("out/b/a.mp4.jpg")).unwrap(),
        b"mine"
    );
}

/// Half a key pair is a mistake, also when nothing is to be notified yet.
#[test]
fn half_a_key_pair_is_a_mistake() {
    let world = world();
    let mut command = world.command(&["run", "--ops", "vframe/jpg", "a.mp4"]);
    let said: crate::world::Said = command
        .env("OPMILL_ACCESS_KEY", "ak")
        .output()
        .unwrap()
        .into();
    said.assert_refused("OPMILL_SECRET_KEY is not");
}

/// An address nothing can be sent to.
#[test]
fn a_notify_address_that_is_none_is_named() {
    let world = world();
    let line = [
        "run",
        "--ops",
        "vframe/jpg|saveas/b:x.jpg",
        "--notify",
        "nowhere",
        "a.mp4",
    ];
    let mut command = world.command(&line);
    command
        .env("OPMILL_ACCESS_KEY", "ak")
        .env("OPMILL_SECRET_KEY", "sk");
    let said: crate::world::Said = command.output().unwrap().into();
    said.assert_refused("\"nowhere\"");
    assert_eq!(world.jobs().len(), 0);
}

/// A data directory has one owner at a time; the other is told so.
#[test]
fn a_data_directory_in_use_is_said_plainly() {
    let world = world();
    world.clip("clip.mp4", "long.mp4");
    let mut first = world.start(&["run", "--ops", crate::SLOW, "long.mp4"]);
    first.wait_for("started");
    let said = world.opmill(&["run", "--ops", "vframe/jpg|saveas/b:x.jpg", "a.mp4"]);
    said.assert_refused("the data directory ./.opmill is in use by another opmill process");
    world.opmill(&["jobs", "list"]).assert_refused("in use");
    first.signal("KILL");
    first.end();
}
