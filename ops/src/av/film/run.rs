//! Decoding from one place on, for moments that come after it. Packets are read ahead up to each moment, which tells
//! the timestamp of its picture before anything is decoded: pictures that no other refers to need not be decoded then.

use ffmpeg_next as ffmpeg;

use super::picker::{Picker, Waiting};
use super::{Beyond, Decoder, Film, Input, Take, sys};
use crate::OpsError;
use crate::av::timeline::Timeline;

/// Compressed bytes that may wait while looking for the wanted picture.
const HELD: usize = 64 << 20;

/// Pictures that may be stored before one that is shown earlier, in any codec.
const REORDERED: usize = 16;

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Where a seek landed. What comes out is the wanted picture, or the run is no use; what no other picture refers to
    /// is passed over.
    Sought,
    /// As `Sought`, with every picture decoded: fields of one picture may come in two packets.
    SoughtWhole,
    /// At the first packet: what comes out is what there is.
    First,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// Moments that have their picture.
    pub(super) taken: usize,
    /// The film is over; later moments have none.
    pub(super) over: bool,
}

/// A picture that packets tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    pts: i64,
    duration: i64,
}

pub(super) struct Run<'r, 'f> {
    film: &'r Film<'f>,
    input: &'r mut Input,
    decoder: &'r mut Decoder,
    start: Start,
    picker: Picker,
    timeline: Option<Timeline>,
    /// Read, not decoded yet.
    ahead: Vec<ffmpeg::Packet>,
    held: usize,
    /// Timestamp of the key picture decoding begins at.
    key: Option<i64>,
    /// The last picture not after the moment asked for, and those read that come after it.
    best: Option<Told>,
    later: Vec<Told>,
    /// How far packets were read, by decoding time.
    reached: Option<i64>,
    ended: bool,
    /// Packets do not tell times: pictures are judged as they come out.
    blind: bool,
}

impl<'r, 'f> Run<'r, 'f> {
    pub(super) fn new(
        film: &'r Film<'f>,
        input: &'r mut Input,
        decoder: &'r mut Decoder,
        start: Start,
    ) -> Self {
        // Where the clock may jump, it is followed from the start on; a seek lands by the clock as it is.
        let follows = start == Start::First && film.format.discontinuous;
        Self {
            picker: Picker::new(film.stream.start.unwrap_or(0), start != Start::First),
            timeline: follows.then(|| Timeline::new(Some(0), 0, true)),
            film,
            input,
            decoder,
            start,
            ahead: Vec::new(),
            held: 0,
            key: None,
            best: None,
            later: Vec::new(),
            reached: None,
            ended: false,
            blind: false,
        }
    }

    /// Takes the pictures of `moments`, which are numbered from `first` on. None is taken if the run is no use.
    pub(super) fn take(
        mut self,
        moments: &[i64],
        first: usize,
        beyond: Beyond,
        take: &mut Take<'_>,
    ) -> Result<Ended, OpsError> {
        let useless = Ended {
            taken: 0,
            over: false,
        };
        for (number, &moment) in (first..).zip(moments) {
            self.film.check_cancelled()?;
            let tick = self.film.tick(moment);
            self.picker.expect(Waiting {
                number,
                moment,
                tick,
                wanted: None,
            });
            if !self.prepare(tick, take)? {
                return Ok(useless);
            }
            let told = self.best.map(|told| told.pts);
            if self.start == Start::Sought {
                self.picker.wants(told);
            }
            // A picture stored early and shown later is after the one of the moment.
            let is_last = self.ended && self.later.is_empty();
            let end = self.best.filter(|_| is_last).map(|told| self.end(told));
            if beyond != Beyond::Last && number == first && end.is_some_and(|end| tick >= end) {
                // Known without decoding anything.
                return match beyond {
                    Beyond::Fails(parameter) if moment > 0 => {
                        Err(self.film.past_end(parameter, Some(moment), end))
                    }
                    _ => Ok(Ended {
                        taken: 0,
                        over: true,
                    }),
                };
            }
            self.decode_ahead(told, take)?;
            if self.blind {
                self.decode_on(take)?;
            }
            if self.picker.missed {
                return Ok(useless);
            }
        }
        self.decoder
            .finish(&mut |frame| self.picker.frame(frame, take))?;
        let end = self.ended.then(|| {
            let last = self.later.iter().chain(&self.best).max();
            last.map_or(i64::MIN, |last| self.end(*last))
        });
        let over = self.picker.settle(end, self.film, beyond, take)?;
        if self.picker.missed && self.start == Start::First {
            return Err(self.decoder.failure().unwrap_or(OpsError::NothingDecoded));
        }
        Ok(Ended {
            taken: self.picker.taken,
            over,
        })
    }

    /// Where a picture ends.
    fn end(&self, told: Told) -> i64 {
        told.pts
            .saturating_add(told.duration.max(self.film.frame_length()))
    }

    /// Reads packets until none to come can be shown at `tick`, and so knows its picture. Decodes nothing unless they grow
    /// too many. False if from here the picture cannot be had: the seek landed behind it, or its packets tell no times.
    fn prepare(&mut self, tick: i64, take: &mut Take<'_>) -> Result<bool, OpsError> {
        if self.blind {
            return Ok(true);
        }
        let sought = self.start != Start::First;
        // Packets come by decoding time, which is never after showing time. Right after a seek it may not be known.
        let mut undated = 0;
        while !self.ended
            && undated <= REORDERED
            && self.reached.is_none_or(|reached| reached <= tick)
        {
            if self.held > HELD {
                self.decode_ahead(None, take)?;
            }
            let Some(packet) = self.next()? else {
                self.ended = true;
                break;
            };
            let Some(pts) = packet.pts() else {
                self.blind = true;
                self.hold(packet);
                return Ok(!sought);
            };
            if packet.is_key() && self.key.is_none() {
                self.key = Some(pts);
            }
            if sought && self.key.is_none_or(|key| key > tick) {
                return Ok(false);
            }
            self.reached = packet.dts().or(self.reached);
            undated += usize::from(packet.dts().is_none() && pts > tick);
            if !sys::is_hidden(&packet) {
                self.later.push(Told {
                    pts,
                    duration: packet.duration(),
                });
            }
            self.hold(packet);
        }
        let best = &mut self.best;
        self.later.retain(|told| {
            let is_after = told.pts > tick;
            if !is_after {
                *best = (*best).max(Some(*told));
            }
            is_after
        });
        // A picture shown before the key picture refers to one we do not have.
        Ok(!sought || self.best.is_some_and(|best| Some(best.pts) >= self.key))
    }

    fn next(&mut self) -> Result<Option<ffmpeg::Packet>, OpsError> {
        let Some(mut packet) = self.film.next_packet(self.input)? else {
            return Ok(None);
        };
        if let Some(timeline) = &mut self.timeline {
            let base = self.film.stream.time_base;
            timeline.observe(packet.dts().or(packet.pts()), base);
            packet.set_pts(packet.pts().map(|pts| timeline.place(pts, base)));
            packet.set_dts(packet.dts().map(|dts| timeline.place(dts, base)));
        }
        Ok(Some(packet))
    }

    fn hold(&mut self, packet: ffmpeg::Packet) {
        self.held += packet.size();
        self.ahead.push(packet);
    }

    /// Decodes what was read. Of what comes before the wanted picture, pictures that no other refers to are passed over.
    fn decode_ahead(&mut self, wanted: Option<i64>, take: &mut Take<'_>) -> Result<(), OpsError> {
        let whole = self.start == Start::SoughtWhole || self.blind;
        for packet in std::mem::take(&mut self.ahead) {
            self.film.check_cancelled()?;
            let is_before = packet.pts() < wanted && packet.pts().is_some();
            self.decoder.skip(if is_before && !whole {
                ffmpeg::Discard::NonReference
            } else {
                ffmpeg::Discard::Default
            });
            self.decoder
                .packet(&packet, &mut |frame| self.picker.frame(frame, take))?;
        }
        self.held = 0;
        Ok(())
    }

    /// Decodes until every moment asked for has its picture, or the film is over.
    fn decode_on(&mut self, take: &mut Take<'_>) -> Result<(), OpsError> {
        self.decoder.skip(ffmpeg::Discard::Default);
        while self.picker.is_waited_for() && !self.ended {
            match self.next()? {
                Some(packet) => self
                    .decoder
                    .packet(&packet, &mut |frame| self.picker.frame(frame, take))?,
                None => self.ended = true,
            }
        }
        Ok(())
    }
}
