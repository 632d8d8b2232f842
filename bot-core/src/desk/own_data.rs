// SPDX-License-Identifier: AGPL-3.0-or-later
//! `mydata`: what is stored about whoever asks, and its end.
//!
//! Rule: it is shown to its owner alone. An erasure is one change of the store; what follows from it
//! on the networks waits in lanes, so it goes on after any crash.

use std::collections::BTreeMap;
use std::sync::Arc;

use bridge_model::{MessageId, Place};
use serde_json::{Value, json};

use super::call::Call;
use super::deep_link;
use super::outcome::{DeskError, Outcome};
use super::unconfirmed;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::media::text_file;
use crate::relay::Networks;
use crate::report::ledger::moment;
use crate::store::own_data::{OwnData, OwnDataChange, OwnMessage};
use crate::store::{Change, Store};

/// `mydata`.
pub(super) struct OwnDataCommands {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
}

impl OwnDataCommands {
    /// `mydata`, `mydata export` and `mydata erase`.
    pub(super) async fn mydata(
        &self,
        call: &Call<'_>,
        argument: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        // What answers an interaction of Discord is seen by its author alone.
        if !call.command.private && call.command.answer_via.is_none() {
            return Ok(self.way(call).await);
        }
        let person = call.person();
        let data = self.store.own_data(&person).await?;
        let count = Arg::number(u64::try_from(data.messages.len()).unwrap_or(u64::MAX));
        match argument.map(str::to_ascii_lowercase).as_deref() {
            None => {
                let typed = |word: &str| Arg::text(call.typed(&format!("mydata {word}")));
                let args = [count, typed("export"), typed("erase")];
                Ok(phrases.answer(Key::MydataUsage, &args))
            }
            Some("export") => {
                let file = self.as_json(call, &data);
                let mut answer = phrases.answer(Key::MydataExport, &[count]);
                answer.pictures = vec![text_file::json("mydata.json", &format!("{file:#}"))];
                Ok(answer)
            }
            Some("erase") if !call.confirmed => {
                let copied = data.messages.iter().filter(|it| !it.deleted && !it.copies.is_empty());
                let copied = Arg::number(u64::try_from(copied.count()).unwrap_or(u64::MAX));
                let args = [copied, Arg::text(call.typed("optin"))];
                Ok(unconfirmed::ask(
                    call,
                    phrases.say(Key::MydataEraseAsk.on(&call.place.network), &args),
                ))
            }
            Some("erase") => {
                let answer = phrases.say(
                    Key::MydataErasing.on(&call.place.network),
                    &[Arg::text(call.typed("optin"))],
                );
                let change = OwnDataChange::Erase { person };
                Ok(Outcome::change(answer, vec![Change::OwnData(Box::new(change))]))
            }
            Some(word) => Ok(call.unknown_word(word, "mydata", &["export", "erase"])),
        }
    }

    /// Where others read along: the way to the private chat.
    async fn way(&self, call: &Call<'_>) -> Outcome {
        let network = self.networks.get(&call.place.network);
        let link = match network.filter(|_| !call.is_on_matrix()) {
            Some(network) => network.private_chat_link(deep_link::OWN_DATA).await,
            None => None,
        };
        let way = match link {
            Some(link) => link,
            None if call.is_on_matrix() => self.matrix.bot().to_owned(),
            None => call.typed("freeside mydata"),
        };
        call.phrases.answer(Key::MydataInPrivate, &[Arg::text(way)])
    }

    /// What is stored, with the addresses under which its owner finds it.
    fn as_json(&self, call: &Call<'_>, data: &OwnData) -> Value {
        let person = call.person();
        let at = |(place, message): &(Place, MessageId)| self.address(place, message);
        let message = |it: &OwnMessage| {
            json!({
                "said": self.address(&it.place, &it.message),
                "taken away": it.deleted,
                "copies": it.copies.iter().map(at).collect::<Vec<_>>(),
            })
        };
        let names: BTreeMap<u32, &str> =
            data.names.iter().map(|(portal, name)| (portal.0, name.as_str())).collect();
        json!({
            "account": {"network": person.network.as_str(), "id": person.user.as_str()},
            "names": names,
            "ghost": data.ghost.as_ref().map(|ghost| json!({
                "localpart": ghost.localpart,
                "picture": ghost.avatar.as_ref().map(|(uri, _)| uri),
                "rooms": ghost.rooms.len(),
            })),
            "messages": data.messages.iter().map(message).collect::<Vec<_>>(),
            "reactions": data.reactions,
            "claims": data.claims.iter().map(|claim| json!({
                "network": claim.person.network.as_str(),
                "id": claim.person.user.as_str(),
                "name": claim.name,
                "matrix": claim.mxid,
                "since": moment(claim.since),
            })).collect::<Vec<_>>(),
            "consent": data.statements.all.iter().map(|it| json!({
                "choice": it.choice.name(),
                "portal": it.portal.map(|portal| portal.0),
                "text": it.text,
                "given": moment(it.given),
                "withdrawn": it.withdrawn.map(moment),
            })).collect::<Vec<_>>(),
            "erased before": data.statements.erased,
            "private chat": data.private_chat.as_ref().map(|chat| json!({
                "room": chat.place.chat.as_str(), "language": chat.language,
            })),
            "may vote in": data.votes.iter().map(|(portal, vote)| {
                json!({"portal": portal.0, "vote": vote})
            }).collect::<Vec<_>>(),
        })
    }

    /// The address of a message; where its network has none, chat and id.
    fn address(&self, place: &Place, message: &MessageId) -> String {
        let network = self.networks.get(&place.network);
        let link = network.and_then(|network| network.link_to(&place.chat, message));
        link.unwrap_or_else(|| {
            format!("{}: {}, {}", place.network, place.chat.as_str(), message.as_str())
        })
    }
}
