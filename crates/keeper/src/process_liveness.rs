//! Who this process is, and what became of another.
//!
//! A process number alone proves nothing: numbers are given again, and two containers that share a folder do not
//! share numbers. So a holder names its place (boot and process namespace) and its start in kernel ticks.
//!
//! *Dead* permits a second send of a token at once, so it is said only when the kernel says that there is no such
//! process: a table that cannot be read, or that hides other users' processes (`hidepid`), proves nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, test_kill_process};
use tokenward_core::ports::{Entropy, Liveness};
use tokenward_core::{Holder, HolderFate, LocalProcess, Node};

/// Reads the process table.
#[derive(Debug, Clone)]
pub struct Processes {
    proc: PathBuf,
    myself: Holder,
}

impl Processes {
    /// The process table of this machine, usually mounted at `/proc`; where there is none (not Linux), every other
    /// process is of unknown fate, which costs waiting and nothing else.
    pub fn new(proc: &Path, entropy: &dyn Entropy) -> Self {
        let mut nonce = [0; 8];
        entropy.fill(&mut nonce);
        let pid = std::process::id();
        let read = |path: &str| std::fs::read_to_string(proc.join(path)).ok();
        let named = || rustix::system::uname().nodename().to_string_lossy().into_owned();
        let host = read("sys/kernel/hostname").map_or_else(named, |name| name.trim().to_owned());
        let boot = read("sys/kernel/random/boot_id");
        // A table that was mounted for another process namespace counts us by another number, and so everyone else.
        let ours = std::fs::read_link(proc.join("self")).is_ok_and(|link| link == Path::new(&pid.to_string()));
        let namespace = std::fs::read_link(proc.join("self/ns/pid")).ok().filter(|_| ours);
        let place = match (boot, namespace) {
            (Some(boot), Some(namespace)) => format!("{}/{}", boot.trim(), namespace.display()),
            // Its numbers are not comparable with anyone's; file locks are, within one boot.
            (Some(boot), None) => format!("{}/{:016x}", boot.trim(), u64::from_le_bytes(nonce)),
            (None, _) => format!("{host}-{:016x}", u64::from_le_bytes(nonce)),
        };
        let started = started(proc, pid).map_or(0, |(ticks, _)| ticks);
        let (node, process) = (Node { place, host }, Some(LocalProcess { pid, started }));
        Self { proc: proc.to_owned(), myself: Holder { node, incarnation: u64::from_le_bytes(nonce), process } }
    }

    /// The process of a holder, if this table can tell anything of it.
    fn seen(&self, holder: &Holder) -> Option<LocalProcess> {
        holder.process.filter(|process| holder.node.place == self.myself.node.place && process.started != 0)
    }
}

#[async_trait]
impl Liveness for Processes {
    /// This process.
    fn myself(&self) -> &Holder {
        &self.myself
    }

    async fn fate(&self, holder: &Holder) -> HolderFate {
        if *holder == self.myself {
            return HolderFate::Myself;
        }
        let Some(process) = self.seen(holder) else { return HolderFate::Unknown };
        match started(&self.proc, process.pid) {
            Ok((ticks, running)) if ticks == process.started && running => HolderFate::Alive,
            // Another process has the number now, or it has ended and its parent has not looked yet.
            Ok(_) => HolderFate::Dead,
            Err(_) if gone(process.pid) => HolderFate::Dead,
            Err(_) => HolderFate::Unknown,
        }
    }

    /// By the kernel's own count.
    async fn age(&self, holder: &Holder) -> Option<Duration> {
        let process = self.seen(holder)?;
        let uptime = std::fs::read_to_string(self.proc.join("uptime")).ok()?;
        let uptime: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
        let up = Duration::try_from_secs_f64(uptime).ok()?;
        Some(up.saturating_sub(Duration::from_millis(process.started.saturating_mul(1000 / TICKS))))
    }
}

/// Whether the kernel knows no process of that number. One of another user answers "not permitted".
fn gone(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

/// A process's start in ticks, and whether it still runs (a zombie does not).
/// Fields 3 and 22 of `/proc/PID/stat`, counted after the name, which may hold spaces and brackets (proc(5)).
fn started(proc: &Path, pid: u32) -> io::Result<(u64, bool)> {
    // The name may be any bytes.
    let stat = std::fs::read(proc.join(pid.to_string()).join("stat"))?;
    let stat = String::from_utf8_lossy(&stat);
    let fields = || {
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        let ticks = fields.nth(18)?.parse().ok()?;
        Some((ticks, !matches!(state, "Z" | "X" | "x")))
    };
    fields().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The kernel's ticks a second as user space sees them (`USER_HZ`, proc(5)).
const TICKS: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere(holder: &Holder, place: &str) -> Holder {
        Holder { node: Node { place: place.to_owned(), ..holder.node.clone() }, ..holder.clone() }
    }

    struct Seven;

    impl Entropy for Seven {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[tokio::test]
    async fn this_process_is_itself_and_a_twin_with_another_nonce_is_alive() {
        let processes = Processes::new(Path::new("/proc"), &Seven);
        assert_eq!(processes.fate(processes.myself()).await, HolderFate::Myself);
        let twin = Holder { incarnation: 8, ..processes.myself().clone() };
        assert_eq!(processes.fate(&twin).await, HolderFate::Alive);
        let process = twin.process.map(|process| LocalProcess { started: process.started + 1, ..process });
        let reborn = Holder { process, ..twin.clone() };
        assert_eq!(processes.fate(&reborn).await, HolderFate::Dead);
        assert_eq!(processes.fate(&Holder { process: None, ..twin.clone() }).await, HolderFate::Unknown);
        assert_eq!(processes.fate(&elsewhere(&twin, "elsewhere")).await, HolderFate::Unknown);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_unknown_and_not_dead() {
        let table = tempfile::tempdir().unwrap();
        let processes = Processes::new(Path::new("/proc"), &Seven);
        let twin = Holder { incarnation: 8, ..processes.myself().clone() };
        // The process lives, and its entry is hidden, as under hidepid or when no file can be opened any more.
        let blind = Processes { proc: table.path().to_owned(), myself: processes.myself().clone() };
        assert_eq!(blind.fate(&twin).await, HolderFate::Unknown);
        let stat = table.path().join(twin.process.unwrap().pid.to_string());
        std::fs::create_dir(&stat).unwrap();
        std::fs::write(stat.join("stat"), "").unwrap();
        assert_eq!(blind.fate(&twin).await, HolderFate::Unknown);
    }

    #[tokio::test]
    async fn a_table_of_another_namespace_is_not_believed() {
        let table = tempfile::tempdir().unwrap();
        let at = |path: &str| table.path().join(path);
        std::fs::create_dir_all(at("sys/kernel/random")).unwrap();
        std::fs::create_dir_all(at("77/ns")).unwrap();
        std::fs::write(at("sys/kernel/random/boot_id"), "b").unwrap();
        std::os::unix::fs::symlink("77", at("self")).unwrap();
        std::os::unix::fs::symlink("pid:[1]", at("77/ns/pid")).unwrap();
        // Another process of that namespace, with which we share no numbers that this table knows.
        let processes = Processes::new(table.path(), &Seven);
        let node = Node { place: "b/pid:[1]".into(), host: "h".into() };
        let other = Holder { node, incarnation: 1, process: Some(LocalProcess { pid: 5, started: 9 }) };
        assert_eq!(processes.fate(&other).await, HolderFate::Unknown);
        // Still of the same boot, so file locks speak for it.
        let place = &processes.myself().node.place;
        assert!(place.starts_with("b/") && place != "b/pid:[1]", "{place}");
    }

    #[tokio::test]
    async fn age_is_counted_by_the_kernel() {
        let processes = Processes::new(Path::new("/proc"), &Seven);
        let age = processes.age(processes.myself()).await.unwrap();
        assert!(age < Duration::from_mins(10), "{age:?}");
        assert_eq!(processes.age(&elsewhere(processes.myself(), "elsewhere")).await, None);
    }

    #[tokio::test]
    async fn a_child_that_was_waited_for_is_dead() {
        let processes = Processes::new(Path::new("/proc"), &Seven);
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let (ticks, _) = started(Path::new("/proc"), child.id()).unwrap();
        let holder = Holder {
            incarnation: 1,
            process: Some(LocalProcess { pid: child.id(), started: ticks }),
            ..processes.myself().clone()
        };
        assert_eq!(processes.fate(&holder).await, HolderFate::Alive);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(processes.fate(&holder).await, HolderFate::Dead);
    }
}
