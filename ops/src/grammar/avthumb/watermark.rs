//! The rows of `avthumb` about watermarks.

use crate::grammar::rule::Rule;
use crate::grammar::table::Group;
use crate::op::Avthumb;

pub(super) const ROWS: Group<Avthumb> = &[];

pub(super) const RULES: &[Rule<Avthumb>] = &[];
