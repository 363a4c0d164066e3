//! A video as a watermark: which of its pictures is shown at a moment. It plays from the start of the output, and over
//! again when it ends.

use std::path::PathBuf;

use ffmpeg_next as ffmpeg;

use super::mark::share;
use super::picture::Reel;
use crate::av::sys;
use crate::{Cancel, Limits, OpsError};

/// Bytes of pictures that are kept, so that a short animation is decoded once. What is longer is read anew every time.
const KEPT: usize = 64 << 20;

/// The pictures of a video, by the time they are shown at.
pub(super) struct Moving {
    path: PathBuf,
    limits: Limits,
    cancel: Cancel,
    /// Opened where it is used.
    reel: Option<Reel>,
    /// What is shown, and what comes after it, if it is known.
    shown: Option<(f64, ffmpeg::Frame)>,
    coming: Option<(f64, ffmpeg::Frame)>,
    /// Every picture from the first on, as long as they fit.
    kept: Option<Vec<(f64, ffmpeg::Frame)>>,
    held: usize,
    /// Pictures given out in this round.
    given: usize,
    /// How long a round takes, once one is over.
    length: Option<f64>,
}

impl Moving {
    pub(super) fn new(path: PathBuf, limits: &Limits, cancel: &Cancel) -> Self {
        Self {
            path,
            limits: limits.clone(),
            cancel: cancel.clone(),
            reel: None,
            shown: None,
            coming: None,
            kept: Some(Vec::new()),
            held: 0,
            given: 0,
            length: None,
        }
    }

    /// The picture at `moment`, in seconds from the start of the output.
    pub(super) fn at(&mut self, moment: f64) -> Result<ffmpeg::Frame, OpsError> {
        let moment = moment.max(0.0);
        let mut position = self.position(moment);
        if self
            .shown
            .as_ref()
            .is_some_and(|(since, _)| position < *since)
        {
            self.rewind();
        }
        loop {
            if self.coming.is_none() {
                self.coming = self.next()?;
            }
            match &self.coming {
                Some((at, _)) if *at <= position || self.shown.is_none() => {
                    self.shown = self.coming.take();
                }
                Some(_) => break,
                None if self.position(moment) < position => {
                    // The end has just been found, and the moment lies behind it.
                    position = self.position(moment);
                    self.rewind();
                }
                None => break,
            }
        }
        let (_, frame) = self.shown.as_ref().ok_or(OpsError::NothingDecoded)?;
        share(frame)
    }

    /// Where in a round a moment lies.
    fn position(&self, moment: f64) -> f64 {
        self.length.map_or(moment, |length| moment % length)
    }

    fn rewind(&mut self) {
        self.reel = None;
        self.given = 0;
        self.shown = None;
        self.coming = None;
        if let (Some(kept), None) = (&mut self.kept, self.length) {
            kept.clear();
            self.held = 0;
        }
    }

    /// The next picture of this round; `None` at its end.
    fn next(&mut self) -> Result<Option<(f64, ffmpeg::Frame)>, OpsError> {
        if let (Some(kept), Some(_)) = (&self.kept, self.length) {
            let next = kept.get(self.given);
            self.given += 1;
            return next.map(|(at, frame)| Ok((*at, share(frame)?))).transpose();
        }
        let reel = match &mut self.reel {
            Some(reel) => reel,
            closed => closed.insert(Reel::open(&self.path, &self.limits, &self.cancel)?),
        };
        let Some((at, frame)) = reel.next()? else {
            // Never so short that a round ends before it began.
            self.length.get_or_insert(reel.end().max(0.01));
            self.reel = None;
            return Ok(None);
        };
        if let Some(kept) = &mut self.kept {
            self.held += sys::picture_bytes(&frame);
            if self.held > KEPT {
                self.kept = None;
            } else {
                kept.push((at, share(&frame)?));
            }
        }
        Ok(Some((at, frame)))
    }
}
