//! Who this process is, and what became of another.
//!
//! A process number alone proves nothing: numbers are given again, and two containers that share a folder do not
//! share numbers. So a holder names its place (boot and process namespace) and its start in kernel ticks.

use std::path::{Path, PathBuf};

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
        let host = read("sys/kernel/hostname").map_or_else(|| "localhost".to_owned(), |name| name.trim().to_owned());
        let boot = read("sys/kernel/random/boot_id");
        let namespace = std::fs::read_link(proc.join("self/ns/pid")).ok();
        let place = match (boot, namespace) {
            (Some(boot), Some(namespace)) => format!("{}/{}", boot.trim(), namespace.display()),
            // Not comparable with anything, this process apart.
            _ => format!("{host}/{:016x}", u64::from_le_bytes(nonce)),
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
            Some((ticks, running)) if ticks == holder.started && running => HolderFate::Alive,
            _ => HolderFate::Dead,
        }
    }
}

/// A process's start in ticks, and whether it still runs (a zombie does not). `None` when there is no such process.
/// Fields 3 and 22 of `/proc/PID/stat`, counted after the name, which may hold spaces and brackets (proc(5)).
fn started(proc: &Path, pid: u32) -> Option<(u64, bool)> {
    let stat = std::fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let ticks = fields.nth(18)?.parse().ok()?;
    Some((ticks, !matches!(state, "Z" | "X" | "x")))
}

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
