//! The store: everything that must outlive the process.

use super::{
    ApiKeys, AppData, AuditTrail, BrowserSessions, Deliveries, DueGrants, GrantPages, Grants, Journal, Leases,
    LinkBook, LoginAnswers, LoginEvents, Logins, Outlooks, WebLogins,
};

/// What every store promises, wherever it is: logins, leases, the journal, and small sealed things.
pub trait Store: Grants + Leases + Journal + Logins + LoginAnswers + AppData {}

impl<S: Grants + Leases + Journal + Logins + LoginAnswers + AppData + ?Sized> Store for S {}

/// A store of one host, which also knows this host's linked files.
pub trait Vault: Store + LinkBook {}

impl<V: Store + LinkBook + ?Sized> Vault for V {}

/// A store that a server stands on: it also knows who may call, what was done, what is to be refreshed next, which logins back ends
/// have opened, what happened to logins, who is still to be told of it, and what lies ahead of each login; and it seals the sessions of browsers.
pub trait ServerStore:
    Vault
    + GrantPages
    + ApiKeys
    + AuditTrail
    + DueGrants
    + WebLogins
    + LoginEvents
    + Deliveries
    + BrowserSessions
    + Outlooks
{
}

impl<
    S: Vault
        + GrantPages
        + ApiKeys
        + AuditTrail
        + DueGrants
        + WebLogins
        + LoginEvents
        + Deliveries
        + BrowserSessions
        + Outlooks
        + ?Sized,
> ServerStore for S
{
}
