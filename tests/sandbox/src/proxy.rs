// SPDX-License-Identifier: AGPL-3.0-or-later
//! A stand-in for a proxy: SOCKS5 and HTTP CONNECT.
//!
//! Rule: it notes every target that it was asked for, and connects only to this machine. Names that
//! nobody else can resolve (`telegram.invalid`) lead here: who reaches one went through the proxy.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A proxy on loopback.
pub struct Proxy {
    port: u16,
    targets: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts it.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let targets = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&targets);
        #[expect(clippy::disallowed_methods, reason = "it is aborted when the proxy is dropped")]
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                #[expect(clippy::disallowed_methods, reason = "it ends with its connection")]
                tokio::spawn(async move { serve(stream, &noted).await.ok() });
            }
        });
        Ok(Self { port, targets, task })
    }

    /// The address of the proxy with this scheme.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Host and port of everything that went through it.
    pub fn targets(&self) -> Vec<String> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(targets: &Mutex<Vec<String>>, target: &str) {
    targets.lock().unwrap_or_else(PoisonError::into_inner).push(target.to_owned());
}

async fn serve(mut stream: TcpStream, targets: &Mutex<Vec<String>>) -> anyhow::Result<()> {
    let mut first = [0_u8; 1];
    stream.peek(&mut first).await?;
    let (target, head) = match first {
        [5] => (socks(&mut stream).await?, Vec::new()),
        _ => http(&mut stream).await?,
    };
    note(targets, &target);
    let port = target.rsplit(':').next().context("no port")?.parse::<u16>()?;
    let mut there = TcpStream::connect(("127.0.0.1", port)).await?;
    there.write_all(&head).await?;
    copy_bidirectional(&mut stream, &mut there).await?;
    Ok(())
}

/// RFC 1928, without authentication.
async fn socks(stream: &mut TcpStream) -> anyhow::Result<String> {
    stream.read_u8().await?;
    let mut methods = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut methods).await?;
    stream.write_all(&[5, 0]).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = match head {
        [5, 1, 0, 1] => std::net::Ipv4Addr::from(stream.read_u32().await?).to_string(),
        [5, 1, 0, 3] => {
            let mut name = vec![0; usize::from(stream.read_u8().await?)];
            stream.read_exact(&mut name).await?;
            String::from_utf8(name)?
        }
        _ => anyhow::bail!("an unknown request"),
    };
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await?;
    Ok(format!("{host}:{port}"))
}

/// The CONNECT method of HTTP; any other request names a whole address and goes to its host.
async fn http(stream: &mut TcpStream) -> anyhow::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() < 8192, "too long a head");
        head.push(stream.read_u8().await?);
    }
    let text = String::from_utf8(head.clone())?;
    let asked = text.split(' ').nth(1).context("no address")?;
    if text.starts_with("CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        return Ok((asked.to_owned(), Vec::new()));
    }
    let rest = asked.strip_prefix("http://").context("no whole address")?;
    let (host, path) = rest.split_once('/').context("no path")?;
    // In the form for origin servers (RFC 9112, 3.2.1); the next request has a connection of its own.
    let head = text.replacen(asked, &format!("/{path}"), 1);
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    Ok((host.to_owned(), head.into_bytes()))
}
