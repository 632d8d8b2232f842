// SPDX-License-Identifier: AGPL-3.0-or-later
//! HTTP/1.1 with as little work as possible, so that what is measured is the bridge.
//!
//! Rule: bodies have a length; that is what the bridge's clients send where no file is streamed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

/// A request.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// With its query.
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
    /// When its first byte was read.
    pub(crate) at: Instant,
}

/// What a stub answers.
pub(crate) trait Answers: Send + Sync + 'static {
    /// Status and JSON.
    fn answer(&self, asked: Asked<'_>) -> impl Future<Output = (u16, String)> + Send;
}

/// Serves a stub on a free port.
pub(crate) async fn serve<A: Answers>(answers: Arc<A>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answers = Arc::clone(&answers);
            // Whoever hangs up ends the conversation.
            tasks.spawn(async move { drop(talk(stream, &*answers).await) });
        }
    });
    Ok(address)
}

async fn talk<A: Answers>(mut stream: TcpStream, answers: &A) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let (mut buffer, mut out) = (Vec::with_capacity(16 * 1024), Vec::with_capacity(4096));
    loop {
        let Some((at, head)) = read_head(&mut stream, &mut buffer).await? else { return Ok(()) };
        let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?;
        let length = content_length(text)?;
        while buffer.len() < head + length {
            ensure!(stream.read_buf(&mut buffer).await? > 0, "a body broke off");
        }
        let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?;
        let mut words = text.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let body = std::str::from_utf8(buffer.get(head..head + length).unwrap_or_default())?;
        let (status, json) = answers.answer(Asked { method, path, body, at }).await;
        out.clear();
        let head_out = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            json.len()
        );
        out.extend_from_slice(head_out.as_bytes());
        out.extend_from_slice(json.as_bytes());
        stream.write_all(&out).await?;
        buffer.drain(..head + length);
    }
}

/// Reads until the head is complete; when its first byte came, and how long it is.
async fn read_head(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> anyhow::Result<Option<(Instant, usize)>> {
    let mut at = None;
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Some((at.unwrap_or_else(Instant::now), end + 4)));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
        at.get_or_insert_with(Instant::now);
    }
}

fn content_length(head: &str) -> anyhow::Result<usize> {
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            return value.trim().parse().context("a length that is no number");
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("a body without a length: {head}");
        }
    }
    Ok(0)
}

/// A connection on which one request is made after the other.
pub(crate) struct Caller {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Makes a request until it is answered with 200. `sent` is called before each try.
    pub(crate) async fn put(&mut self, path: &str, token: &str, body: &str, sent: impl Fn()) {
        loop {
            sent();
            match self.ask(path, token, body).await {
                Ok(200) => return,
                Ok(_) => {}
                Err(_) => self.stream = None,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn ask(&mut self, path: &str, token: &str, body: &str) -> anyhow::Result<u16> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                self.stream.insert(stream)
            }
        };
        let request = format!(
            "PUT {path} HTTP/1.1\r\nhost: bridge\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = Vec::with_capacity(1024);
        let (_, head) = read_head(stream, &mut buffer).await?.context("no answer")?;
        let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?.to_owned();
        let length = content_length(&text)?;
        while buffer.len() < head + length {
            ensure!(stream.read_buf(&mut buffer).await? > 0, "an answer broke off");
        }
        Ok(text.split(' ').nth(1).unwrap_or_default().parse()?)
    }
}
