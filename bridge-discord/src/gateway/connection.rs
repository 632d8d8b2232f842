// SPDX-License-Identifier: AGPL-3.0-or-later
//! One connection to the gateway, from HELLO to its end.
//!
//! Rule: three futures of one task: one beats, one reads, one works. Reading stops when
//! the worker is too far behind; beating goes on. What was read before the connection
//! broke is worked off.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bot_core::NetworkError;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use super::frame::{self, Frame};
use super::{Session, closing};
use crate::listen::{Listener, Over};
use crate::settings::DiscordSettings;

/// How many events may wait between the reader and the worker.
const WAITING: usize = 64;

/// How long each step of setting up may take.
const STEP: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection ended, and so what comes next.
#[derive(Debug)]
pub(super) enum End {
    /// Told to stop.
    Stopped,
    /// Connect again and resume.
    Again(String),
    /// The session is over: identify anew.
    Anew(String),
    /// Give up.
    Failed(NetworkError),
}

impl From<Over> for End {
    fn from(over: Over) -> Self {
        match over {
            Over::Stopped => Self::Stopped,
            Over::Failed(error) => Self::Failed(error),
        }
    }
}

/// One connection.
pub(super) struct Connection<'a> {
    pub(super) settings: &'a DiscordSettings,
    pub(super) url: String,
    pub(super) session: &'a mut Option<Session>,
    /// A session was begun or resumed on it.
    pub(super) lived: bool,
}

/// What the three futures share.
struct Pulse {
    /// The last heartbeat was answered.
    answered: AtomicBool,
    /// The reader waits for the worker, so that answers are not read.
    stalled: AtomicBool,
    /// The last event that was processed; `u64::MAX` for none.
    seq: AtomicU64,
    /// Discord asked for a heartbeat.
    asked: Notify,
}

impl Connection<'_> {
    /// Serves the connection until it ends.
    pub(super) async fn serve(&mut self, listener: &mut Listener) -> End {
        let stop = listener.stop.clone();
        let opened = tokio::select! {
            opened = self.open() => opened,
            () = stop.cancelled() => return End::Stopped,
        };
        let (mut socket, interval) = match opened {
            Ok(opened) => opened,
            Err(end) => return end,
        };
        let hello = match &*self.session {
            Some(session) => frame::resume(&self.settings.token, session),
            None => frame::identify(&self.settings.token, self.settings.members),
        };
        if let Err(error) = socket.send(Message::text(hello)).await {
            return End::Again(error.to_string());
        }
        let pulse = Pulse {
            answered: AtomicBool::new(true),
            stalled: AtomicBool::new(false),
            seq: AtomicU64::new(self.session.as_ref().map_or(u64::MAX, |session| session.seq)),
            asked: Notify::new(),
        };
        let first = interval.mul_f64((self.settings.random)());
        let (writer, reader) = socket.split();
        let (sender, receiver) = mpsc::channel(WAITING);
        let over = CancellationToken::new();
        let io = async {
            tokio::select! {
                end = beat(&pulse, writer, (first, interval)) => end,
                end = read(&pulse, reader, sender) => end,
                () = over.cancelled() => End::Again("the worker ended".to_owned()),
                () = stop.cancelled() => End::Stopped,
            }
        };
        let work = async {
            let result = self.work(&pulse, receiver, listener).await;
            over.cancel();
            result
        };
        let (end, worked) = tokio::join!(io, work);
        match worked {
            Ok(()) => end,
            Err(over) => over.into(),
        }
    }

    /// Connects and waits for HELLO; gives the interval between heartbeats.
    async fn open(&self) -> Result<(Socket, Duration), End> {
        let lost = |reason: &str| End::Again(reason.to_owned());
        let connected = tokio::time::timeout(STEP, connect_async(self.url.as_str())).await;
        let connected = connected.map_err(|_| lost("connecting took too long"))?;
        let (mut socket, _) = connected.map_err(|error| End::Again(error.to_string()))?;
        let first = tokio::time::timeout(STEP, socket.next()).await;
        let first = first.map_err(|_| lost("no HELLO came"))?;
        let text = match first {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(Some(close)))) => {
                return Err(closing::meaning(close.code.into(), &close.reason));
            }
            Some(Err(error)) => return Err(End::Again(error.to_string())),
            Some(Ok(_)) | None => return Err(lost("the first payload is not HELLO")),
        };
        let hello: Option<Frame> = serde_json::from_str(&text).ok();
        let interval = hello
            .filter(|hello| hello.op == 10)
            .and_then(|hello| hello.d.get("heartbeat_interval").and_then(Value::as_u64))
            .filter(|interval| *interval > 0);
        let interval = interval.ok_or_else(|| lost("the first payload is not HELLO"))?;
        Ok((socket, Duration::from_millis(interval)))
    }

    /// Handles events in the order in which they came.
    async fn work(
        &mut self,
        pulse: &Pulse,
        mut receiver: mpsc::Receiver<Frame>,
        listener: &mut Listener,
    ) -> Result<(), Over> {
        while let Some(frame) = receiver.recv().await {
            let (Some(kind), Some(seq)) = (frame.t, frame.s) else { continue };
            let next = match kind.as_str() {
                "READY" => {
                    Session::begin(&frame.d, seq, frame::intents(self.settings.members).bits())
                }
                _ => self.session.clone().map(|session| Session { seq, ..session }),
            };
            let Some(next) = next else {
                tracing::warn!(%kind, "an event came without a session and was skipped");
                continue;
            };
            if kind == "RESUMED" {
                tracing::info!("the session with Discord goes on");
            } else {
                listener.dispatch(&kind, &frame.d, &next).await?;
            }
            if matches!(kind.as_str(), "READY" | "RESUMED") {
                self.lived = true;
            }
            pulse.seq.store(seq, Ordering::Release);
            *self.session = Some(next);
        }
        Ok(())
    }
}

/// Sends heartbeats, the first after `first`; ends when one is not answered.
async fn beat(
    pulse: &Pulse,
    mut writer: SplitSink<Socket, Message>,
    (first, interval): (Duration, Duration),
) -> End {
    let mut wait = first;
    loop {
        let asked = tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = pulse.asked.notified() => true,
        };
        wait = interval;
        let silent = !pulse.answered.swap(false, Ordering::AcqRel);
        if silent && !asked && !pulse.stalled.load(Ordering::Acquire) {
            return End::Again("a heartbeat was not answered".to_owned());
        }
        let seq = pulse.seq.load(Ordering::Acquire);
        let text = frame::heartbeat((seq != u64::MAX).then_some(seq));
        if let Err(error) = writer.send(Message::text(text)).await {
            return End::Again(error.to_string());
        }
    }
}

/// Reads until the connection ends, and hands events to the worker.
async fn read(pulse: &Pulse, mut reader: SplitStream<Socket>, sender: mpsc::Sender<Frame>) -> End {
    loop {
        let text = match reader.next().await {
            None => return End::Again("the connection ended".to_owned()),
            Some(Err(error)) => return End::Again(error.to_string()),
            Some(Ok(Message::Close(Some(close)))) => {
                return closing::meaning(close.code.into(), &close.reason);
            }
            Some(Ok(Message::Close(None))) => {
                return End::Again("closed without a code".to_owned());
            }
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
        };
        let Ok(frame) = serde_json::from_str::<Frame>(&text) else {
            tracing::warn!(bytes = text.len(), "a payload of the gateway cannot be read; skipped");
            continue;
        };
        match frame.op {
            0 => {
                pulse.stalled.store(true, Ordering::Release);
                let handed = sender.send(frame).await;
                pulse.answered.store(true, Ordering::Release);
                pulse.stalled.store(false, Ordering::Release);
                if handed.is_err() {
                    return End::Again("the worker ended".to_owned());
                }
            }
            1 => pulse.asked.notify_one(),
            7 => return End::Again("Discord asked for it".to_owned()),
            9 if frame.d == Value::Bool(true) => {
                return End::Again("the session is invalid for now".to_owned());
            }
            9 => return End::Anew("the session is invalid".to_owned()),
            11 => pulse.answered.store(true, Ordering::Release),
            _ => {}
        }
    }
}
