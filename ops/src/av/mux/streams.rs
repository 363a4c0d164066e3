//! The streams of a file that is going to be written: encoded, copied, of text.

use ffmpeg_next as ffmpeg;

use super::{Muxer, Track};
use crate::OpsError;
use crate::av::MICROS;
use crate::av::encode::Encoder;
use crate::av::subtitles::TextTrack;
use crate::av::sys::{self, RawStream, Rewriter};
use crate::op::Container;

impl Muxer {
    /// Adds a stream that `encoder` feeds; gives its number.
    pub(crate) fn add_encoded(
        &mut self,
        encoder: &Encoder,
        frame_rate: (i32, i32),
    ) -> Result<usize, OpsError> {
        let index = self.streams.len();
        let added = self.context.add_stream_with(encoder.context()).map(|_| ());
        added.map_err(|error| self.failed(error))?;
        let hevc_in_mp4 =
            self.container.is_mp4_like() && encoder.context().id() == ffmpeg::codec::Id::HEVC;
        let mpeg4_in_avi =
            self.container == Container::Avi && encoder.context().id() == ffmpeg::codec::Id::MPEG4;
        // Players of the mp4 family look for `hvc1`, those of AVI for `XVID`; libav's own choice is another.
        let tag = match (hevc_in_mp4, mpeg4_in_avi) {
            (true, _) => u32::from_le_bytes(*b"hvc1"),
            (_, true) => u32::from_le_bytes(*b"XVID"),
            _ => 0,
        };
        sys::shape_output_stream(
            &mut self.context,
            index,
            encoder.time_base(),
            frame_rate,
            tag,
        );
        if let Some(mastering) = encoder.mastering() {
            sys::describe_display(&mut self.context, index, &mastering)
                .map_err(|error| self.failed(error))?;
        }
        self.added()
    }

    /// Adds a stream whose packets are the source's, as they come out of `rewriter` if there is one; gives its number.
    pub(crate) fn add_copied(
        &mut self,
        source: &ffmpeg::Stream,
        facts: &RawStream,
        rewriter: Option<&Rewriter>,
    ) -> Result<usize, OpsError> {
        if !sys::container_takes(&self.context, facts.codec_id) {
            return Err(OpsError::CannotCopy {
                codec: facts.codec_label(),
                container: self.container.suffix(),
            });
        }
        if let Some(missing) = facts.not_described() {
            return Err(OpsError::NotDescribed {
                stream: facts.index,
                codec: facts.codec_label(),
                missing,
            });
        }
        let index = self.streams.len();
        let added = self.context.add_stream(None::<ffmpeg::Codec>).map(|_| ());
        added.map_err(|error| self.failed(error))?;
        sys::copy_stream(
            &mut self.context,
            index,
            source,
            facts.display_matrix.as_ref(),
            facts.mastering,
        )
        .map_err(|error| self.failed(error))?;
        if let Some(rewriter) = rewriter {
            rewriter
                .describe(&mut self.context, index)
                .map_err(|error| self.failed(error))?;
        }
        // Players of the mp4 family look for `hvc1`; libav's own choice is `hev1`.
        let tag = match self.container.is_mp4_like() && facts.codec_name == "hevc" {
            true => u32::from_le_bytes(*b"hvc1"),
            false => 0,
        };
        sys::shape_output_stream(
            &mut self.context,
            index,
            facts.time_base,
            facts.avg_frame_rate,
            tag,
        );
        self.added()
    }

    /// Streams of text to be put behind the others.
    pub(crate) fn set_subtitles(&mut self, tracks: Vec<TextTrack>) {
        self.subtitles = tracks;
    }

    /// Adds a stream of text; players show the first one unless told otherwise.
    pub(super) fn add_text(&mut self, track: &TextTrack, is_first: bool) -> Result<(), OpsError> {
        let index = self.streams.len();
        let added = self.context.add_stream(None::<ffmpeg::Codec>);
        let added = added.map(|mut stream| stream.set_parameters(track.parameters.clone()));
        added.map_err(|error| self.failed(error))?;
        // The mp4 muxer compares the clock of a text with those of the others as if all were one, and ends a text when it
        // falls behind: this one ticks faster than any of them.
        sys::shape_output_stream(&mut self.context, index, MICROS, (0, 1), 0);
        sys::set_default(&mut self.context, index, is_first);
        let mut metadata = ffmpeg::Dictionary::new();
        for (key, value) in [
            ("language", &track.language),
            ("title", &track.title),
            // What players show of tracks in mp4.
            ("handler_name", &track.title),
        ] {
            // The wrapper makes C strings of these and would panic on a NUL.
            if let Some(value) = value.as_ref().filter(|value| !value.contains('\0')) {
                metadata.set(key, value);
            }
        }
        if let Some(mut stream) = self.context.stream_mut(index) {
            stream.set_metadata(metadata);
        }
        self.streams.push(Track::new());
        Ok(())
    }

    fn added(&mut self) -> Result<usize, OpsError> {
        self.streams.push(Track::new());
        let index = self.streams.len() - 1;
        self.start_when_complete()?;
        Ok(index)
    }
}
