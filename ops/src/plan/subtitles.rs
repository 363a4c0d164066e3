//! Which subtitles are put in, and how: as streams where the container holds text, else drawn into the picture.

use std::path::Path;

use super::Windows;
use crate::OpsError;
use crate::av::seconds;
use crate::av::subtitles::{Origin, Span, SubtitleInput, SubtitlePlan, Way};
use crate::av::sys::{Medium, RawStream};
use crate::op::{Avthumb, SubtitleSource};
use crate::probe::Probe;
use crate::run::Task;

/// Decides what becomes of the subtitles; their files come with the task.
pub(super) fn plan(
    op: &Avthumb,
    task: &Task,
    source: &Path,
    probe: &Probe,
) -> Result<Option<SubtitlePlan>, OpsError> {
    let Some(sources) = &op.subtitles.sources else {
        return Ok(None);
    };
    let way = match op.subtitles.are_burned(op.container) {
        true => Way::Burned(task.dir.clone()),
        false => Way::Tracks(op.container),
    };
    let labels = op.subtitles.labels.as_ref();
    let input = |(at, from): (usize, &SubtitleSource)| {
        Ok(SubtitleInput {
            from: match from {
                SubtitleSource::Embedded => Origin::Source(source.to_owned()),
                SubtitleSource::Object(object) => {
                    Origin::Object(object.clone(), task.object(object)?.to_owned())
                }
            },
            label: labels.and_then(|labels| labels.as_slice().get(at)).cloned(),
        })
    };
    let inputs = sources.as_slice().iter().enumerate().map(input);
    let whole = played(probe);
    let windows = Windows::of(op);
    let spans = windows.get().iter().map(|window| Span {
        start: window.start as i64,
        length: window
            .seconds(whole)
            .map(|length| (length * 1000.0).round() as i64),
    });
    Ok(Some(SubtitlePlan {
        way,
        inputs: inputs.collect::<Result<_, OpsError>>()?,
        spans: spans.collect(),
    }))
}

/// How many seconds pictures and sound of the source last: subtitles may go on behind them, and the container counts those
/// as well.
fn played(probe: &Probe) -> Option<f64> {
    let streams = probe.streams.iter().filter(|stream| {
        matches!(stream.medium, Medium::Video | Medium::Audio) && !stream.attached_picture
    });
    let lengths: Option<Vec<f64>> = streams.map(length).collect();
    let longest = lengths.and_then(|lengths| lengths.into_iter().reduce(f64::max));
    longest.or(probe.duration_seconds())
}

/// Seconds a stream lasts, from where the file begins. Matroska tells in a tag.
fn length(stream: &RawStream) -> Option<f64> {
    if let Some(duration) = stream.duration {
        return Some(seconds(duration, stream.time_base));
    }
    let mut tags = stream.metadata.iter();
    let (_, tag) = tags.find(|(key, _)| key.eq_ignore_ascii_case("duration"))?;
    let mut parts = tag.splitn(3, ':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let all = hours * 3600.0 + minutes * 60.0 + seconds;
    (all.is_finite() && all > 0.0).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matroska_tells_the_length_of_a_stream_in_a_tag() {
        let tagged = |value: &str| RawStream {
            metadata: vec![("DURATION".into(), value.into())],
            ..RawStream::sample()
        };
        for (tag, expected) in [
            ("00:01:02.500000000", Some(62.5)),
            ("0:0:0", None),
            ("1:NaN:0", None),
            ("long", None),
            ("1:2", None),
        ] {
            assert_eq!(length(&tagged(tag)), expected, "{tag}");
        }
        let known = RawStream {
            duration: Some(25_600),
            ..tagged("00:01:00")
        };
        assert_eq!(length(&known), Some(2.0));
    }
}
