//! How long a text may be. Hot records stay small because they are rewritten with every step; what users supplied is
//! kept in parts (record.rs) and bounded so that one job cannot fill a transaction.

use crate::error::StoreError;

/// The longest text of a user's (spec, item body), in bytes.
pub(crate) const LONGEST_TEXT: usize = 4 << 20;
/// Text kept in a hot record, such as an error message, is cut to this many bytes.
const SHORT_TEXT: usize = 2048;

/// `text`, cut at a character so that it fits a hot record.
pub(crate) fn short(mut text: String) -> String {
    if text.len() > SHORT_TEXT {
        let end = (0..=SHORT_TEXT - 3)
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Refuses what is longer than `limit` bytes.
pub(crate) fn fits(what: &'static str, text: &str, limit: usize) -> Result<(), StoreError> {
    match text.len() {
        size if size > limit => Err(StoreError::TooLarge { what, size, limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        for (name, text) in [
            ("ascii", "a".repeat(3000)),
            ("two bytes each", "é".repeat(3000)),
            ("four", "🦀".repeat(3000)),
        ] {
            let cut = short(text.clone());
            assert!(
                cut.len() <= SHORT_TEXT && cut.len() > SHORT_TEXT - 8,
                "{name}: {}",
                cut.len()
            );
            assert!(text.starts_with(cut.trim_end_matches('…')), "{name}");
        }
        assert_eq!(short("as it is".to_owned()), "as it is");
    }
}
