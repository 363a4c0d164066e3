//! When copied pictures are decoded and shown: fills in what a source leaves out, because muxers refuse to guess.
//!
//! - Matroska stores no decoding times, and libav finds them only once it has seen as many packets as pictures are
//!   reordered by: the first few come without.
//! - AVI stores no times of showing. Those of MPEG-4 follow from the kinds of pictures, those of H.264 do not.
//! - Behind an edit list some pictures are decoded, as libav counts, after they are shown.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use super::rescale;
use super::sys::RawStream;
use crate::OpsError;

/// Packets that are looked at before the first one is let go: no codec reorders pictures by more.
const AHEAD: usize = 16;

/// The times of one copied stream of pictures.
pub(crate) struct Stamps {
    stream: usize,
    is_mpeg4: bool,
    /// Pictures are shown in another order than they are decoded in.
    reorders: bool,
    /// Ticks from one packet to the next, where packets do not say.
    step: i64,
    last: Option<i64>,
    /// A picture that is shown when the next one that is no B picture is decoded, and what came after it.
    unshown: VecDeque<ffmpeg::Packet>,
    /// The beginning of the stream, until enough of it is there.
    beginning: Option<VecDeque<ffmpeg::Packet>>,
    /// Ticks that pictures are decoded earlier than the source says.
    earlier: i64,
}

impl Stamps {
    pub(crate) fn new(stream: &RawStream) -> Self {
        let (num, den) = stream.avg_frame_rate;
        let step = match num > 0 && den > 0 {
            true => rescale(1, (den, num), stream.time_base).max(1),
            false => 1,
        };
        Self {
            stream: stream.index,
            is_mpeg4: stream.codec_name == "mpeg4",
            reorders: stream.is_reordered,
            step,
            last: None,
            unshown: VecDeque::new(),
            beginning: Some(VecDeque::new()),
            earlier: 0,
        }
    }

    /// Takes a packet and gives those that are ready.
    pub(crate) fn packet(
        &mut self,
        packet: ffmpeg::Packet,
    ) -> Result<VecDeque<ffmpeg::Packet>, OpsError> {
        let Some(beginning) = &mut self.beginning else {
            return self.shown(packet);
        };
        beginning.push_back(packet);
        let enough = if self.reorders { AHEAD } else { 1 };
        if beginning.len() < enough {
            return Ok(VecDeque::new());
        }
        self.begin()
    }

    /// No more packets: gives those that still wait.
    pub(crate) fn finish(&mut self) -> Result<VecDeque<ffmpeg::Packet>, OpsError> {
        let mut ready = self.begin()?;
        let end = self.last.map(|last| last + self.step);
        ready.extend(self.show(end));
        Ok(ready)
    }

    /// Settles what has to be known of the beginning, and lets it go.
    fn begin(&mut self) -> Result<VecDeque<ffmpeg::Packet>, OpsError> {
        let mut packets = self.beginning.take().unwrap_or_default();
        let known = packets.iter().position(|packet| packet.dts().is_some());
        // Without a single decoding time the order of the packets is all there is: they start when the first is shown.
        let at = known.unwrap_or(0);
        let first = match known {
            Some(at) => packets[at].dts(),
            None => packets.iter().filter_map(|packet| packet.pts()).min(),
        };
        let unknown = known.unwrap_or(packets.len());
        for (number, packet) in packets.iter_mut().enumerate().take(unknown) {
            let step = length(packet, self.step);
            let steps = number as i64 - at as i64;
            packet.set_dts(first.map(|first| first + steps * step));
        }
        let late = packets
            .iter()
            .filter_map(|packet| Some(packet.dts()? - packet.pts()?));
        self.earlier = late.max().unwrap_or(0).max(0);
        let mut ready = VecDeque::new();
        for packet in packets {
            ready.extend(self.shown(packet)?);
        }
        Ok(ready)
    }

    /// Gives a packet the time it is shown at, which may be known later than the packet.
    fn shown(&mut self, mut packet: ffmpeg::Packet) -> Result<VecDeque<ffmpeg::Packet>, OpsError> {
        let next = self.last.map_or(0, |last| last + self.step);
        let told = packet.dts().map(|dts| dts - self.earlier);
        let is_untimed = told.is_none() && packet.pts().is_none();
        let dts = told.unwrap_or(match packet.pts() {
            Some(pts) if !self.reorders => pts,
            _ => next,
        });
        self.last = Some(dts);
        packet.set_dts(Some(dts));
        if packet.pts().is_some() {
            let mut ready = VecDeque::new();
            if self.unshown.is_empty() || !is_b_picture(&packet) {
                ready = self.show(Some(dts));
                ready.push_back(packet);
            } else {
                self.unshown.push_back(packet);
            }
            return Ok(ready);
        }
        match (self.reorders, self.is_mpeg4 && !is_untimed) {
            (false, _) => packet.set_pts(Some(dts)),
            (true, false) => {
                return Err(OpsError::Untimed {
                    stream: self.stream,
                });
            }
            (true, true) if is_b_picture(&packet) => packet.set_pts(Some(dts)),
            (true, true) => {
                let ready = self.show(Some(dts));
                self.unshown.push_back(packet);
                return Ok(ready);
            }
        }
        if self.unshown.is_empty() {
            return Ok(VecDeque::from([packet]));
        }
        self.unshown.push_back(packet);
        Ok(VecDeque::new())
    }

    /// The picture that waits is shown at `time`.
    fn show(&mut self, time: Option<i64>) -> VecDeque<ffmpeg::Packet> {
        if let Some(first) = self.unshown.front_mut() {
            first.set_pts(time);
        }
        std::mem::take(&mut self.unshown)
    }
}

fn length(packet: &ffmpeg::Packet, step: i64) -> i64 {
    match packet.duration() {
        known if known > 0 => known,
        _ => step,
    }
}

/// True of a B picture of MPEG-4: the two bits after the start code of a picture say so (ISO 14496-2, 6.2.5).
fn is_b_picture(packet: &ffmpeg::Packet) -> bool {
    let data = packet.data().unwrap_or_default();
    let start = data.windows(4).position(|code| code == [0, 0, 1, 0xb6]);
    start
        .and_then(|at| data.get(at + 4))
        .is_some_and(|byte| byte >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Times = (Option<i64>, Option<i64>);

    fn stamps(codec: &str, is_reordered: bool) -> Stamps {
        Stamps::new(&RawStream {
            codec_name: codec.into(),
            is_reordered,
            time_base: (1, 1000),
            ..RawStream::sample()
        })
    }

    fn stamped(mut stamps: Stamps, packets: Vec<ffmpeg::Packet>) -> Result<Vec<Times>, OpsError> {
        let mut given = Vec::new();
        for packet in packets {
            given.extend(stamps.packet(packet)?);
        }
        given.extend(stamps.finish()?);
        Ok(given.iter().map(|p| (p.pts(), p.dts())).collect())
    }

    fn packet((pts, dts): Times) -> ffmpeg::Packet {
        let mut packet = ffmpeg::Packet::empty();
        packet.set_pts(pts);
        packet.set_dts(dts);
        packet
    }

    const fn known(pts: i64, dts: i64) -> Times {
        (Some(pts), Some(dts))
    }

    const fn shown(pts: i64) -> Times {
        (Some(pts), None)
    }

    #[test]
    fn times_of_decoding_are_found() {
        for (name, is_reordered, given, expected) in [
            (
                "all known",
                true,
                vec![known(0, -40), known(80, 0), known(40, 40)],
                vec![known(0, -40), known(80, 0), known(40, 40)],
            ),
            (
                "the first two unknown, as in Matroska",
                true,
                vec![shown(23), shown(183), known(103, 23), known(63, 63)],
                vec![
                    known(23, -57),
                    known(183, -17),
                    known(103, 23),
                    known(63, 63),
                ],
            ),
            (
                "none known, nothing reordered",
                false,
                vec![shown(0), shown(55), shown(80)],
                vec![known(0, 0), known(55, 55), known(80, 80)],
            ),
            (
                "decoded after it is shown",
                true,
                vec![known(0, 0), known(120, 40), known(40, 80), known(80, 120)],
                vec![known(0, -40), known(120, 0), known(40, 40), known(80, 80)],
            ),
            (
                "nothing known, nothing reordered: by the frame rate",
                false,
                vec![(None, None), (None, None), (None, None)],
                vec![known(0, 0), known(40, 40), known(80, 80)],
            ),
        ] {
            let packets = given.into_iter().map(packet).collect();
            assert_eq!(
                stamped(stamps("h264", is_reordered), packets).unwrap(),
                expected,
                "{name}"
            );
        }
    }

    /// A packet of MPEG-4 with a picture of this kind.
    fn vop(kind: u8, dts: i64) -> ffmpeg::Packet {
        let mut packet = ffmpeg::Packet::copy(&[0, 0, 1, 0xb6, kind << 6]);
        packet.set_dts(Some(dts));
        packet
    }

    #[test]
    fn times_of_showing_follow_from_the_kinds_of_pictures() {
        let (i, p, b) = (0, 1, 2);
        let packets = vec![vop(i, 0), vop(p, 40), vop(b, 80), vop(b, 120), vop(p, 160)];
        let times = stamped(stamps("mpeg4", true), packets).unwrap();
        let expected = [(40, 0), (160, 40), (80, 80), (120, 120), (200, 160)];
        assert_eq!(times, expected.map(|(pts, dts)| known(pts, dts)));
    }

    #[test]
    fn what_cannot_be_known_is_refused() {
        let given = vec![packet((None, Some(0))), packet((None, Some(40)))];
        let refused = stamped(stamps("h264", true), given);
        assert!(matches!(refused, Err(OpsError::Untimed { stream: 0 })));
    }
}
