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

use rustix::process::{Pid, test_kill_process};

use tokenward_core::ports::Entropy;
use tokenward_core::{Holder, HolderFate};

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
        Self { proc: proc.to_owned(), myself: Holder { place, host, pid, started, nonce: u64::from_le_bytes(nonce) } }
    }

    /// This process.
    pub const fn myself(&self) -> &Holder {
        &self.myself
    }

    /// What became of `holder`.
    pub fn fate(&self, holder: &Holder) -> HolderFate {
        if *holder == self.myself {
            return HolderFate::Myself;
        }
        if holder.place != self.myself.place || holder.started == 0 {
            return HolderFate::Unknown;
        }
        match started(&self.proc, holder.pid) {
            Ok((ticks, running)) if ticks == holder.started && running => HolderFate::Alive,
            // Another process has the number now, or it has ended and its parent has not looked yet.
            Ok(_) => HolderFate::Dead,
            Err(_) if gone(holder.pid) => HolderFate::Dead,
            Err(_) => HolderFate::Unknown,
        }
    }

    /// How long a holder of this place has lived, by the kernel's own count, which no change of the clock touches.
    pub(crate) fn age(&self, holder: &Holder) -> Option<Duration> {
        if holder.place != self.myself.place || holder.started == 0 {
            return None;
        }
        let uptime = std::fs::read_to_string(self.proc.join("uptime")).ok()?;
        let uptime: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
        let up = Duration::try_from_secs_f64(uptime).ok()?;
        Some(up.saturating_sub(Duration::from_millis(holder.started.saturating_mul(1000 / TICKS))))
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

    struct Seven;

    impl Entropy for Seven {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn this_process_is_itself_and_a_twin_with_another_nonce_is_alive() {
        let processes = Processes::new(Path::new("/proc"), &Seven);
        assert_eq!(processes.fate(processes.myself()), HolderFate::Myself);
        let twin = Holder { nonce: 8, ..processes.myself().clone() };
        assert_eq!(processes.fate(&twin), HolderFate::Alive);
        let reborn = Holder { started: twin.started + 1, ..twin.clone() };
        assert_eq!(processes.fate(&reborn), HolderFate::Dead);
        let elsewhere = Holder { place: "elsewhere".into(), ..twin };
        assert_eq!(processes.fate(&elsewhere), HolderFate::Unknown);
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_not_dead() {
        let table = tempfile::tempdir().unwrap();
        let processes = Processes::new(Path::new("/proc"), &Seven);
        let twin = Holder { nonce: 8, ..processes.myself().clone() };
        // The process lives, and its entry is hidden, as under hidepid or when no file can be opened any more.
        let blind = Processes { proc: table.path().to_owned(), myself: processes.myself().clone() };
        assert_eq!(blind.fate(&twin), HolderFate::Unknown);
        let stat = table.path().join(twin.pid.to_string());
        std::fs::create_dir(&stat).unwrap();
        std::fs::write(stat.join("stat"), "").unwrap();
        assert_eq!(blind.fate(&twin), HolderFate::Unknown);
    }

    #[test]
    fn a_table_of_another_namespace_is_not_believed() {
        let table = tempfile::tempdir().unwrap();
        let at = |path: &str| table.path().join(path);
        std::fs::create_dir_all(at("sys/kernel/random")).unwrap();
        std::fs::create_dir_all(at("77/ns")).unwrap();
        std::fs::write(at("sys/kernel/random/boot_id"), "b").unwrap();
        std::os::unix::fs::symlink("77", at("self")).unwrap();
        std::os::unix::fs::symlink("pid:[1]", at("77/ns/pid")).unwrap();
        // Another process of that namespace, with which we share no numbers that this table knows.
        let processes = Processes::new(table.path(), &Seven);
        let other = Holder { place: "b/pid:[1]".into(), host: "h".into(), pid: 5, started: 9, nonce: 1 };
        assert_eq!(processes.fate(&other), HolderFate::Unknown);
        // Still of the same boot, so file locks speak for it.
        let place = &processes.myself().place;
        assert!(place.starts_with("b/") && place != "b/pid:[1]", "{place}");
    }

    #[test]
    fn age_is_counted_by_the_kernel() {
        let processes = Processes::new(Path::new("/proc"), &Seven);
        let age = processes.age(processes.myself()).unwrap();
        assert!(age < Duration::from_mins(10), "{age:?}");
        assert_eq!(processes.age(&Holder { place: "elsewhere".into(), ..processes.myself().clone() }), None);
    }

    #[test]
    fn a_child_that_was_waited_for_is_dead() {
        let processes = Processes::new(Path::new("/proc"), &Seven);
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let (ticks, _) = started(Path::new("/proc"), child.id()).unwrap();
        let holder = Holder { pid: child.id(), started: ticks, nonce: 1, ..processes.myself().clone() };
        assert_eq!(processes.fate(&holder), HolderFate::Alive);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(processes.fate(&holder), HolderFate::Dead);
    }
}
