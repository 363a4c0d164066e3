//! Packets in, frames out. One decoder lives on one thread from opening to dropping.

use ffmpeg_next as ffmpeg;

use super::AvError;
use super::sys::{self, RawStream};
use crate::{Limits, OpsError};

/// An open decoder for one stream.
pub(crate) struct Decoder {
    context: ffmpeg::decoder::Opened,
    stream: RawStream,
    /// Frames given out and packets refused, to tell a damaged stream from an unreadable one.
    frames: u64,
    refused: u64,
    last_error: Option<ffmpeg::Error>,
}

impl Decoder {
    /// Opens the decoder of `stream` with `threads` threads.
    pub(crate) fn open(
        stream: &ffmpeg::Stream,
        facts: &RawStream,
        threads: usize,
        limits: &Limits,
    ) -> Result<Self, OpsError> {
        Self::open_as(stream, facts, threads, limits, None)
    }

    /// As [`Decoder::open`] on one thread, with what is transparent in the picture where a decoder gives it.
    pub(crate) fn with_alpha(
        stream: &ffmpeg::Stream,
        facts: &RawStream,
        limits: &Limits,
    ) -> Result<Self, OpsError> {
        // WebM keeps it beside the picture, and libav's own decoders of VP8 and VP9 pass over it.
        let beside = |(key, value): &(String, String)| {
            key.eq_ignore_ascii_case("alpha_mode") && value.trim() == "1"
        };
        let library = match facts.codec_name.as_str() {
            "vp8" => ffmpeg::decoder::find_by_name("libvpx"),
            "vp9" => ffmpeg::decoder::find_by_name("libvpx-vp9"),
            _ => None,
        };
        let named = library.filter(|_| facts.metadata.iter().any(beside));
        Self::open_as(stream, facts, 1, limits, named)
    }

    fn open_as(
        stream: &ffmpeg::Stream,
        facts: &RawStream,
        threads: usize,
        limits: &Limits,
        named: Option<ffmpeg::Codec>,
    ) -> Result<Self, OpsError> {
        let missing = || OpsError::DecoderMissing {
            stream: facts.index,
            codec: facts.codec_label(),
        };
        if !sys::has_decoder(facts.codec_id) {
            return Err(missing());
        }
        let cannot = |source| OpsError::Decode {
            stream: facts.index,
            codec: facts.codec_label(),
            reason: AvError(source),
        };
        let mut context =
            ffmpeg::codec::Context::from_parameters(stream.parameters()).map_err(cannot)?;
        // `count` alone would leave the kind unset and decode on one thread.
        let kind = if threads > 1 {
            ffmpeg::threading::Type::Frame
        } else {
            ffmpeg::threading::Type::None
        };
        context.set_threading(ffmpeg::threading::Config {
            kind,
            count: threads.max(1),
            ..Default::default()
        });
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(stream.time_base());
        let found = named.or_else(|| ffmpeg::decoder::find(decoder.id()));
        let codec = found.ok_or_else(missing)?;
        let mut options = ffmpeg::Dictionary::new();
        options.set("max_pixels", &limits.pixels.to_string());
        let context = decoder.open_as_with(codec, options).map_err(cannot)?;
        Ok(Self {
            context,
            stream: facts.clone(),
            frames: 0,
            refused: 0,
            last_error: None,
        })
    }

    /// Which frames may be left out, from here on.
    pub(crate) fn skip(&mut self, what: ffmpeg::Discard) {
        self.context.skip_frame(what);
    }

    /// Decodes one packet and hands every frame that is ready to `out`. Damaged packets are counted and passed over.
    pub(crate) fn packet(
        &mut self,
        packet: &ffmpeg::Packet,
        out: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if sys::is_encrypted(packet) {
            return Err(OpsError::Encrypted {
                stream: self.stream.index,
            });
        }
        match self.context.send_packet(packet) {
            Ok(()) => self.drain(out),
            // Full: take what is ready, then the packet fits.
            Err(error) if is_again(error) => {
                self.drain(out)?;
                if let Err(error) = self.context.send_packet(packet) {
                    self.refuse(error);
                }
                self.drain(out)
            }
            Err(error) => {
                self.refuse(error);
                Ok(())
            }
        }
    }

    /// No more packets: hands out the frames still inside.
    pub(crate) fn finish(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if self.context.send_eof().is_ok() {
            self.drain(out)?;
        }
        Ok(())
    }

    fn drain(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        loop {
            let mut frame = sys::blank_frame();
            match self.context.receive_frame(&mut frame) {
                Ok(()) => {
                    self.frames += 1;
                    out(frame)?;
                }
                Err(error) if is_again(error) || error == ffmpeg::Error::Eof => return Ok(()),
                Err(error) => {
                    self.refuse(error);
                    // One bad frame may be followed by good ones, but a decoder that only fails must not spin.
                    return Ok(());
                }
            }
        }
    }

    fn refuse(&mut self, error: ffmpeg::Error) {
        self.refused += 1;
        self.last_error = Some(error);
        tracing::debug!(stream = self.stream.index, codec = self.stream.codec_name, %error, "packet not decoded");
    }

    /// Forgets every packet, so that decoding may begin elsewhere.
    pub(crate) fn restart(&mut self) {
        self.context.flush();
    }

    /// Why nothing came out, if packets went in.
    pub(crate) fn failure(&self) -> Option<OpsError> {
        (self.frames == 0 && self.refused > 0).then(|| OpsError::Decode {
            stream: self.stream.index,
            codec: self.stream.codec_label(),
            reason: AvError(match self.last_error {
                // What some decoders (dav1d) say of damaged data, as if it were the caller's fault.
                Some(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EINVAL => {
                    ffmpeg::Error::InvalidData
                }
                error => error.unwrap_or(ffmpeg::Error::InvalidData),
            }),
        })
    }
}

/// libav's "not now": the codec wants output taken, or input given, first.
pub(crate) fn is_again(error: ffmpeg::Error) -> bool {
    matches!(error, ffmpeg::Error::Other { errno } if errno == ffmpeg::error::EAGAIN)
}
