//! What `avconcat` makes of its files: which of them says what the output is like, and whether their packets can be one
//! stream as they are.

use super::parts::{Part, Reading, Strand, Window};
use super::{OutputPlan, audio, video};
use crate::OpsError;
use crate::av::clock::Clock;
use crate::av::encode::Rate;
use crate::av::geometry::clockwise;
use crate::av::joint::Screen;
use crate::av::sys::{RawStream, pixel_format_name};
use crate::op::{AudioCodec, Avconcat, Avthumb, Container, JoinMode, VideoCodec};
use crate::probe::Probe;

/// One of the files, in the order of the output.
pub(crate) struct Piece {
    /// What the command calls it.
    pub(crate) name: String,
    pub(crate) probe: Probe,
    /// The headers of each stream's codec that the container keeps beside it.
    pub(crate) headers: Vec<Vec<u8>>,
}

/// How the files become one.
pub(crate) struct Join {
    pub(crate) reading: Reading,
    pub(crate) output: OutputPlan,
    /// What is done and why, for whoever asks.
    pub(crate) why: String,
}

/// A piece with the streams that are taken of it.
struct Taken<'a> {
    piece: &'a Piece,
    video: Option<&'a RawStream>,
    audio: Option<&'a RawStream>,
}

/// Decides how the pieces, at least one, become one output. `threads` is what its encoder may use.
pub(crate) fn join(op: &Avconcat, pieces: &[Piece], threads: usize) -> Result<Join, OpsError> {
    let (container, mode) = (op.container(), op.mode());
    let taken: Vec<Taken<'_>> = pieces
        .iter()
        .map(|piece| Taken {
            piece,
            video: piece.probe.video().filter(|_| !container.is_audio_only()),
            audio: piece.probe.audio(),
        })
        .collect();
    let has_video = taken.iter().any(|taken| taken.video.is_some());
    let has_audio = taken.iter().any(|taken| taken.audio.is_some());
    let part = |(number, taken): (usize, &Taken<'_>)| {
        let index = |stream: Option<&RawStream>| stream.map(|stream| stream.index);
        let video = has_video.then(|| index(taken.video));
        let audio = has_audio.then(|| index(taken.audio));
        let part = Part {
            file: number,
            name: Some(taken.piece.name.clone()),
            window: Window::WHOLE,
            // As `strands` has them.
            streams: video.into_iter().chain(audio).collect(),
        };
        let kind = match container.is_audio_only() {
            true => "audio",
            false => "audio or video",
        };
        match part.streams.iter().all(Option::is_none) {
            true => Err(part.blamed(number, OpsError::NoStream { kind })),
            false => Ok(part),
        }
    };
    let parts = taken.iter().enumerate().map(part);
    let parts: Vec<Part> = parts.collect::<Result<_, _>>()?;
    if mode == JoinMode::Copy {
        for ((number, other), part) in taken.iter().enumerate().zip(&parts) {
            let difference = difference(container, &taken[0], other);
            if let Some(difference) = difference {
                return Err(part.blamed(number, OpsError::Unlike { difference }));
            }
        }
    }
    strands(op, &taken, threads).map(|(streams, output)| Join {
        why: explanation(mode, &taken, &streams),
        reading: Reading { parts, streams },
        output,
    })
}

/// The streams of the output, pictures first. They are like those of the first file that has any, and so is sound.
fn strands(
    op: &Avconcat,
    taken: &[Taken<'_>],
    threads: usize,
) -> Result<(Vec<Strand>, OutputPlan), OpsError> {
    let mode = op.mode();
    let mut like = Avthumb::new(op.container());
    if mode == JoinMode::Copy {
        like.video.codec = Some(VideoCodec::Copy);
        like.audio.codec = Some(AudioCodec::Copy);
    } else {
        // Named, so that nothing is copied: what is joined is of one kind only once it is encoded.
        like.video.codec = op.container().pictures().first().copied();
        like.audio.codec = op.container().sound().first().copied();
    }
    let first = |stream: fn(&Taken<'_>) -> Option<RawStream>| {
        let mut streams = taken.iter().map(stream).enumerate();
        streams.find_map(|(file, stream)| Some((file, stream?)))
    };
    let mut streams = Vec::new();
    let mut output = OutputPlan {
        segments: None,
        why: String::new(),
        container: op.container(),
        video: None,
        audio: None,
        trim: None,
        faststart: op.moov_to_front,
        keep_metadata: true,
        subtitles: None,
    };
    if let Some((file, mut facts)) = first(|taken| taken.video.cloned()) {
        let screen = (mode == JoinMode::Encode).then(|| Screen::of(&facts));
        let rate = steady_rate(&facts);
        if let Some(screen) = &screen {
            facts = screen.facts(&facts);
        }
        let mut plan = video::plan(&like, &taken[file].piece.probe, &facts, threads)?;
        plan.stream = streams.len();
        if let Some((chain, settings)) = &mut plan.encode {
            chain.frame_rate = chain.frame_rate.or(rate);
            if let Rate::Quality { cap, .. } = &mut settings.rate {
                *cap = cap.and(most_bits(taken));
            }
        }
        output.video = Some(plan);
        streams.push(Strand {
            file,
            facts,
            screen,
        });
    }
    if let Some((file, facts)) = first(|taken| taken.audio.cloned()) {
        let mut plan = audio::plan(&like, &taken[file].piece.probe, &facts, None)?;
        plan.stream = streams.len();
        output.audio = Some(plan);
        let screen = None;
        streams.push(Strand {
            file,
            facts,
            screen,
        });
    }
    Ok((streams, output))
}

/// The rate of a stream whose pictures come at a steady one.
fn steady_rate(stream: &RawStream) -> Option<(u32, u32)> {
    let clock = Clock::of(stream);
    let (num, den) = clock.frame_rate;
    (clock.time_base == (den, num)).then_some((num as u32, den as u32))
}

/// What the most generous of the files spends on its pictures: the first may be a still title before a film.
fn most_bits(taken: &[Taken<'_>]) -> Option<u64> {
    let bits = |taken: &Taken<'_>| {
        let stream = taken.video?;
        Some(video::source_bits(stream, &taken.piece.probe))
    };
    let bits: Option<Vec<u64>> = taken.iter().filter_map(bits).collect();
    bits?.into_iter().max()
}

/// The first thing in which a file is not like the first one, of those that a stream cannot change in the middle.
fn difference(container: Container, first: &Taken<'_>, other: &Taken<'_>) -> Option<String> {
    let video = match (first.video, other.video) {
        (Some(first_video), Some(video)) => unlike_pictures(first_video, video),
        (Some(_), None) => Some("it has no video".to_owned()),
        (None, Some(_)) => Some("it has video, not sound alone".to_owned()),
        (None, None) => None,
    };
    let sound = || match (first.audio, other.audio) {
        (Some(first_sound), Some(sound)) => unlike_sound(first_sound, sound),
        (Some(_), None) => Some("it has no sound".to_owned()),
        (None, Some(_)) => Some("it has sound, not pictures alone".to_owned()),
        (None, None) => None,
    };
    let headers = |kind: &str, of: fn(&Taken<'_>) -> Option<usize>| {
        let (first_index, index) = (of(first)?, of(other)?);
        let one = &first.piece.headers[first_index];
        let two = &other.piece.headers[index];
        let codec = &other.piece.probe.streams[index].codec_name;
        let same = one == two || travel_along(container, codec, one, two);
        (!same).then(|| format!("its {codec} {kind} is not encoded with the same settings"))
    };
    video
        .or_else(sound)
        .or_else(|| headers("video", |taken| taken.video.map(|stream| stream.index)))
        .or_else(|| headers("sound", |taken| taken.audio.map(|stream| stream.index)))
}

fn unlike_pictures(first: &RawStream, other: &RawStream) -> Option<String> {
    let size = |stream: &RawStream| format!("{}x{}", stream.width, stream.height);
    let pixels = |stream: &RawStream| match stream.sar {
        (num, den) if num > 0 && den > 0 => format!("{num}:{den}"),
        _ => "1:1".to_owned(),
    };
    let format = |stream: &RawStream| pixel_format_name(stream.pixel_format).unwrap_or_default();
    let turn = |stream: &RawStream| clockwise(stream).unwrap_or(0);
    let rate = |stream: &RawStream| steady_rate(stream).map(|(num, den)| format!("{num}/{den}"));
    unlike("video is", &first.codec_name, &other.codec_name)
        .or_else(|| unlike("video is", &size(first), &size(other)))
        .or_else(|| unlike("pixels are", &pixels(first), &pixels(other)))
        .or_else(|| unlike("pixels are", &format(first), &format(other)))
        .or_else(|| unlike("video is to be turned by", &turn(first), &turn(other)))
        .or_else(|| {
            // Of pictures that come when they come nothing is asked.
            unlike("frame rate is", &rate(first)?, &rate(other)?)
        })
}

fn unlike_sound(first: &RawStream, other: &RawStream) -> Option<String> {
    let (rate, channels) = (&first.sample_rate, &first.channels);
    unlike("sound is", &first.codec_name, &other.codec_name)
        .or_else(|| unlike("sample rate is", rate, &other.sample_rate))
        .or_else(|| unlike("number of channels is", channels, &other.channels))
        .or_else(|| unlike("channels are", &first.channel_layout, &other.channel_layout))
}

fn unlike<T: PartialEq + std::fmt::Display>(what: &str, first: &T, other: &T) -> Option<String> {
    (first != other).then(|| format!("its {what} {other}, not {first}"))
}

/// True if decoders find the headers in the stream itself, so that the container's copy of them does not matter.
fn travel_along(container: Container, codec: &str, one: &[u8], two: &[u8]) -> bool {
    let start_code = |data: &[u8]| data.starts_with(&[0, 0, 1]) || data.starts_with(&[0, 0, 0, 1]);
    match codec {
        "mpeg1video" | "mpeg2video" => true,
        "h264" | "hevc" => container == Container::Ts && start_code(one) && start_code(two),
        _ => false,
    }
}

fn explanation(mode: JoinMode, taken: &[Taken<'_>], streams: &[Strand]) -> String {
    let parts = taken.len();
    if mode == JoinMode::Copy {
        return format!("{parts} parts, copied: they are of one kind");
    }
    let mut text = format!("{parts} parts, encoded as `mode/2` asks");
    for strand in streams {
        let (facts, part) = (&strand.facts, strand.file + 1);
        text += &match strand.screen {
            Some(_) => format!(
                "; pictures {}x{} as in part {part}",
                facts.width, facts.height
            ),
            None => format!("; sound {} Hz as in part {part}", facts.sample_rate),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::av::sys::Medium;

    fn sound() -> RawStream {
        RawStream {
            medium: Medium::Audio,
            codec_name: "aac".into(),
            sample_rate: 44_100,
            channels: 2,
            channel_layout: "stereo".into(),
            ..RawStream::sample()
        }
    }

    #[test]
    fn what_a_stream_cannot_change_is_named() {
        let video = RawStream::sample;
        for (name, other, expected) in [
            ("the same", video(), None),
            (
                "another codec",
                RawStream {
                    codec_name: "hevc".into(),
                    ..video()
                },
                Some("its video is hevc, not h264"),
            ),
            (
                "another size",
                RawStream {
                    width: 320,
                    height: 240,
                    ..video()
                },
                Some("its video is 320x240, not 640x360"),
            ),
            (
                "unsaid pixels are square",
                RawStream {
                    sar: (0, 1),
                    ..video()
                },
                None,
            ),
            (
                "wide pixels",
                RawStream {
                    sar: (4, 3),
                    ..video()
                },
                Some("its pixels are 4:3, not 1:1"),
            ),
            (
                "another rate",
                RawStream {
                    r_frame_rate: (50, 1),
                    avg_frame_rate: (50, 1),
                    ..video()
                },
                Some("its frame rate is 50/1, not 25/1"),
            ),
            (
                "no steady rate",
                RawStream {
                    r_frame_rate: (90_000, 1),
                    ..video()
                },
                None,
            ),
        ] {
            let found = unlike_pictures(&video(), &other);
            assert_eq!(found.as_deref(), expected, "{name}");
        }
        for (name, other, expected) in [
            ("the same", sound(), None),
            (
                "another rate",
                RawStream {
                    sample_rate: 48_000,
                    ..sound()
                },
                Some("its sample rate is 48000, not 44100"),
            ),
            (
                "one channel",
                RawStream {
                    channels: 1,
                    ..sound()
                },
                Some("its number of channels is 1, not 2"),
            ),
        ] {
            assert_eq!(
                unlike_sound(&sound(), &other).as_deref(),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn headers_matter_where_the_stream_does_not_carry_them() {
        let annex_b = [0, 0, 0, 1, 0x67];
        let avcc = [1, 0x64, 0];
        for (name, container, codec, one, expected) in [
            (
                "in a transport stream",
                Container::Ts,
                "h264",
                &annex_b[..],
                true,
            ),
            ("in mp4", Container::Mp4, "h264", &annex_b[..], false),
            ("from mp4", Container::Ts, "h264", &avcc[..], false),
            ("sound", Container::Ts, "aac", &annex_b[..], false),
            ("mpeg-2", Container::Mpg, "mpeg2video", &annex_b[..], true),
        ] {
            assert_eq!(
                travel_along(container, codec, one, &annex_b),
                expected,
                "{name}"
            );
        }
    }
}
