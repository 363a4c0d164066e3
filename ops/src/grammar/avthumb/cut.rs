//! The rows of `avthumb` about time.

use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::{LENGTH, TIME};
use crate::op::Avthumb;

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("ss" => cut.start: TIME, default "0", example "ss/12.5",
        "Where to start in the source"),
    parameter!("t" => cut.length: LENGTH, default "to the end of the source", example "t/30",
        "How much of the source to take"),
];

pub(super) const RULES: &[Rule<Avthumb>] = &[];
