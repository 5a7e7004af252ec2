//! The exported suite, on SQLite.

mod common;

async fn make() -> common::Place {
    common::Place::new()
}

tokenward_vault::vault_suite!(make);
