//! `--jq`: what a jq expression makes of JSON.
//!
//! Enters: an expression, then JSON documents. Leaves: lines; texts without quotes, everything else as compact JSON, as `jq -rc`
//! prints them. The expression is checked before anything is sent, so that a slip of the pen costs no call.
//!
//! The expression is a program, and a program may run for ever, call itself without end or fill the memory. So it runs in a
//! process of its own ([`process`]): without our variables, with a limit of memory, and ended by the drop of [`Filter`], a
//! signal to us included. What happens to it happens to no login.

#[cfg(feature = "jq")]
mod jq_program;
#[cfg(feature = "jq")]
pub(crate) mod process;

#[cfg(not(feature = "jq"))]
pub(crate) use none::Filter;
#[cfg(feature = "jq")]
pub(crate) use process::Filter;

#[cfg(not(feature = "jq"))]
mod none {
    use tokenward_core::Code;

    use crate::failure::Failure;
    use crate::words::Lang;

    /// Builds without the feature `jq` understand no expression.
    pub(crate) enum Filter {}

    impl Filter {
        #[expect(clippy::unused_async, reason = "the same face as with the feature")]
        pub(crate) async fn start(_: &str, lang: Lang) -> Result<Self, Failure> {
            Err(Failure::of(Code::BadFilter).detail(lang.no_such_argument("--jq")))
        }

        #[expect(clippy::unused_async, reason = "the same face as with the feature")]
        pub(crate) async fn run(
            &mut self,
            _: &[u8],
            _: impl FnMut(&str) -> Result<(), Failure>,
        ) -> Result<(), Failure> {
            match *self {}
        }
    }
}
