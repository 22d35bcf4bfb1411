//! An HTTP/1.1 client that costs next to nothing, so that the load does not measure itself: one connection, one
//! request at a time, answers with a length.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// To a host and port.
    pub(crate) async fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: host.to_owned(),
            request: Vec::with_capacity(1024),
            answer: Vec::with_capacity(8192),
        })
    }

    /// Sends JSON; status and body.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        token: &str,
        body: &[u8],
    ) -> Result<(u16, &[u8])> {
        self.request.clear();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            self.host,
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await?;
        self.read().await
    }

    /// Opens a stream of events; returns once the head has come.
    pub(crate) async fn listen(mut self, path: &str, token: &str) -> Result<Events> {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\
             Authorization: Bearer {token}\r\n\r\n",
            self.host
        );
        self.stream.write_all(head.as_bytes()).await?;
        while head_end(&self.answer).is_none() {
            self.more().await?;
        }
        match status(&self.answer) {
            Some(200) => Ok(Events { stream: self.stream, seen: self.answer }),
            other => Err(Error::other(format!("the stream was answered with {other:?}"))),
        }
    }

    async fn read(&mut self) -> Result<(u16, &[u8])> {
        self.answer.clear();
        let end = loop {
            if let Some(end) = head_end(&self.answer) {
                break end;
            }
            self.more().await?;
        };
        let status = status(&self.answer).ok_or_else(|| Error::from(ErrorKind::InvalidData))?;
        let length = length(&self.answer[..end]).unwrap_or(0);
        while self.answer.len() < end + length {
            self.more().await?;
        }
        Ok((status, &self.answer[end..end + length]))
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.answer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// An open stream of events.
pub(crate) struct Events {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Events {
    /// Waits for an event of this name.
    pub(crate) async fn until(&mut self, name: &str) -> Result<()> {
        let wanted = format!("event: {name}");
        while !self.seen.windows(wanted.len()).any(|window| window == wanted.as_bytes()) {
            if self.stream.read_buf(&mut self.seen).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

fn head_end(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

fn length(head: &[u8]) -> Option<usize> {
    std::str::from_utf8(head).ok()?.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    })
}
