//! Whether a stream is copied or encoded, and why, in the words people are told.
//!
//! Streams are copied where the command says so, and unasked where nothing would change for a player but the time it
//! takes and the quality that encoding costs. Whatever is not known for certain is encoded.

use std::ffi::CStr;

use crate::av::geometry::Turn;
use crate::av::sys::{self, RawStream};
use crate::grammar::{Asked, asked};
use crate::op::{AudioCodec, Avthumb, Container, VideoCodec};
use crate::probe::Probe;

use super::{AudioPlan, VideoPlan};

/// Bits a pixel may take on average. Encoding at the usual quality takes about as many, so what takes more is encoded.
const BITS_PER_PIXEL: f64 = 0.12;
/// Seconds between key pictures, at most: those who seek wait for the next. Encoders are as patient.
const KEY_PICTURES: f64 = 10.5;
/// Packets before the first sound that is heard: encoders of AAC begin with one or two.
const PRIMING: i64 = 3;

/// What becomes of a stream, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Copy(String),
    Encode(String),
}

impl Verdict {
    pub(super) fn is_copy(&self) -> bool {
        matches!(self, Self::Copy(_))
    }

    fn of(unfit: Option<String>, usual: &str) -> Self {
        match unfit {
            Some(reason) => Self::Encode(reason),
            None => Self::Copy(format!(
                "{usual} is what the container usually holds and nothing has to change"
            )),
        }
    }
}

/// What becomes of the pictures.
pub(super) fn video(op: &Avthumb, probe: &Probe, stream: &RawStream) -> Verdict {
    match op.video.codec {
        Some(VideoCodec::Copy) => Verdict::Copy("`vcodec/copy` asks for it".into()),
        _ => Verdict::of(unfit_video(op, probe, stream), &stream.codec_name),
    }
}

/// What becomes of the sound.
pub(super) fn audio(op: &Avthumb, probe: &Probe, stream: &RawStream) -> Verdict {
    match op.audio.codec {
        Some(AudioCodec::Copy) => Verdict::Copy("`acodec/copy` asks for it".into()),
        _ => Verdict::of(unfit_audio(op, probe, stream), &stream.codec_name),
    }
}

/// The first reason there is to encode the pictures.
fn unfit_video(op: &Avthumb, probe: &Probe, stream: &RawStream) -> Option<String> {
    let Asked {
        mut picture,
        time,
        subtitles,
        more,
        ..
    } = asked(op);
    picture.retain(|given| given != "rotate/auto");
    picture.extend(more);
    if op.subtitles.are_burned(op.container) {
        picture.extend(subtitles);
    }
    let codec = stream.codec_name.as_str();
    let usual = op
        .container
        .pictures()
        .first()
        .map(|usual| stream_name(*usual));
    let format = probe.format.name.as_str();
    let index = stream.packets;
    let second = |ticks: i64| crate::av::seconds(ticks, stream.time_base);
    if !picture.is_empty() {
        return Some(ask(&picture));
    }
    if let Some(usual) = usual.filter(|usual| *usual != codec) {
        return Some(other_codec(codec, op.container, usual));
    }
    if codec != "h264" {
        return Some(format!(
            "{codec} is copied only where `vcodec/copy` asks for it"
        ));
    }
    if op.container.is_segmented() {
        return Some("segments begin with key pictures at their own times".into());
    }
    if !time.is_empty() {
        return Some(format!(
            "{}, and pictures between key pictures cannot be cut",
            ask(&time)
        ));
    }
    if !format.starts_with("mov,") || index.count == 0 || index.count != stream.frames {
        return Some("the source does not say beforehand where its key pictures are".into());
    }
    if index.hidden > 0 || !index.begins_with_key {
        return Some("the source hides some of its pictures".into());
    }
    if second(index.longest) > KEY_PICTURES {
        return Some(format!(
            "its key pictures are up to {:.0} s apart",
            second(index.longest)
        ));
    }
    let pixels = sys::pixel_format_name(stream.pixel_format).unwrap_or_default();
    if pixels != "yuv420p" {
        return Some(format!("its pixels are {pixels}, which few players show"));
    }
    if !stream.progressive {
        return Some("its pictures may be fields".into());
    }
    let turn = stream.display_matrix.as_ref().map(Turn::of_matrix);
    if stream.display_matrix.is_some() && turn != Some(Turn::default()) {
        return Some("it has to be turned upright".into());
    }
    let (num, den) = stream.avg_frame_rate;
    let pixels =
        f64::from(stream.width) * f64::from(stream.height) * f64::from(num) / f64::from(den.max(1));
    if stream.bit_rate <= 0 || stream.bit_rate as f64 > BITS_PER_PIXEL * pixels {
        return Some(format!(
            "the source spends {} kbit/s, more than its pictures need",
            stream.bit_rate / 1000
        ));
    }
    None
}

/// The first reason there is to encode the sound.
fn unfit_audio(op: &Avthumb, probe: &Probe, stream: &RawStream) -> Option<String> {
    let Asked { sound, time, .. } = asked(op);
    let codec = stream.codec_name.as_str();
    let usual = *op.container.sound().first()?;
    let format = probe.format.name.as_str();
    if !sound.is_empty() {
        return Some(ask(&sound));
    }
    if codec != usual.stream_name() {
        return Some(other_codec(codec, op.container, usual.stream_name()));
    }
    if op.container.is_segmented() {
        return Some("segments of sound begin at their own times".into());
    }
    if !time.is_empty() {
        return Some(format!(
            "{}, and sound within packets cannot be cut",
            ask(&time)
        ));
    }
    let (family, _) = format.split_once(',').unwrap_or((format, ""));
    match family {
        "mov" | "matroska" | "flv" | "ogg" | "flac" | "wav" => {}
        "mp3" | "aac" => {
            return Some("the source is a bare stream, in which anything may stand".into());
        }
        "mpegts" | "mpeg" => return Some("the clock of the source may jump".into()),
        _ => {
            return Some(format!(
                "sound out of {family} is copied only where `acodec/copy` asks for it"
            ));
        }
    }
    if usual == AudioCodec::Aac && stream.profile.as_deref() != Some("LC") {
        let profile = stream.profile.as_deref().unwrap_or("unknown");
        return Some(format!(
            "its profile is {profile}, which not every player plays"
        ));
    }
    if stream.packets.hidden > PRIMING {
        return Some("the source hides some of its sound".into());
    }
    if usual.is_lossless() {
        return None;
    }
    let alone = probe.streams.len() == 1;
    let known = match stream.bit_rate {
        0 if alone => probe.format.bit_rate,
        known => known,
    };
    // A tenth more is what encoders differ by.
    let most = super::audio::usual_bits(usual) * u64::from(stream.channels) * 11 / 10;
    match u64::try_from(known) {
        Ok(0) | Err(_) => Some("its bit rate is not known".into()),
        Ok(bits) if bits > most => Some(format!(
            "the source spends {} kbit/s on it, more than is usual",
            bits / 1000
        )),
        Ok(_) => None,
    }
}

/// What is going to be done and for what reason, in one line.
pub(super) fn why(
    op: &Avthumb,
    probe: &Probe,
    picture: Option<&VideoPlan>,
    sound: Option<&AudioPlan>,
) -> String {
    let video = match (picture, probe.video()) {
        (Some(plan), Some(stream)) => {
            let encoder = plan
                .encode
                .as_ref()
                .map(|(_, settings)| settings.kind.name());
            told(encoder, video(op, probe, stream))
        }
        _ if op.vn => "none, because `vn/1` drops it".into(),
        (_, None) => "none, because the source has none".into(),
        _ => format!("none, because {} holds none", op.container.suffix()),
    };
    let audio = match (sound, probe.audio()) {
        (Some(plan), Some(stream)) => {
            let encoder = plan
                .encode
                .as_ref()
                .map(|(_, settings)| settings.kind.name());
            told(encoder, audio(op, probe, stream))
        }
        _ if op.an => "none, because `an/1` drops it".into(),
        (_, None) => "none, because the source has none".into(),
        _ => format!("none, because {} holds none", op.container.suffix()),
    };
    let encoded = picture.is_some_and(|plan| plan.encode.is_some())
        || sound.is_some_and(|plan| plan.encode.is_some());
    let remux = if encoded { "" } else { " by remux" };
    format!(
        "video: {video}; audio: {audio}; container: {}{remux}",
        op.container.suffix()
    )
}

fn told(encoder: Option<&str>, verdict: Verdict) -> String {
    let (Verdict::Copy(reason) | Verdict::Encode(reason)) = &verdict;
    match encoder {
        Some(encoder) => format!("encoded with {encoder}, because {reason}"),
        None => format!("copied, because {reason}"),
    }
}

/// `vb/64k` and `s/640x360` ask for it.
fn ask(given: &[String]) -> String {
    let quoted: Vec<String> = given.iter().map(|given| format!("`{given}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => format!("{last} asks for it"),
        Some((last, others)) => format!("{} and {last} ask for it", others.join(", ")),
        None => String::new(),
    }
}

fn other_codec(codec: &str, container: Container, usual: &str) -> String {
    format!(
        "the source is {codec} and {} usually holds {usual}",
        container.suffix()
    )
}

/// libav's name of what a codec makes.
fn stream_name(codec: VideoCodec) -> &'static str {
    match codec {
        VideoCodec::X264 => "h264",
        VideoCodec::X265 => "hevc",
        VideoCodec::Vp8 => "vp8",
        VideoCodec::Vp9 => "vp9",
        VideoCodec::Av1 => "av1",
        VideoCodec::Theora => "theora",
        VideoCodec::Xvid => "mpeg4",
        VideoCodec::Mpeg1 => "mpeg1video",
        VideoCodec::Mpeg2 => "mpeg2video",
        VideoCodec::Vvc => "vvc",
        VideoCodec::Gif => "gif",
        VideoCodec::Copy => "copy",
    }
}

/// The bitstream filters that give copied packets the form a container wants, where libav's muxer does not see to it.
pub(crate) fn rewrites(
    container: Container,
    stream: &RawStream,
    probe: &Probe,
) -> Vec<&'static CStr> {
    let format = probe.format.name.as_str();
    match (container, stream.codec_name.as_str()) {
        (Container::Avi | Container::Mpg, "h264") => vec![c"h264_mp4toannexb"],
        (Container::Avi, "hevc") => vec![c"hevc_mp4toannexb"],
        (container, "mpeg4") => {
            // AVI, and Matroska made of it, may pack two pictures into one packet.
            let packed = matches!(format, "avi" | "matroska,webm");
            // A transport stream has no place for a header but the stream itself.
            let bare = container == Container::Ts && format != "mpegts";
            let unpack = packed.then_some(c"mpeg4_unpack_bframes");
            unpack
                .into_iter()
                .chain(bare.then_some(c"dump_extra"))
                .collect()
        }
        _ => Vec::new(),
    }
}
