//! The rows of `avthumb` about time.

use crate::grammar::kind::{Kind, fixed, thousandths};
use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::{LENGTH, TIME};
use crate::op::{AudioCodec, Avthumb, Range, Ranges, Seconds, VideoCodec};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("ss" => cut.start: TIME, default "0", example "ss/12.5",
        "Where to start in the source"),
    parameter!("t" => cut.length: LENGTH, default "to the end of the source", example "t/30",
        "How much of the source to take"),
    parameter!("multiSeeks" => cut.ranges: RANGES, default "one part, as `ss` and `t` say", example "multiSeeks/10:5,60:2.5,0:3",
        "Parts of the source to join into one output, in this order; they may overlap and go backwards"),
];

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "multiSeeks",
        when: |op| op.cut.ranges.is_some(),
        parameters: &["ss", "t"],
        why: "every part has its own start and duration",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.video.codec == Some(VideoCodec::Copy),
        parameters: &["multiSeeks"],
        why: "parts begin and end at any picture, and copied video can be cut at key pictures alone",
    },
    Rule::Excludes {
        with: "acodec",
        when: |op| op.audio.codec == Some(AudioCodec::Copy),
        parameters: &["multiSeeks"],
        why: "parts begin and end at any sample, and copied audio can be cut between packets alone",
    },
];

/// `start:duration[,start:duration…]`; a duration of -1 is to the end.
const RANGES: Kind<Ranges> = Kind::Other {
    name: "ranges",
    range: "1 to 100 of `start:duration` in seconds, joined by `,`: start from 0, duration from 0.001, both up to 1000000 \
with up to 3 decimals; duration -1 is to the end of the source",
    read: |text| {
        let time = |text: &str| Seconds::from_millis(fixed(text, 3)?);
        let range = |text: &str| {
            let (start, length) = text.split_once(':')?;
            Some(Range {
                start: time(start)?,
                length: match length {
                    "-1" => None,
                    length => Some(time(length)?),
                },
            })
        };
        // One more than there may be is enough to know that there are too many.
        let ranges = text.split(',').take(Ranges::MAX + 1).map(range);
        Ranges::new(ranges.collect::<Option<_>>()?)
    },
    write: |ranges| {
        let range = |range: &Range| {
            let length = range
                .length
                .map_or_else(|| "-1".to_owned(), |length| thousandths(length.millis()));
            format!("{}:{length}", thousandths(range.start.millis()))
        };
        let ranges: Vec<String> = ranges.get().iter().map(range).collect();
        ranges.join(",")
    },
};
