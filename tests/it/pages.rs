// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people see of the running bridge in a browser: the page of a community, the state of the bridge.
//!
//! Rule: the address of a page is taken from what people see in a chat, and opened as anybody does.

use anyhow::{Context, ensure};
use reqwest::{Client, Response, header};
use sandbox::town::{BOT, Side, Town};

use crate::moving::{inventory, step};
use crate::{ask, crosses, eventually, set_by_all, town};

/// What every answer says of itself.
const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("x-robots-tag", "noindex, nofollow"),
];

async fn open(address: &str, languages: Option<&str>) -> anyhow::Result<Response> {
    let mut request = Client::new().get(address);
    if let Some(languages) = languages {
        request = request.header(header::ACCEPT_LANGUAGE, languages);
    }
    Ok(request.send().await?)
}

/// The page, in English.
async fn read(address: &str) -> anyhow::Result<String> {
    Ok(open(address, Some("en")).await?.error_for_status()?.text().await?)
}

async fn status(address: &str) -> anyhow::Result<u16> {
    Ok(open(address, None).await?.status().as_u16())
}

/// The address of the page of the community, where the notice that is pinned in the channel has one.
pub fn page_in_notice(town: &Town) -> Option<String> {
    let base = format!("{}/c/", town.bridge.pages_url());
    let notices = town.channel.pinned();
    let notice = notices.iter().find(|notice| notice.content.contains(&base))?;
    let from = notice.content.get(notice.content.find(&base)?..)?;
    from.split([')', '>', ' ', '\n']).next().map(str::to_owned)
}

/// Every side agrees to a page; its address.
pub async fn page(town: &Town) -> anyhow::Result<String> {
    set_by_all(town, "page on").await?;
    eventually("the notice leads to the page", async || Ok(page_in_notice(town).is_some())).await?;
    page_in_notice(town).context("no address")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_there_when_both_sides_have_agreed_and_gone_when_one_takes_it_back()
-> anyhow::Result<()> {
    let town = town("12", "").await?;
    let asked = ask(&town.alice, &town.room, "!freeside set page on").await?;
    ensure!(asked.contains("page concerns the other side"), "{asked}");
    ensure!(read(&format!("{}/status", town.bridge.pages_url())).await?.contains("Everything"));
    ensure!(page_in_notice(&town).is_none(), "nobody else has agreed");
    let address = page(&town).await?;
    let text = read(&address).await?;
    ensure!(text.contains("These chats are connected"), "{text}");
    let notice = town.alice.expect(&town.room, |seen| {
        let leads = |html: &String| html.contains(&address);
        seen.body.contains("This room is connected") && seen.html.as_ref().is_some_and(leads)
    });
    notice.await?;
    let way = town.channel.slash(&town.dora, "freeside", "matrix", &[])?.answer().await?;
    ensure!(way.message.content.contains(&address), "{}", way.message.content);
    let listed = read(&format!("{}/status", town.bridge.pages_url())).await?;
    let slug = address.rsplit('/').next().context("no slug")?;
    ensure!(listed.contains(&format!("/c/{slug}")), "{listed}");

    let done = ask(&town.alice, &town.room, "!freeside set page off").await?;
    ensure!(done.contains("page is now off"), "{done}");
    ensure!(status(&address).await? == 404);
    eventually("no notice leads there", async || Ok(page_in_notice(&town).is_none())).await?;
    let way = town.channel.slash(&town.dora, "freeside", "matrix", &[])?.answer().await?;
    ensure!(!way.message.content.contains("/c/"), "{}", way.message.content);
    let gone = open(&address, Some("en")).await?.text().await?;
    let never = format!("{}/c/aaaaaaaaaaaaaaaaaaaa", town.bridge.pages_url());
    ensure!(gone == open(&never, Some("en")).await?.text().await?, "the two answers differ");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_the_chats_and_the_way_and_nothing_of_a_member() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let address = page(&town).await?;
    let hostile = "<script>alert('x')</script> & \"quotes\"";
    town.group.rename(hostile)?;
    town.alice.rename(&town.room, "The \u{202e}square").await?;
    crosses(&town, Side::Telegram, "a word of a member").await?;
    let renamed = async || {
        Ok(read(&address).await?.contains("&#38;") || read(&address).await?.contains("&amp;"))
    };
    eventually("the new name is shown", renamed).await?;
    let text = read(&address).await?;
    for expected in [
        "Telegram",
        "Discord",
        "Its server is proprietary",
        "Discord is proprietary software: the app and the server.",
        "All of Matrix is free software",
        "(NOFWD)",
        "/optout",
        "/freeside optout",
        "!freeside optout",
        "https://matrix.org/",
        "data:image/png;base64,",
        "https://matrix.to/#/",
        "Who runs this bridge",
        "/privacy",
    ] {
        ensure!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
    ensure!(!text.contains("<script") && !text.contains("onclick="), "{text}");
    let users = [town.tanja.id().to_string(), town.dora.id().to_string()];
    let places = [town.group.id().to_string(), town.channel.id().to_string()];
    let names = ["Tanja", "Dora", "Alice", "a word of a member", BOT].map(str::to_owned);
    let state = read(&format!("{}/status", town.bridge.pages_url())).await?;
    for secret in users.iter().chain(&places).chain(&names) {
        ensure!(!text.contains(secret.as_str()), "{secret} in:\n{text}");
        ensure!(!state.contains(secret.as_str()), "{secret} in:\n{state}");
    }
    ensure!(!state.contains(town.room.as_str()), "{state}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_what_is_so_at_each_moment() -> anyhow::Result<()> {
    let (town, _) = inventory().await?;
    set_by_all(&town, "page on").await?;
    let place = async || {
        let listed = read(&format!("{}/status", town.bridge.pages_url())).await?;
        let from = listed.split("href=\"/c/").nth(1).context("no page is listed")?;
        let slug = from.split(['"', '?']).next().context("no end")?;
        anyhow::Ok(format!("{}/c/{slug}", town.bridge.pages_url()))
    };
    let address = place().await?;
    let says = async |words: &str| {
        let is_so = async || Ok(read(&address).await?.contains(words));
        eventually(&format!("the page says: {words}"), is_so).await
    };
    says("These chats may be connected. Nothing is shared yet.").await?;
    says("not connected yet").await?;
    step(&town, "stage next", "announced").await?;
    says("These chats will be connected. Nothing is shared yet.").await?;
    ensure!(!read(&address).await?.contains("/optout"), "nothing is to be kept back yet");
    step(&town, "stage next", "bridged").await?;
    says("What you write in one of these chats is shown in the others").await?;
    says("Your name and your picture are shown with it.").await?;
    set_by_all(&town, "consent opt-in").await?;
    says("Only messages of people who have agreed are shown").await?;
    says("/optin").await?;
    let less = ask(&town.alice, &town.room, "!freeside set names pseudonym").await?;
    ensure!(less.contains("is now"), "{less}");
    says("An invented name is shown with it instead of yours.").await?;
    town.group.remove_bot();
    says("not connected").await?;
    town.alice.kick(&town.room, BOT, "no bots here").await?;
    says("At present nothing is shared with the Matrix room.").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_group_at_risk_has_no_page_and_counts_nowhere() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let address = page(&town).await?;
    let state = format!("{}/status", town.bridge.pages_url());
    let bridged = "<th scope=\"row\">bridged</th><td class=\"number\">1</td>";
    ensure!(read(&state).await?.contains(bridged), "{}", read(&state).await?);
    let done = ask(&town.alice, &town.room, "!freeside set at-risk on").await?;
    ensure!(done.contains("at-risk is now on"), "{done}");
    ensure!(status(&address).await? == 404);
    let now = read(&state).await?;
    ensure!(!now.contains(bridged) && !now.contains("/c/"), "{now}");
    eventually("no notice leads there", async || Ok(page_in_notice(&town).is_none())).await?;
    let off = ask(&town.alice, &town.room, "!freeside set page off").await?;
    ensure!(off.contains("page is now off"), "{off}");
    let again = ask(&town.alice, &town.room, "!freeside set page on").await?;
    ensure!(again.contains("at risk has no public page"), "{again}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_whether_the_bridge_works_sees_which_part_does_not() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let state = format!("{}/status", town.bridge.pages_url());
    let says = async |words: &str| {
        let is_so = async || Ok(read(&state).await?.contains(words));
        eventually(&format!("the page says: {words}"), is_so).await
    };
    says("Everything works.").await?;
    ensure!(read(&state).await?.contains("<p>None.</p>"), "nothing was missed");
    town.synapse.kill().await?;
    says("Not everything works at present.").await?;
    let text = read(&state).await?;
    let row = text.split("<tr").find(|row| row.contains("Homeserver")).context("no homeserver")?;
    ensure!(row.contains("does not work at present"), "{row}");
    ensure!(text.matches("does not work at present").count() == 1, "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_gets_a_page_in_ones_language_with_the_same_headers()
-> anyhow::Result<()> {
    let town = town("12", "").await?;
    let base = town.bridge.pages_url();
    for path in [
        "/",
        "/c/",
        "/c/1",
        "/c/..%2f..%2fetc%2fpasswd",
        "/c/%00",
        "/c/%ff",
        "/c/a/b",
        "/C/AAAA",
        "/status/x",
        "/assets/style-0000000000000000.css",
        "/nothing?lang=%3Cscript%3E",
    ] {
        let answer = open(&format!("{base}{path}"), Some("en")).await?;
        let is = answer.status().as_u16();
        ensure!(is == 404 || (path == "/c/%ff" && is == 400), "{path}: {is}");
        for (name, value) in HEADERS {
            let said = answer.headers().get(name).and_then(|it| it.to_str().ok());
            ensure!(said == Some(value), "{path}, {name}: {said:?}");
        }
        ensure!(!answer.text().await?.contains("<script"), "{path}");
    }
    for (query, accepted, language, direction) in [
        ("", "ar", "ar", "rtl"),
        ("?lang=fa", "de", "fa", "rtl"),
        ("?lang=xx", "de-CH;q=0.9,xx", "de", "ltr"),
        ("?lang=", "", "en", "ltr"),
        ("?lang=pt-BR", "de", "pt-br", "ltr"),
        ("?x=1&lang=zh-hans&lang=de", "de", "zh-hans", "ltr"),
    ] {
        let text = open(&format!("{base}/status{query}"), Some(accepted)).await?.text().await?;
        let expected = format!("<html lang=\"{language}\" dir=\"{direction}\">");
        ensure!(text.contains(&expected), "{query}, {accepted}: {text}");
    }
    let page = open(&format!("{base}/status"), None).await?;
    for (name, value) in HEADERS {
        ensure!(page.headers().get(name).is_some_and(|it| it == value), "{name}");
    }
    let text = page.text().await?;
    let style = text.split("href=\"").find(|it| it.starts_with("/assets/")).context("no style")?;
    let style = style.split('"').next().context("no end")?;
    let style = open(&format!("{base}{style}"), None).await?;
    let kept = style.headers().get("cache-control").context("not kept")?.to_str()?.to_owned();
    ensure!(kept.contains("immutable"), "{kept}");
    ensure!(style.text().await?.contains("prefers-color-scheme: dark"));
    let posted = Client::new().post(format!("{base}/status")).send().await?;
    ensure!(posted.status().as_u16() == 405, "{}", posted.status());
    town.assert_clean()
}
