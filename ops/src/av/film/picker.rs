//! Decoded pictures in, in the order they are shown; out, for each moment asked for, the one shown then.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use super::{Beyond, Film, Take, sys};
use crate::OpsError;
use crate::av::AvError;

/// A moment that has no picture yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// The moment's number.
    pub(super) number: usize,
    pub(super) moment: i64,
    pub(super) tick: i64,
    /// Timestamp of its picture, where packets told.
    pub(super) wanted: Option<i64>,
}

/// The picture a player would show now, and who waits for one.
pub(super) struct Picker {
    waiting: VecDeque<Waiting>,
    shown: Option<(i64, ffmpeg::Frame)>,
    /// Where a picture without a timestamp belongs.
    next: i64,
    /// The first moment is to get the very picture it wants, or none.
    strict: bool,
    /// The picture the first moment wants did not come.
    pub(super) missed: bool,
    /// Moments that have their picture.
    pub(super) taken: usize,
}

impl Picker {
    pub(super) fn new(start: i64, strict: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            shown: None,
            next: start,
            strict,
            missed: false,
            taken: 0,
        }
    }

    /// Asks for the picture of a moment that is not before the last one asked for.
    pub(super) fn expect(&mut self, moment: Waiting) {
        self.waiting.push_back(moment);
    }

    /// Notes what the packets told of the moment asked for last.
    pub(super) fn wants(&mut self, wanted: Option<i64>) {
        if let Some(last) = self.waiting.back_mut() {
            last.wanted = wanted;
        }
    }

    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty() && !self.missed
    }

    /// The next picture of the film.
    pub(super) fn frame(
        &mut self,
        frame: ffmpeg::Frame,
        take: &mut Take<'_>,
    ) -> Result<(), OpsError> {
        // Its packet's own timestamp where pictures are left out, for they mislead libav's best guess.
        let own = frame.pts().filter(|_| self.strict);
        let at = own
            .or_else(|| sys::best_timestamp(&frame))
            .unwrap_or(self.next);
        self.next = at.saturating_add(sys::frame_duration(&frame).max(1));
        while let Some(first) = self.waiting.front().copied()
            && first.tick < at
            && !self.missed
        {
            match &self.shown {
                Some(_) => self.give(first, take)?,
                // Before the first picture of a film that one is shown.
                None if !self.strict => {
                    self.give_frame(first, at, sys::share(&frame).map_err(memory)?, take)?;
                }
                None => self.missed = true,
            }
        }
        self.shown = Some((at, frame));
        // Nothing can come between a picture and its own time.
        while let Some(first) = self.waiting.front().copied()
            && first.tick == at
            && !self.missed
        {
            self.give(first, take)?;
        }
        Ok(())
    }

    /// No more pictures come. `end` is where the last one ends, if it is the last of the film. True if the film was over
    /// before the moments were.
    pub(super) fn settle(
        &mut self,
        end: Option<i64>,
        film: &Film<'_>,
        beyond: Beyond,
        take: &mut Take<'_>,
    ) -> Result<bool, OpsError> {
        let end = end.map(|end| match &self.shown {
            Some((at, frame)) => {
                let length = sys::frame_duration(frame).max(film.frame_length());
                end.max(at.saturating_add(length))
            }
            None => end,
        });
        while let Some(first) = self.waiting.front().copied()
            && !self.missed
        {
            if self.shown.is_none() {
                self.missed = true;
                break;
            }
            if end.is_some_and(|end| first.tick >= end) && first.moment > 0 {
                match beyond {
                    Beyond::Fails(parameter) => {
                        return Err(film.past_end(parameter, Some(first.moment), end));
                    }
                    Beyond::Ends => return Ok(true),
                    Beyond::Last => {}
                }
            }
            self.give(first, take)?;
        }
        Ok(false)
    }

    /// Gives the picture shown now.
    fn give(&mut self, to: Waiting, take: &mut Take<'_>) -> Result<(), OpsError> {
        let Some((at, frame)) = &self.shown else {
            return Ok(());
        };
        let (at, frame) = (*at, sys::share(frame).map_err(memory)?);
        self.give_frame(to, at, frame, take)
    }

    fn give_frame(
        &mut self,
        to: Waiting,
        at: i64,
        mut frame: ffmpeg::Frame,
        take: &mut Take<'_>,
    ) -> Result<(), OpsError> {
        if self.strict && self.taken == 0 && to.wanted.is_some_and(|wanted| wanted != at) {
            self.missed = true;
            return Ok(());
        }
        frame.set_pts(Some(at));
        self.waiting.pop_front();
        self.taken += 1;
        take(to.number, frame)
    }
}

fn memory(error: ffmpeg::Error) -> OpsError {
    OpsError::Memory {
        reason: AvError(error),
    }
}
