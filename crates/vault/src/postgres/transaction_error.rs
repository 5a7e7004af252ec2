//! What the database says, translated into what the caller can do.
//!
//! Only the server's own message is told, and never its detail, which may quote a value. Secrets are sealed before they are bound (I4).

use tokenward_core::ports::{StoreError, StoreFault};

/// Translates a database error. The codes are at <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
pub(super) fn from_database(place: &str, error: &sqlx::Error) -> StoreError {
    let passing = |reason: String| StoreError::new(StoreFault::Busy, place, reason);
    let said = match error {
        sqlx::Error::Database(said) => said,
        // The server is away, or will be back.
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            return passing(error.to_string());
        }
        sqlx::Error::Protocol(reason) => return passing(reason.clone()),
        other => return StoreError::unreadable(place, other.to_string()),
    };
    let (code, reason) = (said.code().unwrap_or_default(), said.message().to_owned());
    match &*code {
        // A lock that was waited for too long, a deadlock, a statement that took too long; a server that is shutting down, starting, or full
        // of callers.
        "40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "53300" | "25P03" => passing(reason),
        "25006" => StoreError::read_only(place, reason),
        "53100" | "53200" | "53400" => StoreError::full(place, reason),
        code if code.starts_with("08") => passing(reason),
        _ => StoreError::unreadable(place, reason),
    }
}
