//! A long queue: a million jobs handed in, claimed from, listed, and opened again.
//!
//! Each half runs in a child process of its own, so that its memory is its own: the highest it ever had (`VmHWM`).

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opmill_store::{Event, JobId, Options, Store, WorkerId};

use crate::Failure;
use crate::disk::{median, millis, quantile};
use crate::figures::Figures;
use crate::peers::opmill::{LEASE, job};
use crate::report::Report;

pub const FILL: &str = "million-fill";
pub const REOPEN: &str = "million-reopen";

/// Jobs in one commit.
const BATCH: usize = 1000;
/// Jobs taken out of the long queue, in so many goes: of the figures of each go the median counts, so that a moment in
/// which the machine did something else does not.
const CLAIMS: usize = 200;
const GOES: usize = 5;
const PAGE: usize = 100;

pub fn compare(dir: &Path, report: &mut Report) -> Result<(), Failure> {
    let jobs = crate::setting("OPMILL_BENCH_JOBS", 1_000_000);
    report.heading(&format!("{jobs} queued jobs, each of two processes"));
    let dir = dir.join("million");
    let run = |role: &str| {
        let mut child = Command::new(std::env::current_exe()?);
        Figures::of(child.arg(role).arg(&dir).arg(jobs.to_string()))
    };
    let filled = run(FILL)?;
    report.line(&format!(
        "enqueued by {BATCH} at {:.0} jobs/s in {:.1} s; {:.0} MB on disk",
        jobs as f64 / filled.get("seconds")?,
        filled.get("seconds")?,
        filled.get("disk")?,
    ));
    report.line(&format!(
        "claim: p50 {:.2} ms, p99 {:.2} ms, of which the disk's sync p50 {:.2} ms, p99 {:.2} ms; without it p99 {:.2} ms",
        filled.get("claim_p50")?,
        filled.get("claim_p99")?,
        filled.get("sync_p50")?,
        filled.get("sync_p99")?,
        filled.get("own_p99")?,
    ));
    let reopened = run(REOPEN)?;
    report.line(&format!(
        "opened again in {:.1} s, with {:.0} MB at most",
        reopened.get("seconds")?,
        reopened.get("memory")?
    ));
    report.at_most("resident memory, filling, MB", filled.get("memory")?, 300.0);
    report.at_most(
        "resident memory, opening, MB",
        reopened.get("memory")?,
        300.0,
    );
    report.at_most("claim p99, ms", filled.get("claim_p99")?, 5.0);
    report.at_most("reopen, s", reopened.get("seconds")?, 15.0);
    let page = |part: &str| Ok::<_, Failure>(filled.get(part)?.max(reopened.get(part)?));
    report.line(&format!(
        "a page of {PAGE}: p50 {:.2} ms, p95 {:.2} ms",
        page("page_p50")?,
        page("page_p95")?
    ));
    report.at_most("a page of 100, p95, ms", page("page_p95")?, 20.0);
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Fills the queue and works on it while it is long.
pub fn fill(dir: &Path, jobs: usize) -> Result<(), Failure> {
    let synced = Arc::new(AtomicU64::new(0));
    let meter = Arc::clone(&synced);
    let options = Options {
        sync: Arc::new(move |_, file| {
            let started = Instant::now();
            let outcome = file.sync_data();
            let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            meter.fetch_add(took, Ordering::Relaxed);
            outcome
        }),
        ..Options::default()
    };
    let store = Store::open(dir, options)?;
    let started = Instant::now();
    let mut middle = None;
    for first in (0..jobs).step_by(BATCH) {
        let batch = (first..jobs.min(first + BATCH)).map(|_| job()).collect();
        let enqueued = store.enqueue_all(batch)?;
        if first >= jobs / 2 && middle.is_none() {
            middle = enqueued.last().map(|enqueued| enqueued.id);
        }
    }
    Figures::print("seconds", started.elapsed().as_secs_f64());

    let mut goes: [Vec<f64>; 5] = Default::default();
    for _ in 0..GOES {
        let [mut claims, mut syncs, mut own] = claim(&store, &synced)?;
        let figures = [
            quantile(&mut claims, 0.5),
            quantile(&mut claims, 0.99),
            quantile(&mut syncs, 0.5),
            quantile(&mut syncs, 0.99),
            quantile(&mut own, 0.99),
        ];
        for (all, figure) in goes.iter_mut().zip(figures) {
            all.push(millis(figure));
        }
    }
    let names = ["claim_p50", "claim_p99", "sync_p50", "sync_p99", "own_p99"];
    for (name, mut figures) in names.into_iter().zip(goes) {
        Figures::print(name, median(&mut figures));
    }
    page(&store, middle)?;
    store.close()?;
    Figures::print("memory", peak_memory()?);
    let size =
        |entry: std::io::Result<std::fs::DirEntry>| Ok::<_, Failure>(entry?.metadata()?.len());
    let bytes = std::fs::read_dir(dir)?.map(size).sum::<Result<u64, _>>()?;
    Figures::print("disk", bytes as f64 / 1e6);
    Ok(())
}

/// Claims jobs and ends them. How long each claim took, how much of it the disk synced, and the rest.
fn claim(store: &Store, synced: &AtomicU64) -> Result<[Vec<Duration>; 3], Failure> {
    let [mut claims, mut syncs, mut own] = [const { Vec::new() }; 3];
    let worker = WorkerId::new("bench");
    for _ in 0..CLAIMS {
        let (started, before) = (Instant::now(), synced.load(Ordering::Relaxed));
        let (lease, _) = store.claim(&worker, LEASE)?.ok_or("the queue is empty")?;
        let took = started.elapsed();
        let sync = Duration::from_nanos(synced.load(Ordering::Relaxed) - before);
        claims.push(took);
        syncs.push(sync);
        own.push(took.saturating_sub(sync));
        store.finish(&lease, Event::Succeeded, vec![], vec![], None)?;
    }
    Ok([claims, syncs, own])
}

/// Opens the long queue anew.
pub fn reopen(dir: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let store = Store::open(dir, Options::default())?;
    Figures::print("seconds", started.elapsed().as_secs_f64());
    page(&store, None)?;
    store
        .claim(&WorkerId::new("bench"), LEASE)?
        .ok_or("the queue is empty")?;
    store.close()?;
    Figures::print("memory", peak_memory()?);
    Ok(())
}

/// Reads pages from the beginning and from the middle on.
fn page(store: &Store, middle: Option<JobId>) -> Result<(), Failure> {
    let mut times = Vec::new();
    for start in [None, middle] {
        let mut after = start;
        for _ in 0..20 {
            let started = Instant::now();
            let page = store.jobs(after, PAGE)?;
            times.push(started.elapsed());
            after = page.last().map(|job| job.id);
        }
    }
    Figures::print("page_p50", millis(quantile(&mut times, 0.5)));
    Figures::print("page_p95", millis(quantile(&mut times, 0.95)));
    Ok(())
}

/// The most memory this process ever had, in MB.
fn peak_memory() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or("/proc/self/status has no VmHWM")?;
    Ok(peak.parse::<f64>()? * 1024.0 / 1e6)
}
