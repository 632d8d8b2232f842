// SPDX-License-Identifier: AGPL-3.0-or-later
//! Taking in: what was seen before is dropped, the rest goes to the lanes of every other place.
//!
//! Rule: an event never returns to its origin. The only exception: where somebody took one part of
//! a copy away, its other parts have to go too.

use bridge_model::{
    AuthorKind, Content, ContentClass, Event, MemberChange, Message, MessageId, NetworkId, Person,
    Place, Reaction, Request, Timestamp, UserId,
};

use bridge_policy::stage::Stage;
use bridge_policy::{notice, wiki};

use super::audience::{self, Audience};
use super::records::MessageRecord;
use super::tables::MARKS;
use super::txn::Txn;
use super::{
    Accepted, Store, StoreError, albums, answers, blocks, brakes, claims, consent, delayed,
    figures, gaps, kept, keys, linking, messages, notices, orphans, overflow, policies, portals,
    queue, removal, revised, summaries, threads, topics, votes,
};
use crate::lane::{Entry, Relayed, Speaker, Work, core_place};
use crate::order::{Batch, Mark};
use crate::portal::{Portal, Silence};
use crate::wording::marks;

impl Store {
    /// Takes in what a listener heard: drops what was seen before, appends to the lane of every other
    /// place of the portal, appends commands to the core lane, stores the marks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept(&self, batch: Batch, now: Timestamp) -> Result<Accepted, StoreError> {
        self.write_at(now, move |tx| accept(tx, batch)).await
    }

    /// The value last stored under a mark.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark(
        &self,
        network: &NetworkId,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let name = keys::hash(&[network.as_str(), key]);
        self.read(move |tx| tx.get(&MARKS, &name)).await
    }
}

/// Takes in a batch.
///
/// # Errors
/// [`StoreError`]: nothing was stored.
pub fn accept(tx: &mut Txn<'_>, batch: Batch) -> Result<Accepted, StoreError> {
    let mut accepted = Accepted::default();
    for mark in &batch.marks {
        if let Mark::Once { key } = mark
            && messages::is_noted(tx, &batch.network, key)?
        {
            accepted.dropped = batch.events.len();
            return Ok(accepted);
        }
    }
    for mark in &batch.marks {
        match mark {
            Mark::Set { key, value } => {
                let name = keys::hash(&[batch.network.as_str(), key]);
                tx.put(&MARKS, &name, value)?;
            }
            Mark::Once { key } => messages::note_once(tx, &batch.network, key)?,
            Mark::Missed(missed) => gaps::note(tx, missed)?,
        }
    }
    for event in batch.events {
        if matches!(event.content, Content::Posted(_)) {
            gaps::close(tx, &event.place)?;
        }
        if !one(tx, event)? {
            accepted.dropped += 1;
        }
    }
    answers::let_in_touched(tx)?;
    accepted.lanes = queue::touched(tx)?;
    Ok(accepted)
}

/// Takes in one event; `false` when it was dropped.
fn one(tx: &mut Txn<'_>, event: Event) -> Result<bool, StoreError> {
    if matches!(event.content, Content::Moderated(_)) {
        return policies::hear(tx, &event);
    }
    let request = match event.content.class() {
        ContentClass::Said(_) | ContentClass::AboutMessage | ContentClass::AboutChat => {
            return relay(tx, event);
        }
        ContentClass::ForBot(request) => request,
    };
    match request {
        Request::Command(command) => {
            if is_deaf(tx, &event.place, command.pressed.is_some())? {
                return Ok(false);
            }
            let known = messages::find(tx, &event.place, &event.message)?.is_some();
            // A command is carried out once, however often its message is changed.
            let changed = command.pressed.as_ref();
            let was_one = match changed {
                Some(id) => messages::find(tx, &event.place, id)?,
                None => None,
            };
            if known || matches!(was_one, Some(MessageRecord::Command)) {
                return Ok(false);
            }
            messages::store(tx, &event.place, &event.message, &MessageRecord::Command)?;
            consent::typed(tx, &event.place, command)?;
            answerable(tx, event).map(|()| true)
        }
        Request::Invited { .. } => answerable(tx, event).map(|()| true),
        Request::Closed => removal::closed(tx, &event.place),
        Request::Encrypted => removal::encrypted(tx, &event.place),
        Request::ReadersChanged(everybody) => removal::readers(tx, &event.place, everybody),
        Request::RightsChanged => match portals::of(tx, &event.place)? {
            Some(_) => to_core(tx, event).map(|()| true),
            None => Ok(false),
        },
        Request::PolicyChanged => policies::changed(tx, &event.place),
        Request::Moved(to) => {
            let to = Place { network: event.place.network.clone(), chat: to.clone() };
            linking::relocate(tx, &event.place, &to)
        }
    }
}

/// Whether nobody is answered in a chat: in a room the bot is not, or may not say a word, and our
/// accounts tell of what is said there. Buttons on remote networks are pressed also where the bot
/// was removed.
fn is_deaf(tx: &Txn<'_>, place: &Place, pressed: bool) -> Result<bool, StoreError> {
    let Some(portal) = portals::of(tx, place)? else { return Ok(false) };
    Ok(match portal.silence_at(place) {
        Some(Silence::Removed | Silence::Encrypted) => pressed || portal.room == *place,
        // There the bot is asked to go on.
        Some(Silence::Public) | None => false,
    })
}

/// Whoever speaks to the bot in a chat gets an answer there, so its lane goes on. The end stays
/// as it is: a severed one is linked anew by that very command.
fn answerable(tx: &mut Txn<'_>, event: Event) -> Result<(), StoreError> {
    queue::go_on(tx, &event.place)?;
    to_core(tx, event)
}

fn to_core(tx: &mut Txn<'_>, event: Event) -> Result<(), StoreError> {
    let lane = core_place(&event.place);
    queue::append(tx, &lane, Work::of(event))
}

/// Takes in what happened in a chat; `false` when it says nothing new.
///
/// # Errors
/// [`StoreError`].
pub fn relay(tx: &mut Txn<'_>, event: Event) -> Result<bool, StoreError> {
    let event = messages::under_its_own_name(tx, event)?;
    if orphans::keep(tx, &event)? {
        return Ok(true);
    }
    let here = event.place.clone();
    let Some(portal) = portals::of(tx, &here)? else { return Ok(false) };
    let Some((portal, is_new)) = removal::hear(tx, portal, &event)? else { return Ok(false) };
    if here == portal.room
        && let Content::MemberChanged { who, change: MemberChange::Joined } = &event.content
    {
        claims::arrived(tx, &portal, who.user.as_str())?;
    }
    if !portal.relaying {
        figures::note(tx, &portal, &event)?;
        return Ok(is_new);
    }
    let mut event = event;
    if may_not_leave(tx, &portal, &mut event)? {
        return Ok(is_new);
    }
    if is_about_poll(&event.content) {
        return Ok(votes::hear(tx, &portal, event)? || is_new);
    }
    if let Some(released) = brakes::hear(tx, &portal, &event)? {
        for event in released {
            release(tx, event)?;
        }
        // A reaction that released a message is one to it, too.
        let reacts = matches!(event.content, Content::Reacted { .. });
        return if reacts { share(tx, &portal, event) } else { Ok(true) };
    }
    if brakes::keeps(tx, &portal, &event)? {
        return Ok(true);
    }
    Ok(share(tx, &portal, event)? || is_new)
}

/// Shares a message that waited, where that still may be.
///
/// # Errors
/// [`StoreError`].
pub fn release(tx: &mut Txn<'_>, mut event: Event) -> Result<(), StoreError> {
    let Some(portal) = portals::of(tx, &event.place)? else { return Ok(()) };
    let silent = !portal.relaying || portal.silence_at(&event.place).is_some();
    if silent || may_not_leave(tx, &portal, &mut event)? {
        return Ok(());
    }
    brakes::let_go(tx, &portal, &event)?;
    share(tx, &portal, event).map(drop)
}

/// Hands what happened in a chat to the lanes of the others; `false` when it says nothing new.
fn share(tx: &mut Txn<'_>, portal: &Portal, event: Event) -> Result<bool, StoreError> {
    let (here, mut is_new) = (event.place.clone(), false);
    let topic = topics::of_room(tx, &here)?;
    revised::note(tx, &event)?;
    for News { event, media_changed } in new(tx, event)? {
        let (event, renamed) = match &topic {
            Some(topic) => {
                let renamed = topics::renamed_here(tx, (portal, topic), &event)?;
                (topics::enter(event), renamed)
            }
            None => {
                let renamed = topics::renamed_there(tx, &event)?;
                (event, renamed)
            }
        };
        is_new |= renamed;
        let heard = (portal, &here, topic.is_some());
        let Audience { mut places, event, speaker } = audience::of(tx, heard, event)?;
        if topic.is_some() {
            places.retain(|place| *place != portal.room);
        } else {
            places = topics::redirect(tx, portal, &event, places)?;
        }
        figures::note(tx, portal, &event)?;
        links(tx, portal, &here, &event)?;
        is_new |= !places.is_empty();
        if albums::parts_are_left(tx, &event)? {
            places.push(here.clone());
        }
        let relayed = Relayed { media_changed, ..Relayed::new(event, speaker) };
        to_places(tx, places, &relayed)?;
        ended(tx, &here, &relayed.event)?;
    }
    Ok(is_new)
}

fn to_places(tx: &mut Txn<'_>, places: Vec<Place>, relayed: &Relayed) -> Result<(), StoreError> {
    for place in places {
        if !delayed::withdraw(tx, &place, &relayed.event)? {
            hand_on(tx, &place, relayed.clone())?;
        }
    }
    Ok(())
}

/// Whether moderators or the author keep something in its own chat. Who is called by it and wants to
/// be left alone is left out.
fn may_not_leave(tx: &mut Txn<'_>, portal: &Portal, event: &mut Event) -> Result<bool, StoreError> {
    if blocks::holds_back(tx, portal.id, event)? {
        queue::note_seen(tx, &event.place, &event.message)?;
        return Ok(true);
    }
    if policies::holds_back(tx, portal, event)? {
        queue::note_seen(tx, &event.place, &event.message)?;
        return Ok(true);
    }
    if consent::is_withheld(tx, portal, event)? {
        return Ok(true);
    }
    consent::spoken_to(tx, portal, event)?;
    Ok(false)
}

/// The summaries below a message that was taken away go with it.
fn ended(tx: &mut Txn<'_>, here: &Place, event: &Event) -> Result<(), StoreError> {
    if matches!(event.content, Content::Deleted { .. })
        && let Some(origin) = messages::origin(tx, &event.place, &event.message)?
        && origin.deleted
    {
        return summaries::end(tx, here, &origin);
    }
    Ok(())
}

/// The desk looks at links that people post where messages cross, and reminds people of where they
/// are awaited.
fn links(tx: &mut Txn<'_>, portal: &Portal, here: &Place, event: &Event) -> Result<(), StoreError> {
    let lane = core_place(here);
    if delayed::withdraw(tx, &lane, event)? {
        return Ok(());
    }
    let Content::Posted(message) = &event.content else { return Ok(()) };
    if portal.silence.is_some() || portal.settings.at_risk {
        return Ok(());
    }
    let person = message.author.kind == AuthorKind::Person && !event.late;
    let wiki = portal.settings.wiki.is_some() && wiki::is_worth_it(&message.body);
    let linked = notice::is_worth_it(&message.body) || wiki;
    let linked = person && portal.stage != Stage::Sunset && linked;
    let reminds = match notices::reminder(portal, event, tx.now) {
        Some(subject) => !notices::was_said(tx, portal.id, &subject)?,
        None => false,
    };
    if !linked && !reminds {
        return Ok(());
    }
    hand_on(tx, &lane, Relayed::new(event.clone(), Speaker::Author))
}

fn is_about_poll(content: &Content) -> bool {
    matches!(content, Content::Voted { .. } | Content::Counted { .. } | Content::PollClosed { .. })
}

/// An event as the lanes get it.
struct News {
    event: Event,
    media_changed: bool,
}

impl From<Event> for News {
    fn from(event: Event) -> Self {
        Self { event, media_changed: false }
    }
}

fn hand_on(tx: &mut Txn<'_>, lane: &Place, relayed: Relayed) -> Result<(), StoreError> {
    if albums::append(tx, lane, &relayed)? || delayed::append(tx, lane, &relayed)? {
        return Ok(());
    }
    overflow::push(tx, Entry::new(lane.clone(), relayed.into()))
}

/// What the lanes get, in order; nothing when the event says nothing new.
fn new(tx: &mut Txn<'_>, mut event: Event) -> Result<Vec<News>, StoreError> {
    kept::leave_out_words(tx, &mut event)?;
    if let Content::Edited(message) = &event.content
        && marks::keeps(message)
    {
        kept::keep(tx, &event.place, &event.message)?;
        // Whoever adds the mark afterwards wants the copies gone; on Matrix anybody can send an
        // edit of anybody's message, so the author is checked as for any deletion.
        let by = Some(message.author.user.clone());
        event.content = Content::Deleted { by };
    }
    let here = (&event.place, &event.message);
    let is_new = match &event.content {
        Content::Posted(message) => return posted(tx, &event, message),
        Content::Edited(message) => {
            let Some(media_changed) = edited(tx, here, message)? else { return Ok(Vec::new()) };
            return Ok(vec![News { event, media_changed }]);
        }
        Content::Deleted { by } => {
            if let Some(MessageRecord::Reaction { target, by, reaction }) =
                messages::find(tx, here.0, here.1)?
            {
                event.content = Content::Unreacted { by: by.user, reaction };
                event.message = target;
                return new(tx, event);
            }
            let by = by.clone();
            return deleted(tx, event, by.as_ref());
        }
        Content::Reacted { by, reaction, id } => {
            let by = Person { network: event.place.network.clone(), user: by.user.clone() };
            reacted(tx, here, (&by, reaction), id.as_ref())?
        }
        Content::Unreacted { by, reaction } => {
            let by = Person { network: event.place.network.clone(), user: by.clone() };
            messages::unreact(tx, here, &by, reaction)?
        }
        Content::ReactionsCleared { only } => {
            let gone = messages::clear_reactions(tx, here, only.as_ref())?.into_iter();
            let taken_back = gone.map(|(by, reaction)| Event {
                content: Content::Unreacted { by, reaction },
                ..event.clone()
            });
            return Ok(taken_back.map(News::from).collect());
        }
        Content::Pinned | Content::Unpinned | Content::ThreadChanged { .. } => {
            messages::origin(tx, here.0, here.1)?.is_some()
        }
        // What is new there, the audience says.
        Content::ChatChanged { .. } | Content::MemberChanged { .. } => true,
        Content::Commanded(_)
        | Content::Invited { .. }
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => false,
    };
    Ok(if is_new { vec![event.into()] } else { Vec::new() })
}

type Here<'a> = (&'a Place, &'a MessageId);

/// The message, after what its thread hangs on.
fn posted(tx: &mut Txn<'_>, event: &Event, message: &Message) -> Result<Vec<News>, StoreError> {
    if messages::find(tx, &event.place, &event.message)?.is_some() {
        return Ok(Vec::new());
    }
    if marks::keeps(message) {
        kept::keep(tx, &event.place, &event.message)?;
        albums::keep(tx, &event.place, message)?;
        return Ok(Vec::new());
    }
    if albums::is_kept(tx, &event.place, message)? {
        return Ok(Vec::new());
    }
    let root = threads::root(tx, event, message)?;
    let here = (&event.place, &event.message);
    messages::begin(tx, here.0, here.1, message)?;
    messages::name(tx, here, &message.also)?;
    queue::note_seen(tx, here.0, here.1)?;
    Ok(root.into_iter().chain([event.clone()]).map(News::from).collect())
}

/// Whether the files are others than before; `None` when nothing is new.
fn edited(tx: &mut Txn<'_>, here: Here<'_>, message: &Message) -> Result<Option<bool>, StoreError> {
    let Some(mut origin) = messages::origin(tx, here.0, here.1)? else { return Ok(None) };
    let (digest, media) = (messages::digest(message)?, messages::media_digest(message)?);
    let by_author = messages::wrote(tx, &origin, here.0, &message.author.user)?;
    let media_changed = origin.media != media;
    if !by_author || origin.deleted || (origin.digest == digest && !media_changed) {
        return Ok(None);
    }
    (origin.digest, origin.media) = (digest, media);
    origin.words = !message.body.is_empty();
    votes::revise(&mut origin.poll, message);
    messages::store_origin(tx, origin)?;
    messages::name(tx, here, &message.also)?;
    Ok(Some(media_changed))
}

/// Whoever is not the author needs a right that the courier asks for; until then the message
/// counts as being there. What a platform took away took along all messages that share it.
fn deleted(tx: &mut Txn<'_>, event: Event, by: Option<&UserId>) -> Result<Vec<News>, StoreError> {
    let here = (&event.place, &event.message);
    let known = messages::find(tx, here.0, here.1)?;
    if matches!(known, Some(MessageRecord::Alias(..))) {
        return Ok(Vec::new());
    }
    let Some(origin) = messages::origin(tx, here.0, here.1)? else { return Ok(Vec::new()) };
    let number = tx.number(here.0)?;
    if matches!(known, Some(MessageRecord::Copy(..))) && !origin.has_part(number, here.1) {
        // We took this part away ourselves; the platform tells everybody.
        return Ok(Vec::new());
    }
    let certain = match by {
        Some(user) => messages::wrote(tx, &origin, here.0, user)?,
        None => true,
    };
    let mut gone = Vec::new();
    if certain {
        let others = albums::sharing(tx, here.0, here.1)?;
        let shared =
            others.into_iter().map(|(place, message)| Event { place, message, ..event.clone() });
        for event in [event.clone()].into_iter().chain(shared) {
            if messages::take_away(tx, (&event.place, &event.message))?.is_some() {
                gone.push(event.into());
            }
        }
    } else if !origin.deleted {
        gone.push(event.into());
    }
    Ok(gone)
}

fn reacted(
    tx: &mut Txn<'_>,
    here: Here<'_>,
    (by, reaction): (&Person, &Reaction),
    id: Option<&MessageId>,
) -> Result<bool, StoreError> {
    if !messages::react(tx, here, by, reaction)? {
        return Ok(false);
    }
    if let Some(id) = id {
        let record = MessageRecord::Reaction {
            target: here.1.clone(),
            by: by.clone(),
            reaction: reaction.clone(),
        };
        messages::store(tx, here.0, id, &record)?;
    }
    Ok(true)
}
