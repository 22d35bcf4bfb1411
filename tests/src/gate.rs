//! A gate before the authority that can hold up a question or its answer: where a product is caught in the middle.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Far beyond what is normal: only a real fault ends a wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is held up, by the end of its path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// Everything passes.
    Nothing,
    /// The question never arrives.
    Question(&'static str),
    /// The question arrives, and its answer never comes back.
    Answer(&'static str),
}

struct State {
    upstream: String,
    hold: Mutex<Hold>,
    /// Calls that were held up, and those whose answer has passed, in order.
    held: watch::Sender<usize>,
    answered: watch::Sender<Vec<String>>,
}

/// Listens for products and speaks to the authority behind it.
pub struct Gate {
    /// Its address.
    pub url: String,
    state: Arc<State>,
}

impl Gate {
    /// A gate before the authority at this address.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State {
            upstream: url.trim_start_matches("http://").to_owned(),
            hold: Mutex::new(Hold::Nothing),
            held: watch::Sender::new(0),
            answered: watch::Sender::default(),
        });
        let theirs = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((product, _)) = listener.accept().await {
                let state = Arc::clone(&theirs);
                tokio::spawn(async move { drop(state.pass(product).await) });
            }
        });
        Self { url: format!("http://{address}"), state }
    }

    /// Holds this up from now on.
    pub fn hold(&self, hold: Hold) {
        self.state.held.send_replace(0);
        *self.state.hold.lock().unwrap_or_else(PoisonError::into_inner) = hold;
    }

    /// Waits until something is held up.
    pub async fn held(&self) {
        let mut held = self.state.held.subscribe();
        let wait = tokio::time::timeout(PATIENCE, held.wait_for(|held| *held > 0));
        assert!(wait.await.is_ok_and(|held| held.is_ok()), "nothing was ever held up");
    }

    /// Waits until so many calls of this path were answered.
    pub async fn answered(&self, path: &str, times: usize) {
        let mut answered = self.state.answered.subscribe();
        let enough = |paths: &Vec<String>| count(paths, path) >= times;
        let wait = tokio::time::timeout(PATIENCE, answered.wait_for(enough));
        assert!(
            wait.await.is_ok_and(|answered| answered.is_ok()),
            "{path} was not answered {times} times"
        );
    }

    /// How many calls of this path were answered.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        count(&self.state.answered.borrow(), path)
    }
}

fn count(paths: &[String], path: &str) -> usize {
    paths.iter().filter(|seen| seen.ends_with(path)).count()
}

impl State {
    /// One call: products make one on each connection.
    async fn pass(&self, mut product: TcpStream) -> std::io::Result<()> {
        let question = read(&mut product).await?;
        let path = question.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let path = String::from_utf8_lossy(path).into_owned();
        let hold = *self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(hold, Hold::Question(held) if path.ends_with(held)) {
            return self.keep(&mut product).await;
        }
        let mut authority = TcpStream::connect(&self.upstream).await?;
        authority.write_all(&question).await?;
        let mut first = vec![0; 64 * 1024];
        let length = authority.read(&mut first).await?;
        if matches!(hold, Hold::Answer(held) if path.ends_with(held)) {
            return self.keep(&mut product).await;
        }
        product.write_all(&first[..length]).await?;
        self.answered.send_modify(|paths| paths.push(path));
        copy_bidirectional(&mut product, &mut authority).await?;
        Ok(())
    }

    /// Says nothing until the product gives up or is gone.
    async fn keep(&self, product: &mut TcpStream) -> std::io::Result<()> {
        self.held.send_modify(|held| *held += 1);
        while product.read(&mut [0; 64]).await? > 0 {}
        Ok(())
    }
}

/// A whole request.
async fn read(product: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if product.read_buf(&mut bytes).await? == 0 {
            return Ok(bytes);
        }
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        if bytes.len() >= head + 4 + length {
            return Ok(bytes);
        }
    }
}
