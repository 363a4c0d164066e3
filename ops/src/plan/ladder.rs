//! HLS and DASH: the outputs a command is made of, and which of them are played together. All come of one decode, each
//! with encoders of its own.

use std::sync::Arc;

use super::OutputPlan;
use crate::av::segments::{Budget, Lock, Schedule, SegmentNames, SegmentPlan};
use crate::op::{AudioCodec, Avthumb, Bandwidths, BitRate, Container, PerRung, SegmentFormat};
use crate::probe::Probe;
use crate::{Limits, OpsError};

/// Codecs of a source that players expect in segments of either kind.
const IN_TS: &[&str] = &[
    "h264",
    "hevc",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "aac",
    "mp2",
    "mp3",
    "ac3",
    "eac3",
];
const IN_MP4: &[&str] = &[
    "h264", "hevc", "av1", "vp9", "aac", "mp3", "ac3", "eac3", "opus", "flac", "alac",
];

/// The outputs of a command that makes segments.
#[derive(Debug)]
pub(crate) struct Ladder {
    pub(crate) layers: Vec<Layer>,
    pub(crate) rungs: Vec<Rung>,
}

/// One output.
#[derive(Debug)]
pub(crate) struct Layer {
    /// What its files' names have after that of the target.
    pub(crate) label: String,
    pub(crate) plan: OutputPlan,
}

/// What a player may choose: a layer with pictures and sound, or one of each.
#[derive(Debug, Clone)]
pub(crate) struct Rung {
    /// Bits per second it is meant for, as the command says.
    pub(crate) bandwidth: Option<u32>,
    pub(crate) layers: Vec<usize>,
}

/// Decides what a command that makes segments makes of this source; `plan` decides it for a command that makes one file.
pub(crate) fn ladder(
    op: &Avthumb,
    probe: &Probe,
    limits: &Limits,
    plan: &dyn Fn(&Avthumb) -> Result<OutputPlan, OpsError>,
) -> Result<Ladder, OpsError> {
    let segments = segments(op, limits);
    let bandwidths = op.segments.bandwidths.as_ref().map(Bandwidths::get);
    let rungs: Vec<Option<u32>> = match bandwidths {
        Some(bandwidths) => bandwidths.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    let mut ladder = Ladder {
        layers: Vec::new(),
        rungs: Vec::new(),
    };
    let mut sounds = Vec::new();
    for (number, bandwidth) in rungs.into_iter().enumerate() {
        let op = match bandwidth {
            Some(bandwidth) => rung(op, number, u64::from(bandwidth), probe, segments.format),
            None => op.clone(),
        };
        let mut plan = plan(&op)?;
        check_copies(&plan, probe, segments.format)?;
        plan.segments = Some(segments.clone());
        let label = bandwidth.map_or_else(String::new, |bits| format!("_b{bits}"));
        let layers = match op.container {
            Container::Mpd => ladder.apart(&label, plan, op.audio.bit_rate, &mut sounds),
            _ => vec![ladder.add(label, plan)],
        };
        ladder.rungs.push(Rung { bandwidth, layers });
    }
    Ok(ladder)
}

impl Ladder {
    fn add(&mut self, label: String, mut plan: OutputPlan) -> usize {
        if let Some(names) = plan.segments.as_mut().and_then(|plan| plan.names.as_mut()) {
            names.behind += &label;
        }
        self.layers.push(Layer { label, plan });
        self.layers.len() - 1
    }

    /// Pictures and sound as a layer each, as players of DASH want them. Sound of a bit rate that is among `sounds` is made
    /// already.
    fn apart(
        &mut self,
        label: &str,
        plan: OutputPlan,
        rate: Option<BitRate>,
        sounds: &mut Vec<(Option<BitRate>, usize)>,
    ) -> Vec<usize> {
        let sound = OutputPlan {
            video: None,
            subtitles: None,
            ..plan.clone()
        };
        let picture = OutputPlan {
            audio: None,
            ..plan
        };
        let mut layers = Vec::new();
        if picture.video.is_some() {
            let label = if label.is_empty() { "_video" } else { label };
            layers.push(self.add(label.to_owned(), picture));
        }
        if sound.audio.is_some() {
            let known = sounds.iter().find(|(made, _)| *made == rate);
            let layer = known.map(|(_, layer)| *layer).unwrap_or_else(|| {
                let label = if sounds.is_empty() { "" } else { label };
                self.add(format!("_audio{label}"), sound)
            });
            sounds.push((rate, layer));
            layers.push(layer);
        }
        layers
    }
}

/// How the outputs are cut.
fn segments(op: &Avthumb, limits: &Limits) -> SegmentPlan {
    let usual = match op.container {
        Container::Mpd => SegmentFormat::M4s,
        _ => SegmentFormat::Ts,
    };
    let iv = op.segments.iv;
    let format = op.segments.format.unwrap_or(usual);
    let names = op.segments.names.as_ref().map(|names| {
        let (before, behind) = names.around();
        let suffix = format!(".{}", format.suffix());
        SegmentNames {
            before: before.to_owned(),
            behind: behind.strip_suffix(&suffix).unwrap_or(behind).to_owned(),
        }
    });
    SegmentPlan {
        format,
        names,
        schedule: Schedule::of(&op.segments),
        lock: op.segments.key.map(|key| Lock { key, iv }),
        budget: Arc::new(Budget::new(limits)),
    }
}

/// The command as it would be for this rung alone. Sound that nothing is said of takes a quarter of the bandwidth at most;
/// pictures never take more than is left, less a tenth for the container and for peaks. A transport stream fills the last
/// packet of each picture, whatever its size: some 25 kbit/s.
fn rung(
    op: &Avthumb,
    number: usize,
    bandwidth: u64,
    probe: &Probe,
    format: SegmentFormat,
) -> Avthumb {
    fn of<V: Copy>(values: &Option<PerRung<V>>, number: usize) -> Option<V> {
        values.as_ref()?.get().get(number).copied()
    }
    let mut rung = op.clone();
    rung.video.bit_rate = of(&op.segments.video_rates, number).or(op.video.bit_rate);
    rung.video.size = of(&op.segments.sizes, number).or(op.video.size);
    rung.audio.bit_rate = of(&op.segments.audio_rates, number).or(op.audio.bit_rate);
    let is_of_its_own =
        op.audio.quality.is_some() || op.sound().is_none_or(AudioCodec::is_lossless);
    if rung.audio.bit_rate.is_none() && !is_of_its_own {
        let quarter = bandwidth / 4000 * 1000;
        rung.audio.bit_rate = BitRate::new(quarter).filter(|_| quarter < sound_bits(op, probe));
    }
    let filling = match format {
        SegmentFormat::Ts => 25_000,
        SegmentFormat::Mp4 | SegmentFormat::M4s => 0,
    };
    let left = (bandwidth * 9 / 10).saturating_sub(sound_bits(&rung, probe) + filling);
    let mean = rung.video.bit_rate.map_or(0, BitRate::get);
    let most = BitRate::new(left.max(bandwidth / 4).max(mean));
    // What the command says of the most holds for every rung, where it is less.
    rung.video.max_rate = op.video.max_rate.into_iter().chain(most).min();
    rung
}

/// Bits per second the sound takes, about.
fn sound_bits(op: &Avthumb, probe: &Probe) -> u64 {
    let stream = probe.audio().filter(|_| !op.an);
    let channels = op.audio.channels.map(|channels| channels.get().into());
    let usual = stream.map_or(0, |stream| 64_000 * channels.unwrap_or(stream.channels));
    op.audio.bit_rate.map_or(usual.into(), |rate| rate.get())
}

/// Muxers take copies that no player of segments would.
fn check_copies(plan: &OutputPlan, probe: &Probe, format: SegmentFormat) -> Result<(), OpsError> {
    let known = match format {
        SegmentFormat::Ts => IN_TS,
        SegmentFormat::Mp4 | SegmentFormat::M4s => IN_MP4,
    };
    let video = plan.video.as_ref().filter(|video| video.encode.is_none());
    let audio = plan.audio.as_ref().filter(|audio| audio.encode.is_none());
    let copied = [video.map(|v| v.stream), audio.map(|a| a.stream)];
    for stream in copied.into_iter().flatten() {
        let codec = &probe.streams[stream].codec_name;
        if !known.contains(&codec.as_str()) {
            return Err(OpsError::CannotCopy {
                codec: codec.clone(),
                container: match format {
                    SegmentFormat::Ts => "transport streams of HLS",
                    SegmentFormat::Mp4 | SegmentFormat::M4s => "fragments of MP4",
                },
            });
        }
    }
    Ok(())
}
