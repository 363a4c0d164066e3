//! The kinds of values of subtitles.

use super::kind::Kind;
use super::objects::{decoded, encoded, joined, list, object};
use crate::b64u;
use crate::op::{Language, List, SubtitleLabel, SubtitleSource, SubtitleWay, TrackName};

/// The name of the source's own subtitles in place of an object. No base64, so that it can be told from a key.
const EMBEDDED: &str = "embed";

pub(super) const SUBTITLES: Kind<List<SubtitleSource>> = Kind::Other {
    name: "objects",
    range: "URL-safe base64 of `bucket:key`, `bucket:key` in plain text, or `embed`; up to 32 of them with `,` between",
    read: |text| {
        list(text, |part| match part {
            EMBEDDED => Some(SubtitleSource::Embedded),
            part => object(part).map(SubtitleSource::Object),
        })
    },
    write: |sources| {
        joined(sources, |source| match source {
            SubtitleSource::Embedded => EMBEDDED.to_owned(),
            SubtitleSource::Object(object) => encoded(object),
        })
    },
};

pub(super) const SUBTITLE_WAY: Kind<SubtitleWay> = Kind::Names(&[
    ("0", SubtitleWay::Auto),
    ("1", SubtitleWay::Soft),
    ("2", SubtitleWay::Burned),
]);

pub(super) const SUBTITLE_LABELS: Kind<List<SubtitleLabel>> = Kind::Other {
    name: "labels",
    range: "URL-safe base64 of `lang=<language>,name=<name>` (one of the two may be left out), one for each subtitle \
with `,` between; a language is two or three letters, as `en` or `zh-CN`, a name up to 100 characters",
    read: |text| list(text, |part| label(&decoded(part)?)),
    write: |labels| joined(labels, |label| b64u::encode(written(label))),
};

/// Reads `lang=en,name=English`, in either order; a name may hold commas.
fn label(text: &str) -> Option<SubtitleLabel> {
    let (language, name) = match text.strip_prefix("lang=") {
        Some(rest) => match rest.split_once(",name=") {
            Some((language, name)) => (Some(language), Some(name)),
            None => (Some(rest), None),
        },
        None => match text.strip_prefix("name=")?.rsplit_once(",lang=") {
            Some((name, language)) => (Some(language), Some(name)),
            None => (None, text.strip_prefix("name=")),
        },
    };
    Some(SubtitleLabel {
        language: language
            .map(|tag| Language::new(tag).ok_or(()))
            .transpose()
            .ok()?,
        name: name
            .map(|name| TrackName::new(name).ok_or(()))
            .transpose()
            .ok()?,
    })
}

fn written(label: &SubtitleLabel) -> String {
    let language = label
        .language
        .as_ref()
        .map(|tag| format!("lang={}", tag.as_str()));
    let name = label
        .name
        .as_ref()
        .map(|name| format!("name={}", name.as_str()));
    Vec::from_iter(language.into_iter().chain(name)).join(",")
}
