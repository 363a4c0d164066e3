//! The fonts that are installed, and which of them a text gets. Complex scripts are shaped, and characters that a font
//! lacks come from another; what no font has is an error that names the package to install.

use cosmic_text::fontdb::{self, FaceInfo};
use cosmic_text::{
    Align, Attrs, Buffer, Family, FontSystem, LayoutRun, Metrics, Shaping, Stretch, Style, Weight,
    Wrap,
};

use crate::OpsError;

/// What a text gets when no font is named: the first of these that is installed, else whatever there is.
const PREFERRED: [&str; 6] = [
    "Noto Sans",
    "DejaVu Sans",
    "Liberation Sans",
    "Noto Sans CJK SC",
    "WenQuanYi Zen Hei",
    "Arial",
];

/// Distance of two lines, in sizes of the letters.
const LINE_HEIGHT: f32 = 1.25;

/// The fonts of this machine, one of them chosen.
pub(crate) struct Fonts {
    pub(super) system: FontSystem,
    family: String,
    weight: Weight,
}

impl Fonts {
    /// Looks through the machine's fonts and chooses the family of this name, or a plain one.
    pub(crate) fn find(name: Option<&str>, bold: bool) -> Result<Self, OpsError> {
        let system = FontSystem::new();
        let family = match name {
            Some(name) => family_named(system.db(), name).ok_or_else(|| OpsError::FontMissing {
                name: name.to_owned(),
            }),
            None => any_family(system.db()).ok_or(OpsError::NoFont),
        }?;
        let weight = nearest_weight(system.db(), &family, if bold { 700 } else { 400 });
        Ok(Self {
            system,
            family,
            weight,
        })
    }

    /// Lays out a text in lines of at most `width` pixels.
    pub(super) fn lay_out(&mut self, text: &str, size: f32, width: f32, align: Align) -> Buffer {
        let mut buffer = Buffer::new(&mut self.system, Metrics::relative(size, LINE_HEIGHT));
        let attrs = Attrs::new()
            .family(Family::Name(&self.family))
            .weight(self.weight);
        buffer.set_wrap(Wrap::WordOrGlyph);
        buffer.set_size(Some(width), None);
        buffer.set_text(text, &attrs, Shaping::Advanced, Some(align));
        buffer.shape_until_scroll(&mut self.system, false);
        buffer
    }

    /// Refuses a text with a character that no installed font has.
    pub(crate) fn check(&mut self, text: &str) -> Result<(), OpsError> {
        match self.missing(text).first() {
            Some(character) => Err(refusal(*character)),
            None => Ok(()),
        }
    }

    /// The characters of a text that no installed font has.
    pub(crate) fn missing(&mut self, text: &str) -> Vec<char> {
        let buffer = self.lay_out(text, 16.0, f32::MAX, Align::Left);
        buffer.layout_runs().flat_map(|run| boxes(&run)).collect()
    }
}

/// Why a text with this character is not written.
pub(crate) fn refusal(character: char) -> OpsError {
    OpsError::GlyphMissing {
        character,
        package: package(character),
    }
}

/// The characters of a line that are shown as boxes. What is not to be seen needs no letter.
fn boxes(run: &LayoutRun<'_>) -> Vec<char> {
    let boxes = run.glyphs.iter().filter(|glyph| glyph.glyph_id == 0);
    boxes
        .filter_map(|glyph| run.text.get(glyph.start..glyph.end)?.chars().next())
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect()
}

/// The Debian package of fonts with a character.
fn package(character: char) -> &'static str {
    match u32::from(character) {
        0x1100..=0x11ff | 0x2e80..=0xa4cf | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xfe30..=0xfe4f => {
            "fonts-noto-cjk"
        }
        0xff00..=0xffef | 0x20000..=0x3ffff => "fonts-noto-cjk",
        0x1f000..=0x1faff => "fonts-noto-color-emoji",
        _ => "fonts-noto-core",
    }
}

/// The family as the font itself spells it.
fn family_named(db: &fontdb::Database, name: &str) -> Option<String> {
    let names = |face: &FaceInfo| face.families.iter().map(|(name, _)| name.clone()).collect();
    db.faces()
        .flat_map(|face| -> Vec<String> { names(face) })
        .find(|family| family.to_lowercase() == name.to_lowercase())
}

fn any_family(db: &fontdb::Database) -> Option<String> {
    let preferred = PREFERRED.iter().find_map(|name| family_named(db, name));
    preferred.or_else(|| {
        db.faces()
            .find_map(|face| Some(face.families.first()?.0.clone()))
    })
}

/// The weight a family has that is nearest to the one wanted: by any other the family would not be found.
fn nearest_weight(db: &fontdb::Database, family: &str, wanted: u16) -> Weight {
    let of_family = |face: &&FaceInfo| face.families.iter().any(|(name, _)| name == family);
    let upright = |face: &&FaceInfo| (face.style, face.stretch) == (Style::Normal, Stretch::Normal);
    let weights = db.faces().filter(of_family).filter(upright);
    weights
        .map(|face| face.weight)
        .min_by_key(|weight| weight.0.abs_diff(wanted))
        .unwrap_or(Weight(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_are_named_as_people_name_them() {
        let fonts = Fonts::find(Some("dejavu sans"), true).unwrap();
        assert_eq!(
            (fonts.family.as_str(), fonts.weight),
            ("DejaVu Sans", Weight::BOLD)
        );
        let unknown = Fonts::find(Some("No Such Font"), false)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "the font `No Such Font` is not installed; leave `wmFont` out, or install it"
        );
    }

    #[test]
    fn a_character_without_a_letter_is_refused_by_name() {
        let mut fonts = Fonts::find(Some("DejaVu Sans"), false).unwrap();
        assert!(
            fonts
                .check("Grüße,\n\u{645}\u{631}\u{62d}\u{628}\u{627} \u{200b}©")
                .is_ok()
        );
        // An unassigned code point: no font can have it.
        let error = fonts.check("a\u{378}").unwrap_err().to_string();
        assert!(
            error.contains("no installed font has the character"),
            "{error}"
        );
        assert_eq!(
            (package('水'), package('한'), package('ไ')),
            ("fonts-noto-cjk", "fonts-noto-cjk", "fonts-noto-core")
        );
    }
}
