//! Of the links that a peer has dialled, which one counts: the newest.

use tokio::sync::watch;

/// The links that one peer has dialled. Each gets a number; what it may do is decided under one lock.
#[derive(Debug, Default)]
pub(super) struct Inbound(watch::Sender<Newest>);

#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    number: u64,
    stands: bool,
}

/// A link that was let in.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    inbound: &'a Inbound,
    number: u64,
    newest: watch::Receiver<Newest>,
}

impl Inbound {
    /// Lets a link in, in place of the one before.
    pub(super) fn enter(&self) -> Turn<'_> {
        let newest = self.0.subscribe();
        let mut number = 0;
        self.0.send_modify(|newest| {
            newest.number += 1;
            newest.stands = true;
            number = newest.number;
        });
        Turn { inbound: self, number, newest }
    }

    /// Whether a link stands.
    pub(super) fn stands(&self) -> bool {
        self.0.borrow().stands
    }
}

impl Turn<'_> {
    /// Returns when a newer link has come.
    pub(super) async fn ends(&mut self) {
        // The sender lives as long as this does.
        let _ = self.newest.wait_for(|newest| newest.number != self.number).await;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.inbound.0.send_if_modified(|newest| {
            let is_newest = newest.number == self.number;
            newest.stands &= !is_newest;
            is_newest
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn is_over(turn: &mut Turn<'_>) -> bool {
        pin!(turn.ends()).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn of_all_links_only_the_newest_counts() {
        let inbound = Inbound::default();
        assert!(!inbound.stands());
        let mut turns: Vec<_> = (0..4).map(|_| inbound.enter()).collect();
        assert_eq!(turns.iter_mut().map(is_over).collect::<Vec<_>>(), [true, true, true, false]);
        turns.truncate(3);
        assert!(!inbound.stands());
        let newest = inbound.enter();
        drop(turns);
        assert!(inbound.stands(), "the end of an older link takes nothing from a newer one");
        drop(newest);
        assert!(!inbound.stands());
    }

    #[test]
    fn of_links_that_come_at_once_one_is_left() {
        let inbound = Inbound::default();
        for _ in 0..200 {
            let mut turns: Vec<_> = std::thread::scope(|scope| {
                let entering: Vec<_> = (0..4).map(|_| scope.spawn(|| inbound.enter())).collect();
                entering.into_iter().map(|entered| entered.join().unwrap()).collect()
            });
            assert_eq!(turns.iter_mut().filter_map(|turn| (!is_over(turn)).then_some(())).count(), 1);
        }
    }
}
