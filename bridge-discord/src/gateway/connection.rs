// SPDX-License-Identifier: AGPL-3.0-or-later
//! One connection to the gateway, from HELLO to its end.
//!
//! Rule: three futures of one task: one beats, one reads, one works. Reading stops when
//! the worker is too far behind; beating goes on. What was read before the connection
//! broke is worked off.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::end::ConnectionEnd;
use super::frame::{self, Frame, opcode};
use crate::dial::{Dialer, Socket};
use crate::listen::{Listener, MESSAGE, Stopped};
use crate::session::Session;
use crate::settings::DiscordSettings;

/// How many events may wait between the reader and the worker.
const WAITING: usize = 64;

/// How long each step of setting up may take.
const STEP: Duration = Duration::from_secs(20);

/// One connection.
pub(super) struct Connection<'a> {
    pub(super) settings: &'a DiscordSettings,
    pub(super) dialer: &'a Dialer,
    pub(super) url: String,
    pub(super) session: &'a mut Option<Session>,
    /// A session was begun or resumed on it.
    pub(super) lived: bool,
}

/// What the three futures share.
struct Heartbeats {
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
    pub(super) async fn serve(&mut self, listener: &mut Listener) -> ConnectionEnd {
        let stop = listener.stop.clone();
        let opened = tokio::select! {
            opened = self.open() => opened,
            () = stop.cancelled() => return ConnectionEnd::Stopped,
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
            return ConnectionEnd::Resume(error.to_string());
        }
        let heartbeats = Heartbeats {
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
                end = beat(&heartbeats, writer, (first, interval)) => end,
                end = read(&heartbeats, reader, sender) => end,
                () = over.cancelled() => ConnectionEnd::Resume("the worker ended".to_owned()),
                () = stop.cancelled() => ConnectionEnd::Stopped,
            }
        };
        let work = async {
            let result = self.work(&heartbeats, receiver, listener).await;
            over.cancel();
            result
        };
        let (end, worked) = tokio::join!(io, work);
        match worked {
            Ok(()) => end,
            Err(Stopped) => ConnectionEnd::Stopped,
        }
    }

    /// Connects and waits for HELLO; gives the interval between heartbeats.
    async fn open(&self) -> Result<(Socket, Duration), ConnectionEnd> {
        let lost = |reason: &str| ConnectionEnd::Resume(reason.to_owned());
        let connected = tokio::time::timeout(STEP, self.dialer.connect(&self.url)).await;
        let connected = connected.map_err(|_| lost("connecting took too long"))?;
        let mut socket = connected.map_err(|error| ConnectionEnd::Resume(error.to_string()))?;
        let first = tokio::time::timeout(STEP, socket.next()).await;
        let first = first.map_err(|_| lost("no HELLO came"))?;
        let text = match first {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(Some(close)))) => {
                return Err(ConnectionEnd::of_close(close.code.into(), &close.reason));
            }
            Some(Err(error)) => return Err(ConnectionEnd::Resume(error.to_string())),
            Some(Ok(_)) | None => return Err(lost("the first payload is not HELLO")),
        };
        let hello = Frame::read(&text).filter(|hello| hello.op == opcode::HELLO);
        let interval = hello
            .and_then(|hello| hello.data().get("heartbeat_interval").and_then(Value::as_u64))
            .filter(|interval| *interval > 0);
        let interval = interval.ok_or_else(|| lost("the first payload is not HELLO"))?;
        Ok((socket, Duration::from_millis(interval)))
    }

    /// Handles events in the order in which they came. Messages that came meanwhile are stored together.
    async fn work(
        &mut self,
        heartbeats: &Heartbeats,
        mut receiver: mpsc::Receiver<Frame>,
        listener: &mut Listener,
    ) -> Result<(), Stopped> {
        let mut frames = Vec::new();
        while receiver.recv_many(&mut frames, WAITING).await > 0 {
            let mut messages = NewMessages::default();
            for frame in frames.drain(..) {
                if let Some(seq) = frame.s.filter(|_| frame.t.as_deref() == Some(MESSAGE)) {
                    messages.data.push(frame.data());
                    messages.last = seq;
                    continue;
                }
                self.store(heartbeats, &mut messages, listener).await?;
                self.work_one(heartbeats, frame, listener).await?;
            }
            self.store(heartbeats, &mut messages, listener).await?;
        }
        Ok(())
    }

    /// Has messages stored that came one after the other.
    async fn store(
        &mut self,
        heartbeats: &Heartbeats,
        messages: &mut NewMessages,
        listener: &mut Listener,
    ) -> Result<(), Stopped> {
        let NewMessages { data, last: seq } = std::mem::take(messages);
        if data.is_empty() {
            return Ok(());
        }
        let Some(session) = self.session.clone() else {
            tracing::warn!("messages came without a session and were skipped");
            return Ok(());
        };
        let next = Session { seq, ..session };
        listener.dispatch_messages(&data, &next).await?;
        heartbeats.seq.store(seq, Ordering::Release);
        *self.session = Some(next);
        Ok(())
    }

    async fn work_one(
        &mut self,
        heartbeats: &Heartbeats,
        frame: Frame,
        listener: &mut Listener,
    ) -> Result<(), Stopped> {
        let data = frame.data();
        let (Some(kind), Some(seq)) = (frame.t, frame.s) else { return Ok(()) };
        let next = match kind.as_str() {
            "READY" => Session::begin(&data, seq, frame::intents(self.settings.members).bits()),
            _ => self.session.clone().map(|session| Session { seq, ..session }),
        };
        let Some(next) = next else {
            tracing::warn!(%kind, "an event came without a session and was skipped");
            return Ok(());
        };
        if kind == "RESUMED" {
            tracing::info!("the session with Discord goes on");
        } else {
            listener.dispatch(&kind, &data, &next).await?;
        }
        if matches!(kind.as_str(), "READY" | "RESUMED") {
            self.lived = true;
            listener.sink.hears(true);
        }
        heartbeats.seq.store(seq, Ordering::Release);
        *self.session = Some(next);
        Ok(())
    }
}

/// Messages that came one after the other and are not stored yet.
#[derive(Default)]
struct NewMessages {
    data: Vec<Value>,
    /// The sequence number of the last one.
    last: u64,
}

/// Sends heartbeats, the first after `first`; ends when one is not answered.
async fn beat(
    heartbeats: &Heartbeats,
    mut writer: SplitSink<Socket, Message>,
    (first, interval): (Duration, Duration),
) -> ConnectionEnd {
    let mut wait = first;
    loop {
        let asked = tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = heartbeats.asked.notified() => true,
        };
        wait = interval;
        let silent = !heartbeats.answered.swap(false, Ordering::AcqRel);
        if silent && !asked && !heartbeats.stalled.load(Ordering::Acquire) {
            return ConnectionEnd::Resume("a heartbeat was not answered".to_owned());
        }
        let seq = heartbeats.seq.load(Ordering::Acquire);
        let text = frame::heartbeat((seq != u64::MAX).then_some(seq));
        if let Err(error) = writer.send(Message::text(text)).await {
            return ConnectionEnd::Resume(error.to_string());
        }
    }
}

/// Reads until the connection ends, and hands events to the worker.
async fn read(
    heartbeats: &Heartbeats,
    mut reader: SplitStream<Socket>,
    sender: mpsc::Sender<Frame>,
) -> ConnectionEnd {
    loop {
        let text = match reader.next().await {
            None => return ConnectionEnd::Resume("the connection ended".to_owned()),
            Some(Err(error)) => return ConnectionEnd::Resume(error.to_string()),
            Some(Ok(Message::Close(Some(close)))) => {
                return ConnectionEnd::of_close(close.code.into(), &close.reason);
            }
            Some(Ok(Message::Close(None))) => {
                return ConnectionEnd::Resume("closed without a code".to_owned());
            }
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
        };
        let Some(frame) = Frame::read(&text) else {
            tracing::warn!(bytes = text.len(), "a payload of the gateway cannot be read; skipped");
            continue;
        };
        match frame.op {
            opcode::DISPATCH => {
                heartbeats.stalled.store(true, Ordering::Release);
                let handed = sender.send(frame).await;
                heartbeats.answered.store(true, Ordering::Release);
                heartbeats.stalled.store(false, Ordering::Release);
                if handed.is_err() {
                    return ConnectionEnd::Resume("the worker ended".to_owned());
                }
            }
            opcode::HEARTBEAT => heartbeats.asked.notify_one(),
            opcode::RECONNECT => return ConnectionEnd::Resume("Discord asked for it".to_owned()),
            opcode::INVALID_SESSION if frame.data() == Value::Bool(true) => {
                return ConnectionEnd::Resume("the session is invalid for now".to_owned());
            }
            opcode::INVALID_SESSION => {
                return ConnectionEnd::Identify("the session is invalid".to_owned());
            }
            opcode::HEARTBEAT_ACK => heartbeats.answered.store(true, Ordering::Release),
            _ => {}
        }
    }
}
