//! The store: everything that must outlive the process.

use super::{
    ApiKeys, AppData, AuditTrail, DueGrants, GrantPages, Grants, Journal, Leases, LinkBook, LoginAnswers, LoginEvents,
    Logins, WebLogins,
};

/// What every store promises, wherever it is: logins, leases, the journal, and small sealed things.
pub trait Store: Grants + Leases + Journal + Logins + LoginAnswers + AppData {}

impl<S: Grants + Leases + Journal + Logins + LoginAnswers + AppData + ?Sized> Store for S {}

/// A store of one host, which also knows this host's linked files.
pub trait Vault: Store + LinkBook {}

impl<V: Store + LinkBook + ?Sized> Vault for V {}

/// A store that a server stands on: it also knows who may call, what was done, what is to be refreshed next, which logins back ends have
/// opened, and what happened to logins.
pub trait ServerStore: Vault + GrantPages + ApiKeys + AuditTrail + DueGrants + WebLogins + LoginEvents {}

impl<S: Vault + GrantPages + ApiKeys + AuditTrail + DueGrants + WebLogins + LoginEvents + ?Sized> ServerStore for S {}
