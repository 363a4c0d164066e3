//! Opens what is laid over a picture: a still picture or a video, hostile until proven otherwise, like any source.

use std::collections::VecDeque;
use std::path::Path;

use ffmpeg_next as ffmpeg;

use crate::av::decode::Decoder;
use crate::av::geometry::Turn;
use crate::av::open::{Input, open};
use crate::av::sys::{self, RawStream};
use crate::av::{AvError, seconds};
use crate::{Cancel, Limits, OpsError};

/// Packets in a row that may be unreadable or give no frame before the rest is given up.
const UNREADABLE: usize = 1000;

/// What a file holds, and how its pictures are to be shown.
pub(super) struct Picture {
    /// The only picture; `None` if there are more: those are to be played.
    pub(super) still: Option<ffmpeg::Frame>,
    pub(super) turn: Turn,
    /// Pixel aspect, (0, 1) when unknown.
    pub(super) sar: (i32, i32),
}

/// Reads as much of the file as it takes to know what it is.
pub(super) fn load(path: &Path, limits: &Limits, cancel: &Cancel) -> Result<Picture, OpsError> {
    let mut reel = Reel::open(path, limits, cancel)?;
    let (_, frame) = reel.next()?.ok_or(OpsError::NothingDecoded)?;
    // Cameras say it with the picture, phones with the container.
    let matrix = sys::frame_matrix(&frame).or(reel.stream.display_matrix);
    let sar = match reel.stream.sar {
        (0, _) => sys::picture_shape(&frame).sar,
        sar => sar,
    };
    Ok(Picture {
        still: reel.next()?.is_none().then_some(frame),
        turn: matrix.as_ref().map(Turn::of_matrix).unwrap_or_default(),
        sar,
    })
}

/// The pictures of a file, one after the other. Opened, used and dropped on one thread.
pub(super) struct Reel {
    input: Input,
    stream: RawStream,
    decoder: Decoder,
    cancel: Cancel,
    ready: VecDeque<ffmpeg::Frame>,
    ended: bool,
    /// Timestamp of the first picture, where the clock begins.
    start: Option<i64>,
    /// Where a picture without a timestamp belongs, and where the last one ends.
    next: i64,
}

impl Reel {
    pub(super) fn open(path: &Path, limits: &Limits, cancel: &Cancel) -> Result<Self, OpsError> {
        let mut input = open(path, limits, cancel)?;
        let missing = OpsError::NoStream { kind: "video" };
        let facts = input.probe.video().ok_or_else(|| missing.clone())?.clone();
        for index in 0..input.probe.streams.len() {
            sys::set_wanted(&mut input.context, index, index == facts.index);
        }
        let stream = input.context.stream(facts.index).ok_or(missing)?;
        let decoder = Decoder::with_alpha(&stream, &facts, limits)?;
        Ok(Self {
            decoder,
            cancel: cancel.clone(),
            ready: VecDeque::new(),
            ended: false,
            start: None,
            next: facts.start.unwrap_or(0),
            input,
            stream: facts,
        })
    }

    /// The next picture and when it is shown, in seconds from the first one.
    pub(super) fn next(&mut self) -> Result<Option<(f64, ffmpeg::Frame)>, OpsError> {
        let mut fruitless = 0;
        while self.ready.is_empty() && !self.ended {
            if self.cancel.is_cancelled() {
                return Err(OpsError::Cancelled);
            }
            let ready = &mut self.ready;
            let mut keep = |frame| {
                ready.push_back(frame);
                Ok(())
            };
            let mut packet = ffmpeg::Packet::empty();
            match packet.read(&mut self.input.context) {
                Ok(()) if packet.stream() == self.stream.index => {
                    self.decoder.packet(&packet, &mut keep)?;
                }
                Ok(()) => {}
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EIO => {
                    return Err(OpsError::ReadStopped {
                        reason: AvError(ffmpeg::Error::Other { errno }),
                    });
                }
                Err(error) if error != ffmpeg::Error::Eof && fruitless < UNREADABLE => {}
                Err(_) => {
                    self.decoder.finish(&mut keep)?;
                    self.ended = true;
                }
            }
            fruitless += 1;
        }
        let Some(frame) = self.ready.pop_front() else {
            return match (self.start, self.decoder.failure()) {
                (None, Some(failure)) => Err(failure),
                _ => Ok(None),
            };
        };
        let at = sys::best_timestamp(&frame).unwrap_or(self.next);
        let start = *self.start.get_or_insert(at);
        self.next = at + sys::frame_duration(&frame).max(self.frame_length());
        Ok(Some((seconds(at - start, self.stream.time_base), frame)))
    }

    /// Where the pictures seen so far end, in seconds from the first one.
    pub(super) fn end(&self) -> f64 {
        seconds(
            self.next - self.start.unwrap_or(self.next),
            self.stream.time_base,
        )
    }

    fn frame_length(&self) -> i64 {
        let (num, den) = self.stream.avg_frame_rate;
        match num > 0 && den > 0 {
            true => crate::av::rescale(1, (den, num), self.stream.time_base).max(1),
            false => 1,
        }
    }
}
