// SPDX-License-Identifier: AGPL-3.0-or-later
//! Discord's gateway, as far as a listener needs it: HELLO, READY, the server, then what is said.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::probe::Probe;
use super::side::Outbox;
use super::stubs::{APPLICATION, CHANNELS, GUILD, channel_json, guild_json};

pub(crate) struct Gateway {
    pub(crate) probe: Arc<Probe>,
    pub(crate) rooms: u64,
    pub(crate) posts: Arc<Outbox>,
}

/// Serves on a free port.
pub(crate) async fn serve(gateway: Arc<Gateway>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let router = axum::Router::new().fallback(open).with_state(gateway);
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn open(State(gateway): State<Arc<Gateway>>, upgrade: WebSocketUpgrade) -> Response {
    // Whoever hangs up ends the conversation.
    upgrade.on_upgrade(|socket| async move { drop(talk(socket, &gateway).await) })
}

fn dispatch(seq: u64, kind: &str, data: &Value) -> Message {
    Message::text(json!({ "op": 0, "s": seq, "t": kind, "d": data }).to_string())
}

async fn talk(mut socket: WebSocket, gateway: &Gateway) -> anyhow::Result<()> {
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": 41_250 } });
    socket.send(Message::text(hello.to_string())).await?;
    let mut seq = 0;
    loop {
        tokio::select! {
            came = socket.recv() => {
                let Some(Ok(Message::Text(text))) = came else { return Ok(()) };
                let asked: Value = serde_json::from_str(&text)?;
                match asked.get("op").and_then(Value::as_u64) {
                    Some(1) => socket.send(Message::text(r#"{"op":11}"#)).await?,
                    Some(2) => {
                        let ready = json!({
                            "v": 10, "session_id": "bench", "resume_gateway_url": "ws://127.0.0.1:1",
                            "user": { "id": APPLICATION, "username": "bench", "bot": true },
                            "guilds": [{ "id": GUILD, "unavailable": true }],
                            "application": { "id": APPLICATION, "flags": 0 },
                        });
                        let mut guild = guild_json();
                        let channels = (0..gateway.rooms).map(|room| channel_json(CHANNELS + room));
                        if let Some(fields) = guild.as_object_mut() {
                            fields.insert("channels".into(), channels.collect());
                            fields.insert("threads".into(), json!([]));
                            fields.insert("members".into(), json!([]));
                        }
                        socket.send(dispatch(1, "READY", &ready)).await?;
                        socket.send(dispatch(2, "GUILD_CREATE", &guild)).await?;
                        seq = 2;
                    }
                    _ => {}
                }
            }
            post = gateway.posts.next(1), if seq > 0 => {
                for (number, data) in post {
                    seq += 1;
                    gateway.probe.said(&[number]);
                    let text = format!(r#"{{"op":0,"s":{seq},"t":"MESSAGE_CREATE","d":{data}}}"#);
                    socket.send(Message::text(text)).await?;
                }
            }
        }
    }
}
