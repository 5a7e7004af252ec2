//! What is handed out at once: the files beside a vault, and the store whose changes are shown in them.

mod files;
mod linked;
mod lost;
mod moments;
mod place;

/// A store whose changes are shown keeps every promise of a store, and what a folder adds.
mod suite {
    use crate::place::Place;

    async fn make() -> Place {
        Place::new()
    }

    mod store {
        use super::make;

        tokenward_vault::store_suite!(make);
    }

    mod folder {
        use super::make;

        tokenward_vault::folder_suite!(make);
    }
}
