//! Subtitles as streams of text beside the picture.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use super::script::Script;
use crate::OpsError;
use crate::av::sys::subtitles::SubtitleEncoder;
use crate::av::{AvError, encode, seconds};
use crate::op::{Container, Language, SubtitleLabel, TextCodec};

/// A stream of text, encoded.
pub(crate) struct TextTrack {
    /// What the stream is, for the container.
    pub(crate) parameters: ffmpeg::codec::Parameters,
    packets: VecDeque<ffmpeg::Packet>,
    /// As the container spells it.
    pub(crate) language: Option<String>,
    pub(crate) title: Option<String>,
}

impl TextTrack {
    /// Milliseconds: the clock of the packets.
    pub(crate) const TIME_BASE: (i32, i32) = (1, 1000);

    /// Encodes a script for a container.
    pub(super) fn encode(
        script: Script,
        container: Container,
        label: Option<&SubtitleLabel>,
    ) -> Result<Self, OpsError> {
        let codec = match TextCodec::of(container) {
            // What has styles keeps them where the container has room for them.
            Some(TextCodec::Subrip) if script.is_styled => TextCodec::Ass,
            Some(codec) => codec,
            None => {
                return Err(OpsError::CannotHold {
                    codec: "subtitles",
                    container: container.suffix(),
                });
            }
        };
        let name = codec.encoder();
        let failed = |error| OpsError::Encode {
            encoder: name,
            reason: AvError(error),
        };
        let mut encoder =
            SubtitleEncoder::open(encode::find(name)?, &script.header).map_err(failed)?;
        let mut packets = VecDeque::with_capacity(script.events.len());
        for event in &script.events {
            let length = u32::try_from(event.end - event.start).unwrap_or(u32::MAX);
            let bytes = encoder.encode(&event.line, length).map_err(failed)?;
            if bytes.is_empty() {
                continue;
            }
            let mut packet = ffmpeg::Packet::copy(&bytes);
            packet.set_pts(Some(event.start));
            packet.set_dts(Some(event.start));
            packet.set_duration(length.into());
            packets.push_back(packet);
        }
        let given = |label: &SubtitleLabel| label.language.clone();
        let language = label
            .and_then(given)
            .or_else(|| Language::new(script.language.as_deref()?));
        let title = label.and_then(|label| Some(label.name.as_ref()?.as_str().to_owned()));
        Ok(Self {
            parameters: encoder.parameters(),
            packets,
            language: language.map(|language| match (codec, container) {
                (TextCodec::MovText, Container::Mov) => language.quick_time(),
                (TextCodec::MovText, _) => language.own(),
                _ => language.english(),
            }),
            title: title.or(script.title),
        })
    }

    /// The next packet, if it begins before this many seconds of the output.
    pub(crate) fn due(&mut self, reached: f64) -> Option<ffmpeg::Packet> {
        let begins = self.packets.front()?.pts().unwrap_or(0);
        match seconds(begins, Self::TIME_BASE) < reached {
            true => self.packets.pop_front(),
            false => None,
        }
    }
}

impl TextCodec {
    /// libav's name of the encoder.
    fn encoder(self) -> &'static str {
        match self {
            Self::MovText => "mov_text",
            Self::Subrip => "srt",
            Self::Ass => "ass",
            Self::WebVtt => "webvtt",
        }
    }
}
