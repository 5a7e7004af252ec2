//! Rotates a grant many times and prints what one rotation costs; counts syncs under `strace -f -c -e
//! trace=fsync,fdatasync`. Usage: `rotations FOLDER COUNT`.

use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{Grants, Journal, Leases, Logins};
use tokenward_core::{Generation, Seat};
use tokenward_vault::suite::{TestClock, TestEntropy, answer, draft, holder, login, rotation};
use tokenward_vault::{Folder, KeySources, SqliteVault, VaultOptions};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
#[expect(clippy::disallowed_methods, reason = "it measures real time")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = Folder::new(arguments.next().ok_or_else(|| anyhow::anyhow!("FOLDER is missing"))?);
    let count: u32 = arguments.next().ok_or_else(|| anyhow::anyhow!("COUNT is missing"))?.parse()?;
    let vault = SqliteVault::open(VaultOptions {
        folder: folder.clone(),
        keys: KeySources::default(),
        clock: Arc::new(TestClock::default()),
        entropy: Arc::new(TestEntropy),
    })
    .await?;
    let id = vault.log_in(login("work", "1", None)).await?.id();
    let mut generation = vault.grant(id).await?.generation;
    let start = std::time::Instant::now();
    for number in 0..count {
        let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await?.lease()
        else {
            anyhow::bail!("the lease is taken");
        };
        let intent = vault.begin(&lease, draft(generation)).await?.intent();
        vault.keep_answer(intent, &answer("{}")).await?;
        vault.commit(None, intent, rotation(&number.to_string())).await?;
        vault.release(lease).await?;
        generation = Generation::new(generation.get() + 1);
    }
    println!("{count} rotations, {:?} each", start.elapsed() / count.max(1));
    Ok(())
}
