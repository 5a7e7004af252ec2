//! What stood in a page's way, told with what helps.

use tokenward::ApiError;
use tokenward_core::Code;
use tokenward_wiki::{Error, Flaw};

use crate::commands::api::refused;
use crate::context::{Context, Work};
use crate::failure::Failure;

/// The failure. Calls fail only where there is a login at work.
pub(super) fn failure(error: Error, work: Option<&Work>, context: &Context) -> Failure {
    let lang = context.lang();
    let code = code(&error);
    let words = error.to_string();
    match error {
        Error::Call { call, error } => {
            let failure = called(call, *error, work, context);
            // Before these nothing is sent that makes or changes anything.
            if HARMLESS.contains(&call) { failure.stands(lang.wiki_nothing_made()) } else { failure }
        }
        Error::Unfinished { address, standing, error } => {
            let failure = match *error {
                Error::Call { call, error } => called(call, *error, work, context),
                error => self::failure(error, work, context),
            };
            failure.stands(lang.wiki_standing(&standing, &address)).or_then(lang, lang.wiki_again())
        }
        Error::In { file, error } => {
            let failure = self::failure(*error, work, context);
            let happened = lang.wiki_in_file(file.display(), failure.message(lang));
            failure.headed(happened)
        }
        Error::PerhapsMade { error } => {
            let failure = match *error {
                Error::Call { call, error } => called(call, *error, work, context),
                error => self::failure(error, work, context),
            };
            failure.stands(lang.wiki_perhaps_made()).or_then(lang, lang.wiki_perhaps_made_next())
        }
        Error::File { path, flaw } => {
            let failure =
                Failure::of(code).detail(format!("{}{}{}", path.display(), lang.colon(), lang.wiki_flaw(&flaw)));
            match flaw {
                _ if !path.exists() => failure.then(lang.wiki_no_such_file()),
                Flaw::LeadsElsewhere { to } => failure.then(lang.wiki_leads_elsewhere_next(to.display())),
                _ => failure,
            }
        }
        Error::Image { what, flaw } => {
            Failure::of(code).detail(format!("{what}{}{}", lang.colon(), lang.wiki_flaw(&flaw)))
        }
        Error::FrontMatter { line, flaw } => {
            Failure::new(code, lang.wiki_bad_front_matter(line)).detail(lang.wiki_flaw(&flaw))
        }
        Error::BadPlace { text, .. } => Failure::new(code, lang.wiki_bad_place(text.escape_debug())),
        Error::Busy { file } | Error::NoPage { file } => Failure::of(code).detail(file.display().to_string()),
        Error::NoPlace | Error::ImportSlow | Error::MoveApplied => Failure::of(code),
        Error::ImageElsewhere { path } => {
            Failure::new(code, lang.wiki_image_elsewhere(path.display())).then(lang.wiki_image_elsewhere_next())
        }
        Error::TooLong { line, limit } => Failure::new(code, lang.wiki_too_long(line, limit)).complete(),
        Error::Beyond { limit, line, found } => Failure::of(code).detail(lang.wiki_beyond(limit, line, found)),
        Error::ImportTooLarge => Failure::new(code, lang.wiki_import_too_large()).complete(),
        Error::Already { address } => Failure::new(code, lang.wiki_already(address)).then(lang.wiki_already_next()),
        Error::PageGone { address } => Failure::new(code, lang.wiki_gone(address)).then(lang.wiki_gone_next()),
        Error::SeveralPages { addresses } => {
            Failure::new(code, lang.wiki_several()).then_all(addresses).then(lang.wiki_several_next())
        }
        Error::Edited { address, known } => {
            let happened = if known { lang.wiki_edited(address) } else { lang.wiki_perhaps_edited(address) };
            Failure::new(code, happened).then(lang.wiki_edited_next())
        }
        Error::Ambiguous { addresses } => Failure::of(code).then_all(addresses).then(lang.wiki_ambiguous_next()),
        Error::PicturesLeft { address, pictures } => {
            let lines =
                pictures.iter().map(|(picture, reason)| format!("{picture}{}{}", lang.colon(), lang.detail(reason)));
            let detail = lines.collect::<Vec<_>>().join(lang.stop());
            Failure::new(code, lang.wiki_pictures_left(pictures.len(), address)).detail(detail)
        }
        Error::ImportRefused { status, .. } => match lang.wiki_job(status) {
            Some(meaning) => Failure::of(code).detail(format!("{status}{}{meaning}", lang.colon())),
            None => Failure::of(code).detail(words),
        },
        // The words name the file and the reason.
        _ => Failure::of(code).detail(words),
    }
}

/// A call that failed, in the words that calls are told in; but without advice that is for `api` alone.
fn called(call: &'static str, error: ApiError, work: Option<&Work>, context: &Context) -> Failure {
    let lang = context.lang();
    let Some(work) = work else { return Failure::of(Code::Internal).detail(format!("{call}: {error}")) };
    let code = error.code();
    let error_code = error.provider_code();
    let meaning = error_code.and_then(|code| lang.wiki_code(code));
    let failure = refused::failure(error, work, context);
    let failure = match error_code {
        _ if code != Code::CallRefused => failure,
        Some(NOT_FOUND) => failure.then(lang.wiki_not_found_next()),
        _ => failure.then(lang.wiki_refused_next()),
    };
    match meaning {
        Some(meaning) => failure.detail(format!("{}{}{meaning}", lang.wiki_call(call), lang.colon())),
        None => failure,
    }
}

/// There is no such space or page (reference/feishu.md §12.5).
const NOT_FOUND: i64 = 131_005;

/// Calls that come before a page is made.
const HARMLESS: &[&str] = &["convert", "spaces/my_library", "create node"];

fn code(error: &Error) -> Code {
    match error {
        Error::In { error, .. } => code(error),
        Error::File { .. } | Error::FrontMatter { .. } | Error::TooLong { .. } | Error::ImportTooLarge => {
            Code::WikiFile
        }
        Error::Beyond { .. } => Code::WikiBeyond,
        Error::Image { .. } | Error::ImageElsewhere { .. } => Code::WikiPicture,
        Error::NoPlace | Error::BadPlace { .. } => Code::WikiPlace,
        Error::Already { .. } => Code::WikiPageExists,
        Error::Edited { .. } => Code::WikiPageEdited,
        Error::Busy { .. } => Code::WikiBusy,
        Error::NoPage { .. } | Error::PageGone { .. } | Error::SeveralPages { .. } => Code::WikiNoPage,
        Error::Ambiguous { .. } => Code::WikiPageUnclear,
        Error::PicturesLeft { .. } => Code::WikiPicturesLeft,
        Error::ImportRefused { status, .. } if !passing(*status) => Code::WikiImportRefused,
        Error::ImportRefused { .. } | Error::ImportSlow | Error::MoveRefused { .. } => Code::WikiImportFailed,
        Error::MoveApplied => Code::WikiMoveApplied,
        Error::Store { .. } => Code::WikiRecord,
        Error::OddAnswer { .. } => Code::ProviderUnavailable,
        _ => Code::Internal,
    }
}

/// Job statuses that the same file may not meet a second time (reference/feishu.md §12.2): internal errors, a timeout,
/// an upload that had expired.
fn passing(status: i64) -> bool {
    matches!(status, 3 | 101 | 102 | 103 | 106 | 108 | 109 | 114 | 121 | 5000)
}
