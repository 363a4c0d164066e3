//! Where a pass puts what it reads: the sending ends of its outputs, and which of them wants which stream.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;

use ffmpeg_next as ffmpeg;

use super::branch::Feed;
use super::transcode::Wanted;
use super::{AvError, sys};
use crate::OpsError;

/// The outputs of a pass as its reading side sees them.
pub(crate) struct Outlets {
    /// `None` for an output that has given up.
    senders: Vec<Option<SyncSender<Feed>>>,
    /// The command of each output.
    commands: Vec<usize>,
    /// By stream of the reading.
    takers: BTreeMap<usize, Takers>,
}

/// The outputs that want a stream.
#[derive(Default)]
struct Takers {
    is_video: bool,
    decoded_by: Vec<usize>,
    copied_by: Vec<usize>,
}

impl Outlets {
    /// A sender for every output of `wanted`, in that order.
    pub(crate) fn new(senders: Vec<Option<SyncSender<Feed>>>, wanted: &[Wanted]) -> Self {
        let mut takers = BTreeMap::<usize, Takers>::new();
        for (output, want) in wanted.iter().enumerate() {
            let video = want.plan.video.as_ref();
            let audio = want.plan.audio.as_ref();
            let video = video.map(|v| (v.stream, v.encode.is_some(), true));
            let audio = audio.map(|a| (a.stream, a.encode.is_some(), false));
            for (stream, is_decoded, is_video) in video.into_iter().chain(audio) {
                let takers = takers.entry(stream).or_default();
                takers.is_video = is_video;
                match is_decoded {
                    true => takers.decoded_by.push(output),
                    false => takers.copied_by.push(output),
                }
            }
        }
        let mut outlets = Self {
            senders,
            commands: wanted.iter().map(|want| want.index).collect(),
            takers,
        };
        outlets.stop_incomplete();
        outlets
    }

    /// True while an output still takes anything.
    pub(crate) fn any_alive(&self) -> bool {
        self.senders.iter().any(Option::is_some)
    }

    /// Streams of the reading that somebody wants.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = usize> {
        self.takers.keys().copied()
    }

    /// True if somebody wants the frames of the stream.
    pub(crate) fn wants_frames(&self, stream: usize) -> bool {
        let takers = self.takers.get(&stream);
        takers.is_some_and(|takers| !takers.decoded_by.is_empty())
    }

    /// True if somebody wants the packets of the stream.
    pub(crate) fn wants_packets(&self, stream: usize) -> bool {
        let takers = self.takers.get(&stream);
        takers.is_some_and(|takers| !takers.copied_by.is_empty())
    }

    /// Lets go of every output that wants anything of the stream: it cannot succeed.
    pub(crate) fn close(&mut self, stream: usize) {
        let Some(takers) = self.takers.get(&stream) else {
            return;
        };
        for &output in takers.decoded_by.iter().chain(&takers.copied_by) {
            self.senders[output] = None;
        }
    }

    /// Gives a packet to every output that wants it as it is.
    pub(crate) fn packet(
        &mut self,
        stream: usize,
        packet: &ffmpeg::Packet,
    ) -> Result<(), OpsError> {
        let Self {
            senders, takers, ..
        } = self;
        let Some(takers) = takers.get(&stream) else {
            return Ok(());
        };
        let mut all_took = true;
        for &output in &takers.copied_by {
            if senders[output].is_some() {
                let shared = sys::share_packet(packet).map_err(memory)?;
                let feed = match takers.is_video {
                    true => Feed::VideoPacket(shared),
                    false => Feed::AudioPacket(shared),
                };
                all_took &= send(&mut senders[output], feed);
            }
        }
        if !all_took {
            self.stop_incomplete();
        }
        Ok(())
    }

    /// Of a command that wants several outputs, one that has given up stops the others.
    fn stop_incomplete(&mut self) {
        let outputs = self.senders.iter().zip(&self.commands);
        let gone = outputs.filter_map(|(sender, command)| sender.is_none().then_some(*command));
        let gone: BTreeSet<usize> = gone.collect();
        for (sender, command) in self.senders.iter_mut().zip(&self.commands) {
            if gone.contains(command) {
                *sender = None;
            }
        }
    }

    /// Gives a decoded frame to every output that wants it; the last one gets the frame itself.
    pub(crate) fn frame(&mut self, stream: usize, frame: ffmpeg::Frame) -> Result<(), OpsError> {
        let Self {
            senders, takers, ..
        } = self;
        let Some(takers) = takers.get(&stream) else {
            return Ok(());
        };
        let feed = |frame| match takers.is_video {
            true => Feed::Picture(frame),
            false => Feed::Samples(frame),
        };
        let alive = |output: &usize| senders[*output].is_some();
        let mut alive: Vec<usize> = takers.decoded_by.iter().copied().filter(alive).collect();
        let Some(last) = alive.pop() else {
            return Ok(());
        };
        let mut all_took = true;
        for output in alive {
            let shared = sys::share(&frame).map_err(memory)?;
            all_took &= send(&mut senders[output], feed(shared));
        }
        if !(send(&mut senders[last], feed(frame)) && all_took) {
            self.stop_incomplete();
        }
        Ok(())
    }
}

/// Sends, or drops the sender when the output has given up; then it is false.
fn send(sender: &mut Option<SyncSender<Feed>>, feed: Feed) -> bool {
    let given_up = sender
        .as_ref()
        .is_some_and(|sender| sender.send(feed).is_err());
    if given_up {
        *sender = None;
    }
    !given_up
}

fn memory(error: ffmpeg::Error) -> OpsError {
    OpsError::Memory {
        reason: AvError(error),
    }
}
