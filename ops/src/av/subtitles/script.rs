//! Subtitles in memory: styles and events of ASS, the one form libav decodes text subtitles to and encodes them from. Pure.

/// One set of subtitles.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Script {
    /// Script information and styles; no other sections, as those may carry fonts and pictures.
    pub(super) header: String,
    /// By their start.
    pub(super) events: Vec<Event>,
    /// It was ASS from the start, so its styles are worth keeping.
    pub(super) is_styled: bool,
    /// As the file says.
    pub(super) language: Option<String>,
    pub(super) title: Option<String>,
}

/// Something that is said or shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// Milliseconds.
    pub(super) start: i64,
    /// Milliseconds.
    pub(super) end: i64,
    /// `ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`, without line breaks.
    pub(super) line: String,
}

/// A part of the source, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    /// `None` if nobody knows where the source ends.
    pub(crate) length: Option<i64>,
}

impl Script {
    /// The events of parts of the source that follow one another, on the clock of the whole, cut off where a part begins
    /// and ends.
    pub(super) fn within(mut self, spans: &[Span]) -> Self {
        let all = std::mem::take(&mut self.events);
        let mut begins = 0_i64;
        for span in spans {
            let ends = span
                .length
                .map_or(i64::MAX, |length| begins.saturating_add(length));
            let shift = begins.saturating_sub(span.start);
            let moved = all.iter().map(|event| Event {
                start: event.start.saturating_add(shift).max(begins),
                end: event.end.saturating_add(shift).min(ends),
                line: event.line.clone(),
            });
            self.events
                .extend(moved.filter(|event| event.start < event.end));
            begins = ends;
        }
        self
    }

    /// Text that is shown, without the marks of ASS.
    pub(super) fn spoken(&self) -> impl Iterator<Item = &str> {
        self.events
            .iter()
            .filter_map(|event| event.line.splitn(9, ',').nth(8))
    }
}

/// Keeps of a header what says how events look: script information and styles. Fonts and pictures that a file brings along
/// are not read by anything here.
pub(super) fn plain_header(header: &str) -> String {
    let mut kept = String::new();
    let mut keep = false;
    for line in header.lines() {
        let line = line.trim_end();
        if let Some(section) = line.strip_prefix('[') {
            let name = section.trim_end_matches(']').to_ascii_lowercase();
            keep = matches!(name.as_str(), "script info" | "v4+ styles" | "v4 styles");
        }
        if keep {
            kept.extend(line.chars().filter(|c| !c.is_control()));
            kept.push('\n');
        }
    }
    kept
}

/// An event line as one line: a line break in it would begin a line of its own in a file.
pub(super) fn plain_line(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    for c in line
        .trim_end_matches(['\r', '\n'])
        .replace("\r\n", "\n")
        .chars()
    {
        match c {
            '\n' | '\r' => plain.push_str("\\N"),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(start: i64, end: i64) -> Event {
        Event {
            start,
            end,
            line: "0,0,Default,,0,0,0,,Hello, you".into(),
        }
    }

    #[test]
    fn events_move_with_the_cut_and_end_with_it() {
        let script = Script {
            events: vec![
                event(0, 900),
                event(500, 1500),
                event(2000, 2500),
                event(2900, 9000),
                event(3000, 4000),
            ],
            ..Script::default()
        };
        let times = |script: Script| -> Vec<(i64, i64)> {
            script
                .events
                .iter()
                .map(|event| (event.start, event.end))
                .collect()
        };
        let span = |start, length| Span { start, length };
        let one = script.clone().within(&[span(1000, Some(2000))]);
        assert_eq!(times(one), [(0, 500), (1000, 1500), (1900, 2000)]);
        assert_eq!(times(script.clone().within(&[span(0, None)])).len(), 5);
        // Twice the same second, and what comes before them: on one clock.
        let three = [span(500, Some(1000)), span(500, Some(1000)), span(0, None)];
        let several = times(script.clone().within(&three));
        assert_eq!(
            several[..5],
            [
                (0, 400),
                (0, 1000),
                (1000, 1400),
                (1000, 2000),
                (2000, 2900)
            ]
        );
        assert_eq!(script.spoken().next(), Some("Hello, you"));
    }

    #[test]
    fn a_header_keeps_its_styles_and_nothing_else() {
        let header = "[Script Info]\r\nPlayResX: 384\r\n\r\n[Fonts]\nfontname: evil.ttf\nABCD\n[V4+ Styles]\nFormat: Name\nStyle: Default\n\
                      [Graphics]\nx\n[Events]\nFormat: Layer\n";
        assert_eq!(
            plain_header(header),
            "[Script Info]\nPlayResX: 384\n\n[V4+ Styles]\nFormat: Name\nStyle: Default\n"
        );
    }

    #[test]
    fn a_line_stays_one_line() {
        let hostile = "0,0,Default,,0,0,0,,a\r\nDialogue: 0,0:00:00.00,9:00:00.00,Default,,0,0,0,,b\n[Fonts]\rx\0\u{1b}y\n";
        let plain = plain_line(hostile);
        assert_eq!(plain.lines().count(), 1);
        assert!(plain.ends_with("b\\N[Fonts]\\Nxy"), "{plain}");
    }
}
