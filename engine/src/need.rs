//! What a job needs of the machine, estimated from its source and commands before it is begun. On the large side: a job
//! that waits a moment too long costs less than a machine out of memory.

use std::path::Path;

use opmill_ops::{Limits, Op, Pipeline};
use opmill_store::JobId;

/// Cores, memory and scratch space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Cores it keeps busy.
    pub cores: usize,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of files in the data directory while it runs.
    pub scratch_bytes: u64,
}

/// A job that may run, for a [`Processor`](crate::Processor) to say what it will need.
#[derive(Debug)]
#[non_exhaustive]
pub struct Candidate<'a> {
    /// The job.
    pub job: JobId,
    /// The source if it is a file of this machine; one in remote storage is brought here later.
    pub source: Option<&'a Path>,
    /// Its size in bytes at submission.
    pub size: u64,
    /// The commands that can run.
    pub pipelines: Vec<&'a Pipeline>,
    /// Bounds on sources.
    pub limits: &'a Limits,
}

/// The libraries, the container's index, buffers of packets.
const BASE: u64 = 64 << 20;
/// Pictures a decoder with its threads, and the filters after it, hold at the same time.
const DECODED: u64 = 32;
/// Pictures an encoder holds: the look-ahead of x264, references, its threads' own.
const ENCODED: u64 = 80;
/// Pictures in the making of a still one.
const STILL: u64 = 4;
/// Bytes of a pixel between decoder and encoder, at more than eight bits; of one in a still picture.
const FILM_PIXEL: u64 = 3;
const STILL_PIXEL: u64 = 4;
/// What a source whose size in pixels is unknown is taken for.
const UNSEEN: u64 = 1920 * 1080;
/// Room for a still picture or a sheet.
const PICTURE_FILE: u64 = 8 << 20;

impl Need {
    /// A job that keeps one core busy, and has a copy of its source if that is remote.
    pub fn least(candidate: &Candidate<'_>) -> Need {
        Need {
            cores: 1,
            memory_bytes: 0,
            scratch_bytes: copied(candidate),
        }
    }

    /// What libav needs for these commands on this source. Opens a local source and decodes nothing.
    pub fn of_media(candidate: &Candidate<'_>) -> Need {
        let pixels = candidate
            .source
            .map_or(Some(UNSEEN), |source| pixels(source, candidate.limits));
        // What is no media fails soon.
        let Some(pixels) = pixels else {
            return Need::least(candidate);
        };
        let ops = candidate
            .pipelines
            .iter()
            .flat_map(|pipeline| &pipeline.ops);
        let (mut films, mut stills, mut others) = (0, 0, 0);
        for op in ops {
            match op {
                Op::Avthumb(op) if op.vn || op.container.is_audio_only() => others += 1,
                Op::Avthumb(_) | Op::Avconcat(_) => films += 1,
                Op::Vframe(_) | Op::Vsample(_) | Op::ImageView2(_) | Op::Getapic(_) => stills += 1,
                Op::Decompression(_) | Op::Avinfo(_) => others += 1,
            }
        }
        estimate(
            candidate.size,
            copied(candidate),
            pixels,
            films,
            stills,
            others,
        )
    }
}

/// The sums, apart from where the figures come from.
fn estimate(size: u64, copied: u64, pixels: u64, films: u64, stills: u64, others: u64) -> Need {
    let decoded = match films + stills {
        0 => 0,
        _ => DECODED * pixels * FILM_PIXEL,
    };
    let encoded = films * ENCODED * pixels * FILM_PIXEL + stills * STILL * pixels * STILL_PIXEL;
    Need {
        cores: usize::try_from(films).unwrap_or(usize::MAX).max(1),
        memory_bytes: BASE.saturating_add(decoded).saturating_add(encoded),
        // An output is rarely larger than its source.
        scratch_bytes: copied
            .saturating_add(size.saturating_mul(films + others))
            .saturating_add(stills * PICTURE_FILE),
    }
}

fn copied(candidate: &Candidate<'_>) -> u64 {
    match candidate.source {
        Some(_) => 0,
        None => candidate.size,
    }
}

/// The largest picture of a file, 0 for sound; `None` for what is no media.
fn pixels(source: &Path, limits: &Limits) -> Option<u64> {
    let facts = opmill_ops::probe(source, limits).ok()?.avinfo2();
    let streams = facts.get("streams")?.as_array()?;
    let side = |stream: &serde_json::Value, name: &str| stream.get(name)?.as_u64();
    let area = |stream| Some(side(stream, "width")? * side(stream, "height")?);
    Some(streams.iter().filter_map(area).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_pixels_and_more_outputs_need_more() {
        const HD: u64 = 1920 * 1080;
        const GIB: u64 = 1 << 30;
        let film = estimate(GIB, 0, HD, 1, 0, 0);
        let uhd = estimate(GIB, 0, 4 * HD, 1, 0, 0);
        let two = estimate(GIB, GIB, HD, 2, 0, 0);
        let still = estimate(GIB, 0, HD, 0, 1, 0);
        let sound = estimate(GIB, 0, 0, 0, 0, 1);
        assert!((GIB / 2..GIB).contains(&film.memory_bytes), "{film:?}");
        assert!(uhd.memory_bytes > 3 * film.memory_bytes, "{uhd:?}");
        assert!(
            still.memory_bytes < film.memory_bytes / 2 && still.scratch_bytes < film.scratch_bytes
        );
        assert_eq!((two.cores, two.scratch_bytes), (2, 3 * GIB));
        assert_eq!((sound.cores, sound.memory_bytes), (1, BASE));
        let absurd = estimate(u64::MAX, u64::MAX, 1 << 40, 9, 9, 9);
        assert_eq!(absurd.scratch_bytes, u64::MAX, "no sum runs over");
    }
}
