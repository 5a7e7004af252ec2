//! Where a page goes, and where it is afterwards.
//!
//! Enters: what a person writes: an id, or an address copied from the browser. Leaves: a [`PageLocation`], and in the end the
//! page's own address. The provider's answers do not name the tenant's host (reference/feishu.md §12.1), so it is taken
//! from an address that the person gave, from a setting, or is the brand's general host, which leads on to the
//! tenant's.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::Error;

/// Which space a page goes into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// The person's own library.
    Personal,
    /// A space by its id.
    Id(String),
    /// The space that this node is in.
    OfNode(String),
}

/// Where a page goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageLocation {
    /// The space.
    pub space: Space,
    /// The node above the page; none for the space's first level.
    pub parent: Option<String>,
    /// The tenant's host, as far as an address told it.
    #[serde(skip)]
    pub host: Option<String>,
}

impl PageLocation {
    /// Reads what was given. `space` may be an id, a space's address, or the address of any page in the space.
    ///
    /// # Errors
    /// [`Error::NoPlace`] when nothing is given, [`Error::BadPlace`] for what is neither an id nor an address.
    pub fn read(personal: bool, space: Option<&str>, parent: Option<&str>) -> Result<Self, Error> {
        let parent = parent.map(|text| Pointed::read("parent", text)).transpose()?;
        let space = space.map(|text| Pointed::read("space", text)).transpose()?;
        let host = [&parent, &space].into_iter().flatten().find_map(|pointed| pointed.host.clone());
        let parent = parent
            .map(|parent| match parent.kind {
                Kind::Node | Kind::Bare => Ok(parent.id),
                Kind::Space => Err(Error::BadPlace { what: "parent", text: parent.id }),
            })
            .transpose()?;
        let space = match space {
            _ if personal => Space::Personal,
            // Any page of a space names the space; it is not meant as the parent.
            Some(Pointed { kind: Kind::Node, id, .. }) => Space::OfNode(id),
            Some(Pointed { id, .. }) => Space::Id(id),
            None => Space::OfNode(parent.clone().ok_or(Error::NoPlace)?),
        };
        Ok(Self { space, parent, host })
    }

    /// The place in a line, the same for every way of writing it.
    pub fn key(&self) -> String {
        let parent = self.parent.as_deref().unwrap_or_default();
        let space = match &self.space {
            Space::Personal => "personal",
            Space::Id(id) => id,
            Space::OfNode(node) => return format!("of:{node}/{parent}"),
        };
        format!("{space}/{parent}")
    }
}

/// The address of a page.
pub(crate) fn address(host: &str, node_token: &str) -> String {
    format!("https://{host}/wiki/{node_token}")
}

/// A host as people give it: bare, or in an address.
///
/// # Errors
/// [`Error::BadPlace`] for anything else.
pub fn host(text: &str) -> Result<String, Error> {
    let bad = || Error::BadPlace { what: "host", text: text.to_owned() };
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&whole).map_err(|_| bad())?;
    authority(&url).filter(|host| !host.is_empty() && url.username().is_empty()).ok_or_else(bad)
}

/// What a person pointed at.
struct Pointed {
    kind: Kind,
    id: String,
    host: Option<String>,
}

enum Kind {
    /// An address of a page.
    Node,
    /// An address of a space.
    Space,
    /// An id by itself.
    Bare,
}

impl Pointed {
    fn read(what: &'static str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let bad = || Error::BadPlace { what, text: text.to_owned() };
        let is_id = |id: &str| !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_id(text) {
            return Ok(Self { kind: Kind::Bare, id: text.to_owned(), host: None });
        }
        let url = Url::parse(text).map_err(|_| bad())?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(bad());
        }
        let host = authority(&url);
        // https://HOST/wiki/NODE · https://HOST/wiki/space/ID · https://HOST/wiki/settings/ID
        let path: Vec<_> = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()).collect();
        let (kind, id) = match path[..] {
            ["wiki", "space" | "settings", id, ..] => (Kind::Space, id),
            ["wiki", id] => (Kind::Node, id),
            _ => return Err(bad()),
        };
        if is_id(id) { Ok(Self { kind, id: id.to_owned(), host }) } else { Err(bad()) }
    }
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_place_leads_there() {
        let place = |personal, space, parent| PageLocation::read(personal, space, parent).unwrap();
        assert_eq!(place(true, None, None).key(), "personal/");
        assert_eq!(place(true, None, Some("WkA1")).key(), "personal/WkA1");
        let by_url = place(false, Some("https://acme.feishu.cn/wiki/space/7034502641455497244?x=1"), None);
        assert_eq!((by_url.key().as_str(), by_url.host.as_deref()), ("7034502641455497244/", Some("acme.feishu.cn")));
        assert_eq!(place(false, Some("7034502641455497244"), None).key(), by_url.key());
        assert_eq!(place(false, Some("https://a.larksuite.com/wiki/settings/70"), None).space, Space::Id("70".into()));
        let under = place(false, None, Some("https://acme.feishu.cn/wiki/WkAbc?from=x#part"));
        assert_eq!((&under.space, under.parent.as_deref()), (&Space::OfNode("WkAbc".into()), Some("WkAbc")));
        assert_eq!(under.host.as_deref(), Some("acme.feishu.cn"));
        let beside = place(false, Some("https://acme.feishu.cn/wiki/WkAbc"), None);
        assert_eq!((beside.space, beside.parent), (Space::OfNode("WkAbc".into()), None));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        assert!(matches!(PageLocation::read(false, None, None), Err(Error::NoPlace)));
        for (space, parent) in [
            (Some("a b"), None),
            (Some("https://acme.feishu.cn/docx/Abc"), None),
            (Some("ftp://x/wiki/space/1"), None),
            (None, Some("https://acme.feishu.cn/wiki/space/7034")),
            (None, Some("https://acme.feishu.cn/wiki/")),
            (None, Some("")),
        ] {
            let read = PageLocation::read(false, space, parent);
            assert!(matches!(read, Err(Error::BadPlace { .. })), "{space:?} {parent:?} {read:?}");
        }
    }

    #[test]
    fn hosts_are_bare_or_in_an_address() {
        assert_eq!(host("acme.feishu.cn").unwrap(), "acme.feishu.cn");
        assert_eq!(host("https://acme.feishu.cn:8443/x").unwrap(), "acme.feishu.cn:8443");
        assert!(host("").is_err() && host("a b").is_err() && host("https://u@h").is_err());
    }
}
