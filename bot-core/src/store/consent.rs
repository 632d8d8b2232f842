// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whose words may leave their chat, and the ledger that proves it.
//!
//! Rule: a choice counts from the moment in which the command is taken in, so the next message is
//! under it. What is taken away or back always crosses: it says nothing new.

use std::collections::{HashMap, HashSet};

use bridge_model::{
    AuthorKind, Command, Content, Event, MemberChange, Mention, Message, MessageId, Person, Place,
    Timestamp, VoteChange,
};
use bridge_policy::calendar::DAY_MS;

use super::keys::{Everything, Hash};
use super::statements::{Choice, Statement, Statements};
use super::tables::{CONSENT, CONSENT_TOLD, EVERYBODY, LOCALPARTS, PSEUDONYMOUS};
use super::txn::Txn;
use super::{Store, StoreError, albums, joint, kept, keys, messages, notices, people, queue};
use crate::lane::{CORE, Work, core_place};
use crate::migration::{News, Task};
use crate::network::MATRIX;
use crate::portal::{ConsentMode, Portal, PortalId};

/// What a command about consent does to the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// Somebody chooses, after having read a text of this version.
    Stated {
        /// Who.
        person: Person,
        /// Where; `None` for everywhere.
        portal: Option<PortalId>,
        /// What.
        choice: Choice,
        /// The version of the text.
        text: String,
    },
    /// A choice that was taken in before was made after reading a text of this version.
    Read {
        /// Who.
        person: Person,
        /// What.
        choice: Choice,
        /// The version of the text.
        text: String,
    },
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// Who, as a keyed hash.
    pub who: Hash,
    /// What was said.
    pub statement: Statement,
}

/// Who wants a pseudonym in the place of their name.
#[derive(Clone, Debug, Default)]
pub struct Pseudonymous {
    secret: String,
    who: HashSet<Hash>,
    /// Those of them who spoke lately, by their names.
    named: HashMap<String, Person>,
}

impl Pseudonymous {
    /// Whether this person does.
    pub fn contains(&self, person: &Person) -> bool {
        !self.who.is_empty() && self.who.contains(&keys::subject(&self.secret, person))
    }

    /// Who of them is called like that.
    pub fn named(&self, name: &str) -> Option<&Person> {
        self.named.get(name)
    }
}

impl Store {
    /// Whether what a person says may leave a portal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn may_leave(&self, portal: &Portal, person: &Person) -> Result<bool, StoreError> {
        let (portal, person) = (portal.clone(), person.clone());
        self.glance(move |tx| may_leave(tx, &portal, &person)).await
    }

    /// What somebody has said about being relayed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn statements(&self, person: &Person) -> Result<Statements, StoreError> {
        let person = person.clone();
        self.glance(move |tx| of(tx, &person)).await
    }

    /// Who wants a pseudonym; by name those who spoke lately in a portal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pseudonymous(&self, portal: Option<PortalId>) -> Result<Pseudonymous, StoreError> {
        self.glance(move |tx| pseudonymous(tx, portal)).await
    }

    /// The ledger of everybody, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consent_ledger(&self) -> Result<Vec<LedgerLine>, StoreError> {
        self.read(ledger).await
    }
}

/// What somebody has said about being relayed.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, person: &Person) -> Result<Statements, StoreError> {
    Ok(tx.get(&CONSENT, &key(tx, person))?.unwrap_or_default())
}

/// Stores what somebody has said about being relayed.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, person: &Person, all: &Statements) -> Result<(), StoreError> {
    let key = key(tx, person);
    let mut who = tx.get(&PSEUDONYMOUS, &EVERYBODY)?.unwrap_or_default();
    if who.contains(&key) != all.pseudonym() {
        who.retain(|one| *one != key);
        who.extend(all.pseudonym().then_some(key));
        tx.put(&PSEUDONYMOUS, &EVERYBODY, &who)?;
    }
    tx.put(&CONSENT, &key, all)
}

fn key(tx: &Txn<'_>, person: &Person) -> Hash {
    keys::subject(&tx.meta().secret, person)
}

/// Whether what a person says may leave a portal.
///
/// # Errors
/// [`StoreError`].
pub fn may_leave(tx: &Txn<'_>, portal: &Portal, person: &Person) -> Result<bool, StoreError> {
    let said = of(tx, person)?.relaying(portal.id);
    Ok(said.unwrap_or(portal.settings.consent == ConsentMode::Notice))
}

/// A command that was typed: a choice counts from here on.
///
/// # Errors
/// [`StoreError`].
pub fn typed(tx: &mut Txn<'_>, place: &Place, command: &Command) -> Result<(), StoreError> {
    if command.by.kind == AuthorKind::Bot {
        return Ok(());
    }
    let Some(wish) = Wish::read(&command.text) else { return Ok(()) };
    let person = Person { network: place.network.clone(), user: command.by.user.clone() };
    let here = super::portals::of(tx, place)?.map(|portal| portal.id);
    let everywhere = command.private || wish.everywhere;
    if !everywhere && here.is_none() && wish.choice != Choice::Pseudonym {
        return Ok(());
    }
    let portal = here.filter(|_| !everywhere && wish.choice != Choice::Pseudonym);
    if wish.on {
        return state(tx, &person, (portal, wish.choice, String::new()));
    }
    let mut all = of(tx, &person)?;
    all.withdraw(tx.now, |it| it.choice == wish.choice);
    save(tx, &person, &all)
}

/// What a command about oneself asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub choice: Choice,
    /// It begins to hold, or it ends.
    pub on: bool,
    /// In all portals, wherever it is typed.
    pub everywhere: bool,
    /// Older copies are taken back, too.
    pub erase: bool,
}

impl Wish {
    /// Reads `optout`, `optin`, `stop` and `pseudonym on|off`; `None` for other commands, and for
    /// words behind them that nobody knows. Who says more than `stop` wants it all the same.
    pub fn read(command: &str) -> Option<Self> {
        let mut words = command.split_whitespace().map(str::to_ascii_lowercase);
        let choice = match words.next()?.as_str() {
            "optout" | "stop" => Choice::OptOut,
            "optin" => Choice::OptIn,
            "pseudonym" => Choice::Pseudonym,
            _ => return None,
        };
        let named = choice == Choice::Pseudonym;
        let mut wish = Self { choice, on: !named, everywhere: named, erase: false };
        for word in words {
            match (choice, word.as_str()) {
                (Choice::OptOut | Choice::OptIn, "everywhere") => wish.everywhere = true,
                (Choice::OptOut, "erase") => wish.erase = true,
                (Choice::Pseudonym, "on") => wish.on = true,
                (Choice::Pseudonym, "off") | (Choice::OptOut, _) => {}
                _ => return None,
            }
        }
        // Without a word it only asks how things are.
        let asks = named && command.split_whitespace().nth(1).is_none();
        (!asks).then_some(wish)
    }
}

/// Changes the ledger.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: ConsentChange) -> Result<(), StoreError> {
    match change {
        ConsentChange::Stated { person, portal, choice, text } => {
            state(tx, &person, (portal, choice, text))
        }
        ConsentChange::Read { person, choice, text } => {
            let mut all = of(tx, &person)?;
            let holds = |it: &&mut Statement| {
                it.choice == choice && it.withdrawn.is_none() && it.text.is_empty()
            };
            all.all.iter_mut().filter(holds).for_each(|it| it.text.clone_from(&text));
            save(tx, &person, &all)
        }
    }
}

fn state(
    tx: &mut Txn<'_>,
    person: &Person,
    (portal, choice, text): (Option<PortalId>, Choice, String),
) -> Result<(), StoreError> {
    let mut all = of(tx, person)?;
    let network = person.network.clone();
    let given = tx.now;
    if all.state(Statement { network, portal, choice, text, given, withdrawn: None }) {
        save(tx, person, &all)?;
    }
    Ok(())
}

fn ledger(tx: &Txn<'_>) -> Result<Vec<LedgerLine>, StoreError> {
    let mut lines = Vec::new();
    for (row, all) in tx.scan(&CONSENT, &Everything, usize::MAX)? {
        let Some(who) = row.last_hash() else { continue };
        lines.extend(all.all.into_iter().map(|statement| LedgerLine { who, statement }));
    }
    Ok(lines)
}

fn pseudonymous(tx: &Txn<'_>, portal: Option<PortalId>) -> Result<Pseudonymous, StoreError> {
    let who = tx.get(&PSEUDONYMOUS, &EVERYBODY)?.unwrap_or_default().into_iter().collect();
    let secret = tx.meta().secret.clone();
    let mut all = Pseudonymous { secret, who, ..Pseudonymous::default() };
    if let Some(portal) = portal.filter(|_| !all.who.is_empty()) {
        let people = people::of(tx, portal)?.into_iter();
        all.named = people
            .filter(|known| all.contains(&known.person))
            .map(|known| (known.name, known.person))
            .collect();
    }
    Ok(all)
}

/// Whether an event says something of somebody whose words stay in their chat. Then it ends here;
/// whom it was said to on another side may be told so.
///
/// # Errors
/// [`StoreError`].
pub fn is_withheld(tx: &mut Txn<'_>, portal: &Portal, event: &Event) -> Result<bool, StoreError> {
    let Some(person) = speaker(portal, event) else { return Ok(false) };
    if may_leave(tx, portal, &person)? || is_vote_of_all(tx, event)? {
        return Ok(false);
    }
    let place = &event.place;
    if let Content::Posted(message) | Content::Edited(message) = &event.content {
        // Nobody's answer quotes it.
        kept::keep(tx, place, &event.message)?;
        albums::keep(tx, place, message)?;
    }
    let Content::Posted(message) = &event.content else { return Ok(true) };
    if of(tx, &person)?.relaying(portal.id).is_none() {
        ask(tx, (portal, event), &person)?;
        return Ok(true);
    }
    for (there, answered) in answered(tx, event, message)? {
        if once_a_day(tx, portal.id, &person)? {
            let news = News::SilentPartner { network: place.network.clone(), message: answered };
            queue::append(tx, &core_place(&there), Work::Task(Task::Tell(news)))?;
        }
    }
    Ok(true)
}

/// Takes out of an answer what somebody said whose words stay in their chat, and tells its author
/// once a day that those whom they speak to are only read there.
///
/// # Errors
/// [`StoreError`].
pub fn spoken_to(tx: &mut Txn<'_>, portal: &Portal, event: &mut Event) -> Result<(), StoreError> {
    let place = event.place.clone();
    let (Content::Posted(message) | Content::Edited(message)) = &mut event.content else {
        return Ok(());
    };
    if let Some(reply) = &mut message.reply_to
        && let Some(author) = &reply.author
        && !may_leave(tx, portal, author)?
    {
        (reply.excerpt, reply.name, reply.partial) = (None, None, false);
    }
    let Content::Posted(message) = &event.content else { return Ok(()) };
    if event.late || message.author.kind != AuthorKind::Person {
        return Ok(());
    }
    for person in addressed(tx, &place, message)? {
        if person.network == place.network || may_leave(tx, portal, &person)? {
            continue;
        }
        if once_a_day(tx, portal.id, &person)? {
            let (network, message) = (person.network, event.message.clone());
            let news = News::SilentPartner { network, message };
            queue::append(tx, &core_place(&place), Work::Task(Task::Tell(news)))?;
        }
    }
    Ok(())
}

/// Who says something by an event; `None` where nothing is said, or it is only taken back.
fn speaker(portal: &Portal, event: &Event) -> Option<Person> {
    let user = match &event.content {
        Content::Posted(message) | Content::Edited(message) => &message.author.user,
        Content::Reacted { by, .. } => &by.user,
        Content::Voted { by, answers, change }
            if *change != VoteChange::Remove && !answers.is_empty() =>
        {
            by
        }
        // A ghost leaves with its person.
        Content::MemberChanged { who, change } => match change {
            MemberChange::Left if event.place != portal.room => return None,
            MemberChange::Joined | MemberChange::Left | MemberChange::Profile => &who.user,
        },
        Content::Voted { .. }
        | Content::Deleted { .. }
        | Content::Unreacted { .. }
        | Content::ReactionsCleared { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::RightsChanged
        | Content::PolicyChanged
        | Content::Moderated(_)
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ChatChanged { .. }
        | Content::ThreadChanged { .. } => return None,
    };
    Some(Person { network: event.place.network.clone(), user: user.clone() })
}

/// A vote that the bot asked for is given to the bot; only sums of it are shown.
fn is_vote_of_all(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    if !matches!(event.content, Content::Voted { .. }) {
        return Ok(false);
    }
    let Some(origin) = messages::origin(tx, &event.place, &event.message)? else {
        return Ok(false);
    };
    let home = tx.numbered(origin.place)?;
    Ok(joint::is_joint(&home, &origin.message))
}

/// Somebody speaks who has not said yet whether their words may leave: the chat is told once a day.
fn ask(
    tx: &mut Txn<'_>,
    (portal, event): (&Portal, &Event),
    person: &Person,
) -> Result<(), StoreError> {
    let Content::Posted(message) = &event.content else { return Ok(()) };
    if message.author.kind != AuthorKind::Person || event.late {
        return Ok(());
    }
    let (network, chat) = (event.place.network.as_str(), event.place.chat.as_str());
    let day = tx.now.0.div_euclid(DAY_MS);
    let subject = format!("consent/{network}/{chat}/{day}");
    if notices::was_said(tx, portal.id, &subject)? {
        return Ok(());
    }
    let news = News::AskConsent { person: person.clone(), subject };
    queue::append(tx, &core_place(&event.place), Work::Task(Task::Tell(news)))
}

/// The messages of other sides that a message answers: the chat in which each was said, and its id
/// there.
fn answered(
    tx: &mut Txn<'_>,
    event: &Event,
    message: &Message,
) -> Result<Vec<(Place, MessageId)>, StoreError> {
    let Some(reply) = &message.reply_to else { return Ok(Vec::new()) };
    let Some(origin) = messages::origin(tx, &event.place, &reply.message)? else {
        return Ok(Vec::new());
    };
    let there = tx.numbered(origin.place)?;
    let other = there.network.as_str() != CORE && there.network != event.place.network;
    Ok(if other && !origin.deleted { vec![(there, origin.message)] } else { Vec::new() })
}

/// Whom a message answers or names.
fn addressed(
    tx: &mut Txn<'_>,
    place: &Place,
    message: &Message,
) -> Result<Vec<Person>, StoreError> {
    let mut people = Vec::new();
    if let Some(reply) = &message.reply_to
        && let Some(origin) = messages::origin(tx, place, &reply.message)?
    {
        let network = tx.numbered(origin.place)?.network;
        people.push(Person { network, user: origin.author });
    }
    for mention in message.body.mentions() {
        let Mention::Person { who, .. } = mention else { continue };
        people.extend(behind(tx, who)?);
    }
    people.retain(|person| person.network.as_str() != CORE);
    Ok(people)
}

/// The person behind a ghost, or the person.
fn behind(tx: &Txn<'_>, who: &Person) -> Result<Option<Person>, StoreError> {
    if who.network.as_str() != MATRIX {
        return Ok(Some(who.clone()));
    }
    let localpart = who.user.as_str().trim_start_matches('@').split(':').next();
    let ghost = localpart.map(|it| tx.get(&LOCALPARTS, &it.to_owned())).transpose()?.flatten();
    Ok(Some(ghost.unwrap_or_else(|| who.clone())))
}

/// Whether those who speak with a person are to be told now, because they were not within a day.
fn once_a_day(tx: &mut Txn<'_>, portal: PortalId, about: &Person) -> Result<bool, StoreError> {
    let key = (portal, key(tx, about));
    let now = tx.now;
    let said = tx.get(&CONSENT_TOLD, &key)?;
    if said.is_some_and(|said| said.0.saturating_add(DAY_MS) > now.0) {
        return Ok(false);
    }
    tx.put(&CONSENT_TOLD, &key, &now)?;
    Ok(true)
}

/// What was told long ago is forgotten; how many records those were.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>) -> Result<u64, StoreError> {
    let limit = Timestamp(tx.now.0.saturating_sub(DAY_MS));
    tx.clear_if(&CONSENT_TOLD, &Everything, |told| *told <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_about_oneself_are_read_generously_and_no_others() {
        let read =
            |text: &str| Wish::read(text).map(|it| (it.choice, it.on, it.everywhere, it.erase));
        assert_eq!(read("optout"), Some((Choice::OptOut, true, false, false)));
        assert_eq!(read("STOP everywhere"), Some((Choice::OptOut, true, true, false)));
        assert_eq!(read("optout erase"), Some((Choice::OptOut, true, false, true)));
        assert_eq!(read("optin Everywhere"), Some((Choice::OptIn, true, true, false)));
        assert_eq!(read("pseudonym on"), Some((Choice::Pseudonym, true, true, false)));
        assert_eq!(read("pseudonym off"), Some((Choice::Pseudonym, false, true, false)));
        assert_eq!(read("stop it, please"), read("stop"));
        for other in ["", "pseudonym", "optin erase", "optoutt", "help"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
