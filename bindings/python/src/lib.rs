//! What Python sees of the library: `tokenward._tokenward`.
//!
//! Enters: a folder, variables, names. Leaves: access tokens, and errors as the exceptions of `tokenward.errors`. The promises are the
//! library's (I1–I8); what this half adds is how a Python process lives: it forks, has threads, is interrupted, and ends (design/0012-python.md).

mod blueking;
mod calling;
mod calls;
mod errors;
mod logins;
mod script;

use pyo3::prelude::*;

/// The native half of the package `tokenward`.
#[pymodule(gil_used = false)]
mod _tokenward {
    #[pymodule_export]
    use super::blueking::{BkClient, BkToken};
    #[pymodule_export]
    use super::calling::{after_fork_in_child, after_fork_in_parent, before_fork, finish};
    #[pymodule_export]
    use super::calls::{Calls, Held};
    #[pymodule_export]
    use super::errors::{kept, reads_chinese};
    #[pymodule_export]
    use super::logins::{Logins, Profile, open};
    #[pymodule_export]
    use super::script::refresh_script;
}
