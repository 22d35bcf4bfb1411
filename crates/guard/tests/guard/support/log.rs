//! What the guard logs, for tests to read.

use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

static LINES: OnceLock<&'static Mutex<Vec<u8>>> = OnceLock::new();

struct Sink(&'static Mutex<Vec<u8>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Make(&'static Mutex<Vec<u8>>);

impl<'a> MakeWriter<'a> for Make {
    type Writer = Sink;

    fn make_writer(&'a self) -> Sink {
        Sink(self.0)
    }
}

/// The log of this process: tests tell their own lines by something that occurs in them only.
pub(crate) struct Log(&'static Mutex<Vec<u8>>);

impl Log {
    pub(crate) fn read() -> Self {
        Self(LINES.get_or_init(|| {
            let lines: &'static Mutex<Vec<u8>> = Box::leak(Box::default());
            let log = tracing_subscriber::fmt().with_ansi(false).with_writer(Make(lines));
            log.with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG).init();
            lines
        }))
    }

    pub(crate) fn count(&self, one: &str, other: &str) -> usize {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        text.lines().filter(|line| line.contains(one) && line.contains(other)).count()
    }

    /// Waits until a line is there.
    pub(crate) fn until(&self, one: &str, other: &str, times: usize) {
        for _ in 0..3_000 {
            if self.count(one, other) >= times {
                return;
            }
            wait(Duration::from_millis(10));
        }
        panic!("{one} … {other} was not logged {times} times");
    }
}

/// Gives the guard's thread its turn.
pub(crate) fn wait(time: Duration) {
    let (_sender, receiver) = std::sync::mpsc::channel::<()>();
    let _ = receiver.recv_timeout(time);
}
