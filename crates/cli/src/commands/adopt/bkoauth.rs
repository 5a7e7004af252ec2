//! `tokenward adopt --bkoauth`: the logins that a Django program keeps with `bkoauth`.
//!
//! Enters: the program's database, named by a path or an address; one with a password comes by file or stdin (I4). Leaves: what would
//! become of the table, before anything is asked; then a word about every row, and the warning that two owners of one refresh token end
//! each other's tokens. The table is only read.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::tz::Offset;
use serde_json::json;
use tokenward::stores::{BkoauthFate, BkoauthOptions, BkoauthPlan, BkoauthSource, BkoauthTaken};
use tokenward_core::{Code, ProviderName};
use zeroize::Zeroizing;

use crate::args::{Adopt, TokenSource, named};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(adopt: Adopt, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let Some(given) = adopt.bkoauth else { return Err(Failure::of(Code::Usage)) };
    let source = source(given, context)?;
    let work = context.work().await?;
    if work.app.provider() != ProviderName::BlueKing {
        let failure = Failure::new(Code::Usage, lang.bkoauth_not_here(&work.profile.name, work.app.provider()));
        return Err(failure.then(lang.bkoauth_init()));
    }
    let offset = adopt.utc_offset.unwrap_or(Offset::UTC);
    let options = BkoauthOptions::default().online(!adopt.offline).offset(offset);
    context.printer.note(if adopt.offline { lang.bkoauth_reading() } else { lang.bkoauth_looking() });
    let plan = BkoauthPlan::of(work.session.keeper(), &work.app, &work.profile.name, &source, &options).await;
    let plan = plan.map_err(|error| unread(error, &source, context))?;
    let planned = plan.rows();
    let document = |rows: &[BkoauthTaken], adopted: usize| {
        let rows: Vec<_> = rows.iter().map(fields).collect();
        let unasked = plan.unasked();
        json!({ "source": source.to_string(), "adopted_count": adopted, "dry_run": adopt.dry_run, "unasked": unasked, "rows": rows })
    };
    if adopt.dry_run {
        if context.printer.json {
            context.printer.document(&document(&planned, 0))?;
        } else {
            table(&planned, context)?;
            summary(&planned, plan.unasked(), context);
            context.printer.note(lang.nothing_changed());
        }
        return Ok(ExitCode::SUCCESS);
    }
    summary(&planned, plan.unasked(), context);
    if plan.to_adopt() == 0 {
        if context.printer.json {
            context.printer.document(&document(&planned, 0))?;
        } else {
            table(&planned, context)?;
            context.printer.note(lang.bkoauth_nothing_new());
        }
        return Ok(ExitCode::SUCCESS);
    }
    context.printer.warning(lang.bkoauth_two_owners());
    if !adopt.yes && !context.asker().yes(lang.ask_adopt_rows(plan.to_adopt()), &lang.adopt_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    let unasked = plan.unasked();
    let report = plan.carry_out(work.session.keeper(), &work.app).await?;
    let adopted = report.rows.iter().filter(|row| matches!(row.fate, BkoauthFate::Adopted { .. })).count();
    if context.printer.json {
        let rows: Vec<_> = report.rows.iter().map(fields).collect();
        context.printer.document(&json!({
            "source": source.to_string(), "adopted_count": adopted, "dry_run": false, "unasked": unasked, "rows": rows
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    table(&report.rows, context)?;
    context.printer.note(lang.bkoauth_adopted(adopted));
    Ok(ExitCode::SUCCESS)
}

/// How many rows of each kind there are, and whose would be taken over.
fn summary(rows: &[BkoauthTaken], unasked: usize, context: &Context) {
    let (lang, printer) = (context.lang(), context.printer);
    let count = |is: fn(&BkoauthFate) -> bool| rows.iter().filter(|row| is(&row.fate)).count();
    let adopted: Vec<_> = rows.iter().filter(|row| matches!(row.fate, BkoauthFate::ToAdopt { .. })).collect();
    let names = adopted.iter().filter_map(|row| match &row.fate {
        BkoauthFate::ToAdopt { name, .. } => Some(name.to_string()),
        _ => None,
    });
    let shown: Vec<_> = names.take(NAMED).collect();
    printer.note(lang.bkoauth_rows(rows.len()));
    if !adopted.is_empty() {
        let more = adopted.len() - shown.len();
        let names = shown.join(", ");
        printer.note(lang.bkoauth_new(adopted.len(), if more == 0 { names } else { lang.and_more(names, more) }));
    }
    let known = count(|fate| matches!(fate, BkoauthFate::Known { .. }));
    let elsewhere = count(|fate| matches!(fate, BkoauthFate::OtherEnvironment));
    let left = rows.len() - adopted.len() - known - elsewhere;
    let replaced = count(|fate| matches!(fate, BkoauthFate::ToAdopt { replaces: true, .. }));
    if known > 0 {
        printer.note(lang.bkoauth_known(known));
    }
    if elsewhere > 0 {
        printer.note(lang.bkoauth_elsewhere(elsewhere));
    }
    if left > 0 {
        printer.note(lang.bkoauth_left(left));
    }
    if replaced > 0 {
        printer.warning(lang.bkoauth_replaces(replaced));
    }
    if unasked > 0 {
        printer.warning(lang.bkoauth_unasked(unasked));
    }
}

/// Every row of a table that fits a screen; of a longer one, with `--verbose`.
fn table(rows: &[BkoauthTaken], context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    if rows.is_empty() {
        return Ok(());
    }
    if rows.len() > SHOWN && !context.printer.is_verbose() {
        context.printer.note(lang.bkoauth_rows_hidden(rows.len()));
        return Ok(());
    }
    let heads = [lang.head_row(), lang.head_user(), lang.head_environment(), lang.head_fate()];
    context.printer.table(&heads, rows.iter().map(|row| shown(row, context)).collect())
}

/// Where the table is. An address may hold a password, which other users of the machine read in arguments.
fn source(given: TokenSource, context: &Context) -> Result<BkoauthSource, Failure> {
    let lang = context.lang();
    let failed = |what: String, error: &std::io::Error| {
        Failure::new(Code::BadSecret, lang.address_not_read(what))
            .detail(error.to_string())
            .then(lang.give_readable_file())
    };
    let text = match given {
        TokenSource::Word(word) => {
            if word.contains("://") && word.contains('@') {
                context.printer.warning(lang.address_in_arguments());
            }
            if !word.contains("://") && named(PathBuf::from(word.as_str())).is_err() {
                let failure = Failure::new(Code::Usage, lang.no_file_name("--bkoauth <DATABASE>"));
                return Err(failure.then(lang.no_file_name_next()).then(lang.no_file_name_seen()));
            }
            word
        }
        TokenSource::File(file) => context.secret_text(&file, |what| lang.address_not_read(what))?,
        TokenSource::Stdin => {
            let mut line = Zeroizing::new(String::new());
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map_err(|error| failed("stdin".to_owned(), &error))?;
            line
        }
    };
    let unknown = |error| Failure::new(Code::Usage, lang.database_error(&error)).complete();
    text.trim().parse::<BkoauthSource>().map_err(unknown)
}

/// Advice for a database; the catalogue's is for another tool's store.
fn unread(error: tokenward::Error, source: &BkoauthSource, context: &Context) -> Failure {
    let (lang, code) = (context.lang(), error.code());
    let failure = Failure::from(error);
    match (code, source) {
        (Code::StoreUnreadable, BkoauthSource::Server { .. }) => failure.then(lang.bkoauth_server_next()),
        (Code::StoreEmpty, _) => failure.headed(lang.bkoauth_no_table()).then(lang.bkoauth_table_next()),
        _ => failure,
    }
}

fn shown(row: &BkoauthTaken, context: &Context) -> Vec<String> {
    let lang = context.lang();
    let user = match row.user.as_deref() {
        None => lang.row_of_app(),
        Some("") => lang.row_of_nobody(),
        Some(user) => user.to_owned(),
    };
    let fate = match &row.fate {
        BkoauthFate::ToAdopt { name, access: true, .. } => lang.row_to_adopt(name),
        BkoauthFate::ToAdopt { name, .. } => lang.row_to_adopt_due(name),
        BkoauthFate::Adopted { name, access: true, .. } => lang.row_adopted(name),
        BkoauthFate::Adopted { name, .. } => lang.row_adopted_due(name),
        BkoauthFate::Known { .. } => lang.row_known(),
        BkoauthFate::Superseded { by } => lang.row_superseded(by),
        BkoauthFate::OtherEnvironment => lang.row_elsewhere(),
        BkoauthFate::Anonymous => lang.row_anonymous(),
        BkoauthFate::NoRefreshToken { .. } => lang.row_without_refresh(),
        _ => lang.row_malformed(),
    };
    vec![row.id.to_string(), user, row.environment.clone(), fate]
}

fn fields(row: &BkoauthTaken) -> serde_json::Value {
    let (fate, more) = match &row.fate {
        BkoauthFate::Adopted { name, grant, access, expired } => {
            let more =
                json!({ "profile": name, "grant": grant.to_string(), "has_access_token": access, "expired": expired });
            ("adopted", more)
        }
        BkoauthFate::ToAdopt { name, access, expired, replaces } => {
            let more = json!({ "profile": name, "has_access_token": access, "expired": expired, "replaces": replaces });
            ("to-adopt", more)
        }
        BkoauthFate::Known { grant } => ("known", json!({ "grant": grant.to_string() })),
        BkoauthFate::Superseded { by } => ("superseded", json!({ "by": by })),
        BkoauthFate::OtherEnvironment => ("other-environment", json!({})),
        BkoauthFate::Anonymous => ("anonymous", json!({})),
        BkoauthFate::NoRefreshToken { expired } => ("no-refresh-token", json!({ "expired": expired })),
        _ => ("malformed", json!({})),
    };
    let mut fields = json!({ "row": row.id, "user_name": row.user, "environment": row.environment, "outcome": fate });
    if let (Some(fields), serde_json::Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

/// How many profiles a summary names.
const NAMED: usize = 12;
/// How many rows are shown without `--verbose`.
const SHOWN: usize = 60;
