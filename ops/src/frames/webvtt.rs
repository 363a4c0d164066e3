//! The list of what stands where on sheets of pictures, as players read it for their seek bars: WebVTT cues whose text
//! is the address of a part of a picture (`sheet.jpg#xywh=160,90,160,90`).

use std::fmt::Write as _;

use super::sheet::Cell;

/// A picture and the time it stands for, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cue {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) cell: Cell,
}

/// The list; `sheets` are the file names of the sheets, beside which it stands.
pub(crate) fn write(cues: &[Cue], sheets: &[String]) -> String {
    let mut text = String::from("WEBVTT\n");
    for cue in cues {
        let Cell {
            sheet,
            x,
            y,
            width,
            height,
        } = cue.cell;
        let name = sheets
            .get(sheet)
            .map_or_else(String::new, |name| address(name));
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{} --> {}\n{name}#xywh={x},{y},{width},{height}\n",
            clock(cue.start),
            clock(cue.end),
        );
    }
    text
}

fn clock(micros: i64) -> String {
    let millis = (micros.max(0) + 500) / 1000;
    let (hours, rest) = (millis / 3_600_000, millis % 3_600_000);
    let (minutes, rest) = (rest / 60_000, rest % 60_000);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03}",
        rest / 1000,
        rest % 1000
    )
}

/// A file name as a relative address: whatever has a meaning in one is escaped.
fn address(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~!$'()*,=@".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_players_expect() {
        let cell = |sheet, x| Cell {
            sheet,
            x,
            y: 90,
            width: 160,
            height: 90,
        };
        let cue = |start, end, cell| Cue { start, end, cell };
        let cues = [
            cue(0, 2_500_000, cell(0, 0)),
            cue(2_500_000, 3_661_001_000, cell(1, 160)),
        ];
        let sheets = ["v_000001.jpg".to_owned(), "à b#1%.jpg".to_owned()];
        assert_eq!(
            write(&cues, &sheets),
            "WEBVTT\n\
             \n00:00:00.000 --> 00:00:02.500\nv_000001.jpg#xywh=0,90,160,90\n\
             \n00:00:02.500 --> 01:01:01.001\n%C3%A0%20b%231%25.jpg#xywh=160,90,160,90\n"
        );
    }
}
