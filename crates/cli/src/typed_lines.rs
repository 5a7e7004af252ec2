//! Lines that a person types while something else is waited for.
//!
//! Enters: keys at a terminal. Leaves: lines, each once it is whole. Whoever stops waiting leaves the next line to the next
//! question: nothing is read that was not asked for, and no thread stays behind. A process that runs in the background reads
//! nothing, since it would be stopped (SIGTTIN).

use std::io::stdin;
use std::time::Duration;

use rustix::io::{Errno, ioctl_fionread};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

/// The next line that is typed at the terminal that stdin is. Never ends once nobody can type any more.
pub(crate) async fn next_line() -> String {
    loop {
        let terminal = stdin();
        let is_in_front = tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp());
        // Of a terminal that reads by lines only whole ones are counted (termios(3), canonical mode), so reading does not wait.
        if !is_in_front || ioctl_fionread(&terminal).unwrap_or(0) == 0 {
            // Waiting for readiness itself would take a registration of the descriptor, which tokio has as `unsafe` alone.
            tokio::time::sleep(LOOK).await;
            continue;
        }
        let mut line = [0; LONGEST];
        match rustix::io::read(&terminal, &mut line) {
            Ok(read) => return String::from_utf8_lossy(&line[..read]).into_owned(),
            Err(Errno::INTR) => {}
            // The terminal is gone.
            Err(_) => return std::future::pending().await,
        }
    }
}

/// How often the terminal is looked at: a person does not notice it, and neither does the processor.
const LOOK: Duration = Duration::from_millis(100);
/// The longest line of a terminal that reads by lines (termios(3)).
const LONGEST: usize = 4096;
