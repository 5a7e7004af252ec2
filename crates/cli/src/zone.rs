//! The time zone in which people are shown moments.
//!
//! Enters: the environment. Leaves: a [`TimeZone`], which is UTC where nothing says another one or what says it cannot be read: a
//! moment is shown with its offset, so it is right in any zone. `--utc` and `--json` do not come here.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use tokenward::Environment;

/// The zone that `TZ` names (POSIX.1-2024 §8.3): empty is UTC; `:FILE` or an absolute path is a file; a name is looked up in the
/// system's database (`TZDIR`); anything else is a rule such as `CST-8`. Without `TZ` it is `/etc/localtime`.
pub(crate) fn of_environment(env: &Environment) -> TimeZone {
    let Some(value) = env.raw("TZ") else { return file(Path::new(LOCAL_TIME)).unwrap_or(TimeZone::UTC) };
    let folder = env.path("TZDIR").unwrap_or_else(|| PathBuf::from(DATABASE));
    value.to_str().and_then(|text| named(text, &folder)).unwrap_or(TimeZone::UTC)
}

fn named(text: &str, folder: &Path) -> Option<TimeZone> {
    let name = text.strip_prefix(':').unwrap_or(text);
    if name.is_empty() || name.eq_ignore_ascii_case("UTC") {
        return Some(TimeZone::UTC);
    }
    // `join` takes an absolute path as it is.
    let in_database = !Path::new(name).components().any(|part| part.as_os_str() == "..");
    let read = in_database.then(|| file(&folder.join(name))).flatten();
    read.or_else(|| TimeZone::posix(name).ok())
}

/// A file of the database (RFC 9636); no such file is longer than this.
fn file(path: &Path) -> Option<TimeZone> {
    let size = path.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    let bytes = (size <= LONGEST).then(|| std::fs::read(path).ok()).flatten()?;
    TimeZone::tzif("Local", &bytes).ok()
}

const LOCAL_TIME: &str = "/etc/localtime";
const DATABASE: &str = "/usr/share/zoneinfo";
const LONGEST: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn shown(variables: &[(&str, &str)]) -> String {
        let zone = of_environment(&Environment::new(variables.iter().copied()));
        let at: Timestamp = "2026-11-29T05:29:41Z".parse().unwrap();
        at.to_zoned(zone).strftime("%H:%M %:z").to_string()
    }

    #[test]
    fn the_zone_is_the_one_that_tz_names() {
        for (value, told) in [
            ("", "05:29 +00:00"),
            ("UTC", "05:29 +00:00"),
            ("CST-8", "13:29 +08:00"),
            (":CST-8", "13:29 +08:00"),
            ("EST5EDT,M3.2.0,M11.1.0", "00:29 -05:00"),
            ("<+0545>-5:45", "11:14 +05:45"),
            ("No/Such_Zone", "05:29 +00:00"),
            ("../../etc/passwd", "05:29 +00:00"),
            ("/dev/zero", "05:29 +00:00"),
            ("/no/such/file", "05:29 +00:00"),
        ] {
            assert_eq!(shown(&[("TZ", value)]), told, "{value:?}");
        }
    }

    /// A database of one zone, which has a half hour and no summer.
    #[test]
    fn a_name_is_looked_up_in_the_database_and_a_path_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut zone = b"TZif2".to_vec();
        // Version 1 is empty but for one type, version 2 as well; the rule at the end counts (RFC 9636 §3).
        let block = |zone: &mut Vec<u8>| {
            zone.extend([0; 15]);
            for count in [0_u32, 0, 0, 0, 1, 4] {
                zone.extend(count.to_be_bytes());
            }
            zone.extend(19_800_i32.to_be_bytes());
            zone.extend([0, 0]);
            zone.extend(b"IST\0");
        };
        block(&mut zone);
        zone.extend(b"TZif2");
        block(&mut zone);
        zone.extend(b"\nIST-5:30\n");
        std::fs::create_dir(folder.path().join("Asia")).unwrap();
        let file = folder.path().join("Asia/Kolkata");
        std::fs::write(&file, zone).unwrap();
        let database = ("TZDIR", folder.path().to_str().unwrap());
        assert_eq!(shown(&[database, ("TZ", "Asia/Kolkata")]), "10:59 +05:30");
        assert_eq!(shown(&[("TZ", &format!(":{}", file.display()))]), "10:59 +05:30");
    }
}
