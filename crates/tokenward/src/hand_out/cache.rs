//! What this process has read of hand-out files, for as long as each of them is the file that was read.
//!
//! Enters: a name, how its file looks by now (one call of the system), and whoever reads it. Leaves: what stands in the file. Promise kept:
//! nothing is served that the file does not say any more (I7), whichever process took it away or wrote it anew.
//!
//! A file is written over in place, and two writings within one tick of the disk's clock may look alike. So what was read counts only if the
//! file had looked the same for longer than any such tick before: whatever is written after that looks otherwise.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokenward_core::ports::HandOut;
use tokenward_core::{ProfileName, Stamp};
use tokio::time::Instant;

/// By name, what was seen of its file.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<ProfileName, Seen>>);

struct Seen {
    looks: Stamp,
    /// When it was first seen to look so.
    since: Instant,
    read: Option<HandOut>,
}

impl Memory {
    /// What stands in the file of a name that looks so now; nothing, and nothing is kept, where there is none.
    pub(super) fn recall(
        &self,
        profile: &ProfileName,
        looks: Option<Stamp>,
        now: Instant,
        read: impl FnOnce() -> Option<HandOut>,
    ) -> Option<HandOut> {
        let mut seen = self.seen();
        let Some(looks) = looks else {
            seen.remove(profile);
            return None;
        };
        let Some(known) = seen.get(profile).filter(|known| known.looks == looks) else {
            if seen.len() >= MOST {
                seen.clear();
            }
            seen.insert(profile.clone(), Seen { looks, since: now, read: None });
            drop(seen);
            return read();
        };
        if let Some(found) = &known.read {
            return Some(found.clone());
        }
        let has_settled = now.saturating_duration_since(known.since) > SETTLED;
        drop(seen);
        let found = read()?;
        if has_settled && let Some(known) = self.seen().get_mut(profile).filter(|known| known.looks == looks) {
            known.read = Some(found.clone());
        }
        Some(found)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<ProfileName, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Longer than any tick of a disk's clock: the coarsest, ext2's, is a second.
const SETTLED: Duration = Duration::from_secs(2);
/// How many are remembered. A site may have a name for each of its users.
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::Timestamp;
    use tokenward_core::{Access, AccessToken, Generation, GrantId};
    use uuid::Uuid;

    use super::*;

    const LOOKS: Stamp = Stamp { device: 1, inode: 2, size: 3, modified: 4, changed: 4 };

    fn hand_out(generation: u64) -> HandOut {
        HandOut {
            grant: GrantId::from(Uuid::from_u128(1)),
            app: "app".parse().unwrap(),
            registration: None,
            generation: Generation::new(generation),
            access: Access {
                token: AccessToken::parse("token").unwrap(),
                obtained: Timestamp::UNIX_EPOCH,
                expires: Timestamp::UNIX_EPOCH,
            },
            due_at: Timestamp::UNIX_EPOCH,
            links: Vec::new(),
        }
    }

    /// A file whose readings are counted.
    struct Stand {
        memory: Memory,
        begun: Instant,
        readings: Cell<u32>,
    }

    impl Stand {
        fn new() -> Self {
            Self { memory: Memory::default(), begun: Instant::now(), readings: Cell::new(0) }
        }

        fn ask(&self, profile: &str, looks: Stamp, seconds: u64, says: Option<u64>) -> Option<u64> {
            let now = self.begun + Duration::from_secs(seconds);
            let read = || {
                self.readings.set(self.readings.get() + 1);
                says.map(hand_out)
            };
            let found = self.memory.recall(&profile.parse().unwrap(), Some(looks), now, read);
            found.map(|found| found.generation.get())
        }
    }

    #[test]
    fn read_anew_until_the_file_has_looked_the_same_for_a_while_and_then_no_more() {
        let stand = Stand::new();
        // What is written within one tick looks alike, and is seen all the same.
        for (seconds, says) in [(0, 1), (0, 2), (1, 3), (3, 4)] {
            assert_eq!(stand.ask("work", LOOKS, seconds, Some(says)), Some(says));
        }
        assert_eq!(stand.readings.get(), 4);
        assert_eq!(stand.ask("work", LOOKS, 4, None), Some(4));
        assert_eq!(stand.readings.get(), 4, "remembered");
    }

    #[test]
    fn another_look_a_file_that_is_gone_and_another_name_are_read() {
        let stand = Stand::new();
        let ready = |looks| {
            stand.ask("work", looks, 0, Some(1));
            stand.ask("work", looks, 3, Some(1));
        };
        ready(LOOKS);
        assert_eq!(stand.ask("other", LOOKS, 3, Some(7)), Some(7));
        assert_eq!(stand.ask("work", Stamp { changed: 5, ..LOOKS }, 4, Some(2)), Some(2));
        assert_eq!(stand.ask("work", LOOKS, 5, Some(3)), Some(3), "it counts from when it was seen again");
        ready(LOOKS);
        assert!(stand.memory.recall(&"work".parse().unwrap(), None, stand.begun, || None).is_none());
        assert_eq!(stand.ask("work", LOOKS, 9, None), None);
    }

    #[test]
    fn what_does_not_read_is_not_remembered() {
        let stand = Stand::new();
        for seconds in [0, 3, 4] {
            assert_eq!(stand.ask("work", LOOKS, seconds, None), None);
        }
        assert_eq!(stand.readings.get(), 3);
    }

    #[test]
    fn no_more_names_are_remembered_than_a_few_hundred() {
        let stand = Stand::new();
        for number in 0..2 * MOST {
            stand.ask(&format!("app:user-{number}"), LOOKS, 0, Some(1));
        }
        assert!(stand.memory.seen().len() <= MOST);
    }
}
