//! kill -9: the test runs itself as a child, reads its acknowledgements from a pipe, and kills it.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use opmill_store::{Options, Store};

use crate::acknowledged::{Ack, check, run_client};
use crate::common::directory;

const CHILD_DIR: &str = "OPMILL_CRASH_TEST_DIR";
const CYCLES: usize = 12;
const CLIENTS: usize = 3;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    if let Ok(dir) = env::var(CHILD_DIR) {
        return child(Path::new(&dir));
    }
    let dir = directory();
    let mut acknowledged = Vec::new();
    for cycle in 0..CYCLES {
        // Early kills fall into opening and recovery, later ones between and inside verbs.
        let lines = [0, 1, 2, 40, 80, 160][cycle % 6] + cycle;
        acknowledged.extend(kill_after(dir.path(), lines));
        let store = Store::open(dir.path(), Options::default()).unwrap();
        check(&store, &acknowledged);
        store.close().unwrap();
    }
    assert!(
        acknowledged.len() > 40 * CYCLES / 2,
        "only {} acknowledgements were put to the test",
        acknowledged.len()
    );
}

/// Starts a child and kills it once it has said that many lines; returns what it had acknowledged by its death.
fn kill_after(dir: &Path, lines: usize) -> Vec<Ack> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "kill::what_was_acknowledged_survives_kill_9",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged: Vec<Ack> = Vec::new();
    let mut hear =
        |line: std::io::Result<String>| acknowledged.extend(line.unwrap().parse::<Ack>());
    said.by_ref()
        .skip_while(|line| !line.as_ref().unwrap().contains("opening"))
        .take(1 + lines)
        .for_each(&mut hear);
    child.kill().unwrap();
    // A line that death cut in two was not heard by anyone.
    said.for_each(&mut hear);
    child.wait().unwrap();
    acknowledged
}

fn child(dir: &Path) {
    println!("\nopening");
    let store = Store::open(dir, Options::default()).unwrap();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                run_client(&store, |ack| {
                    // One write a line, so that lines do not mix.
                    std::io::stdout()
                        .lock()
                        .write_all(format!("{ack}\n").as_bytes())
                        .is_ok()
                });
            });
        }
    });
}
