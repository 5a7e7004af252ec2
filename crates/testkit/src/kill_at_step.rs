//! Death at a step of a rotation.

use rustix::process::{Signal, getpid, kill_process};
use tokenward::{Observer, RotationStep};

/// Kills its own process at a step, as by SIGKILL from outside.
#[derive(Debug)]
pub struct Killed(pub RotationStep);

impl Observer for Killed {
    fn at(&self, step: RotationStep) {
        if step == self.0 {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
