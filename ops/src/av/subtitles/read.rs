//! Reads the text subtitles of a file. Files are hostile like any source: only formats of text and containers that cannot
//! name other files, within limits; pictures are passed over.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use ffmpeg_next as ffmpeg;

use super::script::{Event, Script, plain_header, plain_line};
use crate::av::open::{self, Input};
use crate::av::sys::subtitles::{SubtitleDecoder, is_text};
use crate::av::sys::{self, Medium, RawStream};
use crate::av::{AvError, MICROS, rescale};
use crate::{Cancel, Limits, OpsError};

/// Demuxers an object of subtitles may use.
const FORMATS: &str = "srt,webvtt,ass,matroska,webm,mov,mpegts";
/// Bytes of a file of text: a long film has some hundred thousand.
const TEXT_BYTES: u64 = 16 << 20;
/// Events of one file, all its streams together.
const EVENTS: usize = 200_000;
/// Packets in a row that may be unreadable before the rest of the file is given up.
const UNREADABLE: usize = 1000;
/// How long an event without an end is shown, in milliseconds, unless another follows.
const OPEN_END: i64 = 5000;

/// The text subtitles of the source, on its clock.
pub(super) fn source(
    path: &Path,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Vec<Script>, OpsError> {
    let input = open::open(path, limits, cancel)?;
    let origin = input.probe.format.start.unwrap_or(0);
    scripts(input, origin, cancel)
}

/// The subtitles of a file of text, or the text subtitles of a film.
pub(super) fn object(
    path: &Path,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Vec<Script>, OpsError> {
    let is_a_text = check_text(path)?;
    let input = open::open_as(path, FORMATS, limits, cancel).map_err(|error| match error {
        OpsError::NotMedia { .. } => unusable("it is neither SubRip, WebVTT nor ASS".into()),
        other => other,
    })?;
    // The clock of a film begins with its picture or sound, that of a text at zero: a line may well come late.
    let begins = |stream: &RawStream| {
        let start = stream.start?;
        let plays = matches!(stream.medium, Medium::Video | Medium::Audio) && !is_a_text;
        plays.then(|| rescale(start, stream.time_base, MICROS))
    };
    let origin = input.probe.streams.iter().filter_map(begins).min();
    scripts(input, origin.unwrap_or(0), cancel)
}

/// Refuses text in another encoding than UTF-8, which would be shown as something else. True if the file is a text.
fn check_text(path: &Path) -> Result<bool, OpsError> {
    let unreadable = |error: std::io::Error| OpsError::Read {
        path: path.to_owned(),
        reason: AvError(ffmpeg::Error::Other {
            errno: error.raw_os_error().unwrap_or(ffmpeg::error::EIO),
        }),
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let mut take = |count: u64, bytes: &mut Vec<u8>| {
        (&mut file)
            .take(count)
            .read_to_end(bytes)
            .map_err(unreadable)
    };
    take(16, &mut bytes)?;
    let ebml = bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]);
    let boxes = matches!(
        bytes.get(4..8),
        Some(b"ftyp" | b"moov" | b"mdat" | b"free" | b"wide" | b"skip")
    );
    let transport = bytes.first() == Some(&0x47);
    if ebml || boxes {
        return Ok(false);
    }
    take(TEXT_BYTES, &mut bytes)?;
    if bytes.len() as u64 > TEXT_BYTES {
        return match transport {
            true => Ok(false),
            false => Err(unusable(format!(
                "it is longer than {TEXT_BYTES} bytes of text"
            ))),
        };
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unusable("it is text in UTF-16; allowed: UTF-8".into()));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains('\0') => Ok(true),
        _ if transport => Ok(false),
        Ok(_) => Err(unusable("it is no text".into())),
        Err(error) => Err(unusable(format!(
            "it is not text in UTF-8: byte {} is wrong",
            error.valid_up_to()
        ))),
    }
}

fn unusable(reason: String) -> OpsError {
    OpsError::NotSubtitles { reason }
}

/// A stream being read.
struct Stream {
    decoder: SubtitleDecoder,
    script: Script,
    refused: Option<ffmpeg::Error>,
}

/// Decodes every text stream of an open file. `origin` is where its clock begins, in microseconds.
fn scripts(mut input: Input, origin: i64, cancel: &Cancel) -> Result<Vec<Script>, OpsError> {
    let mut streams = BTreeMap::new();
    for facts in &input.probe.streams {
        if facts.medium == Medium::Subtitle
            && is_text(facts.codec_id)
            && let Some(stream) = input.context.stream(facts.index)
            && let Ok(decoder) = SubtitleDecoder::open(&stream)
        {
            streams.insert(facts.index, Stream::new(decoder, facts));
        }
    }
    for index in 0..input.probe.streams.len() {
        sys::set_wanted(&mut input.context, index, streams.contains_key(&index));
    }
    if streams.is_empty() {
        let shown = |stream: &RawStream| stream.medium == Medium::Subtitle;
        return match input.probe.streams.iter().any(shown) {
            true => Err(unusable("its subtitles are pictures, not text".into())),
            false => Err(OpsError::NoStream { kind: "subtitle" }),
        };
    }
    let (mut unreadable, mut events) = (0, 0);
    loop {
        if cancel.is_cancelled() {
            return Err(OpsError::Cancelled);
        }
        let mut packet = ffmpeg::Packet::empty();
        match packet.read(&mut input.context) {
            Ok(()) => unreadable = 0,
            Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EIO => {
                return Err(OpsError::ReadStopped {
                    reason: AvError(ffmpeg::Error::Other { errno }),
                });
            }
            Err(error) if error != ffmpeg::Error::Eof && unreadable < UNREADABLE => {
                unreadable += 1;
                continue;
            }
            Err(_) => break,
        }
        if let Some(stream) = streams.get_mut(&packet.stream()) {
            events += stream.packet(&packet, origin);
            if events > EVENTS {
                return Err(unusable(format!("it has more than {EVENTS} lines")));
            }
        }
    }
    let failed = streams.values().find_map(|stream| stream.refused);
    let scripts = streams.into_values().map(Stream::finish);
    let scripts: Vec<Script> = scripts.filter(|script| !script.events.is_empty()).collect();
    match (scripts.is_empty(), failed) {
        (false, _) => Ok(scripts),
        (true, Some(error)) => Err(unusable(AvError(error).to_string())),
        (true, None) => Err(unusable("there is no line in it".into())),
    }
}

impl Stream {
    fn new(decoder: SubtitleDecoder, facts: &RawStream) -> Self {
        let tag = |name: &str| {
            let mut tags = facts.metadata.iter();
            let found = tags.find(|(key, _)| key.eq_ignore_ascii_case(name));
            found
                .map(|(_, value)| value.clone())
                .filter(|value| !value.is_empty())
        };
        let header = plain_header(&decoder.header());
        Self {
            decoder,
            script: Script {
                header,
                events: Vec::new(),
                is_styled: matches!(facts.codec_name.as_str(), "ass" | "ssa"),
                language: tag("language").filter(|language| language != "und"),
                title: tag("title"),
            },
            refused: None,
        }
    }

    /// Takes the events of a packet; gives their number.
    fn packet(&mut self, packet: &ffmpeg::Packet, origin: i64) -> usize {
        let cue = match self.decoder.decode(packet) {
            Ok(Some(cue)) => cue,
            Ok(None) => return 0,
            Err(error) => {
                self.refused = Some(error);
                return 0;
            }
        };
        let Some(start) = cue.start else { return 0 };
        let start = (start - origin) / 1000;
        let end = cue.length.map_or(i64::MAX, |length| start + length / 1000);
        let count = cue.lines.len();
        self.script
            .events
            .extend(cue.lines.iter().map(|line| Event {
                start,
                end,
                line: plain_line(line),
            }));
        count
    }

    /// The script, its events in order; what has no end is shown until something else is.
    fn finish(mut self) -> Script {
        self.script.events.sort_by_key(|event| event.start);
        let mut next = None;
        for event in self.script.events.iter_mut().rev() {
            if event.end == i64::MAX {
                let open = event.start.saturating_add(OPEN_END);
                event.end = next
                    .filter(|next| *next > event.start)
                    .map_or(open, |next: i64| next.min(open));
            }
            next = Some(event.start);
        }
        self.script
    }
}
