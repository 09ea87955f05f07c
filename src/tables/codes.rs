//! Tables of what a check can find, each kind under a code that stays the same for ever.

/// One kind of finding; `L` is how bad it can be.
#[derive(Debug, PartialEq, Eq)]
pub struct Code<L> {
    /// Letters and three digits.
    pub id: &'static str,
    /// The same in words.
    pub name: &'static str,
    /// How bad it is.
    pub level: L,
    /// What it means, in a sentence.
    pub about: &'static str,
}

/// Makes a static of each row, and of the first line's name a list of them all: `static LIST: Level;`, then
/// `NAME "id" "name" Level "about";` for each.
macro_rules! codes {
    (
        $(#[$attribute:meta])* $visibility:vis static $all:ident: $level:ident;
        $($constant:ident $id:literal $name:literal $of:ident $about:literal;)*
    ) => {
        $(#[doc = $about] pub static $constant: $crate::tables::codes::Code<$level> =
            $crate::tables::codes::Code { id: $id, name: $name, level: $level::$of, about: $about };)*

        $(#[$attribute])* $visibility static $all: &[&$crate::tables::codes::Code<$level>] = &[$(&$constant),*];
    };
}
pub(crate) use codes;
