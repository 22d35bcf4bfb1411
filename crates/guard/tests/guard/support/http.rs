//! The least HTTP server that can also misbehave: one thread a connection, one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) bearer: Option<String>,
    /// What a proxy was told.
    pub(crate) proxy_authorization: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) body: Value,
}

pub(crate) enum Reply {
    /// Bytes as they go over the wire.
    Bytes(Vec<u8>),
    /// Status line and headers, then a body without end.
    Endless(Vec<u8>),
    /// An event stream: what comes over the channel, until its sender is gone.
    Stream(Receiver<&'static str>),
    /// The connection is closed without a word.
    Nothing,
}

impl Reply {
    pub(crate) fn text(status: u16, kind: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\n");
        Self::Bytes(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::Bytes(
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .into_bytes(),
        )
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    open: Arc<Mutex<bool>>,
}

impl Server {
    /// Listens on a free loopback port.
    pub(crate) fn start(answer: impl Fn(Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(Mutex::new(true));
        let (answer, alive) = (Arc::new(answer), Arc::clone(&open));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !*alive.lock().unwrap() {
                    return;
                }
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || {
                    drop(stream.and_then(|mut stream| {
                        serve(&mut stream, &*answer)?;
                        stream.shutdown(Shutdown::Write)
                    }));
                });
            }
        });
        Self { address, open }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.open.lock().unwrap() = false;
        drop(TcpStream::connect(self.address));
    }
}

/// Answers one request.
pub(crate) fn serve(
    stream: &mut (impl Read + Write),
    answer: &dyn Fn(Request) -> Reply,
) -> std::io::Result<()> {
    let request = read(stream)?;
    match answer(request) {
        Reply::Bytes(bytes) => stream.write_all(&bytes)?,
        Reply::Endless(head) => {
            stream.write_all(&head)?;
            // Ends when the other side has had enough.
            while stream.write_all(&[b' '; 65_536]).is_ok() {}
        }
        Reply::Stream(lines) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n: hello\n\n")?;
            for line in lines {
                stream.write_all(line.as_bytes())?;
            }
        }
        Reply::Nothing => {}
    }
    Ok(())
}

fn read(stream: &mut impl Read) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut bearer) = (0, None);
    let (mut proxy_authorization, mut idempotency_key, mut if_none_match) = (None, None, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "proxy-authorization" => proxy_authorization = Some(value.to_owned()),
            "idempotency-key" => idempotency_key = Some(value.to_owned()),
            "if-none-match" => if_none_match = Some(value.to_owned()),
            "authorization" => bearer = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Request { path, bearer, proxy_authorization, idempotency_key, if_none_match, body })
}
