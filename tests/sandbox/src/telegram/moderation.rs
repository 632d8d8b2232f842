// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bans and restrictions: the methods of the bot, and what the owner does by hand.
//!
//! Rule: bots act on no administrator, and nobody on the owner. Source:
//! <https://core.telegram.org/bots/api#banchatmember>, <https://core.telegram.org/bots/api#restrictchatmember>.

use serde_json::{Map, Value};

use super::answer::{ApiError, bad};
use super::group::Group;
use super::params::Params;
use super::rights::Standing;
use super::send::chat_id;
use super::user::User;
use super::world::{ChatKind, World};
use super::{edit, wire};

/// Whoever is restricted for less than this, in seconds, is so for ever.
const SHORTEST: i64 = 30;
/// Or for more than this.
const LONGEST: i64 = 366 * 24 * 3600;

fn restricting(world: &World, params: &Params) -> Result<(i64, i64), ApiError> {
    let chat = chat_id(world, params)?;
    let user = params.int("user_id")?.ok_or_else(|| bad("invalid user_id specified"))?;
    let room = world.chat_for_bot(chat)?;
    if !world.people.contains_key(&user) {
        return Err(bad("user not found"));
    }
    if room.standing(user) == Standing::Owner {
        return Err(bad("can't remove chat owner"));
    }
    if !world.bot_rights(room).restrict_members {
        return Err(bad("not enough rights to restrict/unrestrict chat member"));
    }
    if matches!(room.standing(user), Standing::Admin(_)) {
        return Err(bad("user is an administrator of the chat"));
    }
    Ok((chat, user))
}

fn is_supergroup(world: &World, chat: i64) -> bool {
    world.chats.get(&chat).is_some_and(|chat| chat.kind == ChatKind::Supergroup)
}

/// `banChatMember`; `revoke_messages` takes away what the person said, and always in supergroups.
pub(super) fn ban(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let (chat, user) = restricting(world, params)?;
    let bot = world.bot;
    world.set_standing(chat, user, bot, Standing::Kicked);
    if params.flag("revoke_messages")
        && let Some(room) = world.chats.get_mut(&chat)
    {
        let said = room.messages.values().filter(|message| message.from == user);
        let said: Vec<i64> = said.map(|message| message.id).collect();
        said.into_iter().for_each(|id| edit::forget(room, id));
    }
    Ok(true.into())
}

/// `unbanChatMember`: also removes members, unless `only_if_banned`.
pub(super) fn unban(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let (chat, user) = restricting(world, params)?;
    if !is_supergroup(world, chat) {
        return Err(bad("method is available for supergroup and channel chats only"));
    }
    let banned = world.chat_for_bot(chat)?.standing(user) == Standing::Kicked;
    if banned || !params.flag("only_if_banned") {
        let bot = world.bot;
        world.set_standing(chat, user, bot, Standing::Left);
    }
    Ok(true.into())
}

/// `restrictChatMember`: a member may write, or not.
pub(super) fn restrict(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    if !is_supergroup(world, chat) {
        return Err(bad("method is available only for supergroups"));
    }
    let (chat, user) = restricting(world, params)?;
    let given = params.text("permissions").unwrap_or_default();
    let given: Map<String, Value> = serde_json::from_str(&given)
        .map_err(|_| bad("can't parse permissions: expected an Object"))?;
    let may_write = given.get("can_send_messages") == Some(&Value::Bool(true));
    let until = params.int("until_date")?.unwrap_or(0);
    let left = until.saturating_sub(wire::now());
    let until = if (SHORTEST..=LONGEST).contains(&left) { until } else { 0 };
    let standing = if may_write { Standing::Member } else { Standing::Muted(until) };
    let is_in = world.chat_for_bot(chat)?.standing(user).is_in();
    if is_in {
        let bot = world.bot;
        world.set_standing(chat, user, bot, standing);
    }
    Ok(true.into())
}

impl Group {
    /// What a person is here.
    pub fn standing_of(&self, user: &User) -> Standing {
        let world = self.shared.lock();
        world.chats.get(&self.id).map_or(Standing::Left, |chat| chat.standing(user.id))
    }

    fn by_owner(&self, user: &User, standing: Standing) {
        self.shared.with(|world| {
            let owner = world.chats.get(&self.id).and_then(super::world::Chat::owner);
            let owner = owner.unwrap_or(world.bot);
            world.set_standing(self.id, user.id, owner, standing);
        });
    }

    /// The owner lets somebody come back who was banned.
    pub fn unban(&self, user: &User) {
        self.by_owner(user, Standing::Left);
    }

    /// The owner keeps a member from writing until then, in seconds since 1970; 0 for ever.
    pub fn mute(&self, user: &User, until: i64) {
        self.by_owner(user, Standing::Muted(until));
    }

    /// The owner lets a member write again.
    pub fn unmute(&self, user: &User) {
        self.by_owner(user, Standing::Member);
    }
}
