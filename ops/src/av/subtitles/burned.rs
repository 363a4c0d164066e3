//! Subtitles for the filter that draws them: a script of ASS, written by us from what was decoded, so that the filter never
//! sees the file it came from.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::script::Script;
use crate::OpsError;
use crate::text::{Fonts, refusal};

/// Of a hundred letters, how many may be missing in the fonts: a rare sign is no reason to give up, another script is.
const MISSING: usize = 10;

/// A script on disk, as long as it is needed.
pub(crate) struct Burned(PathBuf);

impl Burned {
    /// Writes a script into a file of its own in a folder, where other outputs may have theirs.
    pub(super) fn write(script: Script, folder: &Path) -> Result<Self, OpsError> {
        check_fonts(&script)?;
        let mut number = 0;
        let (mut file, path) = loop {
            let path = folder.join(format!("burned-{number}.ass"));
            match File::create_new(&path) {
                Ok(file) => break (file, path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(OpsError::write_file(&path, &error)),
            }
        };
        let burned = Self(path);
        file.write_all(document(&script).as_bytes())
            .map_err(|error| OpsError::write_file(&burned.0, &error))?;
        Ok(burned)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Burned {
    fn drop(&mut self) {
        // Nothing is lost if it stays: the folder goes with its command.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Refuses what would be drawn as boxes, or not at all.
fn check_fonts(script: &Script) -> Result<(), OpsError> {
    let mut fonts = Fonts::find(None, false)?;
    let letters = || {
        script
            .spoken()
            .flat_map(str::chars)
            .filter(|c| c.is_alphabetic())
    };
    let mut distinct: Vec<char> = letters().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let missing = fonts.missing(&String::from_iter(distinct));
    match too_many(letters(), &missing) {
        Some(first) => Err(refusal(first)),
        None => Ok(()),
    }
}

/// The first missing letter, if they are more than a rare sign.
fn too_many(letters: impl Iterator<Item = char>, missing: &[char]) -> Option<char> {
    let (mut all, mut boxes) = (0, 0);
    for letter in letters {
        all += 1;
        boxes += usize::from(missing.contains(&letter));
    }
    missing
        .first()
        .copied()
        .filter(|_| boxes * 100 > all * MISSING)
}

/// The script as a file of ASS.
fn document(script: &Script) -> String {
    let mut text = script.header.clone();
    text += "\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
    for event in &script.events {
        // The first field of an event is its place in the file, and the times come after the second.
        let mut fields = event.line.splitn(3, ',').skip(1);
        if let (Some(layer), Some(rest)) = (fields.next(), fields.next()) {
            let (start, end) = (clock(event.start), clock(event.end));
            let _ = writeln!(text, "Dialogue: {layer},{start},{end},{rest}"); // writing to a String cannot fail
        }
    }
    text
}

/// Hours, minutes, seconds and hundredths.
fn clock(millis: i64) -> String {
    let hundredths = (millis + 5) / 10;
    let (seconds, hundredths) = (hundredths / 100, hundredths % 100);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!(
        "{}:{:02}:{seconds:02}.{hundredths:02}",
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use super::super::script::Event;
    use super::*;

    #[test]
    fn a_script_is_written_with_its_times() {
        let script = Script {
            header: "[Script Info]\n".into(),
            events: vec![Event {
                start: 3_661_234,
                end: 3_662_000,
                line: "7,2,Default,Ann,0,0,0,,Well, {\\i1}hello{\\i0}".into(),
            }],
            ..Script::default()
        };
        assert_eq!(
            document(&script),
            "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n\
             Dialogue: 2,1:01:01.23,1:01:02.00,Default,Ann,0,0,0,,Well, {\\i1}hello{\\i0}\n"
        );
    }

    #[test]
    fn a_rare_sign_may_be_missing_but_not_a_script() {
        let missing = ['水', '火'];
        assert_eq!(
            too_many("水 and a line of other letters".chars(), &missing),
            None
        );
        assert_eq!(too_many("水火ab".chars(), &missing), Some('水'));
        assert_eq!(too_many("plain".chars(), &[]), None);
    }
}
