//! The process is killed in the middle of a batch, again and again; the same line goes on every time.
//!
//! `OPMILL_KILLS` sets how often (3 without it, `make kill-test`: 20), `OPMILL_SEED` repeats a run that failed.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::world::World;

const JOBS: usize = 10;
const OPS: &str = "avthumb/mp4/vb/64k|saveas/b:$(fprefix).mp4;vframe/jpg/offset/1|saveas/b:$(fprefix).jpg;\
                   avthumb/ts/s/160x120|saveas/b:$(fprefix).ts";

/// After any number of kills every job completes, no command with a result ran again, every output decodes, and
/// nothing half-made is left.
#[test]
fn a_batch_survives_being_killed() {
    let kills = variable("OPMILL_KILLS").unwrap_or(3);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = variable("OPMILL_SEED").unwrap_or(u64::from(now.subsec_nanos()));
    println!("OPMILL_SEED={seed}");
    let mut chance = Chance(seed | 1);
    let mut killed = 0;
    while killed < kills {
        let batch = Batch::new();
        let mut results = Results::default();
        while killed < kills && batch.run_and_kill(chance.below(600)) {
            killed += 1;
            results.compare(&batch.world);
        }
        batch.finish(&mut results);
    }
}

struct Batch {
    world: World,
    line: Vec<String>,
}

impl Batch {
    fn new() -> Self {
        let world = World::new();
        let mut line = ["run", "--ops", OPS].map(str::to_owned).to_vec();
        for n in 0..JOBS {
            let name = format!("{n}.mp4");
            world.clip(
                if n % 2 == 0 {
                    "b-frames.mp4"
                } else {
                    "silent.mp4"
                },
                &name,
            );
            line.push(name);
        }
        Self { world, line }
    }

    fn line(&self) -> Vec<&str> {
        self.line.iter().map(String::as_str).collect()
    }

    /// Starts the line and kills it after some milliseconds; false if it was done by then.
    fn run_and_kill(&self, after: u64) -> bool {
        let run = self.world.start(&self.line());
        // No event to wait for: any moment will do, the more surprising the better.
        std::thread::sleep(Duration::from_millis(after));
        run.signal("KILL");
        let said = run.end();
        assert!(
            matches!(said.code, None | Some(0)),
            "it failed by itself: {said:?}"
        );
        said.code.is_none()
    }

    fn finish(self, results: &mut Results) {
        let said = self.world.opmill(&self.line());
        assert_eq!(said.code, Some(0), "{said:?}");
        results.compare(&self.world);
        assert_eq!(results.0.len(), JOBS * 3);
        let jobs = self.world.jobs();
        assert_eq!(jobs.len(), JOBS, "no job was lost or doubled");
        assert!(
            jobs.iter().all(|job| job["state"] == "completed"),
            "{jobs:?}"
        );

        let names =
            (0..JOBS).flat_map(|n| ["jpg", "mp4", "ts"].map(|suffix| format!("b/{n}.{suffix}")));
        assert_eq!(self.world.files("out"), names.collect::<Vec<_>>());
        for name in self.world.files("out") {
            let file = self.world.path("out").join(&name);
            let ffmpeg = ["-nostdin", "-v", "error", "-xerror", "-i"];
            let decoded = Command::new("ffmpeg")
                .args(ffmpeg)
                .arg(file)
                .args(["-f", "null", "-"])
                .output()
                .unwrap();
            assert!(
                decoded.status.success() && decoded.stderr.is_empty(),
                "{name}: {decoded:?}"
            );
        }
        self.world.assert_tidy();
    }
}

/// Which attempt recorded the result of which command of which job. A command that ran again would show a later one.
#[derive(Default)]
struct Results(BTreeMap<(String, usize), u64>);

impl Results {
    /// Takes down what is new, and fails if anything that was there is gone or different.
    fn compare(&mut self, world: &World) {
        let mut found = BTreeMap::new();
        // Killed before it made its queue, there is none to look at.
        let jobs = if world.path(".opmill/store").exists() {
            world.jobs()
        } else {
            Vec::new()
        };
        for job in jobs {
            for (index, item) in job["items"].as_array().unwrap().iter().enumerate() {
                if item["status"] == "ok" {
                    let id = job["id"].as_str().unwrap().to_owned();
                    found.insert((id, index), item["attempt"].as_u64().unwrap());
                }
            }
        }
        for (command, attempt) in &self.0 {
            assert_eq!(
                found.get(command),
                Some(attempt),
                "{command:?} had a result and ran again, or lost it"
            );
        }
        self.0 = found;
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number"))
    })
}

/// Xorshift: enough chance for choosing moments, and it can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
