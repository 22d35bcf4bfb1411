//! The stream of events: what makes a suspension reach a product at once.
//!
//! An event only asks for a heartbeat; nothing on the stream, and no failure of it, changes the standing.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::client::{Client, Events};
use crate::clock::{Clock, Random, SECOND, jitter};

const LONGEST_BACKOFF: i64 = 60 * SECOND;
/// A stream that stood so long was a good one.
const LASTING: i64 = 60 * SECOND;
/// Longest line that is read; the authority's are a few dozen bytes.
const MAX_LINE: usize = 64 * 1024;
const NAMES: [&str; 5] = ["suspended", "resumed", "revoked", "changed", "keyset"];

/// Listens under the newest token until the token's sender is gone.
pub(crate) async fn listen(
    client: Client,
    mut token: watch::Receiver<Option<String>>,
    hurry: mpsc::Sender<()>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) {
    let mut failures = 0_u32;
    loop {
        let Some(current) = token.borrow_and_update().clone() else {
            if token.changed().await.is_err() {
                return;
            }
            continue;
        };
        let opened = clock.steady_micros();
        match client.events(&current).await {
            Ok(events) => follow(events, &hurry).await,
            Err(silence) => {
                tracing::debug!(target: "license", why = %silence, "[License] No stream of events");
            }
        }
        // Every new stream costs a heartbeat, so one that does not last is a failure like none at all.
        let lasted = clock.steady_micros().saturating_sub(opened) >= LASTING;
        failures = if lasted { 0 } else { failures.saturating_add(1) };
        let limit = (SECOND << failures.min(10)).min(LONGEST_BACKOFF);
        let pause = SECOND / 10 + jitter(&*random, limit);
        let until = clock.steady_micros().saturating_add(pause);
        loop {
            let left = until.saturating_sub(clock.steady_micros());
            if left <= 0 {
                break;
            }
            tokio::select! {
                () = clock.wait_until(clock.now_micros().saturating_add(left)) => {}
                changed = token.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
            }
        }
    }
}

/// Follows one stream to its end.
async fn follow(mut events: Events, hurry: &mpsc::Sender<()>) {
    if !events.is_stream() {
        return;
    }
    // What happened before the stream stood was not heard.
    ask(hurry);
    let mut reader = Reader::default();
    while let Some(chunk) = events.chunk().await {
        match reader.read(&chunk) {
            Ok(true) => ask(hurry),
            Ok(false) => {}
            Err(TooLong) => return,
        }
    }
}

fn ask(hurry: &mpsc::Sender<()>) {
    // Full means that one is waiting already.
    let _ = hurry.try_send(());
}

#[derive(Debug, PartialEq, Eq)]
struct TooLong;

/// Reads the stream's lines (WHATWG HTML, section "Interpreting an event stream"), events' names only.
#[derive(Default)]
struct Reader {
    line: Vec<u8>,
    known: bool,
}

impl Reader {
    /// Whether an event of ours ended in these bytes.
    fn read(&mut self, bytes: &[u8]) -> Result<bool, TooLong> {
        let mut rang = false;
        for byte in bytes {
            if *byte != b'\n' {
                if self.line.len() == MAX_LINE {
                    return Err(TooLong);
                }
                self.line.push(*byte);
                continue;
            }
            let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
            if line.is_empty() {
                rang |= std::mem::take(&mut self.known);
            } else if let Some(name) = line.strip_prefix(b"event:") {
                let name = name.strip_prefix(b" ").unwrap_or(name);
                self.known = NAMES.iter().any(|known| known.as_bytes() == name);
            }
            self.line.clear();
        }
        Ok(rang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_rings_once_it_is_whole_however_it_is_cut() {
        let text = b": hello\r\n\r\nevent: suspended\r\ndata: {}\r\n\r\n";
        for cut in 0..text.len() {
            let mut reader = Reader::default();
            assert_eq!(reader.read(&text[..cut]), Ok(false), "cut at {cut}");
            assert_eq!(reader.read(&text[cut..]), Ok(true), "cut at {cut}");
        }
    }

    #[test]
    fn comments_unknown_events_and_bare_data_do_not_ring() {
        for text in [
            &b": keep-alive\n\n"[..],
            b"event: other\ndata: x\n\n",
            b"data: suspended\n\n",
            b"\n\n\n",
        ] {
            assert_eq!(Reader::default().read(text), Ok(false));
        }
    }

    #[test]
    fn an_endless_line_ends_the_stream() {
        assert_eq!(Reader::default().read(&vec![b'x'; MAX_LINE + 1]), Err(TooLong));
    }
}
