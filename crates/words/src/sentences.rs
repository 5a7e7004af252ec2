//! How a sentence is written: in both languages, or it does not compile.

/// Makes a function of `Language` for each sentence, and a list of all of them for the tests of the catalogue, by a name that says whose
/// they are.
macro_rules! sentences {
    ($whose:literal $($name:ident($($fact:ident),*) { $en:literal $zh:literal })+) => {
        impl Language {
            $(
                /// The sentence of this name.
                pub fn $name(self $(, $fact: impl std::fmt::Display)*) -> String {
                    // A fact may be from outside; it begins no line and steers no terminal.
                    $(let $fact = tokenward_core::Visible($fact);)*
                    match self {
                        Self::English => format!($en),
                        Self::Chinese => format!($zh),
                    }
                }
            )+
        }

        /// Every sentence: its name, English, Chinese.
        pub const SENTENCES: &[(&str, &str, &str)] = &[$((concat!($whose, stringify!($name)), $en, $zh)),+];
    };
}
pub(crate) use sentences;
