//! How the command speaks: aligned columns, sizes and lengths for people, and a standard output that may close early.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

/// Writes to standard output. A reader that left (`opmill jobs list | head`) is no failure.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a line to standard error. That nobody reads it is no reason to stop.
pub fn note(line: &str) {
    // As said.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Which side of a column its cells lean to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows of as many cells as there are columns, two blanks between columns, each row indented by `indent`.
pub fn columns<const N: usize>(indent: usize, align: [Align; N], rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for ((cell, width), align) in row.iter().zip(widths).zip(align) {
            let blanks = " ".repeat(width - cell.width());
            match align {
                Align::Left => line.extend([cell, blanks.as_str(), "  "]),
                Align::Right => line.extend([blanks.as_str(), cell, "  "]),
            }
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A size in the unit that leaves it one to four digits: `812 B`, `1.3 MB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 999.95 would print as 1000.0.
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// A length of media: `20.0 s`, `3:05`, `1:02:03`.
pub fn length(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        clock(Duration::from_secs_f64(seconds.round()))
    }
}

/// A time by the clock: `0:07`, `12:30`, `1:02:03`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// `1 job`, `3 jobs`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lengths_read_well() {
        for (n, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (1_340_000, "1.3 MB"),
            (64 << 30, "68.7 GB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(bytes(n), expected);
        }
        for (seconds, expected) in [
            (0.0, "0.0 s"),
            (20.04, "20.0 s"),
            (185.2, "3:05"),
            (3723.0, "1:02:03"),
        ] {
            assert_eq!(length(seconds), expected);
        }
    }

    #[test]
    fn columns_align_by_what_is_seen_not_by_bytes() {
        let rows = [
            ["视频.mp4".into(), "1 B".into()],
            ["a.mp4".into(), "20 kB".into()],
        ];
        assert_eq!(
            columns(1, [Align::Left, Align::Right], &rows),
            " 视频.mp4    1 B\n a.mp4     20 kB\n"
        );
    }
}
