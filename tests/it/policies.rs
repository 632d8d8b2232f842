// SPDX-License-Identifier: AGPL-3.0-or-later
//! Policy lists that a room follows, and ACLs that keep servers out.

use anyhow::{Context, ensure};
use sandbox::synapse::{Person, RoomOptions, Seen};
use sandbox::telegram::Standing;
use sandbox::town::{BOT, Side, Town};
use serde_json::{Value, json};

use crate::{ask, eventually, sure, town};

const LIST: &str = "#bad:localhost";
const USER: &str = "m.policy.rule.user";

/// Somebody on Matrix besides Alice, in the room.
async fn person(town: &Town, name: &str) -> anyhow::Result<Person> {
    let person = town.synapse.person_named(&name.to_lowercase(), name).await?;
    person.join(&town.room).await?;
    Ok(person)
}

/// A policy list of somebody who is not in the room.
async fn list(town: &Town) -> anyhow::Result<(Person, String)> {
    let keeper = town.synapse.person_named("keeper", "Keeper").await?;
    let options = RoomOptions { alias: Some("bad".into()), ..RoomOptions::public("Bad actors") };
    let room = keeper.create_room(options).await?;
    Ok((keeper, room))
}

fn rule(entity: &str) -> Value {
    json!({ "entity": entity, "recommendation": "m.ban", "reason": "spam" })
}

async fn membership(town: &Town, user: &str) -> anyhow::Result<(String, String)> {
    let content = town.alice.state(&town.room, "m.room.member", user).await?.unwrap_or_default();
    let field = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((field("membership"), field("reason")))
}

async fn becomes(town: &Town, user: &str, wanted: &str) -> anyhow::Result<String> {
    let is = format!("{wanted} of a member");
    eventually(&is, async || Ok(membership(town, user).await?.0 == wanted)).await?;
    Ok(membership(town, user).await?.1)
}

/// What the bot says in the room that holds these words.
async fn told(town: &Town, words: &str) -> anyhow::Result<String> {
    let tells = |seen: &Seen| seen.sender == BOT && seen.body.contains(words);
    Ok(town.alice.expect(&town.room, tells).await?.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_policy_list_is_shown_first_and_bans_people_on_both_sides() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let (mallory, tom) = (person(&town, "Mallory").await?, town.telegram.user("Tom"));
    let others = [person(&town, "Ben").await?, person(&town, "Cid").await?];
    for (n, one) in [&mallory, &others[0], &others[1]].into_iter().enumerate() {
        one.say(&town.room, &format!("from Matrix {n}")).await?;
    }
    town.group.say(&tom, "from Tom")?;
    let ghost = town.alice.expect(&town.room, |seen| seen.body == "from Tom").await?.sender;
    let (keeper, list) = list(&town).await?;
    keeper.set_state(&list, USER, "rule:1", rule("@mall*:localhost")).await?;
    // What it would do is shown, and nothing has happened.
    let shown = ask(&town.alice, &town.room, &format!("!freeside policy add {LIST}")).await?;
    ensure!(shown.contains("rules: 1") && shown.contains("It bans: 1"), "{shown}");
    ensure!(shown.contains("Banned by it: Mallory"), "{shown}");
    ensure!(membership(&town, mallory.user_id()).await?.0 == "join", "only shown");
    let done = ask(&town.alice, &town.room, "!freeside confirm").await?;
    ensure!(done.contains(&format!("I follow {LIST} now")), "{done}");
    let reason = becomes(&town, mallory.user_id(), "ban").await?;
    ensure!(reason == format!("{LIST}: spam"), "{reason}");
    // A rule that comes later about a ghost is one about the person.
    keeper.set_state(&list, "org.matrix.mjolnir.rule.user", "rule:2", rule(&ghost)).await?;
    eventually("Tom is banned on Telegram", async || {
        Ok(town.group.standing_of(&tom) == Standing::Kicked)
    })
    .await?;
    becomes(&town, &ghost, "ban").await?;
    let history = ask(&town.alice, &town.room, "!freeside audit").await?;
    for line in ["ban: Mallory (Matrix)", "ban: Tom (Telegram)", LIST] {
        ensure!(history.contains(line), "{line}: {history}");
    }
    // A rule that was emptied and one that was redacted end.
    keeper.set_state(&list, "org.matrix.mjolnir.rule.user", "rule:2", json!({})).await?;
    eventually("Tom may come back", async || Ok(town.group.standing_of(&tom) == Standing::Left))
        .await?;
    let event = event_id(&keeper, &list, "rule:1").await?;
    keeper.redact(&list, &event).await?;
    becomes(&town, mallory.user_id(), "leave").await?;
    mallory.join(&town.room).await?;
    mallory.say(&town.room, "thank you").await?;
    town.expect(Side::Telegram, |line| line.text == "thank you").await?;
    town.assert_clean()
}

/// The id of the state event that holds a rule.
async fn event_id(keeper: &Person, list: &str, key: &str) -> anyhow::Result<String> {
    let state = keeper.whole_state(list).await?;
    let found = state.iter().find(|it| it.get("state_key").and_then(Value::as_str) == Some(key));
    let id = found.and_then(|event| event.get("event_id")?.as_str());
    Ok(id.context("no such rule")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_policy_list_whose_rule_hits_most_people_waits_for_an_admin() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let mut people = Vec::new();
    for name in ["Ben", "Cid", "Dan"] {
        let one = person(&town, name).await?;
        one.say(&town.room, &format!("I am {name}")).await?;
        town.expect(Side::Telegram, |line| line.text == format!("I am {name}")).await?;
        people.push(one);
    }
    let (keeper, list) = list(&town).await?;
    sure(&town.alice, &town.room, &format!("!freeside policy add {LIST}")).await?;
    // Each rule alone hits one; the third one makes it most of the four people.
    for (n, one) in people.iter().enumerate() {
        keeper.set_state(&list, USER, &format!("rule:{n}"), rule(one.user_id())).await?;
        if n < 2 {
            becomes(&town, one.user_id(), "ban").await?;
        }
    }
    let told = told(&town, "new rules that I do not apply").await?;
    ensure!(told.contains("it bans most of the people here"), "{told}");
    keeper.set_state(&list, "m.policy.rule.server", "all", rule("localhost")).await?;
    self::told(&town, "it bans my whole homeserver").await?;
    ensure!(
        membership(&town, people[2].user_id()).await?.0 == "join",
        "not before an admin agrees"
    );
    town.bridge.kill()?;
    town.bridge.start()?;
    let code = told.split_once("!freeside policy agree ").context("no command")?.1;
    let code = code.split_whitespace().next().unwrap_or_default();
    let typed = format!("!freeside policy agree {code}");
    let refused = ask(&people[2], &town.room, &typed).await?;
    ensure!(refused.contains("power level"), "{refused}");
    let done = ask(&town.alice, &town.room, &typed).await?;
    ensure!(done.contains("applies now"), "{done}");
    becomes(&town, people[2].user_id(), "ban").await?;
    // When the list is followed no more, its bans end.
    let ended = ask(&town.alice, &town.room, &format!("!freeside policy remove {LIST}")).await?;
    ensure!(ended.contains(&format!("I do not follow {LIST} any more")), "{ended}");
    for one in &people {
        becomes(&town, one.user_id(), "leave").await?;
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_bans_of_the_room_are_written_into_its_own_policy_list() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let (mallory, (keeper, list)) = (person(&town, "Mallory").await?, list(&town).await?);
    let own = format!("!freeside policy own {LIST}");
    let lacks = ask(&town.alice, &town.room, &own).await?;
    ensure!(lacks.contains("needs the power level for m.policy.rule.user"), "{lacks}");
    keeper.set_power(&list, BOT, 50).await?;
    let owned = ask(&town.alice, &town.room, &own).await?;
    ensure!(owned.contains(&format!("I write bans from here to {LIST}")), "{owned}");
    town.alice.ban(&town.room, mallory.user_id(), "rude").await?;
    let key = format!("rule:{}", mallory.user_id());
    let wanted = json!({
        "entity": mallory.user_id(), "recommendation": "m.ban", "reason": "rude",
    });
    eventually("the ban in the list", async || {
        Ok(keeper.state(&list, USER, &key).await? == Some(wanted.clone()))
    })
    .await?;
    town.alice.unban(&town.room, mallory.user_id()).await?;
    eventually("the end of the rule", async || {
        Ok(keeper.state(&list, USER, &key).await? == Some(json!({})))
    })
    .await?;
    town.assert_clean()
}

/// Synapse lets nobody of its own people set an ACL that keeps itself out; such a one comes from another
/// server.
#[tokio::test(flavor = "multi_thread")]
async fn p11_a_server_acl_that_lets_the_bridge_in_holds_nobody_back() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let acl = json!({ "allow": ["local*"], "deny": ["evil.example"], "allow_ip_literals": false });
    town.alice.set_state(&town.room, "m.room.server_acl", "", acl).await?;
    town.group.say(&town.telegram.user("Tom"), "and now?")?;
    town.expect(Side::Matrix, |line| line.text == "and now?").await?;
    town.assert_clean()
}
