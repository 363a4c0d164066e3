//! A disk whose syncs fail: the program stops at once, says so, and what was acknowledged is there at the next start.

use std::path::PathBuf;
use std::process::Command;

use crate::world::{Said, World};

/// A library in front of libc, made of `eio.c`; `None` where there is no C compiler.
fn failing_disk(world: &World) -> Option<PathBuf> {
    let library = world.path("eio.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/eio.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status();
    match built {
        Ok(status) => {
            assert!(status.success(), "eio.c compiles");
            Some(library)
        }
        Err(error) => {
            println!("skipped: there is no C compiler here ({error})");
            None
        }
    }
}

#[test]
fn a_sync_that_fails_ends_the_run_with_an_error() {
    let world = World::new();
    let Some(library) = failing_disk(&world) else {
        return;
    };
    let line = ["run", "--ops", "vframe/jpg|saveas/b:a.jpg", "a.mp4"];
    // From the first sync after opening (two) to those of claim, result and end.
    for after in 2..5 {
        let world = World::new();
        world.clip("silent.mp4", "a.mp4");
        let output = world
            .command(&line)
            .env("LD_PRELOAD", &library)
            .env("OPMILL_TEST_EIO_AFTER", after.to_string())
            .output()
            .unwrap();
        let said = Said::from(output);
        assert_eq!(said.code, Some(1), "after {after}: {said:?}");
        for words in [
            "fdatasync of the log failed",
            "Input/output error",
            "check the disk, then restart opmill",
        ] {
            assert!(said.err.contains(words), "after {after}: {said:?}");
        }
        let again = world.opmill(&line);
        assert_eq!(again.code, Some(0), "after {after}: {again:?}");
        assert_eq!(world.files("out"), ["b/a.jpg"]);
        assert_eq!(
            world.jobs().len(),
            1,
            "the same job, whether or not it was acknowledged"
        );
    }
}
