//! What a kind of value is: how its text is read, written and described. `values` lists the kinds there are.

use std::fmt::Write as _;

/// One kind of value. The range is written once, here: it checks, it is shown in errors, it is printed in the reference.
pub(super) enum Kind<V: 'static> {
    /// One of a list of names. The first name of a value is its canonical one, the others are aliases.
    Names(&'static [(&'static str, V)]),
    /// As `Names`, in upper or lower case.
    AnyCase(&'static [(&'static str, V)]),
    /// A whole number.
    Integer {
        min: u64,
        max: u64,
        unit: &'static str,
        make: fn(u64) -> Option<V>,
        get: fn(&V) -> u64,
    },
    /// A number with up to three decimals, kept in thousandths.
    Decimal {
        min: u64,
        max: u64,
        unit: &'static str,
        make: fn(u64) -> Option<V>,
        get: fn(&V) -> u64,
    },
    /// Anything else.
    Other {
        name: &'static str,
        range: &'static str,
        read: fn(&str) -> Option<V>,
        write: fn(&V) -> String,
    },
    /// As `Other`, but messages do not quote what was given.
    Secret {
        name: &'static str,
        range: &'static str,
        read: fn(&str) -> Option<V>,
        write: fn(&V) -> String,
    },
}

impl<V: Clone + PartialEq> Kind<V> {
    /// What the kind is called in the reference.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Names(_) | Self::AnyCase(_) => "name",
            Self::Integer { .. } => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Other { name, .. } | Self::Secret { name, .. } => name,
        }
    }

    /// The values there are, for errors and the reference.
    pub(super) fn range(&self) -> String {
        match self {
            Self::Names(names) | Self::AnyCase(names) => list(names),
            Self::Integer { min, max, unit, .. } => format!("{min} to {max}{unit}"),
            Self::Decimal { min, max, unit, .. } => {
                format!(
                    "{} to {}{unit}, up to 3 decimals",
                    thousandths(*min),
                    thousandths(*max)
                )
            }
            Self::Other { range, .. } | Self::Secret { range, .. } => (*range).to_owned(),
        }
    }

    /// The value of a text, if it is allowed.
    pub(super) fn read(&self, text: &str) -> Option<V> {
        match self {
            Self::Names(names) => names
                .iter()
                .find(|(name, _)| *name == text)
                .map(|(_, value)| value.clone()),
            Self::AnyCase(names) => names
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(text))
                .map(|(_, value)| value.clone()),
            Self::Integer { min, max, make, .. } => fixed(text, 0)
                .filter(|n| (*min..=*max).contains(n))
                .and_then(make),
            Self::Decimal { min, max, make, .. } => fixed(text, 3)
                .filter(|n| (*min..=*max).contains(n))
                .and_then(make),
            Self::Other { read, .. } | Self::Secret { read, .. } => read(text),
        }
    }

    /// The canonical text of a value.
    pub(super) fn write(&self, value: &V) -> String {
        match self {
            Self::Names(names) | Self::AnyCase(names) => names
                .iter()
                .find(|(_, named)| named == value)
                .map_or_else(String::new, |(name, _)| (*name).to_owned()),
            Self::Integer { get, .. } => get(value).to_string(),
            Self::Decimal { get, .. } => thousandths(get(value)),
            Self::Other { write, .. } | Self::Secret { write, .. } => write(value),
        }
    }

    /// True if a value must not show anywhere but in the op string itself.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::Secret { .. })
    }
}

/// `libx264 (h264), copy`: aliases in parentheses after their canonical name.
fn list<V: PartialEq>(names: &[(&str, V)]) -> String {
    let mut text = String::new();
    for (at, (name, value)) in names.iter().enumerate() {
        if names[..at].iter().any(|(_, earlier)| earlier == value) {
            continue;
        }
        let aliases: Vec<&str> = names[at + 1..]
            .iter()
            .filter(|(_, other)| other == value)
            .map(|(name, _)| *name)
            .collect();
        text.push_str(if at == 0 { "" } else { ", " });
        text.push_str(name);
        if !aliases.is_empty() {
            let _ = write!(text, " ({})", aliases.join(", ")); // writing to a String cannot fail
        }
    }
    text
}

/// A decimal number of digits alone, times 10^`decimals`, exactly: no sign, no exponent, no digit lost.
pub(super) fn fixed(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((_, fraction)) if fraction.is_empty() || fraction.len() > decimals => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

/// 29970 is `29.97`.
pub(super) fn thousandths(n: u64) -> String {
    match n % 1000 {
        0 => (n / 1000).to_string(),
        rest => format!("{}.{rest:03}", n / 1000)
            .trim_end_matches('0')
            .to_owned(),
    }
}
