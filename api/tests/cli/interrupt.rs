//! Ctrl-C: once hands back what runs, twice ends at once; the same line goes on from there.

use crate::SLOW;
use crate::world::World;

const LINE: [&str; 8] = [
    "run",
    "--workers",
    "1",
    "--ops",
    SLOW,
    "a.mp4",
    "b.mp4",
    "c.mp4",
];

fn world() -> World {
    let world = World::new();
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        world.clip("clip.mp4", name);
    }
    world
}

#[test]
fn after_ctrl_c_the_same_line_finishes_what_is_left() {
    let world = world();
    let mut run = world.start(&LINE);
    run.wait_for("a.mp4: vframe/jpg/offset/3: ok");
    run.signal("INT");
    let said = run.end();
    assert_eq!(said.code, Some(130), "{said:?}");
    assert!(
        said.err.contains("the same command line goes on from here"),
        "{said:?}"
    );
    world.assert_tidy();
    let early = world
        .path("out/b/a.jpg")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();

    let said = world.opmill(&LINE);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.err.contains("another command line"), "{said:?}");
    assert_eq!(world.files("out").len(), 9);
    assert_eq!(
        world.jobs().len(),
        3,
        "the jobs were resumed, not submitted again"
    );
    assert_eq!(
        world
            .path("out/b/a.jpg")
            .metadata()
            .unwrap()
            .modified()
            .unwrap(),
        early,
        "it did not run again"
    );
    assert!(!said.err.contains("a.mp4: vframe"), "{said:?}");
    world.assert_tidy();
}

/// Another command line on the same queue says that there is something before it.
#[test]
fn what_an_interruption_left_goes_first() {
    let world = world();
    let mut run = world.start(&LINE[..6]);
    run.wait_for("a.mp4: started");
    run.signal("KILL");
    run.end();
    world.clip("silent.mp4", "d.mp4");
    let said = world.opmill(&["run", "--workers", "1", "--ops", "vframe/jpg", "d.mp4"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let expected = "before these: 1 job that another command line left in the queue";
    assert!(said.err.contains(expected), "{said:?}");
    assert_eq!(world.jobs()[0]["state"], "completed", "{said:?}");
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let world = world();
    let mut run = world.start(&LINE);
    run.wait_for("a.mp4: started");
    run.signal("INT");
    run.wait_for("stopping");
    run.signal("INT");
    let said = run.end();
    assert_eq!(said.code, Some(130), "{said:?}");
    assert!(
        !said.err.contains("left to finish"),
        "it did not wait for the orderly end: {said:?}"
    );
    assert_eq!(world.jobs().len(), 3, "what was submitted is still there");
}
