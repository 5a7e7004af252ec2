//! The pictures of a file: where each comes from, and whether it may be sent.
//!
//! Enters: the destination that stands in the Markdown. Leaves: a [`Source`], and later the bytes with a name. A file
//! may have been written by anybody, and what it points at ends up where others read it. So a local picture must lie in
//! the file's own folder or one that the person named, symbolic links followed, and must begin as a picture begins:
//! `![](../../.ssh/id_ed25519)` is refused, and so is `![](key.png)` with a key in it. What is looked at is what is sent:
//! one descriptor tells kind, size and content, and the way to it is looked at again once it is open.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::OFlags;
use tokenward::core::percent_decode;
use url::Url;

use crate::limits::FILE;
use crate::{Error, Flaw};

/// Where a picture comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file of this machine.
    File(PathBuf),
    /// The web.
    Web(Url),
    /// It stands in the Markdown itself (`data:`, RFC 2397).
    Inline(Vec<u8>),
    /// An address of a kind that leads to no picture we could fetch.
    Unknown,
    /// It stays as it is written: HTML or an embed that leads to nothing that may be sent.
    Left,
}

/// An address without name and password, to be shown, if it holds some: whoever reads a page would read them too.
pub(crate) fn without_login(destination: &str) -> Option<String> {
    let text = destination.trim();
    let mut url = match text.strip_prefix("//") {
        Some(rest) => Url::parse(&format!("https://{rest}")),
        None => Url::parse(text),
    }
    .ok()?;
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    // Only addresses without a host refuse; they have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url.to_string())
}

/// The folders that local pictures may lie in.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    base: PathBuf,
    roots: Vec<PathBuf>,
}

impl Folders {
    /// Those of a file: its own, and any that the person named.
    ///
    /// # Errors
    /// [`Error::Image`] for a folder that is not there.
    pub(crate) fn new(file: &Path, named: Option<&Path>) -> Result<Self, Error> {
        let base = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let roots = [Some(base.as_path()), named]
            .into_iter()
            .flatten()
            .map(|root| std::fs::canonicalize(root).map_err(|error| broken(root, error.into())))
            .collect::<Result<_, _>>()?;
        Ok(Self { base, roots })
    }

    /// What a destination means.
    ///
    /// # Errors
    /// [`Error::Image`] for a file that is not there, may not be read, or lies elsewhere.
    pub(crate) fn source(&self, destination: &str) -> Result<Source, Error> {
        let text = destination.trim();
        if let Some(rest) = text.strip_prefix("//") {
            return Ok(Url::parse(&format!("https://{rest}")).map_or(Source::Unknown, Source::Web));
        }
        if let Some((scheme, rest)) = text.split_once(':')
            && scheme.len() > 1
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return Ok(match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => Url::parse(text).map_or(Source::Unknown, Source::Web),
                "data" => inline(rest).map_or(Source::Unknown, Source::Inline),
                _ => Source::Unknown,
            });
        }
        self.file(text).map(Source::File)
    }

    fn file(&self, text: &str) -> Result<PathBuf, Error> {
        // A name may hold `?` or `#`; where no such file is, they begin what a browser would cut off.
        let decoded = decode(text);
        let cut = decode(text.split(['?', '#']).next().unwrap_or_default());
        let path = [&decoded, &cut].into_iter().map(|name| self.base.join(name)).find(|path| path.exists());
        let path = path.ok_or_else(|| broken(&self.base.join(&decoded), Flaw::Missing))?;
        let real = std::fs::canonicalize(&path).map_err(|error| broken(&path, error.into()))?;
        if !self.roots.iter().any(|root| real.starts_with(root)) {
            return Err(Error::ImageElsewhere { path: real });
        }
        picture(&real)?;
        Ok(real)
    }
}

/// Reads a local picture by the path that it was found at, links followed.
///
/// # Errors
/// [`Error::Image`], also where another file stands there now, and [`Error::ImageElsewhere`] where the way leads elsewhere.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let (file, mut bytes) = picture(path)?;
    file.take(FILE).read_to_end(&mut bytes).map_err(|error| broken(path, error.into()))?;
    if bytes.len() as u64 > FILE { Err(broken(path, TOO_LARGE)) } else { Ok(bytes) }
}

/// Reads a picture that was kept by us.
///
/// # Errors
/// [`Error::Image`].
pub(crate) fn read_kept(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| broken(path, error.into()))
}

/// Opens a file, not following a link at its end and not waiting for whoever writes into a pipe.
pub(crate) fn open(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Opens a picture that was found at a path without links; gives back what was read of it to tell what it is.
fn picture(path: &Path) -> Result<(File, Vec<u8>), Error> {
    let failed = |error: std::io::Error| broken(path, error.into());
    let mut file = open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    // A folder on the way may have become a link since: what is open now must stand where it was found.
    let real = std::fs::canonicalize(path).map_err(failed)?;
    if real != path {
        return Err(Error::ImageElsewhere { path: real });
    }
    let there = std::fs::symlink_metadata(path).map_err(failed)?;
    let flaw = match metadata.len() {
        _ if !metadata.is_file() => Flaw::NotAFile,
        _ if (there.dev(), there.ino()) != (metadata.dev(), metadata.ino()) => Flaw::Exchanged,
        0 => Flaw::Empty,
        length if length > FILE => TOO_LARGE,
        _ => {
            let mut head = Vec::new();
            (&mut file).take(HEAD).read_to_end(&mut head).map_err(failed)?;
            match kind(&head) {
                Some(_) => return Ok((file, head)),
                None => Flaw::NotAPicture,
            }
        }
    };
    Err(broken(path, flaw))
}

/// The ending of a picture's name by its first bytes; `None` for what is no picture.
pub(crate) fn kind(bytes: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    let at = |from: usize, magic: &[u8]| bytes.get(from..from + magic.len()) == Some(magic);
    Some(match () {
        () if begins(b"\x89PNG\r\n\x1a\n") => "png",
        () if begins(b"\xff\xd8\xff") => "jpg",
        () if begins(b"GIF87a") || begins(b"GIF89a") => "gif",
        () if begins(b"RIFF") && at(8, b"WEBP") => "webp",
        () if begins(b"BM") && at(6, b"\0\0\0\0") => "bmp",
        () if begins(b"II*\0") || begins(b"MM\0*") => "tiff",
        () if begins(b"\0\0\x01\0") => "ico",
        () if at(4, b"ftypavif") => "avif",
        () if at(4, b"ftyphei") || at(4, b"ftypmif1") => "heic",
        () if is_svg(bytes) => "svg",
        () => return None,
    })
}

/// Adler-32 (RFC 1950 §8.2), the checksum of the upload.
pub(crate) fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    // 5552 is the longest run that cannot overflow before the remainder is taken (RFC 1950, zlib's NMAX).
    for run in bytes.chunks(5552) {
        for byte in run {
            low += u32::from(*byte);
            high += low;
        }
        low %= 65_521;
        high %= 65_521;
    }
    high << 16 | low
}

fn broken(path: &Path, flaw: Flaw) -> Error {
    Error::Image { what: path.display().to_string(), flaw }
}

fn inline(text: &str) -> Option<Vec<u8>> {
    let (head, data) = text.split_once(',')?;
    let bytes = if head.to_ascii_lowercase().ends_with(";base64") {
        let data: String = data.chars().filter(|c| !c.is_whitespace()).collect();
        STANDARD.decode(data).ok()?
    } else {
        percent_decode::decode(data).map_or_else(|| data.as_bytes().to_vec(), |bytes| bytes.to_vec())
    };
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= FILE);
    kind(&bytes).filter(|_| fits).map(|_| bytes)
}

/// Percent-decoding (RFC 3986 §2.1). What is not UTF-8 afterwards is left as it stood.
fn decode(text: &str) -> String {
    let bytes = percent_decode::decode(text).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    bytes.unwrap_or_else(|| text.to_owned())
}

fn is_svg(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    head.starts_with("<svg") || (head.starts_with("<?xml") || head.starts_with("<!--")) && head.contains("<svg")
}

const TOO_LARGE: Flaw = Flaw::TooLarge { megabytes: FILE >> 20 };
/// How much of a file tells what it is.
const HEAD: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    #[test]
    fn local_pictures_stay_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("doc/pics")).unwrap();
        for name in ["doc/a b.png", "doc/pics/ü#1.png", "doc/q.png", "out.png"] {
            std::fs::write(at(name), PNG).unwrap();
        }
        std::fs::write(at("doc/key.png"), "-----BEGIN OPENSSH PRIVATE KEY-----").unwrap();
        std::fs::write(at("doc/empty.png"), "").unwrap();
        std::fs::File::create(at("doc/huge.png")).unwrap().set_len(FILE + 1).unwrap();
        std::os::unix::fs::symlink(at("out.png"), at("doc/link.png")).unwrap();
        let folders = Folders::new(&at("doc/x.md"), None).unwrap();
        for name in ["a b.png", "a%20b.png", "./pics/%C3%BC%231.png", "pics/../q.png?raw=true#x"] {
            assert!(matches!(folders.source(name), Ok(Source::File(_))), "{name}");
        }
        for name in ["../out.png", "link.png", "/etc/hostname"] {
            assert!(matches!(folders.source(name), Err(Error::ImageElsewhere { .. })), "{name}");
        }
        for name in ["none.png", "key.png", "empty.png", "huge.png", "pics", ""] {
            assert!(matches!(folders.source(name), Err(Error::Image { .. })), "{name}");
        }
        let wider = Folders::new(&at("doc/x.md"), Some(folder.path())).unwrap();
        assert!(matches!(wider.source("../out.png"), Ok(Source::File(_))));
        assert!(matches!(wider.source("link.png"), Ok(Source::File(_))));
    }

    /// A folder on the way, or the file itself, exchanged between the look and the reading.
    #[test]
    fn a_picture_that_is_exchanged_for_a_link_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| std::fs::canonicalize(folder.path()).unwrap().join(name);
        std::fs::create_dir_all(at("doc/pics")).unwrap();
        std::fs::create_dir_all(at("secret")).unwrap();
        std::fs::write(at("doc/pics/a.png"), PNG).unwrap();
        std::fs::write(at("secret/a.png"), [PNG, b"secret"].concat()).unwrap();
        let folders = Folders::new(&at("doc/x.md"), None).unwrap();
        let Ok(Source::File(path)) = folders.source("pics/a.png") else { panic!() };
        assert_eq!(read(&path).unwrap(), PNG);
        std::fs::rename(at("doc/pics"), at("doc/was")).unwrap();
        std::os::unix::fs::symlink(at("secret"), at("doc/pics")).unwrap();
        assert!(matches!(read(&path), Err(Error::ImageElsewhere { .. })));
        std::fs::remove_file(at("doc/pics")).unwrap();
        std::fs::create_dir(at("doc/pics")).unwrap();
        std::os::unix::fs::symlink(at("secret/a.png"), at("doc/pics/a.png")).unwrap();
        assert!(matches!(read(&path), Err(Error::Image { .. })));
    }

    #[test]
    fn other_pictures_are_told_by_their_address() {
        let folders = Folders::new(Path::new("x.md"), None).unwrap();
        let source = |text: &str| folders.source(text).unwrap();
        assert_eq!(source("HTTPS://e.test/a.png"), Source::Web("https://e.test/a.png".parse().unwrap()));
        assert_eq!(source("//e.test/a.png"), Source::Web("https://e.test/a.png".parse().unwrap()));
        assert_eq!(source("data:image/gif;base64,R0lG ODlhAQ=="), Source::Inline(b"GIF89a\x01".to_vec()));
        let png: String = PNG.iter().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
        assert_eq!(source(&format!("data:image/png,{png}")), Source::Inline(PNG.to_vec()));
        assert_eq!(source("data:image/svg+xml,%3Csvg/%3E"), Source::Inline(b"<svg/>".to_vec()));
        for text in ["data:text/plain,hello", "data:", "file:///etc/passwd", "cid:1", "ftp://x/y.png", "http://"] {
            assert_eq!(source(text), Source::Unknown, "{text}");
        }
    }

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(&vec![0xff; 1_000_000]), {
            let (mut low, mut high) = (1_u64, 0_u64);
            for _ in 0..1_000_000 {
                low = (low + 255) % 65_521;
                high = (high + low) % 65_521;
            }
            u32::try_from(high << 16 | low).unwrap()
        });
    }
}
