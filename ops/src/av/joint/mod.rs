//! Where parts become one: each begins at the same moment of output for all its streams, and everything behind the joint
//! sees one picture stream and one sound stream without a seam. A pass of one part has no joint.
//!
//! The rule of time: a part lasts as long as was asked for, or, where its file ends before that, as long as its longest
//! stream. The next part begins exactly there, counted from the beginning of the output and never from the last frame, so
//! that nothing adds up over many parts. What a stream lacks at the end of its part is filled: sound with silence, a
//! part without pictures with black; the last picture of a part is shown until the next part begins.

mod packets;
mod pictures;
mod screen;
mod sound;

use std::collections::BTreeMap;

use ffmpeg_next as ffmpeg;

use packets::Packets;
use pictures::Pictures;
pub(crate) use screen::Screen;
use sound::Sound;

use super::outlets::Outlets;
use super::sys::{Medium, RawStream};
use crate::OpsError;
use crate::plan::{Part, Reading, Strand};

/// Takes what comes out of a joint: a stream of the reading, and a frame of it in output time.
pub(crate) type Give<'a> = &'a mut dyn FnMut(usize, ffmpeg::Frame) -> Result<(), OpsError>;

/// The joint of one pass.
pub(crate) struct Joint {
    pictures: BTreeMap<usize, Pictures>,
    sound: BTreeMap<usize, Sound>,
    packets: BTreeMap<usize, Packets>,
    /// What the part that is read lasts at most, in microseconds.
    limit: Option<i64>,
}

/// A part as a stream of the reading sees it.
pub(super) struct Entered<'a> {
    /// Where it begins, in microseconds of output.
    at: i64,
    /// Where it ends at the latest, in microseconds from there.
    limit: Option<i64>,
    /// Its stream; `None` if it has none of the kind.
    stream: Option<&'a RawStream>,
}

impl Joint {
    pub(crate) fn new(reading: &Reading, outlets: &Outlets, threads: usize) -> Self {
        let mut joint = Self {
            pictures: BTreeMap::new(),
            sound: BTreeMap::new(),
            packets: BTreeMap::new(),
            limit: None,
        };
        let copied = outlets
            .wanted()
            .filter(|&strand| outlets.wants_packets(strand));
        let is_alone = copied.count() == 1;
        for index in outlets.wanted() {
            let Strand { facts, screen, .. } = &reading.streams[index];
            if outlets.wants_packets(index) {
                joint.packets.insert(index, Packets::new(facts, is_alone));
            }
            if !outlets.wants_frames(index) {
                continue;
            }
            if facts.medium == Medium::Video {
                let pictures = Pictures::new(facts, *screen, threads);
                joint.pictures.insert(index, pictures);
            } else {
                joint.sound.insert(index, Sound::new(facts));
            }
        }
        joint
    }

    /// A part begins at `at` microseconds of output; `streams` are those of its file.
    pub(crate) fn begin(&mut self, at: i64, part: &Part, streams: &[RawStream]) {
        self.limit = part.window.length_micros();
        let entered = |index: usize| Entered {
            at,
            limit: part.window.length_micros(),
            stream: part.streams[index].map(|stream| &streams[stream]),
        };
        for (&index, pictures) in &mut self.pictures {
            pictures.begin(&entered(index));
        }
        for (&index, sound) in &mut self.sound {
            sound.begin(&entered(index));
        }
        for (&index, packets) in &mut self.packets {
            packets.begin(&entered(index));
        }
    }

    /// A decoded frame of the part, in the part's time.
    pub(crate) fn frame(
        &mut self,
        index: usize,
        frame: ffmpeg::Frame,
        give: Give<'_>,
    ) -> Result<(), OpsError> {
        if let Some(pictures) = self.pictures.get_mut(&index) {
            pictures.frame(frame, &mut |frame| give(index, frame))?;
        } else if let Some(sound) = self.sound.get_mut(&index) {
            sound.frame(frame, &mut |frame| give(index, frame))?;
        }
        self.fill(self.length(), give)
    }

    /// A packet of the part, in the part's time, as it goes into the output; `None` if it has no place there.
    pub(crate) fn packet(
        &mut self,
        index: usize,
        packet: &ffmpeg::Packet,
    ) -> Result<Option<ffmpeg::Packet>, OpsError> {
        match self.packets.get_mut(&index) {
            Some(packets) => packets.packet(packet),
            None => Ok(None),
        }
    }

    /// Streams the part does not have follow those it has, so that the output's packets come in turns.
    fn fill(&mut self, until: i64, give: Give<'_>) -> Result<(), OpsError> {
        for (&index, pictures) in &mut self.pictures {
            pictures.fill(until, &mut |frame| give(index, frame))?;
        }
        for (&index, sound) in &mut self.sound {
            sound.fill(until, &mut |frame| give(index, frame))?;
        }
        Ok(())
    }

    /// How long the part is so far, in microseconds.
    fn length(&self) -> i64 {
        let pictures = self.pictures.values().map(Pictures::end);
        let sound = self.sound.values().map(Sound::end);
        let packets = self.packets.values().map(Packets::end);
        pictures.chain(sound).chain(packets).max().unwrap_or(0)
    }

    /// The part is over; `reached_end` is true if that is because its file is. Gives its length in microseconds.
    pub(crate) fn end(&mut self, reached_end: bool, give: Give<'_>) -> Result<i64, OpsError> {
        for (&index, pictures) in &mut self.pictures {
            pictures.drain(&mut |frame| give(index, frame))?;
        }
        for (&index, sound) in &mut self.sound {
            sound.drain(&mut |frame| give(index, frame))?;
        }
        let length = match (self.limit, reached_end) {
            (Some(limit), false) => limit,
            (Some(limit), true) => self.length().min(limit),
            (None, _) => self.length(),
        };
        self.fill(length, give)?;
        for (&index, sound) in &mut self.sound {
            sound.end_at(length, &mut |frame| give(index, frame))?;
        }
        Ok(length)
    }
}
