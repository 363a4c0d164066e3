//! What an output shows and sounds like, moment by moment, measured by ffmpeg.

use std::path::Path;
use std::process::Command;

use crate::bench::{ffmpeg, utf8};

/// Samples a second of what [`sound`] gives.
pub const RATE: usize = 8000;

/// A clip of `seconds` that flashes white and beeps for the first tenth of every second, in the encoding that is asked
/// for. `shape` are filters on the picture, `out` the options of the output.
pub fn clapper(path: &Path, seconds: f64, shape: &str, out: &[&str]) {
    let picture = format!(
        "color=black:size=160x120:rate=25:duration={seconds}[b];color=white:size=160x120:rate=25:duration={seconds}[w];\
[b][w]overlay=enable='lt(mod(t,1),0.099)':shortest=1{shape}[v];\
aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.1)':s=48000:d={seconds}[a]"
    );
    let mut args = vec!["-filter_complex", &picture, "-map", "[v]", "-map", "[a]"];
    args.extend(out);
    args.extend([
        "-preset",
        "ultrafast",
        "-g",
        "10",
        "-pix_fmt",
        "yuv420p",
        utf8(path),
    ]);
    assert_eq!(ffmpeg(&args), "");
}

/// The time of every picture and how bright it is.
pub fn pictures(path: &Path) -> Vec<(f64, u8)> {
    let times = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries"])
        .args(["frame=best_effort_timestamp_time", "-of", "csv=p=0"])
        .arg(path)
        .output()
        .unwrap();
    let times = String::from_utf8(times.stdout).unwrap();
    let lines = times.lines().filter(|line| !line.is_empty());
    let times = lines.map(|line| {
        let time = line.trim_matches(',');
        time.parse::<f64>()
            .unwrap_or_else(|_| panic!("no time: {line}"))
    });
    let light = raw(
        path,
        &["-map", "0:v:0", "-fps_mode", "passthrough"],
        "scale=1:1:flags=area,format=gray",
        "rawvideo",
    );
    let times: Vec<f64> = times.collect();
    assert_eq!(times.len(), light.len(), "{}", path.display());
    times.into_iter().zip(light).collect()
}

/// The sound from time zero on, as one channel: every packet at its time, as players have it.
pub fn sound(path: &Path) -> Vec<i16> {
    let filter = format!(
        "aresample={RATE}:async=1:min_hard_comp=0.002:first_pts=0,aformat=channel_layouts=mono"
    );
    let bytes = raw(path, &["-map", "0:a:0"], &filter, "s16le");
    let sample = |two: &[u8]| i16::from_le_bytes([two[0], two[1]]);
    bytes.chunks_exact(2).map(sample).collect()
}

fn raw(path: &Path, map: &[&str], filter: &str, format: &str) -> Vec<u8> {
    let kind = if format == "rawvideo" { "-vf" } else { "-af" };
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i", utf8(path)])
        .args(map)
        .args([kind, filter, "-f", format, "-"])
        .output()
        .unwrap();
    out.stdout
}

/// Seconds at which the picture turns bright.
pub fn flashes(path: &Path) -> Vec<f64> {
    let pictures = pictures(path);
    let dark_before = |at: usize| at == 0 || pictures[at - 1].1 < 128;
    let lit = |at: &usize| pictures[*at].1 >= 128 && dark_before(*at);
    (0..pictures.len())
        .filter(lit)
        .map(|at| pictures[at].0)
        .collect()
}

/// Seconds at which a sound begins after a twentieth of a second of quiet.
pub fn beeps(path: &Path) -> Vec<f64> {
    let mut found = Vec::new();
    let mut quiet = RATE;
    for (at, sample) in sound(path).into_iter().enumerate() {
        if sample.unsigned_abs() < 4000 {
            quiet += 1;
            continue;
        }
        if quiet >= RATE / 20 {
            found.push(at as f64 / RATE as f64);
        }
        quiet = 0;
    }
    found
}

/// Stretches of at least `least` seconds in which there is no sound, as start and end. The last packet is not looked at:
/// it is filled up with silence.
pub fn silences(path: &Path, least: f64) -> Vec<(f64, f64)> {
    let mut sound = sound(path);
    sound.truncate(sound.len().saturating_sub(RATE / 20));
    let mut found = Vec::new();
    let mut start = None;
    for (at, sample) in sound.iter().chain([&i16::MAX]).enumerate() {
        match (sample.unsigned_abs() < 200, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if (at - from) as f64 >= least * RATE as f64 {
                    found.push((from as f64 / RATE as f64, at as f64 / RATE as f64));
                }
                start = None;
            }
            _ => (),
        }
    }
    found
}
