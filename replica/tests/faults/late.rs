//! A network on which packets are late, for kernels without netem: the kernel hands each packet over before it
//! leaves (netfilter's queue), and is told only later to let it go.

use crate::engine::in_network_of;
use crate::support::Chance;
use nfq::{Message, Queue, Verdict};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const QUEUE: u16 = 7;
/// Packets that the kernel may have handed over and that still wait; more are lost, as on any full queue.
const PACKETS_MAX: u32 = 16_384;
const DELAY: Duration = Duration::from_millis(20);
const JITTER: Duration = Duration::from_millis(10);
/// How often it is looked which packets have come and which may go: no delay is kept more exactly.
const STEP: Duration = Duration::from_millis(1);

/// Makes what leaves the network of one process late, until it is ended.
pub struct Late {
    process: String,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<u64>>,
}

impl Late {
    /// Begins with the network of a container's process.
    pub async fn begin(process: &str) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (ready, is_ready) = mpsc::channel();
        let network = format!("/proc/{process}/ns/net");
        let seen = is_over.clone();
        let seed = process.parse().expect("a process id is a number");
        let thread = thread::spawn(move || {
            let mut held = Held::open(&network, seed)?;
            // Only now: a packet that nobody asks for is dropped.
            ready.send(()).ok();
            held.delay_until(&seen)
        });
        if is_ready.recv().is_err() {
            let ended = thread.join().expect("it does not panic");
            panic!("packets cannot be made late: {:?}", ended.err());
        }
        in_network_of(process, &rule("-A")).await;
        Self { process: process.to_owned(), is_over, thread }
    }

    /// Lets all go that are held, and no others are late: how many were.
    pub async fn end(self) -> u64 {
        in_network_of(&self.process, &rule("-D")).await;
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic").expect("the kernel hands packets over")
    }
}

fn rule(change: &str) -> Vec<&str> {
    vec!["iptables", "-w", change, "OUTPUT", "-j", "NFQUEUE", "--queue-num", "7"]
}

/// Packets that wait.
struct Held {
    queue: Queue,
    /// By when each may go, and its number.
    waiting: BTreeMap<(Instant, u64), Message>,
    chance: Chance,
    late: u64,
}

impl Held {
    /// Moves this thread, and no other, into `network`.
    fn open(network: &str, seed: u64) -> io::Result<Self> {
        let network = File::open(network)?;
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
        let mut queue = Queue::open()?;
        queue.bind(QUEUE)?;
        queue.set_queue_max_len(QUEUE, PACKETS_MAX)?;
        queue.set_nonblocking(true);
        Ok(Self { queue, waiting: BTreeMap::new(), chance: Chance(seed), late: 0 })
    }

    fn delay_until(&mut self, is_over: &AtomicBool) -> io::Result<u64> {
        while !is_over.load(Ordering::Relaxed) {
            self.take_in()?;
            self.let_go(Instant::now())?;
            thread::sleep(STEP);
        }
        self.take_in()?;
        self.let_go(Instant::now() + DELAY + JITTER)?;
        self.queue.unbind(QUEUE)?;
        Ok(self.late)
    }

    fn take_in(&mut self) -> io::Result<()> {
        loop {
            match self.queue.recv() {
                Ok(packet) => {
                    let spread = Duration::from_micros(self.chance.below(2 * JITTER.as_micros() as u64));
                    self.waiting.insert((Instant::now() + DELAY - JITTER + spread, self.late), packet);
                    self.late += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn let_go(&mut self, now: Instant) -> io::Result<()> {
        while self.waiting.first_key_value().is_some_and(|((due, _), _)| *due <= now) {
            let Some((_, mut packet)) = self.waiting.pop_first() else { break };
            packet.set_verdict(Verdict::Accept);
            self.queue.verdict(packet)?;
        }
        Ok(())
    }
}
