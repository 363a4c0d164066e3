//! What the bytes are, judged by content, never by the file's name. `plan` decides from it; `opmill probe` prints it.

mod brief;

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::av::open::{self, Input};
use crate::av::sys::{Medium, RawFormat, RawStream, pixel_format_name};
use crate::{Cancel, Limits, OpsError};

/// The container and streams of a file.
#[derive(Debug, Clone)]
pub struct Probe {
    pub(crate) format: RawFormat,
    pub(crate) streams: Vec<RawStream>,
}

/// Reads what `path` is. Opens the file once and decodes nothing.
///
/// # Errors
/// [`OpsError::NotMedia`] if no demuxer knows the bytes, [`OpsError::TooLarge`] and [`OpsError::TooManyStreams`] by `limits`.
pub fn probe(path: &Path, limits: &Limits) -> Result<Probe, OpsError> {
    Ok(open::open(path, limits, &Cancel::new())?.probe().clone())
}

impl Probe {
    pub(crate) fn of(input: &ffmpeg_next::format::context::Input) -> Self {
        Self {
            format: crate::av::sys::format_facts(input),
            streams: input
                .streams()
                .map(|stream| crate::av::sys::stream_facts(&stream))
                .collect(),
        }
    }

    /// The stream a player would show: the largest picture that is not a cover.
    pub(crate) fn video(&self) -> Option<&RawStream> {
        self.best(Medium::Video, |stream| {
            u64::from(stream.width) * u64::from(stream.height)
        })
    }

    /// The stream a player would play: the one with the most channels.
    pub(crate) fn audio(&self) -> Option<&RawStream> {
        self.best(Medium::Audio, |stream| u64::from(stream.channels))
    }

    /// Streams the container marks as default win, then `weight`, then the lower index.
    fn best(&self, medium: Medium, weight: impl Fn(&RawStream) -> u64) -> Option<&RawStream> {
        self.streams
            .iter()
            .filter(|stream| stream.medium == medium && !stream.attached_picture)
            .max_by_key(|stream| {
                (
                    stream.default,
                    weight(stream),
                    std::cmp::Reverse(stream.index),
                )
            })
    }

    /// Titles and other tags of the whole file. Ogg has its own on the streams.
    pub(crate) fn tags(&self) -> &[(String, String)] {
        match self.audio().or(self.video()) {
            Some(stream) if self.format.name == "ogg" => &stream.metadata,
            _ => &self.format.metadata,
        }
    }

    /// Length of the file in seconds as its header tells, if it does.
    pub fn duration_seconds(&self) -> Option<f64> {
        self.format.duration.map(|us| us as f64 / 1e6)
    }

    /// The `avinfo` JSON of `wire.md` 6.9: `streams` and `format`, shaped like ffprobe's.
    pub fn avinfo(&self) -> Value {
        json!({
            "streams": self.streams.iter().map(stream_json).collect::<Vec<_>>(),
            "format": format_json(&self.format, self.streams.len()),
        })
    }
}

fn format_json(format: &RawFormat, streams: usize) -> Value {
    let mut out = Map::new();
    out.insert("nb_streams".into(), json!(streams));
    out.insert("format_name".into(), json!(format.name));
    out.insert("format_long_name".into(), json!(format.long_name));
    put(
        &mut out,
        "start_time",
        format.start.map(|us| seconds(us as f64 / 1e6)),
    );
    put(
        &mut out,
        "duration",
        format.duration.map(|us| seconds(us as f64 / 1e6)),
    );
    put(
        &mut out,
        "size",
        format.size.map(|bytes| json!(bytes.to_string())),
    );
    put(
        &mut out,
        "bit_rate",
        positive(format.bit_rate).map(|rate| json!(rate.to_string())),
    );
    put(&mut out, "tags", tags(&format.metadata));
    Value::Object(out)
}

fn stream_json(stream: &RawStream) -> Value {
    let mut out = Map::new();
    let in_seconds = |ticks: i64| {
        seconds(ticks as f64 * f64::from(stream.time_base.0) / f64::from(stream.time_base.1))
    };
    out.insert("index".into(), json!(stream.index));
    out.insert("codec_name".into(), json!(stream.codec_name));
    out.insert("codec_long_name".into(), json!(stream.codec_long_name));
    put(
        &mut out,
        "profile",
        stream.profile.as_ref().map(|name| json!(name)),
    );
    let kind = match stream.medium {
        Medium::Video => "video",
        Medium::Audio => "audio",
        Medium::Subtitle => "subtitle",
        Medium::Other => "data",
    };
    out.insert("codec_type".into(), json!(kind));
    if stream.medium == Medium::Video {
        out.insert("width".into(), json!(stream.width));
        out.insert("height".into(), json!(stream.height));
        if stream.sar.0 > 0 && stream.sar.1 > 0 {
            out.insert(
                "sample_aspect_ratio".into(),
                json!(format!("{}:{}", stream.sar.0, stream.sar.1)),
            );
        }
        put(
            &mut out,
            "pix_fmt",
            pixel_format_name(stream.pixel_format).map(|name| json!(name)),
        );
        out.insert(
            "r_frame_rate".into(),
            json!(format!(
                "{}/{}",
                stream.r_frame_rate.0, stream.r_frame_rate.1
            )),
        );
        out.insert(
            "avg_frame_rate".into(),
            json!(format!(
                "{}/{}",
                stream.avg_frame_rate.0, stream.avg_frame_rate.1
            )),
        );
        put(
            &mut out,
            "rotate",
            crate::av::geometry::clockwise(stream).map(|degrees| json!(degrees.to_string())),
        );
    }
    if stream.medium == Medium::Audio {
        out.insert("sample_rate".into(), json!(stream.sample_rate.to_string()));
        out.insert("channels".into(), json!(stream.channels));
        out.insert("channel_layout".into(), json!(stream.channel_layout));
    }
    out.insert(
        "time_base".into(),
        json!(format!("{}/{}", stream.time_base.0, stream.time_base.1)),
    );
    put(&mut out, "start_time", stream.start.map(in_seconds));
    put(&mut out, "duration", stream.duration.map(in_seconds));
    put(
        &mut out,
        "bit_rate",
        positive(stream.bit_rate).map(|rate| json!(rate.to_string())),
    );
    put(
        &mut out,
        "nb_frames",
        positive(stream.frames).map(|frames| json!(frames.to_string())),
    );
    out.insert(
        "disposition".into(),
        json!({ "default": u8::from(stream.default), "attached_pic": u8::from(stream.attached_picture) }),
    );
    put(&mut out, "tags", tags(&stream.metadata));
    Value::Object(out)
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.into(), value);
    }
}

/// Numbers of `avinfo` that ffprobe prints as text with six decimals.
fn seconds(value: f64) -> Value {
    json!(format!("{value:.6}"))
}

fn positive(value: i64) -> Option<i64> {
    (value > 0).then_some(value)
}

fn tags(metadata: &[(String, String)]) -> Option<Value> {
    let tags: Map<_, _> = metadata
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    (!tags.is_empty()).then_some(Value::Object(tags))
}

impl Input {
    /// What [`probe`] would say of this open file.
    pub(crate) fn probe(&self) -> &Probe {
        &self.probe
    }
}
