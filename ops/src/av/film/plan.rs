//! Decides, before anything is decoded, which moments there are and how their pictures are had.

use super::keys::Keys;
use super::schedule::{Many, Rhythm, within};
use super::{Beyond, Film, MICROS, Schedule, Source, rescale, sys};
use crate::OpsError;

/// Up to so many pictures are sought one by one without reading all packets first.
const FEW: u64 = 8;
/// Pictures of a rhythm are those of their very moments if no more film than this has to be decoded for it: so many
/// microseconds, and so many for each, which is about what painting and writing it takes.
const ALLOWED: i64 = 3_000_000;
const ALLOWED_EACH: i64 = 100_000;

/// The pictures to be taken.
pub(crate) struct Plan {
    /// Ascending.
    pub(super) moments: Vec<i64>,
    pub(super) beyond: Beyond,
    /// For each moment the key picture that stands for it, in ticks, where no other needs to be decoded.
    pub(super) alone: Option<Vec<i64>>,
    pub(super) keys: Keys,
    /// Where the film ends, as far as is known.
    end: Option<i64>,
    /// How far a key picture that stands for a moment is from it at most, in microseconds.
    apart: i64,
}

impl Plan {
    /// Plans the pictures of `schedule`. Fails if they are too many.
    pub(crate) fn make(
        film: &Film<'_>,
        source: &mut Source<'_>,
        schedule: &Schedule,
    ) -> Result<Self, OpsError> {
        match schedule {
            Schedule::At { moments, parameter } => {
                within(moments.len() as u64, film.env.limits.pictures)?;
                let keys = match moments.len() {
                    1 => Keys::default(),
                    _ => Keys::indexed(film, source)?,
                };
                Ok(Self {
                    moments: moments.clone(),
                    beyond: Beyond::Fails(parameter),
                    alone: None,
                    keys,
                    end: None,
                    apart: 0,
                })
            }
            Schedule::Many(many) => Self::rhythm(film, source, many),
        }
    }

    fn rhythm(film: &Film<'_>, source: &mut Source<'_>, many: &Many) -> Result<Self, OpsError> {
        let limit = film.env.limits.pictures;
        let mut keys = Keys::indexed(film, source)?;
        let mut end = match keys.end {
            Some(end) => Some(film.moment(end)),
            None => film.end_by_header(),
        };
        let is_enough = |keys: &Keys, end: i64| {
            many.count(end) <= FEW
                || many
                    .moments(end, limit)
                    .is_ok_and(|moments| alone(film, keys, &moments, many.step(end)).is_some())
        };
        if !keys.complete && !end.is_some_and(|end| is_enough(&keys, end)) {
            keys = Keys::scanned(film, source)?;
            end = keys.end.map(|end| film.moment(end));
        }
        let end = end.ok_or(OpsError::NothingDecoded)?;
        let mut moments = many.moments(end, limit)?;
        if moments.is_empty() && many.start == 0 {
            // A film without length still has a picture.
            moments.push(0);
        }
        let beyond = match many.rhythm {
            Rhythm::Evenly(_) => Beyond::Last,
            Rhythm::Every(_) => Beyond::Ends,
        };
        if moments.is_empty() {
            return Err(film.past_end("ss", Some(many.start), None));
        }
        let step = many.step(end);
        let allowed = ALLOWED + ALLOWED_EACH.saturating_mul(moments.len() as i64);
        let exact_is_cheap = cost(film, &keys, &moments) <= film.ticks(allowed);
        let interlaced = source
            .opened()?
            .context
            .stream(film.stream.index)
            .is_some_and(|stream| sys::is_interlaced(&stream));
        let alone = match exact_is_cheap || interlaced {
            true => None,
            false => alone(film, &keys, &moments, step),
        };
        let apart = alone.iter().flatten().zip(&moments);
        let apart = apart.map(|(&key, &moment)| key.abs_diff(film.tick(moment)));
        let apart = i64::try_from(apart.max().unwrap_or(0)).unwrap_or(i64::MAX);
        Ok(Self {
            moments,
            beyond,
            alone,
            keys,
            end: Some(end),
            apart: rescale(apart, film.stream.time_base, MICROS),
        })
    }

    /// The moments, ascending; those behind the end of the film may turn out to have no picture.
    pub(crate) fn moments(&self) -> &[i64] {
        &self.moments
    }

    /// Where the film ends, as a moment, as far as is known.
    pub(crate) fn end(&self) -> Option<i64> {
        self.end
    }

    /// How the pictures are had, for people.
    pub(crate) fn explain(&self) -> String {
        let count = self.moments.len();
        let pictures = if count == 1 { "picture" } else { "pictures" };
        match &self.alone {
            Some(_) => format!(
                "{count} {pictures} of key frames alone: one stands within {:.2} s of every moment",
                self.apart as f64 / 1e6
            ),
            None => format!("{count} {pictures}, each decoded up to its moment"),
        }
    }
}

/// For each moment the key picture nearest to it, if all are within half a step and no two are the same.
fn alone(film: &Film<'_>, keys: &Keys, moments: &[i64], step: i64) -> Option<Vec<i64>> {
    let half = film.ticks(step) / 2;
    let chosen = moments.iter().map(|&moment| {
        let tick = film.tick(moment);
        let near = |key: &i64| !keys.jumps && key.abs_diff(tick) <= half.unsigned_abs();
        keys.nearest(tick).filter(near)
    });
    let chosen: Vec<i64> = chosen.collect::<Option<_>>()?;
    chosen.is_sorted_by(|a, b| a < b).then_some(chosen)
}

/// Ticks of film that are decoded for pictures of the very moments.
fn cost(film: &Film<'_>, keys: &Keys, moments: &[i64]) -> i64 {
    let mut before: Option<i64> = None;
    let cost_of = |&moment: &i64| {
        let tick = film.tick(moment);
        let on = before.map(|before| tick.saturating_sub(before));
        let from_key = keys.before(tick).map(|key| tick.saturating_sub(key));
        before = Some(tick);
        // Nothing known: all of it, as far as anybody can tell.
        on.into_iter().chain(from_key).min().unwrap_or(i64::MAX)
    };
    moments
        .iter()
        .map(cost_of)
        .fold(0, |all: i64, one| all.saturating_add(one))
}
