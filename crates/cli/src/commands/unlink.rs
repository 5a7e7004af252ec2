//! `tokenward unlink`: a file is no longer kept in step. The file stays as it is.

use std::process::ExitCode;

use serde_json::json;
use tokenward_core::{Code, ProfileName};

use crate::args::Unlink;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::fields::LinkFields;
use crate::spot::absolute;

pub(super) async fn run(unlink: &Unlink, desk: &Desk) -> Result<ExitCode, Failure> {
    let lang = desk.lang();
    let settings = desk.settings()?;
    let session = desk.session(&settings).await?;
    let links = session.links();
    let found = links.of_file(&absolute(&unlink.file), desk.global.profile.as_ref()).await.map_err(|error| {
        let code = error.code();
        let failure = Failure::from(error);
        if code == Code::LinkNotFound { failure.then(lang.see_links()) } else { failure }
    })?;
    if found.len() > 1 && !unlink.all {
        let mut profiles: Vec<_> = found.iter().map(|link| link.target.profile.clone()).collect();
        profiles.dedup();
        let known = profiles.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ");
        let failure = Failure::new(Code::Usage, lang.several_links(unlink.file.display(), found.len(), known));
        return Err(failure.then(lang.several_links_next()));
    }
    for link in &found {
        links.unlink(link.id).await?;
        desk.printer.note(lang.unlinked(link.target.file.display(), &link.target.profile));
    }
    if desk.printer.json {
        desk.printer.document(&json!({ "unlinked": found.iter().map(LinkFields::of).collect::<Vec<_>>() }))?;
    } else {
        desk.printer.note(lang.unlinked_stays());
    }
    Ok(ExitCode::SUCCESS)
}
