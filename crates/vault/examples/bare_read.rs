//! A process that opens a `SQLite` file and reads one row, with nothing around it: what `tokenward token` would cost if
//! it were only a database. Argument: the file.

use rusqlite::{Connection, OpenFlags};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bare_read FILE")?;
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let _: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}
