//! Packets of a copied stream that nobody is to see or hear: an edit list leaves them out, or they lie before the start.
//! Few containers can hide them again, so a copy takes along what a decoder needs to get going, and no more.

use ffmpeg_next as ffmpeg;

use super::sys;

/// Bytes of hidden packets that may wait for one that is shown.
const HELD: usize = 64 << 20;

/// Holds hidden packets back until one that is shown needs them.
#[derive(Default)]
pub(crate) struct Hidden {
    waiting: Vec<ffmpeg::Packet>,
    held: usize,
    begun: bool,
}

impl Hidden {
    /// What is to be written now that `packet` came, in order. Timestamps are output time. Hidden packets after the last
    /// one that is shown are never asked for again.
    pub(crate) fn pass(&mut self, packet: ffmpeg::Packet) -> Vec<ffmpeg::Packet> {
        let hidden = is_hidden(&packet);
        // Decoding can as well begin here.
        if hidden && !self.begun && packet.is_key() {
            self.waiting.clear();
            self.held = 0;
        }
        self.held += packet.size();
        self.waiting.push(packet);
        if hidden && self.held <= HELD {
            return Vec::new();
        }
        self.begun = true;
        self.held = 0;
        std::mem::take(&mut self.waiting)
    }
}

fn is_hidden(packet: &ffmpeg::Packet) -> bool {
    let ends_before_start = |pts: i64| pts < 0 && pts.saturating_add(packet.duration()) <= 0;
    sys::is_hidden(packet) || packet.pts().is_some_and(ends_before_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of 10 ticks; one with a time before 0 is hidden.
    fn packet(pts: i64, key: bool) -> ffmpeg::Packet {
        let mut packet = ffmpeg::Packet::copy(b"picture");
        packet.set_pts(Some(pts));
        packet.set_duration(10);
        if key {
            packet.set_flags(ffmpeg::packet::Flags::KEY);
        }
        packet
    }

    fn passed(packets: &[(i64, bool)]) -> Vec<i64> {
        let mut hidden = Hidden::default();
        packets
            .iter()
            .flat_map(|&(pts, key)| hidden.pass(packet(pts, key)))
            .filter_map(|packet| packet.pts())
            .collect()
    }

    #[test]
    fn what_is_hidden_goes_along_only_where_it_is_needed() {
        for (name, packets, expected) in [
            ("nothing hidden", vec![(0, true), (10, false)], vec![0, 10]),
            (
                "the pictures after the last key picture before the start are needed",
                vec![
                    (-40, true),
                    (-30, false),
                    (-20, true),
                    (-10, false),
                    (0, false),
                ],
                vec![-20, -10, 0],
            ),
            (
                "of sound, one packet",
                vec![(-30, true), (-20, true), (-10, true), (0, true)],
                vec![-10, 0],
            ),
            (
                "nothing refers to what is hidden at the end",
                vec![(0, true), (-10, false), (10, false), (-10, false)],
                vec![0, -10, 10],
            ),
            (
                "a packet that lasts into the start is heard",
                vec![(-9, true), (1, true)],
                vec![-9, 1],
            ),
        ] {
            assert_eq!(passed(&packets), expected, "{name}");
        }
    }
}
