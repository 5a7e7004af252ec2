//! The `SQLite` vault: the exported suites, and what is this engine's own.

mod audit;
mod backups;
mod earlier;
mod faults;
mod health;
mod keys;
mod landing;
mod linked;
mod lost;
mod migrating;
mod nth_write;
mod opening;
mod place;
mod restoring;
mod secrets;
mod trips;

/// The promises of the ports.
mod suite {
    use crate::place::Place;

    async fn make() -> Place {
        Place::new()
    }

    mod store {
        use super::make;

        tokenward_vault::store_suite!(make);
    }

    mod server {
        use super::make;

        tokenward_vault::server_suite!(make);
    }

    mod folder {
        use super::make;

        tokenward_vault::folder_suite!(make);
    }
}
