//! Key pictures alone: of each only its own packet is decoded.

use ffmpeg_next as ffmpeg;

use super::keys::Keys;
use super::{Decoder, Film, Input, Plan, Source, Take, sys};
use crate::OpsError;

impl Film<'_> {
    /// Takes the key pictures at these ticks, each for the moment of its number. Gives how many came before the first that
    /// would not: some key pictures do not stand alone.
    pub(super) fn alone(
        &self,
        source: &mut Source<'_>,
        plan: &Plan,
        keys: &[i64],
        take: &mut Take<'_>,
    ) -> Result<usize, OpsError> {
        let input = match plan.keys.scanned {
            true => self.only_this_stream(source.fresh()?),
            false => self.only_this_stream(source.anywhere()?),
        };
        // One thread: others would have nothing to do, for each picture is waited for.
        let mut decoder = self.decoder(input, 1)?;
        for (number, &key) in keys.iter().enumerate() {
            let packet = match plan.keys.scanned {
                true => self.read_to(input, key)?,
                false => self.seek_to(input, &plan.keys, key)?,
            };
            let Some(packet) = packet else {
                return Ok(number);
            };
            let Some(frame) = self.decode_alone(&mut decoder, &packet)? else {
                return Ok(number);
            };
            take(number, frame)?;
        }
        Ok(keys.len())
    }

    /// Reads on to the key picture shown at this tick.
    fn read_to(&self, input: &mut Input, key: i64) -> Result<Option<ffmpeg::Packet>, OpsError> {
        while let Some(packet) = self.next_packet(input)? {
            if packet.is_key() && packet.pts() == Some(key) {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }

    /// Goes to the key picture the index has at this tick.
    fn seek_to(
        &self,
        input: &mut Input,
        keys: &Keys,
        key: i64,
    ) -> Result<Option<ffmpeg::Packet>, OpsError> {
        if sys::seek(&mut input.context, self.stream.index, key).is_err() {
            return Ok(None);
        }
        let landed = self.next_packet(input)?;
        let indexed = key.saturating_sub(keys.shift);
        let is_there = |packet: &ffmpeg::Packet| {
            packet.is_key() && (packet.dts() == Some(indexed) || packet.pts() == Some(key))
        };
        Ok(landed.filter(is_there))
    }

    fn decode_alone(
        &self,
        decoder: &mut Decoder,
        packet: &ffmpeg::Packet,
    ) -> Result<Option<ffmpeg::Frame>, OpsError> {
        let mut found = None;
        let mut keep = |frame: ffmpeg::Frame| {
            if frame.pts().or_else(|| sys::best_timestamp(&frame)) == packet.pts() {
                found = Some(frame);
            }
            Ok(())
        };
        decoder.restart();
        decoder.packet(packet, &mut keep)?;
        decoder.finish(&mut keep)?;
        if let Some(frame) = &mut found {
            frame.set_pts(packet.pts());
        }
        Ok(found)
    }
}
