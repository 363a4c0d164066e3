//! Where to start reading for a stretch of a file: at a key picture that is not behind it, found by looking, because not
//! every format lands where it is told to.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use super::open::{Input, Source};
use super::sys::Medium;
use super::{MICROS, rescale, sys};
use crate::{Cancel, OpsError};

/// How far before the stretch to try next, in microseconds, when what was found there is no use. Transport streams have
/// no index and are entered anywhere; broadcast has a key picture every second or two.
const STEPS_BACK: [i64; 8] = [0, 1, 2, 4, 8, 16, 32, 64];
/// Packets to look at in one place. More than a minute of pictures without a key picture are read from the start.
const LOOKED_AT: usize = 10_000;

/// The stretch to be read and what it is to begin with.
pub(super) struct Stretch<'a> {
    /// Microseconds behind the first timestamp of the file.
    pub(super) start: i64,
    /// Streams that are wanted.
    pub(super) streams: &'a [usize],
    /// Microseconds that decoders need before the stretch.
    pub(super) warm_up: i64,
}

/// Opens the file at a place from which the stretch can be decoded: at the latest such place that is easily found, or at
/// its first packet. Gives the packets that were read to find out.
pub(super) fn enter<'s>(
    source: &'s mut Source<'_>,
    stretch: &Stretch<'_>,
    cancel: &Cancel,
) -> Result<(&'s mut Input, VecDeque<ffmpeg::Packet>), OpsError> {
    for seconds in STEPS_BACK {
        let place = stretch.start - stretch.warm_up - seconds * 1_000_000;
        if place <= 0 {
            break;
        }
        let input = source.anywhere()?;
        want(input, stretch);
        let target = input.probe.format.start.unwrap_or(0) + place;
        if input.context.seek(target, ..target).is_err() {
            tracing::debug!(target, "source cannot seek; reading up to the cut");
            break;
        }
        match look(input, stretch, cancel) {
            Found::Begin(held) => return Ok((source.anywhere()?, held)),
            Found::Late => {}
            Found::NoTimes => break,
        }
    }
    let input = source.fresh()?;
    want(input, stretch);
    Ok((input, VecDeque::new()))
}

/// Lets the demuxer pass over what nobody wants.
fn want(input: &mut Input, stretch: &Stretch<'_>) {
    for index in 0..input.probe.streams.len() {
        let is_wanted = stretch.streams.contains(&index);
        sys::set_wanted(&mut input.context, index, is_wanted);
    }
}

/// What was found in a place.
enum Found {
    /// Decoding can begin with these packets.
    Begin(VecDeque<ffmpeg::Packet>),
    /// It can begin only behind the beginning of the stretch.
    Late,
    /// Packets do not tell their time there.
    NoTimes,
}

/// Reads up to the first packet that decoding can begin with.
fn look(input: &mut Input, stretch: &Stretch<'_>, cancel: &Cancel) -> Found {
    let facts = &input.probe.streams;
    let is_video = |index: &&usize| facts[**index].medium == Medium::Video;
    let lead = stretch.streams.iter().find(is_video);
    let Some(&lead) = lead.or(stretch.streams.first()) else {
        return Found::NoTimes;
    };
    let (base, is_video) = (facts[lead].time_base, facts[lead].medium == Medium::Video);
    // A picture that begins less than the length of one behind the stretch is the first one in it.
    let (num, den) = facts[lead].r_frame_rate;
    let tolerance = match is_video && den > 0 && num >= den {
        true => rescale(1, (den, num), MICROS) - 1,
        false => 0,
    };
    let latest = input.probe.format.start.unwrap_or(0) + stretch.start + tolerance;
    let mut held = VecDeque::new();
    let mut times = false;
    for _ in 0..LOOKED_AT {
        let mut packet = ffmpeg::Packet::empty();
        if cancel.is_cancelled() || packet.read(&mut input.context).is_err() {
            break;
        }
        let (stream, time) = (packet.stream(), packet.pts().or(packet.dts()));
        let begins = packet.is_key() || !is_video;
        if stream != lead {
            held.push_back(packet);
            continue;
        }
        // The first packets of some formats do not tell their time after a jump, so nobody knows what they belong to.
        let Some(time) = time else {
            continue;
        };
        times = true;
        held.push_back(packet);
        match (begins, rescale(time, base, MICROS) > latest) {
            (true, false) => return Found::Begin(held),
            (_, true) => return Found::Late,
            (false, false) => (),
        }
    }
    match times {
        true => Found::Late,
        false => Found::NoTimes,
    }
}
