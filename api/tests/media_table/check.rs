//! The rules a result has to keep, judged with ffprobe and ffmpeg alone. Each returns what is wrong, in one sentence.

use std::path::Path;

use super::ffprobe::{self, Kind, Picture, Stream};

/// Lengths may differ by this much, or by one frame of the source if that is longer.
const TOLERANCE: f64 = 0.1;

/// What is wrong with a film or sound made of `source`; nothing if all is well.
pub fn media(source: &Path, result: &Path) -> Vec<String> {
    let (from, to) = (ffprobe::streams(source), ffprobe::streams(result));
    let mut wrong = Vec::new();
    let complaints = ffprobe::decode_complaints(result);
    if !complaints.is_empty() {
        wrong.push(format!("does not decode clean: {complaints}"));
    }
    wrong.extend(length(&from, &to, result));
    if let Some(video) = films(&to).next() {
        wrong.extend(picture_of_film(source, &from, result, video));
    }
    wrong
}

/// What is wrong with a picture taken from `source`.
pub fn still(source: &Path, result: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let complaints = ffprobe::decode_complaints(result);
    if !complaints.is_empty() {
        wrong.push(format!("does not decode clean: {complaints}"));
    }
    let from = ffprobe::streams(source);
    let shown = ffprobe::picture(result, 0);
    if !films(&from).any(|stream| same_picture(source, stream, shown, &[Shape::Square])) {
        wrong.push(format!(
            "is {}; expected {}",
            describe(shown),
            expected(source, &from)
        ));
    }
    wrong
}

/// How long the picture of `source` goes on, from the moment the file begins.
pub fn picture_seconds(source: &Path) -> f64 {
    let streams = ffprobe::streams(source);
    films(&streams)
        .filter_map(|stream| stream.span)
        .map(|(start, end)| end - start)
        .fold(0.0, f64::max)
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
/// each was taken; which, the result does not tell, so any of them may match.
fn length(from: &[Stream], to: &[Stream], result: &Path) -> Option<String> {
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
            let span = taken()
                .filter_map(|stream| stream.span)
                .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            let Some((start, end)) = span else { continue };
            let tolerance = taken().map(|stream| stream.frame).fold(TOLERANCE, f64::max);
            if (actual - (end - start)).abs() <= tolerance {
                return None;
            }
            expected.push(format!("{:.3} s", end - start));
        }
    }
    Some(format!(
        "lasts {actual:.3} s; the source lasts {}",
        expected.join(" or ")
    ))
}

/// The film is upright and shows what one of the source's films shows, with its pixels or with square ones.
fn picture_of_film(source: &Path, from: &[Stream], result: &Path, video: &Stream) -> Vec<String> {
    let mut wrong = Vec::new();
    if video.turn != 0 {
        wrong.push(format!(
            "still has a display matrix that turns it by {} degrees",
            video.turn
        ));
    }
    let shown = ffprobe::picture(result, video.index);
    if !films(from)
        .any(|stream| same_picture(source, stream, shown, &[Shape::Square, Shape::Stored]))
    {
        wrong.push(format!(
            "is {}; expected {}",
            describe(shown),
            expected(source, from)
        ));
    }
    wrong
}

#[derive(Clone, Copy)]
enum Shape {
    /// The pixels of the source, turned if it is to be turned.
    Stored,
    /// Stretched to square pixels.
    Square,
}

/// Same size up to the step to an even number, and the same shape on screen.
fn same_picture(source: &Path, stream: &Stream, result: Option<Picture>, shapes: &[Shape]) -> bool {
    let (Some(upright), Some(result)) = (upright(source, stream), result) else {
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
        // A picture of one pixel cannot be halved; 4:2:0 needs two.
        let close = |a: f64, b: f64| close(a, b) || (a <= 2.0 && b <= 2.0);
        close(wanted.width, result.width)
            && close(wanted.height, result.height)
            && (wanted.pixel / result.pixel - 1.0).abs() < 0.02
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

fn expected(source: &Path, from: &[Stream]) -> String {
    let pictures: Vec<_> = films(from)
        .map(|stream| describe(upright(source, stream)))
        .collect();
    pictures.join(" or ")
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
