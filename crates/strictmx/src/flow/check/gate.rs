//! Politeness: so many connections to one address at the same time, and no more.
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Addresses remembered before those that nobody uses are forgotten.
const TIDY_AT: usize = 4096;

/// Lets connections through.
pub(super) struct Gate {
    each: usize,
    doors: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
}

/// A connection that may be made. Dropping it lets the next one through.
pub(super) struct Pass {
    // The permit goes first, and with it the last hold on the door.
    _permit: Option<OwnedSemaphorePermit>,
    _door: Arc<Semaphore>,
}

impl Gate {
    /// At most `each` connections to one address, at least one.
    pub(super) fn new(each: usize) -> Self {
        Self { each: each.max(1), doors: Mutex::default() }
    }

    /// Waits until there is room.
    pub(super) async fn pass(&self, address: IpAddr) -> Pass {
        let door = self.door(address);
        // A door is never closed, so there always comes a permit.
        let permit = Arc::clone(&door).acquire_owned().await.ok();
        Pass { _permit: permit, _door: door }
    }

    fn door(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = doors.get(&address).and_then(Weak::upgrade) {
            return door;
        }
        if doors.len() >= TIDY_AT {
            doors.retain(|_, door| door.strong_count() > 0);
        }
        let door = Arc::new(Semaphore::new(self.each));
        doors.insert(address, Arc::downgrade(&door));
        door
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test]
    async fn one_address_takes_so_many_at_a_time_and_another_is_not_held_up() {
        let gate = Gate::new(1);
        let (here, there) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)));
        let first = gate.pass(here).await;
        let _other = gate.pass(there).await;
        let mut second = std::pin::pin!(gate.pass(here));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        let _second = second.await;
    }
}
