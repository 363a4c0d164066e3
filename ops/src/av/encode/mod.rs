//! Frames in, packets out: encoders opened after the first frame they will get, with typed settings.

mod audio;
mod video;

use std::collections::BTreeMap;

use ffmpeg_next as ffmpeg;

use super::decode::is_again;
use super::segments::Boundaries;
use super::sys;
use super::{AvError, MICROS, rescale};
use crate::OpsError;

pub(crate) use audio::{AudioEncoderKind, AudioRate, AudioSettings};
pub(crate) use video::{Rate, VideoEncoderKind, VideoSettings};

/// Finds an encoder in the FFmpeg that is installed.
pub(crate) fn find(name: &'static str) -> Result<ffmpeg::Codec, OpsError> {
    sys::init();
    ffmpeg::encoder::find_by_name(name).ok_or(OpsError::EncoderMissing { encoder: name })
}

/// An open encoder of either kind with the bookkeeping that its packets need.
pub(crate) struct Encoder {
    context: Opened,
    name: &'static str,
    time_base: (i32, i32),
    last_pts: Option<i64>,
    /// Durations of the frames inside, by timestamp: encoders give packets back without them.
    durations: BTreeMap<i64, i64>,
    finished: bool,
    /// The display the pictures were made on, where that is passed on.
    mastering: Option<sys::Mastering>,
    /// Where key pictures must be.
    keys: Option<Boundaries>,
}

enum Opened {
    Video(ffmpeg::encoder::video::Encoder),
    Audio(ffmpeg::encoder::audio::Encoder),
}

impl Encoder {
    fn new(context: Opened, name: &'static str, time_base: (i32, i32)) -> Self {
        Self {
            context,
            name,
            time_base,
            last_pts: None,
            durations: BTreeMap::new(),
            finished: false,
            mastering: None,
            keys: None,
        }
    }

    /// Makes the first picture behind each boundary a key picture, for segments to begin with.
    pub(crate) fn set_keys(&mut self, keys: Boundaries) {
        self.keys = Some(keys);
    }

    /// Time base of the packets.
    pub(crate) fn time_base(&self) -> (i32, i32) {
        self.time_base
    }

    /// The codec context, to describe the output stream.
    pub(crate) fn context(&self) -> &ffmpeg::codec::Context {
        match &self.context {
            Opened::Video(video) => video,
            Opened::Audio(audio) => audio,
        }
    }

    /// The display that the container is to speak of.
    pub(crate) fn mastering(&self) -> Option<sys::Mastering> {
        self.mastering
    }

    /// Samples per frame the encoder wants, 0 for any.
    pub(crate) fn frame_size(&self) -> u32 {
        sys::encoder_frame_size(self.context())
    }

    /// Encodes one frame whose timestamp is in `base`. A picture that would not come after the last one is left out.
    pub(crate) fn frame(
        &mut self,
        mut frame: ffmpeg::Frame,
        base: (i32, i32),
        out: &mut dyn FnMut(ffmpeg::Packet, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let next = self.last_pts.map_or(i64::MIN, |last| last + 1);
        let mut pts = frame
            .pts()
            .map_or(next.max(0), |pts| rescale(pts, base, self.time_base));
        if pts < next {
            match self.context {
                Opened::Video(_) => return Ok(()),
                Opened::Audio(_) => pts = next,
            }
        }
        self.last_pts = Some(pts);
        frame.set_pts(Some(pts));
        let duration = match self.context {
            Opened::Video(_) => rescale(sys::frame_duration(&frame), base, self.time_base),
            Opened::Audio(_) => sys::sample_shape(&frame).samples.max(0).into(),
        };
        if matches!(self.context, Opened::Video(_)) {
            sys::forget_picture_type(&mut frame);
            let at = rescale(pts, self.time_base, MICROS);
            if self.keys.as_mut().is_some_and(|keys| keys.cut(at)) {
                sys::ask_for_key_picture(&mut frame);
            }
            sys::aim_at_quality(&mut frame, self.context());
            self.durations.insert(pts, duration);
        } else {
            self.last_pts = Some(pts + duration.max(1) - 1);
        }
        loop {
            match self.send(Some(&frame)) {
                Ok(()) => return self.drain(out),
                Err(error) if is_again(error) => self.drain(out)?,
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// No more frames: hands out the packets still inside.
    pub(crate) fn finish(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Packet, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        match self.send(None) {
            Ok(()) | Err(ffmpeg::Error::Eof) => self.drain(out),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn send(&mut self, frame: Option<&ffmpeg::Frame>) -> Result<(), ffmpeg::Error> {
        match (&mut self.context, frame) {
            (Opened::Video(video), Some(frame)) => video.send_frame(frame),
            (Opened::Audio(audio), Some(frame)) => audio.send_frame(frame),
            (Opened::Video(video), None) => video.send_eof(),
            (Opened::Audio(audio), None) => audio.send_eof(),
        }
    }

    fn drain(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Packet, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        loop {
            let mut packet = ffmpeg::Packet::empty();
            let received = match &mut self.context {
                Opened::Video(video) => video.receive_packet(&mut packet),
                Opened::Audio(audio) => audio.receive_packet(&mut packet),
            };
            match received {
                Ok(()) => {
                    if packet.duration() == 0
                        && let Some(duration) =
                            packet.pts().and_then(|pts| self.durations.remove(&pts))
                    {
                        packet.set_duration(duration);
                    }
                    out(packet, self.time_base)?;
                }
                Err(error) if is_again(error) || error == ffmpeg::Error::Eof => return Ok(()),
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn failed(&self, error: ffmpeg::Error) -> OpsError {
        OpsError::Encode {
            encoder: self.name,
            reason: AvError(error),
        }
    }
}
