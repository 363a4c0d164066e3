//! Turns the many reports of the media threads into few events: percent, speed and time left, at most one event per
//! command and [`INTERVAL`]. Called on media threads. And what of it is kept: the latest of each command, in memory at
//! once and in the store with the next heartbeat.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opmill_ops::Phase;
use opmill_store::{Activity, ItemIndex, JobId};
use serde::{Deserialize, Serialize};

use crate::events::{Broadcast, EngineEvent, Progress};
use crate::lock::lock;

/// Least time between two events of one command.
const INTERVAL: Duration = Duration::from_millis(100);

/// How far the commands of an attempt are, as last told. Kept with each heartbeat, and looked at in between.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<BTreeMap<ItemIndex, Progress>>);

/// A reading as the store keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    command: u32,
    /// `running` or `finalising`.
    stage: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed: Option<f64>,
    /// Milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    eta: Option<u64>,
}

const FINALISING: &str = "finalising";

impl Readings {
    fn set(&self, progress: Progress) {
        lock(&self.0).insert(progress.index, progress);
    }

    pub fn get(&self, index: ItemIndex) -> Option<Progress> {
        lock(&self.0).get(&index).copied()
    }

    /// All of them as the store keeps them; `None` while there is nothing to tell.
    pub fn to_json(&self) -> Option<String> {
        let kept = |reading: &Progress| Kept {
            command: reading.index.0,
            stage: match reading.phase {
                Phase::Finalising => FINALISING.to_owned(),
                _ => "running".to_owned(),
            },
            percent: reading.percent,
            speed: reading.speed,
            eta: reading
                .eta
                .map(|eta| u64::try_from(eta.as_millis()).unwrap_or(u64::MAX)),
        };
        let all: Vec<Kept> = lock(&self.0).values().map(kept).collect();
        // Finite numbers and texts: serialising cannot fail.
        (!all.is_empty()).then(|| serde_json::to_string(&all).unwrap_or_default())
    }
}

/// How far each command was when the store was last told. Progress that does not read is none: it is worth no error.
pub(crate) fn read(job: JobId, activity: Option<&Activity>) -> BTreeMap<ItemIndex, Progress> {
    let text = activity.and_then(|activity| activity.progress.as_deref());
    let kept: Vec<Kept> = text
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let progress = |kept: Kept| {
        let index = ItemIndex(kept.command);
        let progress = Progress {
            job,
            index,
            phase: match kept.stage.as_str() {
                FINALISING => Phase::Finalising,
                _ => Phase::Running,
            },
            percent: kept.percent,
            speed: kept.speed,
            eta: kept.eta.map(Duration::from_millis),
        };
        (index, progress)
    };
    kept.into_iter().map(progress).collect()
}

/// The progress of one attempt.
pub(crate) struct Meter {
    job: JobId,
    events: Arc<Broadcast>,
    readings: Arc<Readings>,
    gauges: Mutex<HashMap<usize, Gauge>>,
}

impl Meter {
    pub fn new(job: JobId, events: Arc<Broadcast>, readings: Arc<Readings>) -> Self {
        Self {
            job,
            events,
            readings,
            gauges: Mutex::default(),
        }
    }

    /// Takes a report; passes it on when there is something new to see.
    pub fn report(&self, report: opmill_ops::Progress) {
        let now = Instant::now();
        let mut gauges = lock(&self.gauges);
        let gauge = gauges
            .entry(report.index)
            .or_insert_with(|| Gauge::new(now, report.done_seconds));
        if let Some(reading) = gauge.read(&report, now) {
            let reading = reading.of(self.job, report.index);
            // Sent under the lock, so that a command's events stay in order.
            self.readings.set(reading);
            self.events.send(EngineEvent::Progress(reading));
        }
    }
}

/// One command's progress. Commands of a job need not begin together, so its speed counts from its first report.
struct Gauge {
    since: Instant,
    done_then: f64,
    shown: Option<(Instant, Phase)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Reading {
    phase: Phase,
    percent: Option<f64>,
    speed: Option<f64>,
    eta: Option<Duration>,
}

impl Gauge {
    fn new(since: Instant, done_then: f64) -> Self {
        Self {
            since,
            done_then,
            shown: None,
        }
    }

    fn read(&mut self, report: &opmill_ops::Progress, now: Instant) -> Option<Reading> {
        if let Some((at, phase)) = self.shown
            && phase == report.phase
            && now.duration_since(at) < INTERVAL
        {
            return None;
        }
        if self.shown.is_some_and(|(_, phase)| phase != report.phase)
            && report.phase != Phase::Finalising
        {
            // It begins again at the start of the source.
            (self.since, self.done_then) = (now, report.done_seconds);
        }
        self.shown = Some((now, report.phase));
        let elapsed = now.duration_since(self.since).as_secs_f64();
        let done = report.done_seconds.max(0.0);
        let total = report.total_seconds.filter(|total| *total > 0.0);
        let gained = done - self.done_then;
        let speed = (elapsed > 0.0 && gained > 0.0).then(|| gained / elapsed);
        let left = total
            .zip(speed)
            .map(|(total, speed)| (total - done).max(0.0) / speed);
        Some(Reading {
            phase: report.phase,
            percent: total.map(|total| (done / total * 100.0).min(100.0)),
            speed,
            eta: left.and_then(|left| Duration::try_from_secs_f64(left).ok()),
        })
    }
}

impl Reading {
    fn of(self, job: JobId, index: usize) -> Progress {
        let Self {
            phase,
            percent,
            speed,
            eta,
        } = self;
        Progress {
            job,
            index: ItemIndex(u32::try_from(index).unwrap_or(u32::MAX)),
            phase,
            percent,
            speed,
            eta,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(phase: Phase, done: f64, total: Option<f64>) -> opmill_ops::Progress {
        opmill_ops::Progress {
            index: 0,
            phase,
            done_seconds: done,
            total_seconds: total,
        }
    }

    #[test]
    fn events_are_spaced_and_a_new_phase_is_not_held_back() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut gauge = Gauge::new(start, 0.0);
        for (row, millis, phase, shown) in [
            ("the first", 0, Phase::Running, true),
            ("too soon", 99, Phase::Running, false),
            ("in time", 100, Phase::Running, true),
            ("a new phase at once", 101, Phase::Finalising, true),
            ("too soon again", 102, Phase::Finalising, false),
        ] {
            assert_eq!(
                gauge.read(&report(phase, 1.0, None), at(millis)).is_some(),
                shown,
                "{row}"
            );
        }
    }

    #[test]
    fn speed_is_a_multiple_of_real_time_and_gives_the_time_left() {
        let start = Instant::now();
        for (row, then, done, total, percent, speed, eta) in [
            (
                "half",
                0.0,
                10.0,
                Some(20.0),
                Some(50.0),
                Some(5.0),
                Some(2),
            ),
            (
                "from its first report on",
                4.0,
                10.0,
                Some(16.0),
                Some(62.5),
                Some(3.0),
                Some(2),
            ),
            ("unknown length", 0.0, 10.0, None, None, Some(5.0), None),
            ("nothing yet", 0.0, 0.0, Some(20.0), Some(0.0), None, None),
            (
                "longer than announced",
                0.0,
                30.0,
                Some(20.0),
                Some(100.0),
                Some(15.0),
                Some(0),
            ),
            ("empty", 0.0, 0.0, Some(0.0), None, None, None),
        ] {
            let mut gauge = Gauge::new(start, then);
            let reading = gauge
                .read(
                    &report(Phase::Running, done, total),
                    start + Duration::from_secs(2),
                )
                .unwrap();
            let eta = eta.map(Duration::from_secs);
            assert_eq!(
                (reading.percent, reading.speed, reading.eta),
                (percent, speed, eta),
                "{row}"
            );
        }
    }
}
