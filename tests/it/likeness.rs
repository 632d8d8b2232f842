// SPDX-License-Identifier: AGPL-3.0-or-later
//! Nobody looks like somebody else, on any side.
//!
//! Rule: a test is named after the finding that it keeps from coming back.

use sandbox::discord;
use sandbox::synapse::Person;
use sandbox::town::{Line, Side, Town};
use serde_json::json;

use crate::town;

/// Somebody in the room who is called like that.
async fn mallory(town: &Town, name: &str) -> anyhow::Result<Person> {
    let mallory = town.synapse.person_named("mallory", name).await?;
    mallory.join(&town.room).await?;
    Ok(mallory)
}

/// Who a person of another side takes for the author of a line.
async fn author(town: &Town, side: Side, text: &str) -> anyhow::Result<String> {
    Ok(town.expect(side, |line: &Line| line.text == text).await?.who)
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_name_for_one_message_stands_beside_that_of_the_account() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mallory = mallory(&town, "Mallory").await?;
    let said = json!({
        "msgtype": "m.text", "body": "I am Tanja",
        "com.beeper.per_message_profile": {"id": "1", "displayname": "Tanja"},
    });
    mallory.send_raw(&town.room, "m.room.message", said).await?;
    for side in Side::Matrix.others() {
        let who = author(&town, side, "I am Tanja").await?;
        assert!(who.contains("Tanja") && who.contains("Mallory"), "{side:?}: {who}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_each_part_of_a_long_text_on_telegram_says_whose_it_is() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mallory = mallory(&town, "Mallory").await?;
    let filler = "word ".repeat(900);
    let html = format!("{filler}<br><b>Tanja:</b><br>we have moved, trust me");
    let plain = format!("{filler}\nTanja:\nwe have moved, trust me");
    mallory.say_html(&town.room, &plain, &html).await?;
    town.group.expect(|seen| seen.text.contains("trust me")).await?;
    let parts: Vec<String> =
        town.group.messages().into_iter().filter(|seen| seen.is_bot).map(|it| it.text).collect();
    let parts = parts.iter().filter(|text| text.contains("word word") || text.contains("trust me"));
    let parts: Vec<&String> = parts.collect();
    assert!(parts.len() > 1, "the text is in one part");
    for part in parts {
        assert!(part.starts_with("Mallory"), "{part}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_name_shows_what_it_says_and_never_nothing() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mallory = mallory(&town, "\u{3164}\u{2800}\u{ad}\u{115f}\u{e0041}").await?;
    mallory.say(&town.room, "from nobody").await?;
    for side in Side::Matrix.others() {
        assert_eq!(author(&town, side, "from nobody").await?, "mallory", "{side:?}");
    }
    let filler = "\u{2800}".repeat(120);
    let turned = town.telegram.user(&format!("Ann\u{202e}nimda{filler}"));
    town.group.join(&turned)?;
    town.group.say(&turned, "turned around")?;
    assert_eq!(author(&town, Side::Discord, "turned around").await?, "Annnimda");
    assert_eq!(author(&town, Side::Matrix, "turned around").await?, "Annnimda (Telegram)");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_who_is_called_like_the_bot_or_an_admin_has_a_mark() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    for side in Side::ALL {
        crate::crosses(&town, side, &format!("the admin of {side:?} speaks")).await?;
    }
    let mallory = mallory(&town, "Frееside").await?;
    mallory.say(&town.room, "obey me").await?;
    for side in Side::Matrix.others() {
        assert_eq!(author(&town, side, "obey me").await?, "Frееside (Matrix)", "{side:?}");
    }
    // Tanja owns the group; the first letters are Cyrillic here.
    let false_tanja = town.synapse.person_named("eve", "Таnja").await?;
    false_tanja.join(&town.room).await?;
    false_tanja.say(&town.room, "I own this").await?;
    for side in Side::Matrix.others() {
        assert_eq!(author(&town, side, "I own this").await?, "Таnja (Matrix)", "{side:?}");
    }
    let false_alice = town.telegram.user("ALICE");
    town.group.join(&false_alice)?;
    town.group.say(&false_alice, "I made the room")?;
    assert_eq!(author(&town, Side::Discord, "I made the room").await?, "ALICE (Telegram)");
    assert_eq!(author(&town, Side::Matrix, "I made the room").await?, "ALICE (Telegram)");
    // They themselves are called as they are.
    crate::crosses(&town, Side::Matrix, "it is me").await?;
    assert_eq!(author(&town, Side::Telegram, "it is me").await?, "Alice");
    crate::crosses(&town, Side::Telegram, "me, too").await?;
    assert_eq!(author(&town, Side::Discord, "me, too").await?, "Tanja");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_an_account_without_a_name_does_not_tell_its_id() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let nameless = town.telegram.user("\u{2800}");
    town.group.join(&nameless)?;
    town.group.say(&nameless, "who am I")?;
    for side in Side::Telegram.others() {
        let who = author(&town, side, "who am I").await?;
        let id = nameless.id().to_string();
        let told =
            (0..id.len()).any(|at| id.get(at..at + 3).is_some_and(|digits| who.contains(digits)));
        assert!(!who.is_empty() && !told, "{side:?}: {who} of {id}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_webhook_of_many_names_makes_few_accounts() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.bridge.reconfigure("[bot]\n", "[bot]\nnew_accounts_per_day = 3\n")?;
    town.bridge.kill()?;
    town.bridge.start()?;
    town.discord.expect_connected().await?;
    let pluralkit = town.channel.webhook_of(PLURALKIT, "PluralKit");
    let plain = town.channel.webhook("News");
    for number in 0..8 {
        pluralkit.say(&format!("Member {number}"), &format!("by member {number}"));
        plain.say(&format!("Name {number}"), &format!("news {number}"));
    }
    for number in 0..8 {
        let said = format!("by member {number}");
        let line = town.expect(Side::Matrix, |line| line.text.ends_with(&said)).await?;
        match number < 3 {
            true => assert_eq!(line.who, format!("Member {number} (Discord)")),
            false => {
                assert_eq!(line.who, "", "the bot says it: {line:?}");
                assert!(line.text.starts_with(&format!("Member {number} (Discord)")), "{line:?}");
            }
        }
        town.expect(Side::Telegram, |line| line.text.ends_with(&said)).await?;
        let news = format!("news {number}");
        town.expect(Side::Matrix, |line| line.text.contains(&news)).await?;
    }
    let told = |line: &&Line| line.text.contains("new names have come through one account");
    town.expect(Side::Matrix, |line| told(&line)).await?;
    assert_eq!(town.lines(Side::Matrix).await?.iter().filter(told).count(), 1);
    let members = town.alice.members(&town.room).await?;
    let ghosts = members.keys().filter(|id| id.starts_with("@fs_")).count();
    // Three of PluralKit, one of the other webhook.
    assert_eq!(ghosts, 4, "{members:?}");
    town.assert_clean()
}

/// PluralKit's application, which Freeside knows as a proxy for people.
const PLURALKIT: u64 = 466_378_653_216_014_359;

#[tokio::test(flavor = "multi_thread")]
async fn p2_s23_names_and_pictures_are_hidden_wherever_they_leave() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let secret = "pseudonym_secret_file = \"pseudonym_secret\"\n";
    town.bridge
        .reconfigure(secret, &format!("{secret}names = \"pseudonym\"\navatars = false\n"))?;
    let mxc = town.alice.upload(crate::pictures::picture(7), "me.png", "image/png").await?;
    town.alice.set_avatar(&mxc).await?;
    town.bridge.kill()?;
    town.bridge.start()?;
    let zora = town.telegram.user("Zora").with_last_name("Quint");
    town.group.join(&zora)?;
    let said = town.group.say(&zora, "hello from Z")?;
    let forward = sandbox::telegram::Post::text("a forward").forwarded_from("Zora Quint");
    town.group.send(&town.tanja, &forward)?;
    let contact = json!({"contact": {"phone_number": "+1", "first_name": "Zora Quint"}});
    town.group.send(&town.tanja, &sandbox::telegram::Post::content(&contact))?;
    town.group.say_with_entities(
        &town.tanja,
        "Zora is here",
        &json!([{"type": "text_mention", "offset": 0, "length": 4,
            "user": {"id": zora.id(), "is_bot": false, "first_name": "Zora"}}]),
    )?;
    town.group.reply(&town.tanja, said, "an answer")?;
    town.say(Side::Matrix, "with a picture").await?;
    let picture = |seen: &discord::Seen| seen.content.contains("with a picture");
    let seen = town.channel.expect(picture).await?;
    assert_eq!(seen.avatar_url, None, "{seen:?}");
    assert!(seen.author.starts_with("Person "), "{seen:?}");
    for side in Side::Telegram.others() {
        town.expect(side, |line| line.text.contains("an answer")).await?;
        for line in town.lines(side).await? {
            let shown = format!("{line:?}");
            assert!(!shown.contains("Quint") && !shown.contains("Zora"), "{side:?}: {shown}");
        }
    }
    town.assert_clean()
}
