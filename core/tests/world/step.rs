//! What happens next, as four bytes say: any bytes are some run, so a fuzzer can write them, and a
//! run that fails can be made shorter.

/// One thing that happens. `a`, `b` and `c` choose among what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Messages arrive in order.
    Flow {
        count: usize,
    },
    /// One message arrives before others; or does not, or twice.
    Deliver {
        a: usize,
        keep: bool,
    },
    Drop {
        a: usize,
    },
    /// Nothing reaches a replica any more, or everything does again.
    Isolate {
        replica: u16,
        on: bool,
    },
    /// A message seen before arrives anywhere, from anyone.
    Replay {
        a: usize,
        to: u16,
        from: u16,
    },
    /// One that was verified some time ago arrives only now.
    Late {
        a: usize,
    },
    /// A message seen before, with bytes of it changed or missing.
    Mutate {
        a: usize,
        at: usize,
        with: u8,
    },
    /// The attacker makes something of what it saw and the keys it has.
    Forge {
        what: u8,
        b: usize,
        c: usize,
    },
    /// A client asks for something.
    Command {
        client: u8,
        sequence: u64,
        what: u8,
    },
    /// A driver tells of something that did not pass verification.
    Refused {
        from: u16,
        what: u8,
    },
    /// Time passes for all, and one or all notice.
    Time {
        jump: u8,
        to: u8,
    },
    /// A replica crashes after so many more records, and starts again.
    Crash {
        replica: u16,
        records: usize,
    },
}

impl Step {
    pub fn of([kind, a, b, c]: [u8; 4]) -> Self {
        let (wide, id) = (usize::from(a) * 256 + usize::from(b), u16::from(c));
        match kind % 32 {
            0..8 => Self::Flow { count: usize::from(a % 64) + 1 },
            8..11 => Self::Deliver { a: wide, keep: c < 64 },
            11 => Self::Drop { a: wide },
            12 => Self::Isolate { replica: a.into(), on: b < 128 },
            13..15 => Self::Replay { a: wide, to: id & 15, from: id >> 4 },
            15 => Self::Late { a: wide },
            16 => Self::Mutate { a: usize::from(a), at: usize::from(b), with: c },
            17..23 => Self::Forge { what: a, b: b.into(), c: c.into() },
            23..26 => Self::Command { client: a, sequence: u64::from(b % 16), what: c },
            26 => Self::Refused { from: a.into(), what: b },
            27..30 => Self::Time { jump: a, to: b },
            _ => Self::Crash { replica: a.into(), records: usize::from(b % 16) },
        }
    }

    /// The steps that `bytes` write.
    pub fn all(bytes: &[u8]) -> impl Iterator<Item = Self> + '_ {
        bytes.chunks_exact(4).map(|chunk| Self::of(chunk.try_into().expect("four bytes")))
    }
}
