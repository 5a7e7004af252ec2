//! A process that opens a `SQLite` file and reads one row, with nothing around it: what `tokenward token` would cost if
//! it were only a database. Argument: the file.

use sqlx::{ConnectOptions as _, Connection as _};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bare_read FILE")?;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
