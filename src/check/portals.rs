// SPDX-License-Identifier: AGPL-3.0-or-later
//! What only the running bridge knows: whether it runs, and how its chats are.
//!
//! Rule: the running bridge is asked on this machine, with the homeserver's token, as `freeside
//! report` does.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use bot_core::wording::label;
use bridge_config::Config;

pub(crate) use bot_core::report::chats::ChatState;

use super::ask::{Answer, Asker, Reply};
use super::finding::{FindingKind, Findings};

/// What stands at the address of the bridge.
#[derive(Debug)]
pub(super) struct Running {
    /// It is our bridge.
    pub(super) ours: bool,
    /// How the bot stands in its chats.
    pub(super) chats: Vec<ChatState>,
}

/// Whether an address can be listened on; `None` when something listens there.
pub(crate) fn is_free(address: SocketAddr) -> Result<bool, std::io::Error> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Ok(false),
        Err(error) => Err(error),
    }
}

/// Looks what listens at `appservice.listen`.
pub(super) async fn running(config: &Config, found: &mut Findings) -> anyhow::Result<Running> {
    let nobody = Running { ours: false, chats: Vec::new() };
    let listen = config.appservice.listen;
    match is_free(listen) {
        Ok(true) => {
            found.add(FindingKind::NotRunning, [&listen]);
            return Ok(nobody);
        }
        Ok(false) => {}
        Err(error) => {
            found.add(FindingKind::ListenAddress, [&listen, &"appservice.listen", &error]);
            return Ok(nobody);
        }
    }
    let token = format!("Bearer {}", config.appservice.hs_token.expose());
    let url = format!("http://{}/_freeside/chats", reachable(listen));
    let reply = match Asker::new(None)?.get_as(&url, &token).await {
        Answer::Json(reply) => reply,
        Answer::Page(_) | Answer::Moved(_) | Answer::Silent(_) => {
            found.add(FindingKind::PortTaken, [&listen, &"appservice.listen"]);
            return Ok(nobody);
        }
    };
    Ok(told(listen, &reply, found))
}

fn told(listen: SocketAddr, reply: &Reply, found: &mut Findings) -> Running {
    let nobody = Running { ours: false, chats: Vec::new() };
    if reply.status == 403 && reply.text("/errcode") == "M_FORBIDDEN" {
        found.add(FindingKind::OtherBridge, [&listen]);
        return nobody;
    }
    if reply.is_success()
        && let Ok(chats) = serde_json::from_value::<Vec<ChatState>>(reply.body.clone())
    {
        found.fine(format!("the bridge runs at {listen}"));
        return Running { ours: true, chats };
    }
    if reply.text("/errcode").is_empty() {
        found.add(FindingKind::PortTaken, [&listen, &"appservice.listen"]);
        return nobody;
    }
    found.add(FindingKind::PortalsUnknown, [&reply.text("/error")]);
    Running { ours: true, ..nobody }
}

/// Where this machine reaches what listens on all addresses.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen {
        SocketAddr::V4(address) if address.ip().is_unspecified() => {
            listen.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        SocketAddr::V6(address) if address.ip().is_unspecified() => {
            listen.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => {}
    }
    listen
}

/// The rights of the bot in the joined chats.
pub(super) fn rights(chats: &[ChatState], found: &mut Findings) {
    let before = found.wrong.len();
    for chat in chats {
        let network = label(&chat.network.as_str().into());
        let name = match &chat.title {
            Some(title) => format!("“{title}” on {network} (connection {})", chat.portal),
            None => format!("the chat on {network} of connection {}", chat.portal),
        };
        if let Some(why) = &chat.refused {
            found.add(FindingKind::PortalClosed, [&name, why]);
        } else if !chat.missing.is_empty() {
            found.add(FindingKind::PortalRights, [&name, &chat.missing.join(", ")]);
        }
    }
    if found.wrong.len() == before && !chats.is_empty() {
        found.fine(format!("the bot has its rights in {} joined chats", chats.len()));
    }
}
