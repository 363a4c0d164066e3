//! The independent reader: what ffprobe and ffmpeg, and not opmill, say about a file.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::child::{Ended, watch};

/// How long these programs may think about a file; some of them are made to keep a reader busy for ever.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A stream as far as the checks need it.
#[derive(Debug, Clone)]
pub struct Stream {
    pub index: u64,
    pub kind: Kind,
    pub codec: String,
    /// A picture attached to sound, not a film.
    pub cover: bool,
    /// Clockwise degrees a player turns the picture by.
    pub turn: u32,
    /// Seconds one frame lasts, of sound or picture.
    pub frame: f64,
    /// First and last moment of what is shown or heard; `None` for a stream without packets.
    pub span: Option<(f64, f64)>,
    /// The same with what an edit list hides or a codec puts in front, which a copy may have to take along.
    pub stored: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Video,
    Audio,
    Other,
}

/// A decoded picture's size and the shape of its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    pub width: f64,
    pub height: f64,
    /// Width of a pixel divided by its height.
    pub pixel: f64,
}

/// Every stream with the span it really has, since headers of broken files lie: pictures by their packets, sound by
/// decoding it, because what encoders put in front and behind is in packets but is not heard.
pub fn streams(file: &Path) -> Vec<Stream> {
    let json = ffprobe(
        &[
            "-show_streams",
            "-show_packets",
            "-show_entries",
            STREAM_ENTRIES,
        ],
        file,
    );
    let packets = json["packets"].as_array().cloned().unwrap_or_default();
    let streams = json["streams"].as_array().cloned().unwrap_or_default();
    streams
        .iter()
        .map(|stream| read_stream(file, stream, &packets))
        .collect()
}

const STREAM_ENTRIES: &str = "stream=index,codec_type,codec_name,avg_frame_rate,r_frame_rate,sample_rate,frame_size:\
stream_disposition=attached_pic:stream_side_data=rotation:packet=stream_index,pts_time,dts_time,duration_time,flags";

fn read_stream(file: &Path, stream: &Value, packets: &[Value]) -> Stream {
    let kind = match stream["codec_type"].as_str() {
        Some("video") => Kind::Video,
        Some("audio") => Kind::Audio,
        _ => Kind::Other,
    };
    let index = stream["index"].as_u64().expect("a stream has an index");
    let frame = match kind {
        Kind::Video => rate(&stream["avg_frame_rate"])
            .or(rate(&stream["r_frame_rate"]))
            .map_or(0.04, |fps| 1.0 / fps),
        // The frame of AAC when a demuxer does not say.
        _ => number(&stream["sample_rate"]).map_or(0.0, |hz| 1024.0 / hz),
    };
    let turn = stream["side_data_list"]
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|data| data["rotation"].as_f64());
    // libav counts counter-clockwise.
    let turn = (-turn.unwrap_or(0.0)).rem_euclid(360.0).round() as u32;
    let cover = stream["disposition"]["attached_pic"].as_u64() == Some(1);
    Stream {
        index,
        kind,
        codec: stream["codec_name"]
            .as_str()
            .unwrap_or("unknown")
            .to_owned(),
        cover,
        turn,
        frame,
        span: if kind == Kind::Audio {
            heard(file, index)
        } else {
            span(index, frame, packets, |flags| !flags.contains('D'))
        },
        stored: span(index, frame, packets, |_| true),
    }
}

/// From the first to the end of the last packet whose flags are wanted; `D` is one that an edit list hides.
fn span(
    index: u64,
    frame: f64,
    packets: &[Value],
    wanted: impl Fn(&str) -> bool,
) -> Option<(f64, f64)> {
    let wanted = packets.iter().filter(|packet| {
        packet["stream_index"].as_u64() == Some(index)
            && wanted(packet["flags"].as_str().unwrap_or(""))
    });
    let times = wanted.filter_map(|packet| {
        let start = number(&packet["pts_time"]).or(number(&packet["dts_time"]))?;
        Some((
            start,
            start + number(&packet["duration_time"]).unwrap_or(frame),
        ))
    });
    times.reduce(|(first, last), (start, end)| (first.min(start), last.max(end)))
}

/// The first picture of a video stream as it decodes: containers may claim another size.
pub fn picture(file: &Path, index: u64) -> Option<Picture> {
    let stream = index.to_string();
    let entries = "frame=width,height,sample_aspect_ratio";
    // More packets than one, because an edit list may hide the first ones.
    let arguments = [
        "-select_streams",
        &stream,
        "-read_intervals",
        "%+#128",
        "-show_frames",
        "-show_entries",
        entries,
    ];
    let json = ffprobe(&arguments, file);
    let frame = json["frames"].as_array()?.first()?.clone();
    let pixel = frame["sample_aspect_ratio"].as_str().and_then(|text| {
        let (width, height) = text.split_once(':')?;
        let ratio = width.parse::<f64>().ok()? / height.parse::<f64>().ok()?;
        (ratio.is_finite() && ratio > 0.0).then_some(ratio)
    });
    Some(Picture {
        width: frame["width"].as_f64()?,
        height: frame["height"].as_f64()?,
        pixel: pixel.unwrap_or(1.0),
    })
}

/// From the first to the end of the last sample.
fn heard(file: &Path, index: u64) -> Option<(f64, f64)> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "quiet", "-copyts", "-i"])
        .arg(file)
        .args(["-map", &format!("0:{index}"), "-f", "framecrc", "-"]);
    let text = String::from_utf8_lossy(&watch(&mut ffmpeg, PATIENCE).out).into_owned();
    // `#tb 0: 1/44100`, then a line of `stream, dts, pts, duration, size, checksum` for each frame.
    let unit = text
        .lines()
        .find_map(|line| rate_of(line.strip_prefix("#tb 0: ")?))?;
    let frames = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line
                .split(',')
                .skip(2)
                .map(|cell| cell.trim().parse::<f64>().ok());
            let (start, length) = (cells.next()??, cells.next()??);
            Some((start * unit, (start + length) * unit))
        });
    frames.reduce(|(first, last), (start, end)| (first.min(start), last.max(end)))
}

/// What the container says of itself: `format_name`, `nb_streams`, `duration`.
pub fn container(file: &Path) -> Value {
    ffprobe(
        &["-show_entries", "format=format_name,nb_streams,duration"],
        file,
    )["format"]
        .clone()
}

/// True of a format that cannot hold pictures.
pub fn is_sound_alone(file: &Path) -> bool {
    container(file)["format_name"] == "mp3"
}

/// The length its header gives, which is what a player shows.
pub fn duration(file: &Path) -> Option<f64> {
    number(&container(file)["duration"])
}

/// Decodes picture and sound to the end and returns what ffmpeg complained about; empty is clean.
pub fn decode_complaints(file: &Path) -> String {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "error", "-xerror", "-i"])
        .arg(file)
        .args(["-map", "0:V?", "-map", "0:a?"])
        // Frames keep their times: by default ffmpeg counts them at a guessed rate, and would complain about frames
        // of variable rate that fall on one count.
        .args([
            "-fps_mode",
            "passthrough",
            "-enc_time_base",
            "-1",
            "-f",
            "null",
            "-",
        ]);
    let Ended { status, err, .. } = watch(&mut ffmpeg, PATIENCE);
    match status {
        None => "it does not come to an end".to_owned(),
        Some(status) if !status.success() && err.trim().is_empty() => status.to_string(),
        Some(_) => err.trim().to_owned(),
    }
}

fn ffprobe(arguments: &[&str], file: &Path) -> Value {
    let mut ffprobe = Command::new("ffprobe");
    ffprobe
        .args(["-v", "quiet", "-of", "json"])
        .args(arguments)
        .arg(file);
    // Tags need not be UTF-8, and are printed as they are.
    let said = watch(&mut ffprobe, PATIENCE).out;
    serde_json::from_str(&String::from_utf8_lossy(&said)).unwrap_or(Value::Null)
}

pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn rate(value: &Value) -> Option<f64> {
    rate_of(value.as_str()?)
}

/// `30000/1001` as a number.
fn rate_of(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let rate = below
        .parse::<f64>()
        .ok()
        .zip(above.parse::<f64>().ok())
        .map(|(below, above)| above / below)?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}
