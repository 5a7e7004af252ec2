//! What stood in a page's way, told with what helps.

use tokenward_core::Code;
use tokenward_wiki::Error;

use crate::commands::api::refused;
use crate::desk::{Desk, Work};
use crate::failure::Failure;

/// The failure. Calls fail only where there is a login at work.
pub(super) fn failure(error: Error, work: Option<&Work>, desk: &Desk) -> Failure {
    let lang = desk.lang();
    let code = code(&error);
    let words = error.to_string();
    match error {
        Error::Call { call, error } => {
            let Some(work) = work else { return Failure::of(Code::Internal).detail(words) };
            let meaning = error.provider_code().and_then(|code| lang.wiki_code(code));
            let failure = refused::failure(*error, work, desk);
            match meaning {
                Some(meaning) => failure.detail(format!("{call}: {meaning}")),
                None => failure,
            }
        }
        Error::File { path, flaw } => {
            Failure::of(code).detail(format!("{}: {}", path.display(), lang.wiki_flaw(&flaw)))
        }
        Error::Image { what, flaw } => Failure::of(code).detail(format!("{what}: {}", lang.wiki_flaw(&flaw))),
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
        Error::RowTooWide { columns } => Failure::new(code, lang.wiki_row_too_wide(columns)).complete(),
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
            let lines = pictures.iter().map(|(picture, reason)| format!("{picture}: {reason}"));
            let detail = lines.collect::<Vec<_>>().join("; ");
            Failure::new(code, lang.wiki_pictures_left(pictures.len(), address)).detail(detail)
        }
        Error::ImportRefused { status, .. } => match lang.wiki_job(status) {
            Some(meaning) => Failure::of(code).detail(format!("{status}: {meaning}")),
            None => Failure::of(code).detail(words),
        },
        // The words name the file and the reason.
        _ => Failure::of(code).detail(words),
    }
}

fn code(error: &Error) -> Code {
    match error {
        Error::File { .. }
        | Error::FrontMatter { .. }
        | Error::TooLong { .. }
        | Error::RowTooWide { .. }
        | Error::ImportTooLarge => Code::WikiFile,
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

/// Job statuses that the same file may not meet a second time (reference §12.2): internal errors, a timeout, an upload
/// that had expired.
fn passing(status: i64) -> bool {
    matches!(status, 3 | 101 | 102 | 103 | 106 | 108 | 109 | 114 | 121 | 5000)
}
