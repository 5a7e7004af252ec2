//! I4 names core dumps: a crash leaves no memory behind on the disk.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::world::World;

#[test]
fn a_crash_dumps_no_core() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_tokenward");
    let crash = |words: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -c unlimited; exec {words}")]).current_dir(folder.path());
        command.env("TOKENWARD_HOME", &world.home).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // It has said something, so it has begun.
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        assert!(Command::new("kill").args(["-s", "ABRT", &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap()
    };
    let status = crash(&format!("{program} login --no-browser --port 0"));
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
