//! A disk that is full: the command is tried again, then fails and names the file; nothing half-made is left and the
//! queue goes on.

use std::process::{Command, Stdio};

use crate::world::{Said, World};

/// Noise does not compress: two seconds of it come to a few megabytes.
fn world() -> World {
    let world = World::new();
    let noise = "nullsrc=s=320x240:d=2,geq=random(1)*255:128:128";
    let made = Command::new("ffmpeg")
        .args([
            "-nostdin", "-v", "error", "-f", "lavfi", "-i", noise, "-c:v", "mpeg4", "-q:v", "4",
        ])
        .arg(world.path("noise.mp4"))
        .status();
    assert!(made.unwrap().success());
    world.clip("silent.mp4", "small.mp4");
    world
}

const BIG: &str =
    "avthumb/mp4/vb/20m/preset/ultrafast|saveas/b:big.mp4;vframe/jpg|saveas/b:small.jpg";

fn shell(world: &World, program: &str, arguments: &[&str], script: &str) -> Said {
    let script = format!("set -eu; {script}");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["sh", "-c", &script])
        .current_dir(world.path(""))
        .stdin(Stdio::null());
    command
        .env("OPMILL", env!("CARGO_BIN_EXE_opmill"))
        .env("BIG", BIG)
        .output()
        .unwrap()
        .into()
}

/// Files may not grow beyond a megabyte: what a quota does.
#[test]
fn a_file_that_may_not_grow_fails_its_command_alone() {
    let world = world();
    // Blocks of 512 bytes; ignoring the signal turns it into an error of write(2), as on a full disk.
    let limited =
        "trap '' XFSZ; ulimit -f 2048; exec \"$OPMILL\" run --json --ops \"$BIG\" noise.mp4";
    let said = shell(&world, "env", &[], limited);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_tried_and_failed(&said);
    assert_eq!(world.files("out"), ["b/small.jpg"]);
    world.assert_tidy();

    // With room again, the same line makes up for it: a failure for want of room is not for ever.
    let again = world.opmill(&["run", "--ops", BIG, "noise.mp4"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(world.files("out"), ["b/big.mp4", "b/small.jpg"]);
}

/// The disk of the results is full, that of the queue is not. Needs a small disk: skipped where mounting is not allowed.
#[test]
fn a_full_disk_fails_the_command_and_leaves_the_queue_usable() {
    let world = world();
    std::fs::create_dir(world.path("out")).unwrap();
    let mount = "mount -t tmpfs -o size=1m tmpfs out";
    if shell(&world, "unshare", &["-rm"], mount).code != Some(0) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    let script = format!(
        "{mount}; code=0; \"$OPMILL\" run --json --ops \"$BIG\" noise.mp4 || code=$?; echo \"code $code\" >&2; \
         (cd out && find . -type f) >&2; \"$OPMILL\" run --ops 'vframe/jpg|saveas/b:next.jpg' small.mp4 >/dev/null"
    );
    let said = shell(&world, "unshare", &["-rm"], &script);
    assert_eq!(said.code, Some(0), "the next job ran: {said:?}");
    assert!(
        said.err.contains("code 1\n./b/small.jpg\n"),
        "only what fits is there: {said:?}"
    );
    assert_tried_and_failed(&said);
    world.assert_tidy();
}

fn assert_tried_and_failed(said: &Said) {
    assert!(said.err.contains("trying again"), "{said:?}");
    let items = said.lines()[0]["items"].clone();
    assert_eq!(
        (&items[0]["code"], &items[1]["code"]),
        (&"2".into(), &"3".into()),
        "{items}"
    );
    let reason = items[0]["error"].as_str().unwrap();
    assert!(reason.contains('/'), "the reason names the path: {reason}");
}
