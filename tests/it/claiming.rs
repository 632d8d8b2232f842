// SPDX-License-Identifier: AGPL-3.0-or-later
//! One person moves: by a code from Telegram, shown to the bot on Matrix.

use anyhow::{Context, ensure};
use sandbox::synapse::{Person, RoomOptions, Seen};
use sandbox::town::{BOT, Side, Town, code_in};
use sandbox::{discord, telegram};
use serde_json::json;

use crate::{ask, eventually, sure, town};

/// Tanja speaks in the group, and asks for the way to Matrix in private; the code that she gets.
pub async fn code_for_tanja(town: &Town) -> anyhow::Result<String> {
    town.group.say(&town.tanja, "hello from Telegram")?;
    town.alice.expect(&town.room, |it| it.body == "hello from Telegram").await?;
    let private = town.telegram.private_chat(&town.tanja);
    private.say(&town.tanja, "/start matrix")?;
    let told = private.expect(|it| it.is_bot && it.text.contains("for one day")).await?;
    ensure!(told.photo.is_some(), "no picture that a phone can read: {told}");
    code_in(&told.text).context("no code")
}

/// A room of somebody with the bot alone.
pub async fn alone_with_bot(person: &Person) -> anyhow::Result<String> {
    let options = RoomOptions { invite: vec![BOT.into()], ..RoomOptions::default() };
    let alone = person.create_room(options).await?;
    eventually("the bot in the room", async || Ok(person.members(&alone).await?.contains_key(BOT)))
        .await?;
    Ok(alone)
}

/// Lets everybody know which account somebody has claimed.
pub async fn opens(person: &Person, alone: &str) -> anyhow::Result<()> {
    let shown = ask(person, alone, "claim open").await?;
    ensure!(shown.contains("are the same person"), "{shown}");
    let done = ask(person, alone, "confirm").await?;
    ensure!(done.contains("Everybody can now see"), "{done}");
    Ok(())
}

/// Tanja's account belongs to Night Owl, who tells nobody; Night Owl, and her chat with the bot.
async fn night_owl(town: &Town) -> anyhow::Result<(Person, String)> {
    let code = code_for_tanja(town).await?;
    let owl = town.synapse.person_named("nightowl", "Night Owl").await?;
    owl.join(&town.room).await?;
    owl.say(&town.room, "hello from Matrix").await?;
    let alone = alone_with_bot(&owl).await?;
    let answer = ask(&owl, &alone, &code).await?;
    ensure!(answer.starts_with("Done.") && answer.contains("nobody in the chats"), "{answer}");
    Ok((owl, alone))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_of_the_group_becomes_one_of_the_room_by_one_touch_of_another()
-> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let code = code_for_tanja(town).await?;
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    let alone = alone_with_bot(&bob).await?;
    let answer = ask(&bob, &alone, &code).await?;
    ensure!(answer.contains("You are an admin on Telegram"), "{answer}");
    opens(&bob, &alone).await?;
    let opened = |it: &Seen| it.sender == BOT && it.body.contains("Everybody can now see");
    let opened = bob.expect(&alone, opened).await?;
    bob.react(&alone, &opened.event_id, "▶ Ask for power").await?;
    let asks = |it: &Seen| it.sender == BOT && it.body.contains("same power");
    let request = town.alice.expect(&town.room, asks).await?;
    ensure!(!request.body.contains("Tanja"), "{}", request.body);
    town.alice.react(&town.room, &request.event_id, "▶ Give the same power").await?;
    let given = |it: &Seen| it.body.contains("now has power level 50");
    town.alice.expect(&town.room, given).await.context("nothing was given")?;
    let power = town.alice.state(&town.room, "m.room.power_levels", "").await?;
    let level = power.as_ref().and_then(|power| power.get("users")?.get(bob.user_id()));
    ensure!(level == Some(&serde_json::json!(50)), "{power:?}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_moves_openly_and_stays_the_same_person() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    // Two messages of the bot in all: one says where to go, one that it worked.
    let code = code_for_tanja(town).await?;
    let private = town.telegram.private_chat(&town.tanja);
    let first = town.alice.expect(&town.room, |it| it.body == "hello from Telegram").await?;
    let alone = alone_with_bot(&town.alice).await?;
    let answer = ask(&town.alice, &alone, &code).await?;
    ensure!(answer.starts_with("Done."), "{answer}");
    opens(&town.alice, &alone).await?;
    private.expect(|it| it.is_bot && it.text.contains("It worked")).await?;
    let of_bot = private.messages().iter().filter(|it| it.is_bot).count();
    ensure!(of_bot <= 4, "{of_bot} messages of the bot");
    eventually("the ghost is gone", async || {
        Ok(!town.alice.members(&town.room).await?.contains_key(&first.sender))
    })
    .await?;
    // On Telegram she is who she was; who answers her there reaches her here.
    town.alice.say(&town.room, "I am here now").await?;
    let hers = |it: &telegram::Seen| it.is_bot && it.text.contains("I am here now");
    let copy = town.group.expect(hers).await?;
    ensure!(copy.text.contains("Tanja"), "{copy}");
    ensure!(!copy.text.contains("Alice"), "{copy}");
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    town.group.reply(&tom, copy.id, "good to see you")?;
    let reply = town.alice.expect(&town.room, |it| it.body.contains("good to see you")).await?;
    let mentioned = reply.content.pointer("/m.mentions/user_ids").and_then(|ids| ids.as_array());
    let her = |id: &serde_json::Value| id.as_str() == Some(town.alice.user_id());
    ensure!(mentioned.is_some_and(|ids| ids.iter().any(her)), "{}", reply.content);
    // What she still writes there comes by the bot, and no ghost comes back.
    town.group.say(&town.tanja, "one more from the old place")?;
    let late = town.alice.expect(&town.room, |it| it.body.contains("one more from")).await?;
    ensure!(late.sender == BOT && late.body.contains("Tanja (Telegram)"), "{}", late.body);
    let answer = ask(&town.alice, &alone, "unclaim").await?;
    ensure!(answer.starts_with("Done"), "{answer}");
    town.group.say(&town.tanja, "as before")?;
    let seen = town.alice.expect(&town.room, |it| it.body == "as before").await?;
    ensure!(seen.sender == first.sender, "{}", seen.sender);
    town.assert_clean()
}

/// The people who want to know whose accounts belong together: a member and an admin of the group, a
/// moderator and a member of the room. Alice and Dora are admins of theirs.
struct Curious {
    tom: telegram::User,
    ada: telegram::User,
    vera: discord::User,
    moderator: Person,
    mallory: Person,
}

impl Curious {
    async fn come(town: &Town) -> anyhow::Result<Self> {
        let (tom, ada) = (town.telegram.user("Tom"), town.telegram.user("Ada"));
        town.group.join(&tom)?;
        town.group.join(&ada)?;
        town.group.promote(&ada);
        let vera = town.discord.user("Vera");
        let moderator = town.synapse.person_named("moderator", "Moderator").await?;
        let mallory = town.synapse.person_named("mallory", "Mallory").await?;
        for person in [&moderator, &mallory] {
            person.join(&town.room).await?;
        }
        town.alice.set_power(&town.room, moderator.user_id(), 50).await?;
        Ok(Self { tom, ada, vera, moderator, mallory })
    }
}

/// What somebody said elsewhere, as Matrix has it: nothing leads to Night Owl.
async fn leads_nowhere_on_matrix(town: &Town, text: &str) -> anyhow::Result<()> {
    let seen = town.alice.expect(&town.room, |it| it.body.contains(text)).await;
    let content = seen.with_context(|| format!("{text} is not in the room"))?.content;
    ensure!(!content.to_string().contains("nightowl"), "{content}");
    let called = content.pointer("/m.mentions/user_ids").and_then(|ids| ids.as_array());
    ensure!(called.is_none_or(Vec::is_empty), "{content}");
    ensure!(!content.to_string().contains("matrix.to/#/@"), "{content}");
    Ok(())
}

/// What somebody said on Matrix, as Telegram and Discord have it: nothing leads to Tanja.
async fn leads_nowhere_elsewhere(town: &Town, text: &str) -> anyhow::Result<()> {
    let seen = town.group.expect(|it| it.is_bot && it.text.contains(text)).await;
    let seen = seen.with_context(|| format!("{text} is not in the group"))?;
    ensure!(seen.styled("text_mention").is_empty(), "{seen}");
    ensure!(!seen.text.contains("Tanja"), "{seen}");
    let seen = town.channel.expect(|it| it.content.contains(text)).await;
    let seen = seen.with_context(|| format!("{text} is not in the channel"))?;
    ensure!(!seen.content.contains("Tanja") && !seen.author.contains("Tanja"), "{seen:?}");
    Ok(())
}

/// Mentions and answers on each side, by name and as the clients make them.
async fn by_mentions_and_answers(
    town: &Town,
    curious: &Curious,
    owl: &Person,
) -> anyhow::Result<()> {
    let Curious { tom, ada, vera, moderator, mallory } = curious;
    let hers = town.group.messages().into_iter().find(|it| it.text == "hello from Telegram");
    let hers = hers.context("Tanja has said nothing")?.id;
    for (number, person) in [tom, ada].into_iter().enumerate() {
        town.group.say(person, &format!("typed {number} @Tanja"))?;
        let entity = json!([{"type": "text_mention", "offset": 0, "length": 5,
            "user": {"id": town.tanja.id(), "is_bot": false, "first_name": "Tanja"}}]);
        town.group.say_with_entities(person, &format!("Tanja native {number}"), &entity)?;
        town.group.reply(person, hers, &format!("answer {number}"))?;
    }
    for text in ["typed 0", "native 0", "answer 0", "typed 1", "native 1", "answer 1"] {
        leads_nowhere_on_matrix(town, text).await?;
    }
    let copy = town.channel.expect(|it| it.content == "hello from Telegram").await?.id;
    for (number, person) in [vera, &town.dora].into_iter().enumerate() {
        town.channel.say(person, &format!("from Discord {number} @Tanja"));
        town.channel.reply(person, copy, &format!("answer on Discord {number}"));
        leads_nowhere_on_matrix(town, &format!("from Discord {number}")).await?;
        leads_nowhere_on_matrix(town, &format!("answer on Discord {number}")).await?;
    }
    let said = owl.say(&town.room, "whose words are these").await?;
    leads_nowhere_elsewhere(town, "whose words are these").await?;
    let pill = format!("<a href=\"https://matrix.to/#/{}\">Night Owl</a> pill", owl.user_id());
    for (number, person) in [mallory, moderator, &town.alice].into_iter().enumerate() {
        person
            .say_html(&town.room, &format!("Night Owl pill {number}"), &format!("{pill} {number}"))
            .await?;
        person.say(&town.room, &format!("by name {number} @Night Owl")).await?;
        person.reply(&town.room, &said, &format!("to her {number}")).await?;
        for text in ["pill", "by name", "to her"] {
            leads_nowhere_elsewhere(town, &format!("{text} {number}")).await?;
        }
    }
    Ok(())
}

/// The same name, the same mark: as for anybody who is called like an admin of the group.
async fn by_names(town: &Town, curious: &Curious, owl: &Person) -> anyhow::Result<()> {
    let mut shown = Vec::new();
    for (number, person) in [&curious.mallory, owl].into_iter().enumerate() {
        let content = json!({"membership": "join", "displayname": "Tanja"});
        let id = person.user_id().to_owned();
        person.set_state(&town.room, "m.room.member", &id, content).await?;
        let text = format!("am I Tanja {number}");
        person.say(&town.room, &text).await?;
        shown.push(town.expect(Side::Telegram, |line| line.text == text).await?.who);
        let content = json!({"membership": "join", "displayname": "Night Owl"});
        person.set_state(&town.room, "m.room.member", &id, content).await?;
    }
    ensure!(shown == ["Tanja (Matrix)", "Tanja (Matrix)"], "{shown:?}");
    Ok(())
}

/// Votes of both accounts are two as long as anybody can look, and agreement says as much as for others.
async fn by_counting(town: &Town, curious: &Curious, owl: &Person) -> anyhow::Result<()> {
    sure(&town.alice, &town.room, "!freeside vote \"Do we move?\" \"Gladly\" \"Never\"").await?;
    let in_room = town.alice.expect(&town.room, |it| it.poll.is_some()).await?.event_id;
    let in_group = town.group.expect(|it| it.poll.is_some()).await?.id;
    owl.vote(&town.room, &in_room, &["0"]).await?;
    let counts = |gladly: u32, never: u32| {
        let counts = [format!("Gladly: {gladly}"), format!("Never: {never}")];
        move |it: &discord::Seen| counts.iter().all(|count| it.content.contains(count))
    };
    town.channel.expect(counts(1, 0)).await.context("her vote on Matrix")?;
    town.group.vote(&town.tanja, in_group, &[1])?;
    town.channel.expect(counts(1, 1)).await.context("her vote on Telegram, besides")?;
    let mut answers = Vec::new();
    for person in [&curious.ada, &town.tanja] {
        let typed = town.group.say(person, "/stage approve")?;
        let answers_it = |it: &telegram::Seen| it.is_bot && it.reply_to == Some(typed);
        answers.push(town.group.expect(answers_it).await?.text);
    }
    ensure!(answers.first() == answers.get(1), "{answers:?}");
    Ok(())
}

/// What can be asked for, by everybody on each side.
async fn by_asking(town: &Town, curious: &Curious) -> anyhow::Result<()> {
    let Curious { tom, ada, moderator, mallory, .. } = curious;
    let commands = ["status", "audit", "report", "stage", "stage plan", "set", "exception", "vote"];
    for command in commands {
        for person in [&town.alice, moderator, mallory] {
            let answer = ask(person, &town.room, &format!("!freeside {command}")).await?;
            let owl = answer.contains("nightowl") || answer.contains("Night Owl");
            ensure!(!owl, "{command}: {answer}");
        }
        for person in [tom, ada] {
            let typed = town.group.say(person, &format!("/{command}"))?;
            let answers_it = |it: &telegram::Seen| it.is_bot && it.reply_to == Some(typed);
            let answer = town.group.expect(answers_it).await?.text;
            let owl = answer.contains("nightowl") || answer.contains("Night Owl");
            ensure!(!owl, "{command}: {answer}");
        }
    }
    for command in ["status", "audit", "report"] {
        let typed = town.channel.slash(&town.dora, "freeside", command, &[])?;
        let answer = typed.answer().await?.message.content;
        ensure!(!answer.contains("Night Owl"), "{command}: {answer}");
    }
    // Whoever tries people out learns nothing.
    let mut answers = Vec::new();
    for who in ["nightowl", "mallory"] {
        let typed = format!("!freeside appoint @{who}:localhost");
        let answer = ask(&town.alice, &town.room, &typed).await?;
        answers.push(answer.replace(who, "WHO"));
    }
    ensure!(answers.first() == answers.get(1), "{answers:?}");
    // Nor does anybody who asks in public, about themselves or others.
    let answer = ask(mallory, &town.room, "!freeside claim open").await?;
    ensure!(answer.contains("in private"), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_s13_07_s4_nobody_can_find_out_which_accounts_belong_together() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let (owl, alone) = night_owl(town).await?;
    let curious = Curious::come(town).await?;
    by_mentions_and_answers(town, &curious, &owl).await?;
    by_counting(town, &curious, &owl).await?;
    by_names(town, &curious, &owl).await?;
    by_asking(town, &curious).await?;
    // She herself was told, in private, who called her and where.
    let told = |it: &Seen| it.sender == BOT && it.body.contains("Tom (Telegram) mentioned your");
    let told = owl.expect(&alone, told).await?;
    let place = told.content.to_string();
    ensure!(place.contains(&format!("https://matrix.to/#/{}", town.room)), "{place}");
    // Nothing that the bot or a ghost ever said names both.
    for seen in town.alice.transcript(&town.room).await?.0 {
        let ours = seen.sender == BOT || seen.sender.starts_with("@_freeside");
        let both = seen.body.contains("Tanja") && seen.body.contains("nightowl");
        ensure!(!(ours && both), "{}", seen.body);
    }
    for seen in town.group.messages() {
        let both = seen.text.contains("Tanja") && seen.text.contains("Night Owl");
        ensure!(!(seen.is_bot && both), "{seen}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_by_invitation_lets_its_people_in_and_the_ghost_leaves_after_that()
-> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let code = code_for_tanja(town).await?;
    let by_ghost = |it: &Seen| it.body == "hello from Telegram";
    let ghost = town.alice.expect(&town.room, by_ghost).await?.sender;
    let closed = json!({"join_rule": "invite"});
    town.alice.set_state(&town.room, "m.room.join_rules", "", closed).await?;
    let owl = town.synapse.person_named("nightowl", "Night Owl").await?;
    ensure!(owl.join(&town.room).await.is_err(), "the room is by invitation");
    let alone = alone_with_bot(&owl).await?;
    ask(&owl, &alone, &code).await?;
    let invited = |it: &Seen| it.sender == BOT && it.body.contains("I have invited you");
    owl.expect(&alone, invited).await?;
    let there =
        async || Ok::<_, anyhow::Error>(town.alice.members(&town.room).await?.contains_key(&ghost));
    ensure!(there().await?, "the ghost left before she came");
    owl.join(&town.room).await.context("she is not let in")?;
    // The bot has heard of her coming when it has answered what came after it.
    ask(&town.alice, &town.room, "!freeside status").await?;
    ensure!(there().await?, "everybody sees for whom the ghost left");
    // A quiet ghost takes hours; whoever has nothing to hide need not wait.
    opens(&owl, &alone).await?;
    eventually("the ghost is gone", async || {
        Ok(!town.alice.members(&town.room).await?.contains_key(&ghost))
    })
    .await?;
    town.group.say(&town.tanja, "still over there")?;
    let late = |it: &Seen| it.sender == BOT && it.body.contains("still over there");
    town.alice.expect(&town.room, late).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_in_the_room_holds_for_the_new_account_of_the_banned_person() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let code = code_for_tanja(town).await?;
    let by_ghost = |it: &Seen| it.body == "hello from Telegram";
    let ghost = town.alice.expect(&town.room, by_ghost).await?.sender;
    town.alice.ban(&town.room, &ghost, "spam").await?;
    let owl = town.synapse.person_named("nightowl", "Night Owl").await?;
    let alone = alone_with_bot(&owl).await?;
    let answer = ask(&owl, &alone, &code).await?;
    ensure!(answer.starts_with("You are banned from the room"), "{answer}");
    let answer = ask(&owl, &alone, "unclaim").await?;
    ensure!(answer.contains("You have not claimed"), "{answer}");
    town.assert_clean()
}
