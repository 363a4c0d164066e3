//! One table per op. It reads the op (`stage`), prints it and describes it: adding a parameter is adding one row.

use super::parse::{Fault, Reading};
use super::rule::Rule;
use super::segment::Segment;
use crate::op::Op;
use crate::reference::{OpReference, ParameterReference};

/// An op: its name, its first segment, its parameters and which of them go together.
pub(super) struct Table<T: 'static> {
    pub name: &'static str,
    /// One line for the reference.
    pub summary: &'static str,
    pub head: Head<T>,
    /// In canonical order, each group with its heading in the reference; one alone needs none.
    pub groups: &'static [(&'static str, Group<T>)],
    /// Values without names behind the parameters.
    pub tail: Option<Tail<T>>,
    pub rules: &'static [&'static [Rule<T>]],
    /// Into the closed set of ops.
    pub wrap: fn(T) -> Op,
}

/// The first segment after the op's name. It makes the op, with no parameter given.
pub(super) struct Head<T> {
    pub name: &'static str,
    pub range: fn() -> String,
    pub default: &'static str,
    pub example: &'static str,
    pub about: &'static str,
    pub make: fn(&str) -> Option<T>,
    pub get: fn(&T) -> String,
}

/// Segments that are values and have no name: a list, printed behind the parameters. No name of a parameter may be such a
/// value, so that a list may stand anywhere among them.
pub(super) struct Tail<T> {
    pub name: &'static str,
    pub range: &'static str,
    /// How many there may be.
    pub most: usize,
    pub default: &'static str,
    pub example: &'static str,
    pub about: &'static str,
    /// Takes one more value if it is allowed, and says so.
    pub push: fn(&mut T, &str) -> bool,
    /// The canonical texts of all of them.
    pub get: fn(&T) -> Vec<String>,
}

/// Parameters about one thing.
pub(super) type Group<T> = &'static [Parameter<T>];

/// A `name/value` pair: one row.
pub(super) struct Parameter<T: 'static> {
    pub name: &'static str,
    /// Other names it is read by; the first one is printed.
    pub aliases: &'static [&'static str],
    /// Name and range of its [`super::kind::Kind`].
    pub kind: fn() -> &'static str,
    pub range: fn() -> String,
    pub default: &'static str,
    /// What may follow the op's head as it stands.
    pub example: &'static str,
    pub about: &'static str,
    /// Takes the value if it is allowed, and says so.
    pub set: fn(&mut T, &str) -> bool,
    /// The canonical text of the value, if it is given.
    pub get: fn(&T) -> Option<String>,
    /// True if messages must not quote the value.
    pub is_secret: fn() -> bool,
}

/// A field a row fills: an option, or a flag that is off unless given.
pub(super) trait Slot<V> {
    fn put(&mut self, value: V);
    fn given(&self) -> Option<&V>;
}

impl<V> Slot<V> for Option<V> {
    fn put(&mut self, value: V) {
        *self = Some(value);
    }
    fn given(&self) -> Option<&V> {
        self.as_ref()
    }
}

impl Slot<bool> for bool {
    fn put(&mut self, value: bool) {
        *self = value;
    }
    fn given(&self) -> Option<&bool> {
        self.then_some(&true)
    }
}

/// A row: `"name" => field: KIND, default "…", example "…", "meaning"`. Other names of it follow its own: `"name" | "alias"`.
macro_rules! parameter {
    ($name:literal $(| $alias:literal)* => $($field:ident).+: $kind:expr, default $default:literal, example $example:literal, $about:literal) => {
        $crate::grammar::table::Parameter {
            name: $name,
            aliases: &[$($alias),*],
            kind: || $kind.name(),
            range: || $kind.range(),
            default: $default,
            example: $example,
            about: $about,
            set: |op, text| {
                let value = $kind.read(text);
                let allowed = value.is_some();
                if let Some(value) = value {
                    $crate::grammar::table::Slot::put(&mut op.$($field).+, value);
                }
                allowed
            },
            get: |op| {
                $crate::grammar::table::Slot::given(&op.$($field).+).map(|value| $kind.write(value))
            },
            is_secret: || $kind.is_secret(),
        }
    };
}
pub(super) use parameter;

/// A table without its type, as a list of all ops holds it.
pub(crate) trait AnyTable: Sync {
    /// The op's name.
    fn name(&self) -> &'static str;
    /// The op a stage stands for.
    fn parse(&self, stage: Segment<'_>, reading: &mut Reading) -> Result<Op, Fault>;
    /// The op's page of the reference.
    fn reference(&self) -> OpReference;
}

impl<T> AnyTable for Table<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn parse(&self, stage: Segment<'_>, reading: &mut Reading) -> Result<Op, Fault> {
        self.read(stage, reading).map(self.wrap)
    }

    fn reference(&self) -> OpReference {
        let head = ParameterReference {
            group: "",
            name: self.head.name,
            aliases: &[],
            kind: "first segment",
            range: (self.head.range)(),
            default: self.head.default,
            example: self.head.example,
            about: self.head.about,
        };
        let of_group = |(group, rows): &'static (&'static str, Group<T>)| {
            rows.iter().map(move |row| (*group, row))
        };
        let rows = self.groups.iter().flat_map(of_group);
        let rows = rows.map(|(group, row)| ParameterReference {
            group,
            name: row.name,
            aliases: row.aliases,
            kind: (row.kind)(),
            range: (row.range)(),
            default: row.default,
            example: row.example,
            about: row.about,
        });
        let tail = self.tail.as_ref().map(|tail| ParameterReference {
            group: "",
            name: tail.name,
            aliases: &[],
            kind: "last segments",
            range: tail.range.to_owned(),
            default: tail.default,
            example: tail.example,
            about: tail.about,
        });
        let list = self.tail.as_ref().map(|tail| format!("/<{}>…", tail.name));
        OpReference {
            name: self.name,
            summary: self.summary,
            form: format!(
                "{}/<{}>[/<name>/<value>]…{}[|saveas/<target>]",
                self.name,
                self.head.name,
                list.unwrap_or_default()
            ),
            parameters: std::iter::once(head).chain(rows).chain(tail).collect(),
        }
    }
}

impl<T> Table<T> {
    /// Every parameter, in canonical order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'static Parameter<T>> + use<T> {
        self.groups.iter().flat_map(|(_, group)| group.iter())
    }

    pub(super) fn row(&self, name: &str) -> Option<&'static Parameter<T>> {
        self.rows()
            .find(|row| row.name == name || row.aliases.contains(&name))
    }

    /// The canonical text of an op: rows in the order of the table, flags only when they are on, then the list.
    pub(super) fn print(&self, op: &T) -> String {
        let mut text = format!("{}/{}", self.name, (self.head.get)(op));
        for row in self.rows() {
            if let Some(value) = (row.get)(op) {
                text.extend(["/", row.name, "/", &value]);
            }
        }
        for value in self.tail.iter().flat_map(|tail| (tail.get)(op)) {
            text.extend(["/", &value]);
        }
        text
    }
}
