//! `avinfo2` (wire.md 6.9): a fixed set of members, each of them always there, for clients that look for them by name.

use serde_json::{Map, Value, json};

use super::{Probe, seconds};
use crate::av::geometry;
use crate::av::sys::{Medium, RawStream, pixel_format_name};

impl Probe {
    /// The `avinfo2` JSON of `wire.md` 6.9. Streams without picture or sound are left out; a length that is not told of
    /// a stream is the file's, a bit rate or number of frames that is not told is `"0"`.
    pub fn avinfo2(&self) -> Value {
        let whole = self.format.duration.map_or(0.0, |us| us as f64 / 1e6);
        let streams = self
            .streams
            .iter()
            .filter_map(|stream| brief(stream, whole));
        json!({
            "streams": streams.collect::<Vec<_>>(),
            "format": {
                "nb_streams": self.streams.len(),
                "format_name": self.format.name,
                "duration": seconds(whole),
                "size": self.format.size.unwrap_or(0).to_string(),
                "bit_rate": self.format.bit_rate.max(0).to_string(),
            },
        })
    }
}

fn brief(stream: &RawStream, whole: f64) -> Option<Value> {
    let (num, den) = stream.time_base;
    let own = |ticks: i64| ticks as f64 * f64::from(num) / f64::from(den);
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("index", json!(stream.index));
    put("codec_name", json!(stream.codec_name));
    put("duration", seconds(stream.duration.map_or(whole, own)));
    put("bit_rate", json!(stream.bit_rate.max(0).to_string()));
    put("nb_frames", json!(stream.frames.max(0).to_string()));
    match stream.medium {
        Medium::Video => {
            put("codec_type", json!("video"));
            put("width", json!(stream.width));
            put("height", json!(stream.height));
            let format = pixel_format_name(stream.pixel_format);
            put("pix_fmt", json!(format.as_deref().unwrap_or("unknown")));
            if let Some(degrees) = geometry::clockwise(stream) {
                put("rotate", json!(degrees.to_string()));
            }
        }
        Medium::Audio => {
            put("codec_type", json!("audio"));
            put("sample_rate", json!(stream.sample_rate.to_string()));
            put("channels", json!(stream.channels));
        }
        Medium::Subtitle | Medium::Other => return None,
    }
    Some(Value::Object(out))
}
