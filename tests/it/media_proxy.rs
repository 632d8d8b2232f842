// SPDX-License-Identifier: AGPL-3.0-or-later
//! Media at public addresses: pictures of Matrix people on Discord, and files that a platform does not take.
//!
//! Rule: an address is taken from what people see in a chat, and opened as anybody does.

use anyhow::Context;
use reqwest::{Client, Method, Response, StatusCode, header};
use sandbox::discord;
use sandbox::synapse::NewFile;
use sandbox::town::{Side, Town};

use crate::pictures::{picture, picture_with};
use crate::{crosses, eventually, sure, town};

/// More than Discord takes, and less than Telegram does.
const LARGE: usize = discord::FILE_LIMIT + 1;

async fn ask(method: Method, url: &str, range: Option<&str>) -> anyhow::Result<Response> {
    let mut request = Client::new().request(method, url);
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    Ok(request.send().await?)
}

fn said<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

/// The address in a line of Discord's Markdown.
fn link_in(content: &str) -> Option<&str> {
    let at = content.find("http://127.0.0.1")?;
    content.get(at..)?.split([')', '>', ' ', '\n']).next()
}

async fn status(url: &str) -> anyhow::Result<u16> {
    Ok(ask(Method::GET, url, None).await?.status().as_u16())
}

/// Alice sends a file that is too large for Discord; the bytes and the address that stands there.
async fn large_file(town: &Town, name: &str) -> anyhow::Result<(Vec<u8>, String, String)> {
    let mut bytes = b"<html><script>alert(1)</script>".to_vec();
    bytes.extend((0..LARGE - bytes.len()).map(|at| u8::try_from(at % 251).unwrap_or_default()));
    let file = NewFile::new(&bytes, name, "text/html");
    let event = town.alice.send_file(&town.room, file, "the recording").await?;
    let has = |seen: &discord::Seen| {
        seen.content.contains("the recording") && link_in(&seen.content).is_some()
    };
    let seen = town.channel.expect(has).await?;
    let link = link_in(&seen.content).context("no link")?.to_owned();
    Ok((bytes, link, event))
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_shows_the_pictures_of_matrix_people_until_they_opt_out() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let rose = town.synapse.person_named("rose", "Rose").await?;
    let mxc = rose.upload(picture_with(9, b"a secret place"), "me.png", "image/png").await?;
    rose.set_avatar(&mxc).await?;
    rose.join(&town.room).await?;
    rose.say(&town.room, "with a face").await?;
    let seen = town.channel.expect(|seen| seen.content == "with a face").await?;
    let shown = town.discord.fetch_avatar(&seen).await?;
    assert!(shown.starts_with(b"\x89PNG") && !shown.windows(6).any(|it| it == b"secret"));
    let address = seen.avatar_url.clone().context("no picture")?;
    assert!(address.starts_with(&format!("{}/m/", town.bridge.media_url())), "{address}");
    assert!(!address.contains("rose") && !address.contains("localhost"), "{address}");
    rose.say(&town.room, "once more").await?;
    let again = town.channel.expect(|seen| seen.content == "once more").await?;
    assert_eq!(again.avatar_url.as_deref(), Some(address.as_str()), "Discord fetches it twice");

    // Not even a picture of theirs is handed on that only says that it is one.
    let page = rose.upload(b"<svg onload='x'/>".to_vec(), "me.svg", "image/png").await?;
    let content =
        serde_json::json!({ "membership": "join", "displayname": "Rose", "avatar_url": page });
    rose.set_state(&town.room, "m.room.member", rose.user_id(), content).await?;
    rose.say(&town.room, "with a page").await?;
    let paged = town.channel.expect(|seen| seen.content == "with a page").await?;
    assert!(town.discord.fetch_avatar(&paged).await.is_err());

    for forged in [format!("{address}A"), address.replacen("/m/", "/m/A", 1)] {
        assert_eq!(status(&forged).await?, 404, "{forged}");
    }
    rose.say(&town.room, "!freeside optout").await?;
    eventually("the picture is gone", async || Ok(status(&address).await? == 410)).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_for_discord_is_a_link_until_it_is_deleted() -> anyhow::Result<()>
{
    let town = town("12", "").await?;
    let (bytes, link, event) = large_file(&town, "talk \u{e9}.html").await?;
    let whole = ask(Method::GET, &link, None).await?;
    assert_eq!(whole.status(), StatusCode::OK);
    for (name, wanted) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename*=UTF-8''talk%20%C3%A9.html"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("referrer-policy", "no-referrer"),
        ("accept-ranges", "bytes"),
        ("content-length", LARGE.to_string().as_str()),
        ("cache-control", "public, max-age=3600"),
    ] {
        assert_eq!(said(&whole, name), wanted, "{name}");
    }
    assert_eq!(whole.bytes().await?, bytes);
    let part = ask(Method::GET, &link, Some("bytes=1000-1999")).await?;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(said(&part, "content-range"), format!("bytes 1000-1999/{LARGE}"));
    assert_eq!(part.bytes().await?, bytes[1000..2000]);
    let behind = ask(Method::GET, &link, Some(&format!("bytes={LARGE}-"))).await?;
    assert_eq!(behind.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(said(&behind, "content-range"), format!("bytes */{LARGE}"));
    let head = ask(Method::HEAD, &link, None).await?;
    assert_eq!(
        (head.status(), said(&head, "content-length")),
        (StatusCode::OK, &*LARGE.to_string())
    );
    assert!(head.bytes().await?.is_empty());
    assert_eq!(ask(Method::POST, &link, None).await?.status(), StatusCode::METHOD_NOT_ALLOWED);

    town.alice.redact(&town.room, &event).await?;
    eventually("the file is gone", async || Ok(status(&link).await? == 410)).await?;
    let gone = ask(Method::GET, &link, None).await?;
    assert_eq!(gone.text().await?, "This file is no longer shared.");
    assert!(!town.bridge.log().contains("/m/"), "an address is in the log");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn media_of_a_chat_that_is_not_connected_any_more_are_served_to_nobody() -> anyhow::Result<()>
{
    let town = town("12", "").await?;
    let (_, link, _) = large_file(&town, "talk.mp4").await?;
    assert_eq!(status(&link).await?, 200);
    for network in ["discord", "telegram"] {
        sure(&town.alice, &town.room, &format!("!freeside unlink {network}")).await?;
    }
    eventually("nothing is served", async || Ok(status(&link).await? == 410)).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_others_do_not() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let mxc = town.alice.upload(picture(3), "me.png", "image/png").await?;
    town.alice.set_avatar(&mxc).await?;
    town.bridge.reconfigure("[media_proxy]\n", "[media_proxy]\nrequests_per_minute = 5\n")?;
    town.bridge.kill()?;
    town.bridge.start()?;
    town.say(Side::Matrix, "with a face").await?;
    let seen = town.channel.expect(|seen| seen.content == "with a face").await?;
    let address = seen.avatar_url.context("no picture")?;
    let from = async |client: &str| -> anyhow::Result<Response> {
        let request = Client::new().get(&address).header("X-Forwarded-For", client);
        Ok(request.send().await?)
    };
    for _ in 0..5 {
        assert_eq!(from("192.0.2.1").await?.status(), StatusCode::OK);
    }
    let refused = from("203.0.113.9, 192.0.2.1").await?;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(!said(&refused, "retry-after").is_empty());
    assert_eq!(from("192.0.2.2").await?.status(), StatusCode::OK);
    assert!(!town.bridge.log().contains("192.0.2."), "an address of a client is in the log");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn purged_media_are_gone_on_every_side_and_words_stay() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let caption = |side: Side| format!("a picture from {side:?}");
    for (number, side) in (40..).zip(Side::ALL) {
        town.show(side, &picture(number), &caption(side)).await?;
        for other in side.others() {
            town.expect(other, |line| line.text == caption(side)).await?;
        }
    }
    crosses(&town, Side::Matrix, "only words").await?;
    let (_, link, _) = large_file(&town, "talk.mp4").await?;
    assert_eq!(status(&link).await?, 200);

    let typed = town.group.say(&town.tanja, "/purge media")?;
    let answers = |seen: &sandbox::telegram::Seen| seen.is_bot && seen.reply_to == Some(typed);
    let refused = town.group.expect(answers).await?.text;
    assert!(refused.contains("!freeside purge media"), "{refused}");

    let shown = crate::ask(&town.alice, &town.room, "!freeside purge media").await?;
    assert!(shown.contains("delete on all sides: 4") && shown.contains("48 hours"), "{shown}");
    assert_eq!(status(&link).await?, 200, "nothing has happened yet");
    let done = crate::ask(&town.alice, &town.room, "!freeside confirm").await?;
    assert!(done.contains("being deleted on all sides: 4"), "{done}");
    for side in Side::ALL {
        for other in side.others() {
            town.expect_gone(other, |line| line.text == caption(side)).await?;
        }
        // What somebody has posted stays where they did.
        town.expect(side, |line| line.text == caption(side)).await?;
        town.expect(side, |line| line.text == "only words").await?;
    }
    assert_eq!(status(&link).await?, 410);
    let told = |line: &sandbox::town::Line| line.text.contains("files deleted on all sides: 4");
    town.expect(Side::Discord, told).await?;
    let history = crate::ask(&town.alice, &town.room, "!freeside audit").await?;
    assert!(history.contains("copies of messages with files deleted: 4"), "{history}");
    town.assert_clean()
}
