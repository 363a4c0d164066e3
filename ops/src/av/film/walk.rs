//! Pictures of their very moments: seek to the key picture before a moment, decode up to it, and no further. Moments
//! that follow closely are had in one go.

use super::keys::Keys;
use super::run::{Ended, Run, Start};
use super::{Decoder, Film, Input, MICROS, Plan, Source, Take, rescale, sys};
use crate::OpsError;

/// How far before the moment to seek, in seconds, when the last seek landed behind it or the picture did not come.
const STEPS_BACK: [(i64, Start); 5] = [
    (0, Start::Sought),
    (0, Start::SoughtWhole),
    (2, Start::SoughtWhole),
    (10, Start::SoughtWhole),
    (60, Start::SoughtWhole),
];
/// Microseconds of film that are rather decoded than left out by a seek, where the next key picture is known.
const ON: i64 = 500_000;
/// The same where it is not known how far one would have to go back.
const ON_BLINDLY: i64 = 3_000_000;

impl Film<'_> {
    /// Takes the pictures of the planned moments from number `first` on. Gives how many moments have one, those before
    /// `first` included.
    pub(super) fn walk(
        &self,
        source: &mut Source<'_>,
        plan: &Plan,
        first: usize,
        take: &mut Take<'_>,
    ) -> Result<usize, OpsError> {
        let moments = &plan.moments;
        let mut at = first;
        // Frame threads delay a picture by their number: no gain when there is one to wait for.
        let threads = if moments.len() > 1 {
            self.env.threads
        } else {
            1
        };
        let mut decoder = None;
        while at < moments.len() {
            let close = self.close(&plan.keys, &moments[at..]);
            let mut sought = None;
            let is_before_start = self.tick(moments[at]) <= self.stream.start.unwrap_or(i64::MIN);
            let first_key = plan.keys.ticks.first();
            if !plan.keys.jumps
                && (!is_before_start || first_key.is_some_and(|&key| key <= self.tick(moments[at])))
            {
                let input = self.only_this_stream(source.anywhere()?);
                let decoder = self.ready(&mut decoder, input, threads)?;
                sought = self.seek(input, decoder, plan, at..at + close, take)?;
            }
            let ended = match sought {
                Some(ended) => ended,
                // The very start, no index, one that lies, or no key picture to begin at: everything from the first packet.
                None => {
                    let input = self.only_this_stream(source.fresh()?);
                    let decoder = self.ready(&mut decoder, input, threads)?;
                    let all = match is_before_start && !plan.keys.jumps {
                        true => at..at + close,
                        false => at..moments.len(),
                    };
                    Run::new(self, input, decoder, Start::First).take(
                        &moments[all.clone()],
                        all.start,
                        plan.beyond,
                        take,
                    )?
                }
            };
            at += ended.taken;
            if ended.over || ended.taken == 0 {
                break;
            }
        }
        Ok(at)
    }

    /// How many of these moments are near enough to be had in one go.
    fn close(&self, keys: &Keys, moments: &[i64]) -> usize {
        if keys.jumps {
            return moments.len();
        }
        let goes_on = |pair: &[i64]| match keys.before(self.tick(pair[1])) {
            Some(key) => key <= self.tick(pair[0]).saturating_add(self.ticks(ON)),
            None => pair[1] - pair[0] <= ON_BLINDLY,
        };
        1 + moments.windows(2).take_while(|pair| goes_on(pair)).count()
    }

    /// Takes some moments after a seek. `None` if no seek helps the first of them.
    fn seek(
        &self,
        input: &mut Input,
        decoder: &mut Decoder,
        plan: &Plan,
        numbers: std::ops::Range<usize>,
        take: &mut Take<'_>,
    ) -> Result<Option<Ended>, OpsError> {
        let moments = &plan.moments[numbers.clone()];
        let Some(&moment) = moments.first() else {
            return Ok(None);
        };
        for (back, start) in STEPS_BACK {
            let seconds = rescale(back * 1_000_000, MICROS, self.stream.time_base);
            let target = self.tick(moment).saturating_sub(seconds);
            if sys::seek(&mut input.context, self.stream.index, target).is_err() {
                break;
            }
            decoder.restart();
            let run = Run::new(self, input, decoder, start);
            let ended = run.take(moments, numbers.start, plan.beyond, take)?;
            if ended.taken > 0 || ended.over {
                return Ok(Some(ended));
            }
        }
        Ok(None)
    }

    /// The decoder, opened when it is first needed, with nothing in it.
    fn ready<'d>(
        &self,
        decoder: &'d mut Option<Decoder>,
        input: &Input,
        threads: usize,
    ) -> Result<&'d mut Decoder, OpsError> {
        let ready = match decoder.take() {
            Some(mut decoder) => {
                decoder.restart();
                decoder
            }
            None => self.decoder(input, threads)?,
        };
        Ok(decoder.insert(ready))
    }
}
