//! Turns the many reports of the media threads into few events: percent, speed and time left, at most one event per
//! command and [`INTERVAL`]. Called on media threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opmill_ops::Phase;
use opmill_store::{ItemIndex, JobId};

use crate::events::{Broadcast, EngineEvent, Progress};
use crate::lock::lock;

/// Least time between two events of one command.
const INTERVAL: Duration = Duration::from_millis(100);

/// The progress of one attempt.
pub(crate) struct Meter {
    job: JobId,
    events: Arc<Broadcast>,
    gauges: Mutex<HashMap<usize, Gauge>>,
}

impl Meter {
    pub fn new(job: JobId, events: Arc<Broadcast>) -> Self {
        Self {
            job,
            events,
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
            // Sent under the lock, so that a command's events stay in order.
            self.events
                .send(EngineEvent::Progress(reading.of(self.job, report.index)));
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
