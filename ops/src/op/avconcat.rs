//! `avconcat` and the values of its parameters (wire.md 6.5).

use super::Container;
use crate::entry::ObjectRef;

/// `avconcat`: files one after another in one output. The source is one of them; if the list does not name it, it is
/// number 1 and the list holds the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Avconcat {
    /// The first segment.
    pub form: JoinForm,
    /// `mode`; 2 when absent and the first segment names none.
    pub mode: Option<JoinMode>,
    /// `format`, where the first segment is the mode.
    pub format: Option<Container>,
    /// `concatorder`.
    pub order: Option<Order>,
    /// `index`: which place the source takes among the others, from 1.
    pub index: Option<Place>,
    /// `moovToFront`: put the index before the media (mp4, mov, m4a).
    pub moov_to_front: bool,
    /// The files listed, 1 to 5.
    pub files: Vec<ObjectRef>,
}

/// What the first segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinForm {
    /// The output container.
    Container(Container),
    /// The mode, as others write it.
    Mode(JoinMode),
}

/// How files become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinMode {
    /// 1: their packets as they are. They must be of one kind.
    Copy,
    /// 2: encoded anew, whatever they are.
    Encode,
}

/// A permutation: which file comes first, second and so on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(Vec<u8>);

/// A place in a row of files, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(pub(crate) u8);

impl Avconcat {
    /// Most files listed.
    pub const MOST: usize = 5;

    /// `avconcat/<form>` without any parameter or file.
    pub fn new(form: JoinForm) -> Self {
        Self {
            form,
            mode: None,
            format: None,
            order: None,
            index: None,
            moov_to_front: false,
            files: Vec::new(),
        }
    }

    /// The output container.
    pub fn container(&self) -> Container {
        match self.form {
            JoinForm::Container(container) => container,
            JoinForm::Mode(_) => self.format.unwrap_or(Container::Mp4),
        }
    }

    /// How the files become one.
    pub fn mode(&self) -> JoinMode {
        match self.form {
            JoinForm::Mode(mode) => mode,
            JoinForm::Container(_) => self.mode.unwrap_or(JoinMode::Encode),
        }
    }
}

impl Order {
    /// `None` unless every number from 1 to how many there are stands in it once; at most the files listed and the source.
    pub fn new(numbers: Vec<u8>) -> Option<Self> {
        let count = numbers.len();
        let has = |number: usize| numbers.iter().any(|&n| usize::from(n) == number);
        ((1..=Avconcat::MOST + 1).contains(&count) && (1..=count).all(has)).then_some(Self(numbers))
    }

    /// The numbers in order.
    pub fn get(&self) -> &[u8] {
        &self.0
    }
}

impl Place {
    /// Behind the last file that can be listed.
    pub const MAX: u8 = Avconcat::MOST as u8 + 1;

    /// `None` outside 1 to 6.
    pub fn new(place: u8) -> Option<Self> {
        (1..=Self::MAX).contains(&place).then_some(Self(place))
    }

    /// From 1.
    pub fn get(self) -> u8 {
        self.0
    }
}
