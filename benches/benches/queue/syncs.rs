//! What durability costs: syncs a job, counted and not timed. The store counts its own; strace counts those of the whole
//! process, so that none escapes. sled's housekeeping syncs a few times a second beside them, with fsync, which nobody
//! waits for; it is told apart by that.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::figures::Figures;
use crate::peers::{self, opmill::Opmill};
use crate::report::Report;
use crate::{CLIENTS, Failure};

pub const ROLE: &str = "syncs";

/// Synced before the first job and after the last: between the two strace counts.
const MARK: &str = "mark";

/// The most syncs a job may cost at each number of clients.
const LIMITS: [f64; 3] = [3.0, 0.75, 0.30];

pub fn compare(dir: &Path, report: &mut Report) -> Result<(), Failure> {
    report.heading("durable syncs per job: enqueue, claim and finish, each acknowledged");
    let program = std::env::current_exe()?;
    for (clients, limit) in CLIENTS.into_iter().zip(LIMITS) {
        let jobs = 1600 / clients;
        let child = |run: &str, command: &mut Command| {
            let dir = dir.join(format!("syncs-{clients}-{run}"));
            Figures::of(
                command
                    .arg(ROLE)
                    .arg(dir)
                    .args([clients.to_string(), jobs.to_string()]),
            )
        };
        let alone = child("alone", &mut Command::new(&program))?;
        let trace = dir.join("trace");
        let mut strace = Command::new("strace");
        strace.args([
            "-f",
            "-qq",
            "-y",
            "--seccomp-bpf",
            "-e",
            "trace=fdatasync,fsync",
            "-o",
        ]);
        let traced = child("traced", strace.arg(&trace).arg(&program))?;
        let done = (clients * jobs) as f64;
        let calls = std::fs::read_to_string(&trace)?;
        let [counted, aside] = ["fdatasync(", "fsync("].map(|call| count(&calls, call) as f64);
        let (alone, counted) = (alone.get("syncs")? / done, counted / done);
        let traced = traced.get("syncs")? / done;
        report.line(&format!(
            "{clients:>2} clients   by the store {alone:.3}   under strace {traced:.3}, counted by it {counted:.3} \
             (and {aside:.0} fsyncs of sled's in {done} jobs)"
        ));
        report.at_most(&format!("syncs per job, {clients} clients"), alone, limit);
        let what = format!("syncs per job by strace, {clients} clients");
        report.at_most(&what, counted, limit);
    }
    Ok(())
}

/// Does the jobs and tells how often the store synced.
pub fn child(dir: &Path, clients: usize, jobs_each: usize) -> Result<(), Failure> {
    let ours = Opmill::start(dir)?;
    let mark = File::create(dir.join(MARK))?;
    mark.sync_all()?;
    let before = ours.syncs();
    peers::run(&ours, clients, jobs_each)?;
    let syncs = ours.syncs() - before;
    mark.sync_all()?;
    Figures::print("syncs", syncs as f64);
    Ok(())
}

/// How often a thread made this call between the marks, in strace's words: `12 fdatasync(5</dir/db>) = 0`.
fn count(trace: &str, call: &str) -> usize {
    let mark = format!("/{MARK}>");
    // A call that another thread interrupts has two lines; the second begins otherwise.
    let calls = trace
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1));
    calls
        .skip_while(|made| !made.contains(&mark))
        .skip(1)
        .take_while(|made| !made.contains(&mark))
        .filter(|made| made.starts_with(call))
        .count()
}
