//! The files in which tokens stay that work until they end, whoever logs out here.

use tokenward::Session;
use tokenward::links::LinkedFile;
use tokenward_core::{ProfileName, Slot};

use crate::context::Context;
use crate::failure::Failure;

/// The linked files that still show tokens of a profile.
pub(super) async fn still_holding(
    name: &ProfileName,
    session: &Session,
    context: &Context,
) -> Result<Vec<String>, Failure> {
    let mut holding: Vec<String> = Vec::new();
    for state in session.links().states(Some(name)).await? {
        let target = &state.link.target;
        let Ok(document) = LinkedFile::new(&target.file, target.format).read() else { continue };
        let shows = [Slot::AccessToken, Slot::RefreshToken]
            .iter()
            .filter_map(|slot| target.places.get(slot))
            .any(|place| document.get(place).is_ok_and(|text| text.is_some_and(|text| !text.trim().is_empty())));
        holding.extend(shows.then(|| context.short(&target.file)));
    }
    holding.dedup();
    Ok(holding)
}
