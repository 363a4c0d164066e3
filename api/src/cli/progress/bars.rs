//! The bars: one for each job that runs, and below them how many jobs have ended.

use std::path::Path;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use opmill_engine::Progress;
use opmill_engine::ops::Phase;

use crate::cli::text;

/// Steps of a bar: a tenth of a percent.
const STEPS: u64 = 1000;

const JOBS: &str = "{pos} of {len} jobs  {elapsed}";
const JOB: &str = "{prefix:24!} {bar:24} {percent:>3}%  {msg}";

/// All bars. Dropping them takes them off the screen.
pub struct Bars {
    all: MultiProgress,
    jobs: ProgressBar,
}

/// The bar of a job. Dropping it takes it off the screen.
pub struct Bar {
    all: MultiProgress,
    bar: ProgressBar,
}

impl Bars {
    pub fn new(jobs: usize) -> Self {
        let all = MultiProgress::new();
        let bar = ProgressBar::new(jobs as u64);
        let jobs = all.add(bar.with_style(style(JOBS)));
        jobs.enable_steady_tick(Duration::from_secs(1));
        Self { all, jobs }
    }

    /// A bar for the job of this source.
    pub fn add(&self, source: &str) -> Bar {
        // The end of a path tells more than its beginning, and there is room for one of them.
        let name = Path::new(source).file_name();
        let name = name.map_or(source.into(), |name| name.to_string_lossy());
        let bar = ProgressBar::new(STEPS).with_prefix(name.into_owned());
        let bar = bar.with_style(style(JOB));
        Bar {
            all: self.all.clone(),
            bar: self.all.insert_before(&self.jobs, bar),
        }
    }

    pub fn job_ended(&self) {
        self.jobs.inc(1);
    }

    /// A line above the bars.
    pub fn say(&self, line: &str) {
        // If the terminal is gone, so is whoever would read it.
        let _ = self.all.println(line);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.jobs.finish_and_clear();
        // As in `say`.
        let _ = self.all.clear();
    }
}

impl Bar {
    /// `share` of the whole job, 0 to 1; speed and time left are those of the command that reports.
    pub fn advance(&self, share: f64, ended: usize, commands: usize, of: &Progress) {
        self.bar.set_position((share * STEPS as f64) as u64);
        let speed = of.speed.map(|speed| format!("{speed:.1}x"));
        let left = match of.phase {
            Phase::Measuring => Some("measuring loudness".to_owned()),
            Phase::Finalising => Some("finalising".to_owned()),
            Phase::Running => of.eta.map(|eta| format!("{} left", text::clock(eta))),
        };
        let ended = Some(format!("{ended} of {commands} done"));
        let words: Vec<_> = [speed, left, ended].into_iter().flatten().collect();
        self.bar.set_message(words.join("  "));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.all.remove(&self.bar);
    }
}

/// A template is a constant of this file; one that does not parse shows as the default bar.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        for template in [JOBS, JOB] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
