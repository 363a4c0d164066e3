//! The rows of `avconcat` (wire.md 6.5), for both ways to begin it.

use super::kind::{Kind, fixed};
use super::objects::{encoded, object};
use super::rule::Rule;
use super::table::{Group, Head, Table, Tail, parameter};
use super::values::FLAG;
use crate::entry::ObjectRef;
use crate::op::{Avconcat, Container, JoinForm, JoinMode, Op, Order, Place};

pub(super) static TABLE: Table<Avconcat> = Table {
    name: "avconcat",
    summary: "Joins files into one, the source among them; if it is not in the list, it comes first.",
    head: Head {
        name: "container or mode",
        range: || format!("{}, or a mode: {}", CONTAINER.range(), MODE.range()),
        default: "none, it must be given",
        example: "mp4",
        about: "Output container; or, as others write it, the mode: avconcat/2/format/mp4/index/1/…",
        make: |text| {
            let container = CONTAINER.read(text).map(JoinForm::Container);
            let form = container.or_else(|| MODE.read(text).map(JoinForm::Mode));
            form.map(Avconcat::new)
        },
        get: |op| match &op.form {
            JoinForm::Container(container) => CONTAINER.write(container),
            JoinForm::Mode(mode) => MODE.write(mode),
        },
    },
    groups: &[("", ROWS)],
    tail: Some(Tail {
        name: "key",
        range: FILE,
        most: Avconcat::MOST,
        default: "none, one at least must be given",
        example: "Mi5tcDQ=",
        about: "Up to 5 files to join, one segment each: objects of the source's bucket",
        push: |op, text| {
            // Base64 has no `.` either, and most keys do.
            let object = match text.contains('.') {
                true => ObjectRef::parse(text).ok(),
                false => object(text),
            };
            let is_one = object.is_some();
            op.files.extend(object);
            is_one
        },
        get: |op| op.files.iter().map(encoded).collect(),
    }),
    rules: &[RULES],
    wrap: Op::Avconcat,
};

const FILE: &str = "URL-safe base64 of `key` or `bucket:key`, or either in plain text if it has a `.` or `:` and no `/`; no addresses";

const ROWS: Group<Avconcat> = &[
    parameter!("mode" => mode: MODE, default "2, or the first segment, if that is a mode", example "mode/1",
        "1 copies what the files hold, which must be of one kind; 2 encodes it anew, in size and rate as the first of them"),
    parameter!("format" => format: CONTAINER, default "the first segment, if that is a container", example "format/mp4",
        "Output container"),
    parameter!("concatorder" => order: ORDER, default "the order of the list", example "concatorder/2-1",
        "The order to join the files in, by their numbers; a source that is not in the list is number 1, the list goes on from 2"),
    parameter!("index" => index: PLACE, default "1", example "index/2",
        "Place of a source that is not in the list, which keeps its order around it"),
    parameter!("moovToFront" => moov_to_front: FLAG, default "0", example "moovToFront/1",
        "1 puts the index of mp4, mov and m4a before the media, so that playback starts while it loads"),
];

const RULES: &[Rule<Avconcat>] = &[
    Rule::Lacks {
        when: |op| matches!(op.form, JoinForm::Mode(_)) && op.format.is_none(),
        what: "`format`",
        hint: "write `format/mp4`, or the container as the first segment",
    },
    Rule::Lacks {
        when: |op| op.files.is_empty(),
        what: "a file to join the source with",
        hint: "write `/` and the URL-safe base64 of its key at the end",
    },
    Rule::Excludes {
        with: "container or mode",
        when: |op| matches!(op.form, JoinForm::Mode(mode) if op.mode.is_some_and(|other| other != mode)),
        parameters: &["mode"],
        why: "the first segment names another mode already",
    },
    Rule::Excludes {
        with: "container or mode",
        when: |op| matches!(op.form, JoinForm::Container(one) if op.format.is_some_and(|other| other != one)),
        parameters: &["format"],
        why: "the first segment names another container already",
    },
    Rule::Excludes {
        with: "concatorder",
        when: |op| op.order.is_some(),
        parameters: &["index"],
        why: "it says the place of the source as well",
    },
    Rule::Excludes {
        with: "key",
        when: |op| {
            let numbers = op.order.as_ref().map_or(0, |order| order.get().len());
            // Whether the source is one of the files listed shows when it is known.
            numbers != op.files.len() && numbers != op.files.len() + 1
        },
        parameters: &["concatorder"],
        why: "it must number every file once, and the source if that is not one of them",
    },
    Rule::Excludes {
        with: "key",
        when: |op| {
            op.index
                .is_some_and(|place| usize::from(place.get()) > op.files.len() + 1)
        },
        parameters: &["index"],
        why: "the last place is right behind the files",
    },
];

/// Containers that are one file and hold more than a loop of pictures.
const CONTAINER: Kind<Container> = Kind::AnyCase(&[
    ("mp4", Container::Mp4),
    ("mov", Container::Mov),
    ("m4a", Container::M4a),
    ("flv", Container::Flv),
    ("f4v", Container::F4v),
    ("mkv", Container::Mkv),
    ("webm", Container::Webm),
    ("avi", Container::Avi),
    ("mpg", Container::Mpg),
    ("mpeg", Container::Mpg),
    ("ts", Container::Ts),
    ("3gp", Container::ThreeGp),
    ("ogg", Container::Ogg),
    ("ogv", Container::Ogg),
    ("mp3", Container::Mp3),
    ("aac", Container::Aac),
]);

const MODE: Kind<JoinMode> = Kind::Names(&[("1", JoinMode::Copy), ("2", JoinMode::Encode)]);

const ORDER: Kind<Order> = Kind::Other {
    name: "permutation",
    range: "every number from 1 to that of the files once, joined by `-`, as `2-1-3`; up to 6",
    read: |text| {
        let number = |text: &str| u8::try_from(fixed(text, 0)?).ok();
        Order::new(text.split('-').map(number).collect::<Option<_>>()?)
    },
    write: |order| {
        let numbers: Vec<String> = order.get().iter().map(u8::to_string).collect();
        numbers.join("-")
    },
};

const PLACE: Kind<Place> = Kind::Integer {
    min: 1,
    max: Place::MAX as u64,
    unit: "",
    make: |n| Place::new(n.try_into().ok()?),
    get: |place| place.get().into(),
};
