//! `loudnorm`: measures how loud sound would come out, then turns it up or down as a whole.
//!
//! The measuring pass reads the same window through the same filters as the transcode after it, once for all outputs that
//! hear the same. The gain is one number from the first sample to the last; peaks that would not fit are held down by a
//! limiter, and what that takes from the loudness is found by measuring again, and made up for.

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use super::branch::Feed;
use super::encode::AudioSettings;
use super::filter::{AudioChain, CEILING, Heard, Level, Meter};
use super::open::Source;
use super::transcode::{Wanted, feed};
use crate::OpsError;
use crate::plan::{OutputPlan, Reading};
use crate::run::{Environment, Phase, Progress};

/// The meter shows peaks with three decimals.
const ROUNDING: f64 = 0.0005;
/// LUFS below which the scanner's floor of -70 LUFS cuts into what it counts, so that the same sound turned up is to be
/// measured again.
const FAINT: f64 = -59.0;
/// How often the effect of a level is measured, at most.
const CORRECTIONS: usize = 3;
/// LU off the target that nobody hears.
const CLOSE: f64 = 0.1;
/// Decibels that are added at most to what the first measurement asks for: more would be heard as distortion.
const MAKE_UP: f64 = 3.0;

/// What was found out about the sound of an output, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    /// LUFS of the sound left alone.
    pub(crate) measured: f64,
    /// LUFS that are wanted.
    pub(crate) wanted: f64,
    /// Decibels it is turned up by.
    pub(crate) gain: f64,
    /// Peaks have to be held down.
    pub(crate) limited: bool,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            measured,
            wanted,
            gain,
            limited,
        } = self;
        let way = if *gain < 0.0 { "down" } else { "up" };
        let limited = if *limited { ", peaks held down" } else { "" };
        write!(
            f,
            "loudness: {measured:.1} LUFS, turned {way} by {:.1} dB to {wanted:.1} LUFS{limited}",
            gain.abs()
        )
    }
}

/// Sets the levels of all outputs that are to have a certain loudness; `tell` hears what was found, with the output's place
/// in `wanted`. Silence stays as it is. So does sound that cannot be decoded: what is wrong with it shows in the transcode.
pub(crate) fn settle(
    files: &mut [&mut Source<'_>],
    reading: &Reading,
    wanted: &mut [Wanted],
    env: &Environment<'_>,
    tell: &mut dyn FnMut(usize, Found),
) -> Result<(), OpsError> {
    let searches = wanted.iter().enumerate();
    let mut open: Vec<Search> = searches
        .filter_map(|(place, want)| Search::of(place, want))
        .collect();
    let mut measurements = 0;
    while !open.is_empty() && measurements <= CORRECTIONS {
        measurements += 1;
        let heard = measure(files, reading, &open, env)?;
        let heard = open.into_iter().zip(heard);
        open = heard
            .filter_map(|(mut search, heard)| {
                let settled = search.hear(heard?);
                if let Some((chain, _)) = sound_of(&mut wanted[search.place].plan) {
                    chain.level = search.chain.level;
                }
                if settled || measurements > CORRECTIONS {
                    tell(search.place, search.found);
                }
                (!settled).then_some(search)
            })
            .collect();
    }
    Ok(())
}

/// The way to the level of one output.
struct Search {
    place: usize,
    /// The command's index, for progress.
    index: usize,
    /// The output without its pictures, as it is listened to.
    plan: OutputPlan,
    stream: usize,
    /// What is done to the sound before it is listened to, in floats.
    chain: AudioChain,
    /// The gain without anything made up for; known after the first measurement.
    plain: Option<f64>,
    found: Found,
}

impl Search {
    fn of(place: usize, Wanted { index, plan, .. }: &Wanted) -> Option<Self> {
        let audio = plan.audio.as_ref()?;
        let (chain, _) = audio.encode.as_ref()?;
        Some(Self {
            place,
            index: *index,
            plan: OutputPlan {
                video: None,
                ..plan.clone()
            },
            stream: audio.stream,
            chain: AudioChain {
                sample_format: "fltp",
                ..chain.clone()
            },
            plain: None,
            found: Found {
                measured: 0.0,
                wanted: audio.loudness?.lufs(),
                gain: 0.0,
                limited: false,
            },
        })
    }

    /// Draws the conclusion from a measurement; true when there is nothing more to find out.
    fn hear(&mut self, heard: Heard) -> bool {
        let missing = self.found.wanted - heard.integrated;
        let settled = match self.plain {
            None => {
                self.plain = Some(missing);
                self.found.measured = heard.integrated;
                self.found.gain = missing;
                heard.integrated > FAINT
            }
            Some(_) if missing.abs() <= CLOSE => return true,
            Some(plain) => {
                let gain = (self.found.gain + missing).min(plain + MAKE_UP);
                let moved = (gain - self.found.gain).abs() > CLOSE;
                self.found.gain = gain;
                !moved
            }
        };
        let was_limited = self.found.limited;
        let peak = (heard.peak + ROUNDING) * 10f64.powf(missing / 20.0);
        self.found.limited |= peak > CEILING;
        let thousandths = (self.found.gain * 1000.0).round() as i32;
        self.chain.level = if self.found.limited {
            Level::Limited(thousandths)
        } else {
            Level::Gain(thousandths)
        };
        settled && was_limited == self.found.limited
    }
}

impl Search {
    fn hears_as(&self, other: &Self) -> bool {
        self.stream == other.stream && self.chain == other.chain
    }

    /// The output as one that is only listened to.
    fn listen(&self) -> Wanted {
        let mut plan = self.plan.clone();
        if let Some((chain, _)) = sound_of(&mut plan) {
            *chain = self.chain.clone();
        }
        Wanted {
            index: self.index,
            plan,
            path: PathBuf::new(),
        }
    }
}

fn sound_of(plan: &mut OutputPlan) -> Option<&mut (AudioChain, AudioSettings)> {
    plan.audio.as_mut()?.encode.as_mut()
}

/// Measures what every search hears, in one pass and each sound once; `None` where nothing was heard.
fn measure(
    files: &mut [&mut Source<'_>],
    reading: &Reading,
    searches: &[Search],
    env: &Environment<'_>,
) -> Result<Vec<Option<Heard>>, OpsError> {
    let mut different: Vec<&Search> = Vec::new();
    for search in searches {
        if !different.iter().any(|other| other.hears_as(search)) {
            different.push(search);
        }
    }
    let wanted: Vec<Wanted> = different.iter().map(|search| search.listen()).collect();
    let measuring = |progress: Progress| {
        (env.progress)(Progress {
            phase: Phase::Measuring,
            ..progress
        });
    };
    let env = Environment {
        progress: &measuring,
        ..*env
    };
    let heard = feed(files, reading, &wanted, &env, |want, origin| {
        let audio = want.plan.audio.as_ref();
        let sound = audio.and_then(|audio| Some((audio.stream, &audio.encode.as_ref()?.0)));
        let (stream, chain) = sound.ok_or(OpsError::NoStream { kind: "audio" })?;
        let meter = Meter::new(chain.clone(), origin.facts(stream).time_base);
        Ok(move |feed| listen(meter, feed))
    })?;
    let heard: Vec<_> = heard
        .into_iter()
        .map(|heard| {
            heard.unwrap_or_else(|error| {
                tracing::debug!(%error, "loudness not measured");
                None
            })
        })
        .collect();
    let of = |search: &Search| different.iter().position(|other| other.hears_as(search));
    Ok(searches.iter().map(|search| heard[of(search)?]).collect())
}

fn listen(mut meter: Meter, feed: Receiver<Feed>) -> Result<Option<Heard>, OpsError> {
    for item in feed {
        if let Feed::Samples(frame) = item {
            meter.frame(frame)?;
        }
    }
    meter.finish()
}
