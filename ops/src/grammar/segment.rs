//! A piece of the op string that knows where it stands, so that every error can point at its bytes.

use super::Span;

/// What separates the segments of a stage.
pub(super) const SLASH: char = '/';

/// Some bytes of the op string.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub text: &'a str,
    pub span: Span,
}

impl<'a> Segment<'a> {
    /// The whole op string.
    pub(super) fn whole(text: &'a str) -> Self {
        Self {
            text,
            span: Span {
                start: 0,
                end: text.len(),
            },
        }
    }

    /// The part at these bytes of this segment; they must be on character boundaries.
    fn part(&self, start: usize, end: usize) -> Self {
        let span = Span {
            start: self.span.start + start,
            end: self.span.start + end,
        };
        Self {
            text: &self.text[start..end],
            span,
        }
    }

    /// The parts between separators, empty ones included.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut start = 0;
        self.text.split(separator).map(move |text| {
            let part = self.part(start, start + text.len());
            start += text.len() + separator.len_utf8();
            part
        })
    }

    /// Without these characters at both ends.
    pub(super) fn trim(self, blanks: &[char]) -> Self {
        let start = self.text.len() - self.text.trim_start_matches(blanks).len();
        let end = start + self.text[start..].trim_end_matches(blanks).len();
        self.part(start, end)
    }

    /// The part before the first `/`, and what comes after it.
    pub(super) fn name(self) -> (Self, Option<Self>) {
        match self.text.find(SLASH) {
            Some(at) => (self.part(0, at), Some(self.part(at + 1, self.text.len()))),
            None => (self, None),
        }
    }

    /// From the start of one part of this segment to the end of a later one.
    pub(super) fn between(&self, first: Self, last: Self) -> Self {
        self.part(
            first.span.start - self.span.start,
            last.span.end - self.span.start,
        )
    }
}

/// The last character boundary of a text that is not after `at`.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
