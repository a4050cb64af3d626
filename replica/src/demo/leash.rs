//! How a replica notices that the demonstration that started it is gone, on any system and
//! however it went: its standard input, a pipe that the demonstration holds, comes to its end.

use std::io::{self, Read};
use tokio::sync::oneshot;

/// Waits until standard input is at its end or broken. What comes from it is ignored.
pub async fn let_go() {
    let (sender, gone) = oneshot::channel::<()>();
    // A thread, because a read that blocks cannot be called off, and must not hold up the end of
    // the runtime.
    std::thread::spawn(move || {
        exhaust(io::stdin().lock());
        drop(sender);
    });
    gone.await.ok(); // dropped, never sent
}

fn exhaust(mut input: impl Read) {
    let mut ignored = [0; 256];
    loop {
        match input.read(&mut ignored) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}
