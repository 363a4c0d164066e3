//! The rules a result has to keep, judged with ffprobe and ffmpeg alone. Each returns what is wrong, in one sentence.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::ffprobe::{self, Kind, Picture, Stream};

/// Lengths may differ by this much, or by one frame of the source if that is longer.
const TOLERANCE: f64 = 0.1;

/// A file that went in, and what the independent reader says of it. Read when it is first asked, and once.
pub struct Source {
    file: PathBuf,
    /// A link to the file under a name that says nothing, since what a file is, its bytes decide.
    bare: PathBuf,
    streams: OnceCell<Vec<Stream>>,
    complaints: OnceCell<String>,
    #[allow(dead_code)] // keeps the link
    folder: tempfile::TempDir,
}

impl Source {
    pub fn new(file: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bare = folder.path().join("source");
        let whole = file.canonicalize().expect("the file exists");
        std::os::unix::fs::symlink(whole, &bare).expect("a link");
        Self {
            file: file.to_owned(),
            bare,
            streams: OnceCell::new(),
            complaints: OnceCell::new(),
            folder,
        }
    }

    /// The file under its own name.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The file under a name that says nothing.
    pub fn bare(&self) -> &Path {
        &self.bare
    }

    fn streams(&self) -> &[Stream] {
        self.streams.get_or_init(|| ffprobe::streams(&self.bare))
    }

    /// True if the reader can describe it: it gives up where a decoder does not like what stands before the packets.
    pub fn opens(&self) -> bool {
        !self.streams().is_empty()
    }

    /// What is wrong with a film or sound made of it by encoding; nothing if all is well.
    pub fn film(&self, result: &Path) -> Vec<String> {
        let to = ffprobe::streams(result);
        let mut wrong = unclean(result);
        wrong.extend(self.missing(&to, Kind::Audio));
        if !ffprobe::is_sound_alone(result) {
            wrong.extend(self.missing(&to, Kind::Video));
        }
        wrong.extend(length(self.streams(), &to, result, |stream| stream.span));
        if let Some(video) = films(&to).next() {
            wrong.extend(self.picture_of_film(result, video));
        }
        wrong
    }

    /// What is wrong with a file its packets were copied to.
    pub fn copy(&self, result: &Path) -> Vec<String> {
        if !self.opens() {
            return Vec::new();
        }
        let to = ffprobe::streams(result);
        let mut wrong = Vec::new();
        // Damage is copied too, and nobody is to blame.
        let complaints = || ffprobe::decode_complaints(&self.bare);
        if self.complaints.get_or_init(complaints).is_empty() {
            wrong.extend(unclean(result));
        }
        wrong.extend(
            [Kind::Audio, Kind::Video]
                .into_iter()
                .filter_map(|kind| self.missing(&to, kind)),
        );
        wrong.extend(length(self.streams(), &to, result, |stream| stream.stored));
        for stream in &to {
            let same = |from: &&Stream| from.kind == stream.kind && from.codec == stream.codec;
            if !self.streams().iter().any(|from| same(&from)) {
                wrong.push(format!(
                    "stream {} is {}, as none was",
                    stream.index, stream.codec
                ));
            }
        }
        wrong
    }

    /// A stream of this kind that the source has and the result has not.
    fn missing(&self, to: &[Stream], kind: Kind) -> Option<String> {
        let counts = |stream: &&Stream| stream.kind == kind && !stream.cover;
        let had = self
            .streams()
            .iter()
            .filter(counts)
            .any(|stream| stream.span.is_some());
        let has = to.iter().any(|stream| counts(&stream));
        (had && !has).then(|| format!("has no {kind:?} stream; the source has one"))
    }

    /// What is wrong with a picture taken from it.
    pub fn still(&self, result: &Path) -> Vec<String> {
        let mut wrong = unclean(result);
        wrong.extend(self.picture(ffprobe::picture(result, 0), &[Shape::Square]));
        wrong
    }

    /// What is wrong with a description of it (`opmill probe`).
    pub fn description(&self, json: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.opens() {
            return wrong;
        }
        let said = ffprobe::container(&self.bare);
        for field in ["format_name", "nb_streams"] {
            if json["format"][field] != said[field] {
                let (ours, theirs) = (&json["format"][field], &said[field]);
                wrong.push(format!("`{field}` is {ours}; ffprobe says {theirs}"));
            }
        }
        let seconds = |value: &Value| ffprobe::number(&value["duration"]).unwrap_or(0.0);
        let (ours, theirs) = (seconds(&json["format"]), seconds(&said));
        if (ours - theirs).abs() > TOLERANCE {
            wrong.push(format!("`duration` is {ours} s; ffprobe says {theirs} s"));
        }
        wrong
    }

    /// The film is upright and shows what one of the source's films shows, with its pixels or with square ones.
    fn picture_of_film(&self, result: &Path, video: &Stream) -> Vec<String> {
        let mut wrong = Vec::new();
        if video.turn != 0 {
            wrong.push(format!(
                "still has a display matrix that turns it by {} degrees",
                video.turn
            ));
        }
        let shapes = [Shape::Square, Shape::Stored];
        wrong.extend(self.picture(ffprobe::picture(result, video.index), &shapes));
        wrong
    }

    /// What is wrong with the first picture of a result, if the reader sees one in the source.
    fn picture(&self, shown: Option<Picture>, shapes: &[Shape]) -> Option<String> {
        let pictures = films(self.streams()).filter_map(|stream| upright(&self.bare, stream));
        let expected: Vec<_> = pictures.collect();
        if expected.is_empty()
            || expected
                .iter()
                .any(|&from| same_picture(from, shown, shapes))
        {
            return None;
        }
        let expected: Vec<_> = expected.iter().map(|&from| describe(Some(from))).collect();
        Some(format!(
            "is {}; expected {}",
            describe(shown),
            expected.join(" or ")
        ))
    }
}

fn unclean(result: &Path) -> Vec<String> {
    match ffprobe::decode_complaints(result) {
        clean if clean.is_empty() => Vec::new(),
        complaints => vec![format!("does not decode clean: {complaints}")],
    }
}

fn films(streams: &[Stream]) -> impl Iterator<Item = &Stream> {
    streams
        .iter()
        .filter(|stream| stream.kind == Kind::Video && !stream.cover)
}

fn sounds(streams: &[Stream]) -> impl Iterator<Item = &Stream> {
    streams.iter().filter(|stream| stream.kind == Kind::Audio)
}

/// The result lasts as long as the longest of the streams it was made of. Of several films or sounds in a file one of
/// each was taken; which, the result does not tell, so any of them may match. It may last as long as `longest` says.
fn length(
    from: &[Stream],
    to: &[Stream],
    result: &Path,
    longest: fn(&Stream) -> Option<(f64, f64)>,
) -> Option<String> {
    let has = |kind| to.iter().any(|stream| stream.kind == kind && !stream.cover);
    let choices = |wanted: bool, streams: Vec<&Stream>| match wanted {
        true => streams
            .into_iter()
            .map(|stream| Some(stream.clone()))
            .collect(),
        false => vec![None],
    };
    // A player shows what the header of a film says; of sound alone, what is heard counts.
    let heard = sounds(to)
        .find_map(|stream| stream.span)
        .filter(|_| !has(Kind::Video));
    let actual = heard
        .map(|(start, end)| end - start)
        .or_else(|| ffprobe::duration(result));
    let Some(actual) = actual else {
        return Some("has no duration".into());
    };
    let films = choices(has(Kind::Video), films(from).collect());
    let sounds = choices(has(Kind::Audio), sounds(from).collect());
    let mut expected = Vec::new();
    for film in &films {
        for sound in &sounds {
            let taken = || film.iter().chain(sound);
            let lasts = |span: fn(&Stream) -> Option<(f64, f64)>| {
                let all = taken().filter_map(span);
                let (start, end) = all.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
                Some(end - start)
            };
            let (Some(seconds), Some(longest)) = (lasts(|stream| stream.span), lasts(longest))
            else {
                continue;
            };
            let tolerance = taken().map(|stream| stream.frame).fold(TOLERANCE, f64::max);
            if (seconds - tolerance..=longest.max(seconds) + tolerance).contains(&actual) {
                return None;
            }
            expected.push(format!("{seconds:.3} s"));
        }
    }
    let unknown = expected.is_empty();
    (!unknown).then(|| {
        let expected = expected.join(" or ");
        format!("lasts {actual:.3} s; the source lasts {expected}")
    })
}

#[derive(Clone, Copy)]
enum Shape {
    /// The pixels of the source, turned if it is to be turned.
    Stored,
    /// Stretched to square pixels.
    Square,
}

/// Same size up to the step to an even number, and the same shape on screen.
fn same_picture(upright: Picture, result: Option<Picture>, shapes: &[Shape]) -> bool {
    let Some(result) = result else {
        return false;
    };
    shapes.iter().any(|shape| {
        let wanted = match shape {
            Shape::Stored => upright,
            Shape::Square => Picture {
                width: (upright.width * upright.pixel).round(),
                pixel: 1.0,
                ..upright
            },
        };
        let close = |a: f64, b: f64| (a - b).abs() <= 1.0;
        // A picture of one pixel cannot be halved; 4:2:0 needs two, and what they look like nobody sees.
        let close = |a: f64, b: f64| close(a, b) || (a <= 2.0 && b <= 2.0);
        close(wanted.width, result.width)
            && close(wanted.height, result.height)
            && (wanted.width.min(wanted.height) <= 2.0
                || (wanted.pixel / result.pixel - 1.0).abs() < 0.02)
    })
}

/// The source's picture as a player turns it.
fn upright(source: &Path, stream: &Stream) -> Option<Picture> {
    let stored = ffprobe::picture(source, stream.index)?;
    // Beyond 1:20 no player believes it.
    let stored = if (0.05..=20.0).contains(&stored.pixel) {
        stored
    } else {
        Picture {
            pixel: 1.0,
            ..stored
        }
    };
    Some(match stream.turn {
        90 | 270 => Picture {
            width: stored.height,
            height: stored.width,
            pixel: 1.0 / stored.pixel,
        },
        _ => stored,
    })
}

fn describe(picture: Option<Picture>) -> String {
    match picture {
        Some(Picture {
            width,
            height,
            pixel,
        }) => format!("{width}x{height} with pixels {pixel:.3}:1"),
        None => "no picture".into(),
    }
}
