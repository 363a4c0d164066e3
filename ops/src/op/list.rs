//! Parameters that take several values at once.

/// One to [`List::MAX`] values, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    /// Values one parameter takes.
    pub const MAX: usize = 32;

    /// `None` when there is no value, or more than [`List::MAX`].
    pub fn new(values: Vec<T>) -> Option<Self> {
        (1..=Self::MAX)
            .contains(&values.len())
            .then_some(Self(values))
    }

    /// The values.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The value for the item at `index`: a single value counts for all items.
    pub(crate) fn of(&self, index: usize) -> Option<&T> {
        match self.0.as_slice() {
            [only] => Some(only),
            values => values.get(index),
        }
    }
}
