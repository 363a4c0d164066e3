//! Templates: text with `$(name)` in it (wire.md 4.1). What a name stands for is the caller's to say; one that is unknown
//! stands for nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};
use opmill_engine::UnixMillis;

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn pieces(mut template: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        if template.is_empty() {
            return None;
        }
        let named = template
            .strip_prefix("$(")
            .and_then(|rest| rest.split_once(')'));
        if let Some((name, rest)) = named {
            template = rest;
            return Some(Piece::Name(name));
        }
        // A dollar that begins nothing is text like any other.
        let later = template.char_indices().skip(1).map(|(at, _)| at);
        let next = later
            .into_iter()
            .find(|at| template[*at..].starts_with("$("));
        let start = next.unwrap_or(template.len());
        let (text, rest) = template.split_at(start);
        template = rest;
        Some(Piece::Text(text))
    })
}

/// The names in a template.
pub fn names(template: &str) -> BTreeSet<&str> {
    let name = |piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    };
    pieces(template).filter_map(name).collect()
}

/// The template with what each name stands for.
pub fn expand(template: &str, mut value: impl FnMut(&str) -> String) -> String {
    let text = |piece| match piece {
        Piece::Name(name) => value(name),
        Piece::Text(text) => text.to_owned(),
    };
    pieces(template).map(text).collect()
}

/// A file name at its last dot: what is before it, and the suffix, which is `unknown` where there is none.
pub fn split_name(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((prefix, suffix)) if !prefix.is_empty() && !suffix.is_empty() => (prefix, suffix),
        _ => (name, "unknown"),
    }
}

/// Year, month, day, hour, minute and second of a moment in a zone, as `saveKey` prints them.
pub fn calendar(at: UnixMillis, zone: FixedOffset) -> [String; 6] {
    let millis = i64::try_from(at.get()).unwrap_or(i64::MAX);
    let moment = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    let there = moment.with_timezone(&zone);
    ["%Y", "%m", "%d", "%H", "%M", "%S"].map(|part| there.format(part).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_all_else_stays() {
        let value = |name: &str| match name {
            "a" => "1".to_owned(),
            "x:b" => "ü".to_owned(),
            "nested" => "$(a)".to_owned(),
            _ => String::new(),
        };
        for (template, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("$(a)", "1"),
            ("k=$(a)&x=$(x:b)", "k=1&x=ü"),
            ("$(unknown)|$(nested)", "|$(a)"),
            ("$ (a) $a $(", "$ (a) $a $("),
            ("é$(a)é", "é1é"),
            ("$$(a)", "$1"),
            ("$()", ""),
        ] {
            assert_eq!(expand(template, value), expected, "{template}");
        }
        let found: Vec<&str> = names("$(b)x$(a)$(b)").into_iter().collect();
        assert_eq!(found, ["a", "b"]);
    }

    #[test]
    fn c_49_a_name_splits_at_its_last_dot() {
        for (name, prefix, suffix) in [
            ("a.tar.gz", "a.tar", "gz"),
            ("noext", "noext", "unknown"),
            (".env", ".env", "unknown"),
            ("dot.", "dot.", "unknown"),
        ] {
            assert_eq!(split_name(name), (prefix, suffix), "{name}");
        }
    }

    #[test]
    fn moments_have_a_date_and_a_time_in_every_zone() {
        for (millis, zone, expected) in [
            (0, 0, "1970-01-01 00:00:00"),
            (0, 8, "1970-01-01 08:00:00"),
            (0, -1, "1969-12-31 23:00:00"),
            (1_460_160_000_999, 0, "2016-04-09 00:00:00"),
            (951_782_400_000, 0, "2000-02-29 00:00:00"),
        ] {
            let [year, month, day, hour, minute, second] = calendar(
                UnixMillis::new(millis),
                FixedOffset::east_opt(zone * 3600).unwrap(),
            );
            let found = format!("{year}-{month}-{day} {hour}:{minute}:{second}");
            assert_eq!(found, expected, "{millis} {zone}");
        }
    }
}
