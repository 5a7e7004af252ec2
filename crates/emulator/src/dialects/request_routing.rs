//! Which request is which, at every door.
//!
//! Enters: a door, a method and a path. Leaves: an [`Endpoint`], or nothing, which is an HTTP 404 in `text/plain` as on the
//! platform (reference/feishu.md §9, §11).

use http::Method;

use crate::blueking;
use crate::feishu;
use crate::plain;
use crate::words::{Door, Endpoint};

impl Endpoint {
    /// The endpoint behind a method and path at a door, if there is one.
    pub(crate) fn find(door: Door, method: &Method, path: &str) -> Option<Self> {
        match door {
            Door::Accounts | Door::Open => feishu::find(door, method, path),
            Door::Ssm | Door::AuthApi | Door::Bkauth | Door::Gateway => blueking::find(door, method, path),
            Door::Plain => plain::find(method, path),
        }
    }

    /// Where a client finds it: host, method, path. [`Endpoint::Api`] names the first of its paths; `{realm}` stands for a
    /// realm of bkauth, and paths of the plain provider follow the path of its issuer.
    pub fn address(self) -> (Door, Method, &'static str) {
        let tables = [feishu::ROUTES, blueking::ROUTES, plain::ROUTES];
        let route = tables.into_iter().flatten().find(|route| route.endpoint == self);
        route.map_or((Door::Open, Method::GET, "/"), |route| (route.door, route.methods[0].clone(), route.path))
    }
}
