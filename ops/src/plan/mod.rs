//! Pipelines × probe → outputs known to fit. Pure: what is decided here is decided without opening a codec.

use std::path::Path;

use crate::OpsError;
mod audio;
pub(crate) mod copy;
mod join;
pub(crate) mod ladder;
mod overlay;
mod parts;
mod subtitles;
mod video;

pub(crate) use audio::natural_layout;
pub(crate) use join::{Piece, join};
pub(crate) use parts::{Part, Reading, Strand, Windows};

use crate::av::encode::{AudioSettings, VideoSettings};
use crate::av::filter::{AudioChain, Trim, VideoChain};
use crate::av::overlay::OverlayPlan;
use crate::av::segments::SegmentPlan;
use crate::av::subtitles::SubtitlePlan;
use crate::op::{Avthumb, Container, Loudness};
use crate::probe::Probe;
use crate::run::Task;

/// One output of a transcode pass.
#[derive(Debug, Clone)]
pub(crate) struct OutputPlan {
    pub(crate) container: Container,
    pub(crate) video: Option<VideoPlan>,
    pub(crate) audio: Option<AudioPlan>,
    pub(crate) trim: Option<Trim>,
    pub(crate) faststart: bool,
    pub(crate) keep_metadata: bool,
    /// Subtitles that are put in.
    pub(crate) subtitles: Option<SubtitlePlan>,
    /// The output is cut into files.
    pub(crate) segments: Option<SegmentPlan>,
    /// What is copied, what is encoded, and for what reason.
    pub(crate) why: String,
}

/// Where the pictures of an output come from and what is done to them.
#[derive(Debug, Clone)]
pub(crate) struct VideoPlan {
    pub(crate) stream: usize,
    /// `None`: the source's packets are copied.
    pub(crate) encode: Option<(VideoChain, VideoSettings)>,
    /// What is laid over encoded pictures.
    pub(crate) overlay: OverlayPlan,
}

/// Where the sound of an output comes from and what is done to it.
#[derive(Debug, Clone)]
pub(crate) struct AudioPlan {
    pub(crate) stream: usize,
    /// `None`: the source's packets are copied.
    pub(crate) encode: Option<(AudioChain, AudioSettings)>,
    /// How loud it is to be; what that takes is found by measuring (`av::loudness`).
    pub(crate) loudness: Option<Loudness>,
}

/// Decides what an `avthumb` makes of this source. `threads` is what its encoder may use.
pub(crate) fn avthumb(op: &Avthumb, probe: &Probe, threads: usize) -> Result<OutputPlan, OpsError> {
    let windows = Windows::of(op);
    let trim = windows.trim();
    let wants_video = !op.vn && !op.container.is_audio_only();
    let video = probe.video().filter(|_| wants_video);
    let audio = probe
        .audio()
        .filter(|_| !op.an && !op.container.sound().is_empty());
    if video.is_none() && audio.is_none() {
        return Err(missing(op, probe, wants_video));
    }
    windows.check(op, probe)?;
    let video = video
        .map(|stream| video::plan(op, probe, stream, threads))
        .transpose()?;
    let audio = audio
        .map(|stream| audio::plan(op, probe, stream, trim))
        .transpose()?;
    Ok(OutputPlan {
        container: op.container,
        why: copy::why(op, probe, video.as_ref(), audio.as_ref()),
        video,
        audio,
        trim,
        faststart: op.moov_to_front,
        keep_metadata: !op.stripmeta,
        subtitles: None,
        segments: None,
    })
}

impl OutputPlan {
    /// Adds what comes out of further files, which the task brings, and out of the source's own subtitles.
    pub(crate) fn with_objects(
        mut self,
        op: &Avthumb,
        task: &Task,
        (source, probe): (&Path, &Probe),
    ) -> Result<Self, OpsError> {
        let overlay = overlay::plan(&op.watermark, task)?;
        let drawn = op.watermark.is_given() || op.subtitles.are_burned(op.container);
        match &mut self.video {
            Some(video) => video.overlay = overlay,
            None if drawn => return Err(OpsError::NoStream { kind: "video" }),
            None => {}
        }
        self.subtitles = subtitles::plan(op, task, source, probe)?;
        Ok(self)
    }
}

fn missing(op: &Avthumb, probe: &Probe, wants_video: bool) -> OpsError {
    let kind = match (
        wants_video,
        probe.video().is_some(),
        probe.audio().is_some(),
    ) {
        _ if op.an => "video",
        (false, ..) => "audio",
        _ => "audio or video",
    };
    OpsError::NoStream { kind }
}
