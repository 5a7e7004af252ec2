//! The one server of this process, and the one pooler before it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::server::{Server, Watch, folder, program, ready};

/// The server of this process.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The socket of a pooler in transaction mode before the server.
pub(crate) fn pooler() -> &'static Path {
    static POOLER: OnceLock<(PathBuf, Watch)> = OnceLock::new();
    let (folder, _) = POOLER.get_or_init(|| {
        let folder = folder();
        let settings = format!(
            "[databases]\n* = host={} port=5432 user=owner\n[pgbouncer]\npool_mode = transaction\nauth_type = any\nlisten_addr =\n\
             unix_socket_dir = {}\nlisten_port = 5432\nmax_client_conn = 1000\ndefault_pool_size = 3\nlogfile = {}\n",
            server().socket().display(),
            folder.display(),
            folder.join("log").display()
        );
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let pool = format!("'{}' -q '{}'", program("pgbouncer").display(), file.display());
        let watch = Watch::over(&pool, "kill -INT $one", &folder);
        ready(|| folder.join(".s.PGSQL.5432").exists());
        (folder, watch)
    });
    folder
}
