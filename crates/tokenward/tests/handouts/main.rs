//! What is handed out at once: the files beside a vault, and the store whose changes are shown in them.

mod files;
mod linked;
mod lost;
mod moments;
mod place;

/// A store whose changes are shown keeps every promise of a store.
mod suite {
    use crate::place::Place;

    async fn make() -> Place {
        Place::new()
    }

    tokenward_vault::vault_suite!(make);
}
