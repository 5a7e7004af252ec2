//! `bkoauth`'s table, read where it lies.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::Offset;
use tokenward_files::stores::{BkoauthError, BkoauthRow, BkoauthSource, read_bkoauth};

use crate::database::{Row, write_table, write_table_with_log};

fn row(id: i64, user: Option<&str>, refresh: Option<&str>) -> Row {
    Row {
        id,
        access_token: format!("access-{id}"),
        refresh_token: refresh.map(str::to_owned),
        expires: "2026-11-25 23:00:00.500000".to_owned(),
        env_name: "prod".to_owned(),
        user_id: user.map(str::to_owned),
    }
}

async fn read(file: &Path) -> Result<Vec<BkoauthRow>, BkoauthError> {
    read_bkoauth(&file.to_str().unwrap().parse::<BkoauthSource>().unwrap(), Offset::UTC).await
}

#[tokio::test]
async fn every_row_is_read_and_nothing_is_written() {
    for with_log in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("db.sqlite3");
        let mut rows = vec![row(1, Some("alice"), Some("r1")), row(2, None, Some("")), row(3, Some(""), None)];
        rows.push(Row {
            access_token: "not a token".to_owned(),
            expires: "soon".to_owned(),
            ..row(4, Some("bob"), None)
        });
        if with_log {
            write_table_with_log(&file, &rows);
        } else {
            write_table(&file, &rows);
        }
        let before = std::fs::read(&file).unwrap();
        let found = read(&file).await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is put beside it");
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(found[0].access.as_ref().unwrap().expose(), "access-1");
        assert_eq!(found[0].refresh.as_ref().unwrap().expose(), "r1");
        assert_eq!(found[0].expires, Some("2026-11-25T23:00:00.5Z".parse::<Timestamp>().unwrap()));
        assert_eq!((found[0].user.as_deref(), found[0].environment.as_str()), (Some("alice"), "prod"));
        // An empty refresh token is none; an empty name is a name, and none is the app.
        assert!(found[1].refresh.is_none() && found[1].user.is_none());
        assert_eq!(found[2].user.as_deref(), Some(""));
        assert!(found[3].access.is_none() && found[3].expires.is_none());
        assert!(!format!("{found:?}").contains("access-1"));
    }
}

#[tokio::test]
async fn what_is_no_such_table_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(matches!(read(&at("none")).await, Err(BkoauthError::Io { .. })));
    std::fs::write(at("text"), "a text that is long enough to be a header").unwrap();
    assert!(matches!(read(&at("text")).await, Err(BkoauthError::NotSqlite(_))));
    write_table(&at("empty"), &[]);
    assert!(read(&at("empty")).await.unwrap().is_empty());
}

/// A build without a server's driver says so, and what to do instead.
#[cfg(not(feature = "bkoauth-mysql"))]
#[tokio::test]
async fn a_server_whose_driver_is_not_built_in() {
    let elsewhere: BkoauthSource = "mysql://u:secret@h/d".parse().unwrap();
    let error = read_bkoauth(&elsewhere, Offset::UTC).await.unwrap_err().to_string();
    assert!(
        error.contains("MySQL")
            && error.contains("--features bkoauth-mysql")
            && error.contains("dumpdata bkoauth")
            && !error.contains("secret"),
        "{error}"
    );
}
