//! Text to commands. Structure first, then each stage by the table of its op.

use super::segment::{Segment, boundary};
use super::{Command, Pipeline, SaveAs, ops, saveas};
use crate::error::{CommandError, SyntaxError};

/// Longest op string, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// Most commands in an op string.
pub const MAX_COMMANDS: usize = 1000;

/// Blanks around a command: people break long op strings into lines. Inside one, control characters are refused.
const OUTER_BLANKS: &[char] = &[' ', '\t', '\r', '\n'];
/// Blanks around a stage.
const INNER_BLANKS: &[char] = &[' '];

/// What is wrong with a stage: all the string, or its command alone.
pub(crate) enum Fault {
    Syntax(SyntaxError),
    Command(CommandError),
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<CommandError> for Fault {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// The commands of an op string, at least one.
///
/// `Err` only when the string itself is malformed: nothing but separators, an empty stage, a parameter without a value,
/// a control character, more than [`MAX_BYTES`] or [`MAX_COMMANDS`]. A command whose op or parameters are wrong is kept
/// with its error, so that its siblings run (wire.md 5.1).
pub fn parse(text: &str) -> Result<Vec<Command>, SyntaxError> {
    read(text, false)
}

/// As [`parse`], but parameters an op does not know are passed over with a warning, and `saves` is taken for `saveas`
/// (a misprint in published examples). For clients that cannot be changed: what was meant by the parameter is not done.
pub fn parse_lenient(text: &str) -> Result<Vec<Command>, SyntaxError> {
    read(text, true)
}

/// How strictly a command is read, and what was passed over.
pub(crate) struct Reading {
    pub lenient: bool,
    pub warnings: Vec<String>,
}

fn read(text: &str, lenient: bool) -> Result<Vec<Command>, SyntaxError> {
    if text.len() > MAX_BYTES {
        let start = boundary(text, MAX_BYTES);
        let found = format!("{} bytes", text.len());
        return Err(error(
            start..text.len(),
            &found,
            &format!("at most {MAX_BYTES} bytes"),
        ));
    }
    let mut commands = Vec::new();
    for piece in Segment::whole(text).split(';') {
        let piece = piece.trim(OUTER_BLANKS);
        if piece.text.is_empty() {
            continue;
        }
        if commands.len() == MAX_COMMANDS {
            return Err(malformed(
                piece,
                piece.text,
                &format!("at most {MAX_COMMANDS} commands"),
            ));
        }
        commands.push(command(piece, lenient)?);
    }
    if commands.is_empty() {
        return Err(malformed(
            Segment::whole(text),
            text,
            "a command, such as `vframe/jpg`",
        ));
    }
    Ok(commands)
}

fn command(piece: Segment<'_>, lenient: bool) -> Result<Command, SyntaxError> {
    refuse_control_characters(piece)?;
    let stages: Vec<Segment<'_>> = piece
        .split('|')
        .map(|stage| stage.trim(INNER_BLANKS))
        .collect();
    if let Some(empty) = stages.iter().find(|stage| stage.text.is_empty()) {
        return Err(malformed(*empty, "", "an op, or no `|`"));
    }
    let mut reading = Reading {
        lenient,
        warnings: Vec::new(),
    };
    let pipeline = match pipeline(&stages, &mut reading) {
        Ok(pipeline) => Ok(pipeline),
        Err(Fault::Command(error)) => Err(error),
        Err(Fault::Syntax(error)) => return Err(error),
    };
    Ok(Command {
        text: piece.text.to_owned(),
        span: piece.span,
        pipeline,
        warnings: reading.warnings,
    })
}

fn pipeline(stages: &[Segment<'_>], reading: &mut Reading) -> Result<Pipeline, Fault> {
    let mut ops = Vec::new();
    let mut saveas: Option<SaveAs> = None;
    for stage in stages {
        if saveas.is_some() {
            let (span, found) = (stage.span, stage.text.to_owned());
            Err(CommandError::SaveasNotLast { span, found })?;
        }
        let (name, rest) = stage.name();
        let is_misprint = reading.lenient && name.text.eq_ignore_ascii_case("saves");
        if is_misprint || name.text.eq_ignore_ascii_case(saveas::NAME) {
            saveas = Some(saveas::read(name, rest)?);
        } else {
            ops.push((stage, ops::find(name)?.parse(*stage, reading)?));
        }
    }
    if ops.is_empty() {
        Err(saveas::without_op(stages))?;
    }
    for pair in ops.windows(2) {
        let ((first, made), (second, next)) = (&pair[0], &pair[1]);
        if !next.takes(made.gives()) {
            Err(CommandError::Chained {
                span: second.span,
                found: second.text.to_owned(),
                before: first.text.to_owned(),
                made: made.gives().describe(),
            })?;
        }
    }
    if let (None, Some((stage, last))) = (&saveas, ops.last())
        && let Some(hint) = last.needs_target()
    {
        Err(CommandError::Missing {
            span: stage.span,
            op: last.name(),
            what: "a target".to_owned(),
            hint: hint.to_owned(),
        })?;
    }
    Ok(Pipeline {
        ops: ops.into_iter().map(|(_, op)| op).collect(),
        saveas,
    })
}

fn refuse_control_characters(piece: Segment<'_>) -> Result<(), SyntaxError> {
    match piece.text.char_indices().find(|(_, c)| c.is_control()) {
        None => Ok(()),
        Some((at, c)) => {
            let start = piece.span.start + at;
            let found = c.to_string();
            Err(error(
                start..start + c.len_utf8(),
                &found,
                "no control characters inside a command",
            ))
        }
    }
}

fn malformed(at: Segment<'_>, found: &str, expected: &str) -> SyntaxError {
    error(at.span.start..at.span.end, found, expected)
}

fn error(bytes: std::ops::Range<usize>, found: &str, expected: &str) -> SyntaxError {
    let span = super::Span {
        start: bytes.start,
        end: bytes.end,
    };
    SyntaxError {
        span,
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}
