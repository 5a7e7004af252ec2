//! The store on `PostgreSQL`: what every store promises, directly and through a pooler; and what is this engine's own.
//!
//! One server for all of them, each case with a database of its own. `./test --with-postgres` installs what is needed.

mod keys;
mod migrating;
mod partitions;
mod place;
mod proxy;
mod races;
mod server;
mod shared;

/// The promises of the ports.
mod store {
    use crate::place::Place;

    async fn make() -> Place {
        Place::new()
    }

    tokenward_vault::store_suite!(make);
    tokenward_vault::server_suite!(make);
}

/// The same through a pooler that gives each transaction another session.
mod pooled {
    use crate::place::Place;

    async fn make() -> Place {
        Place::pooled()
    }

    tokenward_vault::store_suite!(make);
    tokenward_vault::server_suite!(make);
}
