//! The dashboard: every page before every kind of caller, sessions, forms, and what is in no page.

mod actions;
mod browser;
mod callers;
mod overview;
mod pages;
mod sign_in;
