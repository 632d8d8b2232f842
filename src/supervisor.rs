// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tells systemd how the bridge is (`sd_notify(3)`), and ends the process.
//!
//! Rule: without `NOTIFY_SOCKET` nothing is told. The watchdog hears a beat only after the store has
//! answered: a bridge that hangs is started again.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long what is under way may take after the end was asked for. What is cut off is looked for
/// after the next start.
pub(crate) const LAST: Duration = Duration::from_secs(30);

/// Where systemd listens, and how often it wants to hear of us.
pub(crate) struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, and `WATCHDOG_PID` where another
    /// process than this one is watched.
    ///
    /// # Errors
    /// When there is a socket that cannot be used.
    pub(crate) fn of(env: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        let Some(name) = env("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Ok(Self { socket: None, watchdog: None });
        };
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(&name)?,
        };
        let ours = env("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let micros = env("WATCHDOG_USEC").and_then(|it| it.parse().ok()).filter(|it| *it > 0);
        let watchdog = micros.filter(|_| ours).map(Duration::from_micros);
        Ok(Self { socket: Some((UnixDatagram::unbound()?, address)), watchdog })
    }

    /// The bridge runs.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The bridge is about to start anew, as the same process.
    pub(crate) fn reloading(&self) {
        self.tell("RELOADING=1");
    }

    /// The bridge is about to end.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Beats four times in the time that systemd gives, as long as the bridge lives; for ever.
    pub(crate) async fn beat(&self, is_live: impl AsyncFn() -> bool) {
        let Some(watchdog) = self.watchdog else { return std::future::pending().await };
        loop {
            if is_live().await {
                self.tell("WATCHDOG=1");
            } else {
                tracing::error!("the store does not answer: the watchdog hears no beat");
            }
            tokio::time::sleep(watchdog / 4).await;
        }
    }

    fn tell(&self, state: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(state.as_bytes(), address) {
            tracing::warn!(%error, state, "the service manager was not told");
        }
    }
}

/// What somebody wants of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end: Ctrl-C and SIGTERM.
    ToEnd,
    /// To start anew, with the configuration of then: SIGHUP.
    Anew,
}

/// Ctrl-C, SIGTERM and SIGHUP.
pub(crate) struct Signals {
    interrupted: Signal,
    terminated: Signal,
    hung_up: Signal,
}

impl Signals {
    /// Listens for them from now on.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
            hung_up: signal(SignalKind::hangup())?,
        })
    }

    /// What the next one asks for.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupted.recv() => Asked::ToEnd,
            _ = self.terminated.recv() => Asked::ToEnd,
            _ = self.hung_up.recv() => Asked::Anew,
        }
    }

    /// Returns with the next one that asks for the end.
    pub(crate) async fn end(&mut self) {
        while self.next().await == Asked::Anew {}
    }
}

/// How the end came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything came to rest.
    Rested,
    /// It took too long.
    TooLong,
    /// Somebody asked a second time.
    AskedAgain,
}

/// Waits for what is under way, but not longer than `most`, nor than until somebody asks again.
pub(crate) async fn rest(
    ended: impl Future<Output = ()>,
    again: impl Future<Output = ()>,
    most: Duration,
) -> Ending {
    tokio::select! {
        () = ended => Ending::Rested,
        () = again => Ending::AskedAgain,
        () = tokio::time::sleep(most) => Ending::TooLong,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use tokio::sync::Notify;

    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    fn told(name: &str, watchdog: Option<&str>, pid: Option<&str>) -> Supervisor {
        Supervisor::of(|variable| match variable {
            "NOTIFY_SOCKET" => Some(name.to_owned()),
            "WATCHDOG_USEC" => watchdog.map(str::to_owned),
            "WATCHDOG_PID" => pid.map(str::to_owned),
            _ => None,
        })
        .unwrap()
    }

    #[test]
    fn the_service_manager_is_told_at_a_path_and_at_an_abstract_address() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let supervisor = told(path.to_str().unwrap(), None, None);
        supervisor.ready();
        supervisor.reloading();
        supervisor.stopping();
        let heard_all = [heard(&socket), heard(&socket), heard(&socket)];
        assert_eq!(heard_all, ["READY=1", "RELOADING=1", "STOPPING=1"]);

        let name = format!("freeside-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        told(&format!("@{name}"), None, None).ready();
        assert_eq!(heard(&socket), "READY=1");
    }

    #[test]
    fn nobody_is_told_where_nobody_listens() {
        Supervisor::of(|_| None).unwrap().ready();
        told("/nowhere/notify", None, None).ready();
    }

    /// Beats until the bridge was asked `times` times whether it lives.
    async fn beaten(supervisor: &Supervisor, lives: bool, times: u32) {
        let (asked, enough) = (Cell::new(0), Notify::new());
        let is_live = async || {
            asked.set(asked.get() + 1);
            if asked.get() > times {
                enough.notify_one();
            }
            lives
        };
        tokio::select! {
            () = supervisor.beat(is_live) => {}
            () = enough.notified() => {}
        }
    }

    #[tokio::test]
    async fn the_watchdog_hears_beats_only_while_the_bridge_lives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let name = path.to_str().unwrap();
        let beats = || std::iter::from_fn(|| socket.recv(&mut [0; 64]).ok()).count();
        let supervisor = told(name, Some("20000"), None);
        beaten(&supervisor, true, 5).await;
        assert!(beats() >= 5);
        beaten(&supervisor, false, 5).await;
        assert_eq!(beats(), 0);
        let own = std::process::id().to_string();
        assert_eq!(told(name, Some("20000"), Some(&own)).watchdog, supervisor.watchdog);
        // Another process is watched, or none.
        assert_eq!(told(name, Some("20000"), Some("1")).watchdog, None);
        assert_eq!(told(name, Some("0"), None).watchdog, None);
    }

    #[tokio::test]
    async fn the_end_is_bounded_and_comes_at_once_when_asked_again() {
        assert_eq!(rest(ready(()), pending(), LAST).await, Ending::Rested);
        assert_eq!(rest(pending(), ready(()), LAST).await, Ending::AskedAgain);
        assert_eq!(rest(pending(), pending(), Duration::from_millis(1)).await, Ending::TooLong);
    }
}
