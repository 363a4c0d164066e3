//! The op string with carets under the bytes an error is about.

use unicode_width::UnicodeWidthChar as _;

use super::Span;
use super::segment::boundary;

/// Characters shown before the span, of the span, and after it.
const BEFORE: usize = 48;
const INSIDE: usize = 48;
const AFTER: usize = 24;

/// Two lines: the text around the span, and carets under the span, in columns of a terminal.
pub(crate) fn point(text: &str, span: Span) -> String {
    // The text may not be the one the span comes from: any pair of text and span gives a picture, never a panic.
    let start = boundary(text, span.start);
    let end = boundary(text, span.end).max(start);
    let (before, inside, after) = (&text[..start], &text[start..end], &text[end..]);

    let (before, cut_before) = last(before, BEFORE);
    let (inside, cut_inside) = first(inside, INSIDE);
    let (after, cut_after) = if cut_inside {
        ("", true)
    } else {
        first(after, AFTER)
    };
    let before = ellipsis(cut_before).to_owned() + &visible(before);
    let inside = visible(inside);

    let line = format!("{before}{inside}{}{}", visible(after), ellipsis(cut_after));
    let carets = "^".repeat(columns(&inside).max(1));
    format!("{line}\n{}{carets}", " ".repeat(columns(&before)))
}

fn ellipsis(cut: bool) -> &'static str {
    if cut { "…" } else { "" }
}

fn first(text: &str, chars: usize) -> (&str, bool) {
    match text.char_indices().nth(chars) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

fn last(text: &str, chars: usize) -> (&str, bool) {
    match text.char_indices().nth_back(chars) {
        Some((at, c)) => (&text[at + c.len_utf8()..], true),
        None => (text, false),
    }
}

/// Control characters as their pictures (␀, ␊), which are one column wide and move no cursor.
fn visible(text: &str) -> String {
    let picture = |c: char| match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(picture).collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}
