//! Packets of several streams put into the order of time. Encoders hold pictures back far longer than sound, and a cut
//! must find every packet on its own side.
//!
//! Pictures are decoded before they are shown, the first as far ahead as any key picture. That much is added to when
//! they are decoded, so that a key picture stands where it is shown, next to the sound of that moment.
//!
//! A packet leaves with the time to the next one of its stream as its duration: fragments of MP4 add those up to where the
//! next begins.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use crate::av::{MICROS, rescale};

/// Bytes that may wait for a stream that gives nothing; beyond, the order is that of arrival.
const HELD: usize = 64 << 20;

/// A packet on its way.
pub(super) struct Waiting {
    pub(super) stream: usize,
    /// Timestamps in the stream's time base of the output.
    pub(super) packet: ffmpeg::Packet,
    /// When it is shown, in microseconds, as the encoder counted.
    pub(super) moment: i64,
}

pub(super) struct Queue {
    streams: Vec<Stream>,
    bytes: usize,
}

struct Stream {
    base: (i32, i32),
    /// How long before it is shown the first packet is decoded.
    ahead: Option<i64>,
    packets: VecDeque<Waiting>,
}

impl Queue {
    /// For streams of these time bases.
    pub(super) fn new(bases: impl IntoIterator<Item = (i32, i32)>) -> Self {
        let stream = |base| Stream {
            base,
            ahead: None,
            packets: VecDeque::new(),
        };
        Self {
            streams: bases.into_iter().map(stream).collect(),
            bytes: 0,
        }
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.bytes += waiting.packet.size();
        if let Some(stream) = self.streams.get_mut(waiting.stream) {
            let (pts, dts) = (waiting.packet.pts(), waiting.packet.dts());
            let ahead = pts.unwrap_or(0) - dts.or(pts).unwrap_or(0);
            stream.ahead.get_or_insert(ahead.max(0));
            if let (Some(last), Some(dts)) = (stream.packets.back_mut(), dts)
                && let Some(lasts) = last.packet.dts().map(|before| dts - before)
            {
                last.packet.set_duration(lasts);
            }
            stream.packets.push_back(waiting);
        }
    }

    /// The next packet of each stream that has one.
    pub(super) fn heads(&self) -> impl Iterator<Item = &Waiting> {
        self.streams
            .iter()
            .filter_map(|stream| stream.packets.front())
    }

    /// True if nothing of the stream waits.
    pub(super) fn is_empty(&self, stream: usize) -> bool {
        self.streams
            .get(stream)
            .is_none_or(|stream| stream.packets.is_empty())
    }

    /// The earliest packet, if no earlier one can come.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let complete = self.streams.iter().all(|stream| stream.packets.len() > 1);
        if complete || self.bytes > HELD {
            self.pop_any()
        } else {
            None
        }
    }

    /// The earliest packet there is, when no more come.
    pub(super) fn pop_any(&mut self) -> Option<Waiting> {
        let earliest = self
            .streams
            .iter_mut()
            .filter_map(|stream| Some((stream.first()?, stream)))
            .min_by_key(|(at, _)| *at);
        let waiting = earliest.and_then(|(_, stream)| stream.packets.pop_front());
        self.bytes -= waiting.as_ref().map_or(0, |waiting| waiting.packet.size());
        waiting
    }
}

impl Stream {
    /// Where the first packet stands, in microseconds.
    fn first(&self) -> Option<i64> {
        let dts = self.packets.front()?.packet.dts().unwrap_or(0);
        let ahead = self.ahead.unwrap_or(0);
        Some(rescale(dts.saturating_add(ahead), self.base, MICROS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(stream: usize, dts: i64, bytes: usize) -> Waiting {
        let mut packet = ffmpeg::Packet::new(bytes);
        packet.set_pts(Some(dts.max(0)));
        packet.set_dts(Some(dts));
        packet.set_duration(7);
        Waiting {
            stream,
            packet,
            moment: 0,
        }
    }

    fn order(popped: impl Iterator<Item = Waiting>) -> Vec<(usize, i64)> {
        popped
            .map(|waiting| (waiting.stream, waiting.packet.dts().unwrap_or(0)))
            .collect()
    }

    #[test]
    fn packets_leave_in_the_order_of_time() {
        let mut queue = Queue::new([(1, 25), (1, 1000)]);
        for at in [0, 20, 40, 60] {
            queue.push(packet(1, at, 1));
        }
        assert!(queue.pop().is_none(), "a picture may come");
        // The first is decoded 40 ms before it is shown, and so are all.
        for tick in -1..2 {
            queue.push(packet(0, tick, 1));
        }
        let ready = order(std::iter::from_fn(|| queue.pop()));
        assert_eq!(ready, [(0, -1), (1, 0), (1, 20), (0, 0)]);
        let rest = order(std::iter::from_fn(|| queue.pop_any()));
        assert_eq!(rest, [(1, 40), (1, 60), (0, 1)]);
    }

    #[test]
    fn a_packet_lasts_until_the_next_one() {
        let mut queue = Queue::new([(1, 1000)]);
        for at in [0, 40, 240, 260] {
            queue.push(packet(0, at, 1));
        }
        let popped = std::iter::from_fn(|| queue.pop_any());
        let lasting: Vec<i64> = popped.map(|waiting| waiting.packet.duration()).collect();
        assert_eq!(
            lasting,
            [40, 200, 20, 7],
            "the last one as its encoder says"
        );
    }

    #[test]
    fn a_stream_that_gives_nothing_is_not_waited_for_without_end() {
        let mut queue = Queue::new([(1, 1), (1, 1)]);
        let large = HELD / 4;
        let mut left = 0;
        for at in 0..6 {
            queue.push(packet(1, at, large));
            left += usize::from(queue.pop().is_some());
        }
        assert_eq!(left, 2);
    }
}
