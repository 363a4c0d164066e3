//! What these tests hear: samples, pitches and loudness as ffmpeg tells them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{ffmpeg, utf8};

/// Makes a sound with libav's own generators.
pub fn sound(dir: &Path, name: &str, generator: &str, how: &[&str]) -> PathBuf {
    let path = dir.join(name);
    let mut args = vec!["-f", "lavfi", "-i", generator];
    args.extend(how);
    args.push(utf8(&path));
    assert_eq!(ffmpeg(&args), "", "{generator}");
    path
}

/// Samples of the first two channels, from -1 to 1. Decoding them makes nobody complain.
pub fn stereo(path: &Path) -> [Vec<f32>; 2] {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-xerror", "-i", utf8(path)])
        .args(["-vn", "-af", "pan=stereo|c0=c0|c1=c1", "-f", "f32le", "-"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(said.trim(), "", "{}", path.display());
    let (words, _) = out.stdout.as_chunks::<4>();
    let all: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    [0, 1].map(|channel| all[channel..].iter().step_by(2).copied().collect())
}

/// Samples of the first channel, from -1 to 1.
pub fn samples(path: &Path) -> Vec<f32> {
    let [left, _] = stereo(path);
    left
}

/// The pitch of a tone in Hz: how often it rises through zero, away from its ends.
pub fn pitch(samples: &[f32], rate: u32) -> f64 {
    let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
    let rises = middle
        .windows(2)
        .filter(|two| two[0] < 0.0 && two[1] >= 0.0);
    rises.count() as f64 * f64::from(rate) / middle.len() as f64
}

/// The highest sample, as a part of full scale.
pub fn peak(path: &Path) -> f32 {
    samples(path)
        .iter()
        .fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// Integrated loudness in LUFS and true peak in dB, by ffmpeg's scanner on the file as any player would decode it.
pub fn loudness(path: &Path) -> (f64, f64) {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-i", utf8(path), "-vn"])
        .args([
            "-af",
            "ebur128=peak=true:framelog=verbose",
            "-f",
            "null",
            "-",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let (_, summary) = said.rsplit_once("Summary:").expect("a summary");
    let number = |label: &str| {
        let (_, after) = summary.split_once(label).expect(label);
        after.split_whitespace().next().unwrap().parse().unwrap()
    };
    (number("I:"), number("Peak:"))
}
