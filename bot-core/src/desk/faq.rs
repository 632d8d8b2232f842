// SPDX-License-Identifier: AGPL-3.0-or-later
//! `faq`: what admins ask first, answered for the chat in which it is asked.
//!
//! Rule: an answer is true of this connection and of now. What another command says is said in its
//! words, and figures come from the code that keeps to them.

use std::sync::Arc;

use bridge_config::NamePolicy;
use bridge_model::{NetworkId, Place, RichText};
use bridge_policy::stage::Stage;

use super::call::Call;
use super::commands::Command;
use super::disclosure_text::{consent_text, relays, software};
use super::info::{About, help_line, rights_line, silent_line, stage_line, stored_line};
use super::nearest::nearest;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::questions::{Known, QUESTIONS, Question};
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::network::{AskError, MATRIX, Need, Network};
use crate::portal::{EndState, Owner, Portal, Readers, Silence};
use crate::refusal::{MissingRight, Right};
use crate::relay::Networks;
use crate::relay::identities::stricter;
use crate::wording::{Lines, label};

/// What is typed for all answers at once.
const EVERYTHING: &str = "all";
/// Its messages are too short for all answers.
const DISCORD: &str = "discord";

/// `faq`.
pub(super) struct Faq {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) about: About,
    /// How much of a name the operator lets others see.
    pub(super) names: NamePolicy,
}

impl Faq {
    /// `faq`, `faq rights`, `faq rights telegram`, `faq all`.
    pub(super) async fn faq(&self, call: &Call<'_>, words: &[&str]) -> Result<Outcome, DeskError> {
        let Some(first) = words.first().copied() else { return Ok(Outcome::say(list(call))) };
        if first.eq_ignore_ascii_case(EVERYTHING) {
            return match answers_everything(call) {
                true => self.everything(call).await,
                false => Ok(Outcome::say(list(call))),
            };
        }
        if let Some(known) = words.iter().find_map(|word| Known::read(word)) {
            let lines = self.answer(call, known.question, words).await?;
            return Ok(Outcome::say(lines.into_iter().fold(RichText::default(), join)));
        }
        let known: Vec<&str> = QUESTIONS.iter().map(Known::word).collect();
        if nearest(first, known.iter().copied()).is_none() {
            return Ok(Outcome::say(list(call)));
        }
        let Outcome { answer, buttons, .. } = call.unknown_word(first, Command::Faq.name(), &known);
        Ok(Outcome::say(answer.join_line(list(call))).with(buttons))
    }

    /// All answers, in as few messages as they fit into.
    async fn everything(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let mut texts: Vec<RichText> = Vec::new();
        for known in QUESTIONS {
            let asked = Arg::text(phrases.plain(known.says, &[]));
            let head = phrases.say(Key::FaqHead, &[asked]);
            let answer = self.answer(call, known.question, &[]).await?;
            let text = answer.into_iter().fold(head, join);
            let fits = texts.last().is_some_and(|above| self.fits(call, above, &text));
            match texts.last_mut() {
                Some(above) if fits => above.0.extend(text.0),
                Some(_) | None => texts.push(text),
            }
        }
        let mut texts = texts.into_iter();
        let first = texts.next().unwrap_or_default();
        let then = texts.map(|text| phrases.message_in(call.place, text)).collect();
        Ok(Outcome { then, ..Outcome::say(first) })
    }

    /// Whether both can be one message where the command was typed.
    fn fits(&self, call: &Call<'_>, above: &RichText, below: &RichText) -> bool {
        let Some(network) = self.networks.get(&call.place.network) else { return false };
        let able = network.capabilities();
        let length = |text: &RichText| able.unit.measure(&text.plain());
        // An empty line parts them.
        length(above) + length(below) + 2 <= able.max_text
    }

    /// The lines of an answer; `words` are those of the command.
    async fn answer(
        &self,
        call: &Call<'_>,
        question: Question,
        words: &[&str],
    ) -> Result<Vec<RichText>, DeskError> {
        match question {
            Question::Rights => self.rights(call, words).await,
            Question::Who => self.who(call).await,
            Question::Data => Ok(data(call)),
            Question::Bans => Ok(bans(call)),
            Question::Stop => Ok(stop(call)),
            Question::Cost => Ok(self.cost(call)),
            Question::Matrix => Ok(matrix(call)),
        }
    }

    /// What each right is for, and which ones are missing here.
    async fn rights(&self, call: &Call<'_>, words: &[&str]) -> Result<Vec<RichText>, DeskError> {
        let phrases = call.phrases;
        let near = self.near(call);
        let named = |id: &&NetworkId| words.iter().any(|it| it.eq_ignore_ascii_case(id.as_str()));
        let wanted = near.iter().find(named).unwrap_or(&call.place.network);
        let Some(network) = self.networks.get(wanted) else { return Ok(Vec::new()) };
        let mut lines = purposes(phrases, &network.asked_rights());
        if let Some(portal) = call.portal {
            lines.extend(missing(phrases, portal, &**network).await?);
        }
        let others = near.iter().filter(|id| *id != wanted).map(NetworkId::as_str);
        let others = others.collect::<Vec<_>>().join(" | ");
        if !others.is_empty() {
            let typed = call.typed(&format!("faq rights {others}"));
            lines.push(phrases.say(Key::FaqRightsElsewhere, &[Arg::text(typed)]));
        }
        Ok(lines)
    }

    /// The networks of this connection, the room's first; where nothing is linked, all that there are.
    fn near(&self, call: &Call<'_>) -> Vec<NetworkId> {
        let Some(portal) = call.portal else {
            let mut all: Vec<NetworkId> = self.networks.all().map(|it| it.id().clone()).collect();
            all.sort_unstable();
            return all;
        };
        once_each(portal.places().map(|place| &place.network)).into_iter().cloned().collect()
    }

    /// Where what is said here is shown, under which name, and who reads it.
    async fn who(&self, call: &Call<'_>) -> Result<Vec<RichText>, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else { return Ok(vec![not_shared(call)]) };
        let silence = portal.silence.map(|silence| silent_line(phrases, silence));
        let sides = other_sides(call, portal);
        if !portal.relaying || sides.is_empty() {
            let mut lines = vec![phrases.say(Key::FaqWhoNothing, &[])];
            lines.extend(silence);
            lines.extend(severed(phrases, portal));
            lines.push(stage_line(call, portal));
            return Ok(lines);
        }
        let settings = &portal.settings;
        let names = match stricter(self.names, settings.names) {
            NamePolicy::Full => Key::FaqNamesFull,
            NamePolicy::FirstName => Key::FaqNamesFirst,
            NamePolicy::Pseudonym => Key::FaqNamesInvented,
        };
        let readers = match settings.readers {
            Readers::Members => Key::FaqReadersMembers,
            Readers::Everybody => Key::FaqReadersEverybody,
        };
        let typed = |one: &str, other: &str| [one, other].map(|it| Arg::text(call.typed(it)));
        let mut lines = vec![
            phrases.say(Key::FaqWhoShared, &[Arg::text(sides.join(", "))]),
            phrases.say(names, &typed("pseudonym on", "set names")),
            consent_text(phrases, call.place, settings.consent),
        ];
        match silence {
            Some(silence) => lines.push(silence),
            None => {
                let room = self.encryption(phrases, portal).await?;
                lines.extend([phrases.say(readers, &typed("set readers", "set consent")), room]);
            }
        }
        lines.extend(at_risk(phrases, portal));
        Ok(lines)
    }

    /// Whether the room is encrypted.
    async fn encryption(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<RichText, DeskError> {
        match self.matrix.is_encrypted(&portal.room.chat).await {
            Ok(true) => Ok(phrases.say(Key::FaqRoomSealed, &[])),
            Ok(false) => Ok(phrases.say(Key::FaqRoomClear, &[])),
            Err(AskError::Refused(_)) => Ok(silent_line(phrases, Silence::Removed)),
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }

    /// Who runs the bridge, and which software it takes.
    fn cost(&self, call: &Call<'_>) -> Vec<RichText> {
        let phrases = call.phrases;
        let mut lines = vec![
            phrases.say(Key::FaqCostNothing, &[]),
            self.about.who_line(phrases),
            self.about.source_line(phrases),
        ];
        lines.extend(remotes(call).into_iter().map(|place| software(phrases, place)));
        lines.extend(self.about.conduct_line(phrases));
        lines
    }
}

fn join(above: RichText, below: RichText) -> RichText {
    if above.0.is_empty() { below } else { above.join_line(below) }
}

/// Discord's messages are too short for all answers, and so many of them are too much for a channel.
fn answers_everything(call: &Call<'_>) -> bool {
    call.place.network.as_str() != DISCORD
}

/// The questions, each with what is typed for it.
fn list(call: &Call<'_>) -> RichText {
    let phrases = call.phrases;
    let intro = phrases.say(Key::FaqIntro, &[Arg::text(call.typed("faq 1"))]);
    let questions = QUESTIONS.iter().enumerate().map(|(at, known)| {
        let number = Arg::text((at + 1).to_string());
        let asked = Arg::text(phrases.plain(known.says, &[]));
        let typed = Arg::text(call.typed(&format!("faq {}", known.word())));
        phrases.say(Key::FaqLine, &[number, asked, typed])
    });
    let everything = answers_everything(call).then(|| {
        let typed = call.typed(&format!("faq {EVERYTHING}"));
        phrases.say(Key::FaqEverything, &[Arg::text(typed)])
    });
    questions.chain(everything).fold(intro, join)
}

/// A line about a command, as it is typed on a network.
fn on(call: &Call<'_>, network: &NetworkId, command: Command) -> RichText {
    let typed = call.phrases.typed_on(network, command.name());
    help_line(call.phrases, typed, command.entry().help)
}

/// The same where this command was typed.
fn here(call: &Call<'_>, command: Command) -> RichText {
    on(call, &call.place.network, command)
}

/// Each value once, in order.
fn once_each<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// The networks on which others see what is said here.
fn other_sides(call: &Call<'_>, portal: &Portal) -> Vec<String> {
    let others = portal.others(call.place);
    // In the room of a topic, the main room is the same side.
    let there = others.iter().filter(|it| !(portal.is_matrix(it) && portal.is_matrix(call.place)));
    once_each(there.map(|place| label(&place.network)))
}

/// One legacy chat for each network of this connection; without one, this chat.
fn remotes<'a>(call: &'a Call<'_>) -> Vec<&'a Place> {
    let Some(portal) = call.portal else {
        return Some(call.place).filter(|_| !call.is_on_matrix()).into_iter().collect();
    };
    let mut places: Vec<&Place> = Vec::new();
    for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
        if !places.iter().any(|known| known.network == end.place.network) {
            places.push(&end.place);
        }
    }
    places
}

/// The chats that the bot was removed from.
fn severed(phrases: Phrases<'_>, portal: &Portal) -> Vec<RichText> {
    let ends = portal.ends.iter().filter(|end| end.state == EndState::Severed);
    let named = once_each(ends.map(|end| label(&end.place.network))).into_iter();
    named.map(|name| phrases.say(Key::StatusSevered, &[Arg::text(name)])).collect()
}

/// Nothing is shared where nothing is linked.
fn not_shared(call: &Call<'_>) -> RichText {
    let everywhere = Arg::text(call.typed("optout everywhere"));
    call.phrases.say(Key::ConsentNotLinked, &[everywhere])
}

fn at_risk(phrases: Phrases<'_>, portal: &Portal) -> Option<RichText> {
    portal.settings.at_risk.then(|| phrases.say(Key::AtRiskNotice, &[]))
}

/// What a right is for.
fn purpose(right: Right) -> Key {
    match right {
        Right::Read
        | Right::Write
        | Right::SpeakForOthers
        | Right::React
        | Right::OfferCommands => Key::FaqRightsShare,
        Right::Delete | Right::DecideWhoSpeaks | Right::Ban | Right::Mute => Key::FaqRightsModerate,
        Right::Pin | Right::ChangeChat => Key::FaqRightsChat,
        Right::ManageThreads => Key::FaqRightsThreads,
    }
}

/// What these rights are for, and what does not work without them.
fn purposes(phrases: Phrases<'_>, rights: &[MissingRight]) -> Vec<RichText> {
    let all =
        [Key::FaqRightsShare, Key::FaqRightsModerate, Key::FaqRightsChat, Key::FaqRightsThreads];
    let line = |key: Key| {
        let menus = rights.iter().filter(|it| purpose(it.right) == key).map(|it| it.menu.as_str());
        let menus = once_each(menus).join(", ");
        (!menus.is_empty()).then(|| phrases.say(key, &[Arg::text(menus)]))
    };
    all.into_iter().filter_map(line).collect()
}

/// Which rights to pin, to moderate and, where the chat follows another one, to change it the bot
/// lacks on a network.
async fn missing(
    phrases: Phrases<'_>,
    portal: &Portal,
    network: &dyn Network,
) -> Result<Option<RichText>, DeskError> {
    let name = Arg::text(label(network.id()));
    let mut places = portal.active();
    places.retain(|place| place.network == *network.id());
    if places.is_empty() {
        return Ok(None);
    }
    let mut lacking: Vec<String> = Vec::new();
    for place in places {
        let follows = portal.settings.metadata != Owner::Nobody && !portal.leads(&place);
        let needs = [Need::Pin, Need::Moderate].into_iter();
        for need in needs.chain(follows.then_some(Need::SetChat)) {
            match network.missing_rights(&place.chat, need).await {
                Ok(rights) => {
                    lacking.extend(rights.iter().map(|right| phrases.wording.right(right)));
                }
                Err(AskError::Refused(reason)) => {
                    let why = phrases.reason(network.id(), &reason);
                    return Ok(Some(phrases.say(Key::PlanLacks, &[name, why])));
                }
                Err(error @ AskError::Retry { .. }) => return Err(error.into()),
            }
        }
    }
    if lacking.is_empty() {
        return Ok(Some(phrases.say(Key::FaqRightsThere, &[name])));
    }
    let lacking = Arg::text(once_each(lacking).join(", "));
    Ok(Some(phrases.say(Key::PlanLacks.on(network.id()), &[name, lacking])))
}

/// What is stored, how long, and what people can do about it.
fn data(call: &Call<'_>) -> Vec<RichText> {
    let phrases = call.phrases;
    let mut lines = vec![stored_line(call), rights_line(call)];
    lines.extend(call.portal.and_then(|portal| at_risk(phrases, portal)));
    lines.push(here(call, Command::Privacy));
    lines
}

/// How bans cross, whose do, and how one is taken back.
fn bans(call: &Call<'_>) -> Vec<RichText> {
    let phrases = call.phrases;
    let Some(portal) = call.portal else {
        return vec![call.not_linked().answer, phrases.say(Key::FaqBansCross, &[])];
    };
    let typed = |command: &str| [Arg::text(call.typed(command))];
    let crosses = if portal.relaying { Key::FaqBansCross } else { Key::FaqBansTyped };
    vec![
        phrases.say(crosses, &[]),
        phrases.say(Key::FaqBansSides, &[]),
        phrases.say(Key::FaqBansWho, &[]),
        phrases.say(Key::ModerationUsage, &typed("ban")),
        phrases.say(Key::ModerationUndo, &typed("unban")),
        on(call, &portal.room.network, Command::Policy),
    ]
}

/// How one person stops it, how a chat does, and what stays.
fn stop(call: &Call<'_>) -> Vec<RichText> {
    let phrases = call.phrases;
    let Some(portal) = call.portal else { return vec![not_shared(call)] };
    let typed = |command: &str| [Arg::text(call.typed(command))];
    let unlink = match portal.stage {
        // Else nobody could write there.
        Stage::ReadOnly => phrases.say(Key::UnlinkClosed, &typed("stage back")),
        Stage::Inventory
        | Stage::Announced
        | Stage::Bridged
        | Stage::MatrixFirst
        | Stage::Sunset => here(call, Command::Unlink),
    };
    vec![
        here(call, Command::Optout),
        here(call, Command::Optin),
        phrases.say(Key::OptoutOlder, &typed("optout erase")),
        phrases.say(Key::FaqStopOne, &[]),
        unlink,
        phrases.say(Key::FaqStopRemove, &[]),
    ]
}

/// How somebody comes over to Matrix, and how a community does.
fn matrix(call: &Call<'_>) -> Vec<RichText> {
    let on_matrix = NetworkId::from(MATRIX);
    let stays = call.portal.filter(|it| it.relaying && relays(it.stage));
    let mut lines = Vec::new();
    lines.extend(stays.map(|_| call.phrases.say(Key::FaqMatrixNobodyMust, &[])));
    let from = match call.is_on_matrix() {
        true => remotes(call),
        false => vec![call.place],
    };
    lines.extend(from.into_iter().map(|place| on(call, &place.network, Command::Matrix)));
    lines.push(on(call, &on_matrix, Command::Claim));
    lines.push(on(call, &on_matrix, Command::Appoint));
    lines.push(match call.portal {
        Some(portal) => stage_line(call, portal),
        None => call.not_linked().answer,
    });
    lines
}
