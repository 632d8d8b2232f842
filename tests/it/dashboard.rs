// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dashboard on the running bridge: who gets in, what they see, and what they do.

use anyhow::{Context, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode};
use sandbox::synapse::{Person, Seen};
use sandbox::town::{BOT, Side, Town};

use crate::claiming::alone_with_bot;
use crate::{ask, crosses, eventually, town, town_with_clock};

/// A browser: it follows nothing by itself, and shows its cookie.
struct Browser {
    http: reqwest::Client,
    base: String,
    cookie: Option<String>,
}

/// What a browser got.
struct Shown {
    status: StatusCode,
    text: String,
}

impl Browser {
    fn at(town: &Town) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { http, base: town.bridge.pages_url(), cookie: None })
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let request = match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        };
        Ok(request.send().await?)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Shown> {
        let answer = self.send(self.http.get(format!("{}{path}", self.base))).await?;
        Ok(Shown { status: answer.status(), text: answer.text().await? })
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Response> {
        self.send(self.http.post(format!("{}{path}", self.base)).form(form)).await
    }

    /// Opens a link and presses the button.
    async fn log_in(&mut self, link: &str) -> anyhow::Result<()> {
        let path = link.strip_prefix(&self.base).context("another address")?.to_owned();
        let page = self.get(&path).await?;
        ensure!(page.status == StatusCode::OK, "{}: {}", page.status, page.text);
        let secret = hidden(&page.text, "link").context("no button")?;
        let answer = self.post("/in", &[("link", &*secret)]).await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "{}", answer.status());
        let cookie = answer.headers().get(SET_COOKIE).context("no cookie")?.to_str()?.to_owned();
        ensure!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        self.cookie = cookie.split(';').next().map(str::to_owned);
        Ok(())
    }

    /// The token of the forms of this session.
    async fn token(&self) -> anyhow::Result<String> {
        hidden(&self.get("/admin").await?.text, "token").context("no token")
    }

    /// Sends a form of the portal, confirms what is shown, and waits for the answer: what was shown
    /// first, and the page with the answer.
    async fn does(&self, form: &[(&str, &str)]) -> anyhow::Result<(String, String)> {
        let (shown, path) = self.sends(form).await?;
        Ok((shown, self.answered(&path).await?))
    }

    /// The page at `path`, when the answer is there.
    async fn answered(&self, path: &str) -> anyhow::Result<String> {
        let mut done = String::new();
        eventually("the page shows the answer", async || {
            done = self.get(path).await?.text;
            Ok(done.contains("My answer in the Matrix room") && done.contains("I have answered"))
        })
        .await?;
        Ok(done)
    }

    /// Sends a form and confirms what is shown: that, and where the answer will be.
    async fn sends(&self, form: &[(&str, &str)]) -> anyhow::Result<(String, String)> {
        let token = self.token().await?;
        let form: Vec<(&str, &str)> = form.iter().copied().chain([("token", &*token)]).collect();
        let answer = self.post("/admin/portal/1/ask", &form).await?;
        ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
        let shown = answer.text().await?;
        let sealed = ["token", "command", "number", "seal"].map(|name| hidden(&shown, name));
        let [Some(token), Some(command), Some(number), Some(seal)] = sealed else {
            anyhow::bail!("nothing to confirm: {shown}");
        };
        let confirmed =
            [("token", &*token), ("command", &*command), ("number", &*number), ("seal", &*seal)];
        let mut path = String::new();
        // Somebody presses twice.
        for _ in 0..2 {
            let answer = self.post("/admin/portal/1/do", &confirmed).await?;
            ensure!(answer.status() == StatusCode::SEE_OTHER, "{}", answer.status());
            path = answer.headers().get(LOCATION).context("no way on")?.to_str()?.to_owned();
        }
        Ok((shown, path))
    }
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    let value = rest.split('"').next()?;
    let plain = [("&#38;", "&"), ("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")];
    Some(plain.iter().fold(value.to_owned(), |value, (from, to)| value.replace(from, to)))
}

/// The link that the bot gives somebody in private.
pub(crate) async fn link_for(person: &Person) -> anyhow::Result<String> {
    let alone = alone_with_bot(person).await?;
    let asked = person.say(&alone, "dashboard").await?;
    let answers = |it: &Seen| it.sender == BOT && it.reply_to.as_deref() == Some(&*asked);
    let told = person.expect(&alone, answers).await?;
    let html = told.content.get("formatted_body").and_then(|it| it.as_str());
    let html = html.with_context(|| format!("no link: {}", told.body))?;
    let (_, rest) = html.split_once("href=\"").context("no link")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

/// A form of Alice's that was carried out: the value of her cookie, and where the answer is shown.
pub(crate) async fn done_by_alice(town: &Town) -> anyhow::Result<(String, String)> {
    let inside = alice_inside(town).await?;
    let (_, path) = inside.sends(&[("do", "set"), ("name", "brakes"), ("value", "flood")]).await?;
    inside.answered(&path).await?;
    let cookie = inside.cookie.as_deref().and_then(|it| it.split_once('='));
    let (_, cookie) = cookie.context("no cookie")?;
    Ok((cookie.to_owned(), path.split('?').next().unwrap_or_default().to_owned()))
}

async fn alice_inside(town: &Town) -> anyhow::Result<Browser> {
    let mut browser = Browser::at(town)?;
    browser.log_in(&link_for(&town.alice).await?).await?;
    Ok(browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_one_person_in_once_and_looking_at_it_uses_nothing_up() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let public = ask(&town.alice, &town.room, "!freeside dashboard").await?;
    ensure!(public.contains("private chat") && !public.contains("/in/"), "{public}");
    let mut browser = Browser::at(town)?;
    for path in ["/admin", "/admin/portal/1", "/admin/lanes"] {
        let page = browser.get(path).await?;
        ensure!(page.status == StatusCode::FORBIDDEN, "{path}: {}", page.status);
        ensure!(page.text.contains("You are not logged in"), "{path}: {}", page.text);
    }
    let link = link_for(&town.alice).await?;
    let path = link.strip_prefix(&browser.base).context("another address")?.to_owned();
    // A robot that makes previews looks twice.
    for _ in 0..2 {
        ensure!(browser.get(&path).await?.status == StatusCode::OK);
    }
    browser.log_in(&link).await?;
    let list = browser.get("/admin").await?;
    ensure!(
        list.text.contains("Logged in as") && list.text.contains("/admin/portal/1"),
        "{}",
        list.text
    );
    let again = Browser::at(town)?;
    let used = again.get(&path).await?;
    ensure!(
        used.status == StatusCode::GONE && used.text.contains("It was used before"),
        "{}",
        used.text
    );
    let secret = path.rsplit('/').next().unwrap_or_default();
    let used = again.post("/in", &[("link", secret)]).await?;
    ensure!(used.status() == StatusCode::GONE && used.headers().get(SET_COOKIE).is_none());
    for forged in ["/in/ffff", "/in/%00", "/in"] {
        let page = again.get(forged).await?;
        ensure!(page.status == StatusCode::NOT_FOUND, "{forged}: {}", page.status);
    }
    let forged = Browser { cookie: Some("freeside=ffff".into()), ..Browser::at(town)? };
    ensure!(forged.get("/admin").await?.status == StatusCode::FORBIDDEN);
    // Whoever looks after no room gets no link.
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    let alone = alone_with_bot(&bob).await?;
    let refused = ask(&bob, &alone, "dashboard").await?;
    ensure!(refused.contains("admin of none of these rooms"), "{refused}");
    let token = browser.token().await?;
    let out = browser.post("/admin/out", &[("token", &*token)]).await?;
    ensure!(out.status() == StatusCode::OK, "{}", out.status());
    ensure!(browser.get("/admin").await?.status == StatusCode::FORBIDDEN, "still logged in");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_sessions_end_with_their_time() -> anyhow::Result<()> {
    let town = &town_with_clock().await?;
    let clock = crate::clock::FileClock::beside(&town.bridge.config());
    let link = link_for(&town.alice).await?;
    let inside = alice_inside(town).await?;
    clock.set_ahead(clock.ahead() + 16 * 60_000)?;
    let path = link.strip_prefix(&inside.base).context("another address")?;
    let late = inside.get(path).await?;
    ensure!(
        late.status == StatusCode::GONE && late.text.contains("older than 15"),
        "{}",
        late.text
    );
    ensure!(inside.get("/admin").await?.status == StatusCode::OK, "the session ended too early");
    clock.set_ahead(clock.ahead() + 8 * 3_600_000)?;
    ensure!(inside.get("/admin").await?.status == StatusCode::FORBIDDEN, "the session goes on");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_counts_in_its_session_alone_and_only_for_what_was_shown() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let ben = town.synapse.person_named("ben", "Ben").await?;
    ben.join(&town.room).await?;
    town.alice.set_power(&town.room, ben.user_id(), 100).await?;
    let inside = alice_inside(town).await?;
    let mut bens = Browser::at(town)?;
    bens.log_in(&link_for(&ben).await?).await?;
    let set = [("do", "set"), ("name", "brakes"), ("value", "flood")];
    let foreign = bens.token().await?;
    for token in [None, Some(""), Some("ffff"), Some(&*foreign)] {
        let form: Vec<_> = set.into_iter().chain(token.map(|token| ("token", token))).collect();
        for path in ["/admin/portal/1/ask", "/admin/portal/1/do", "/admin/out"] {
            let answer = inside.post(path, &form).await?;
            ensure!(
                answer.status() == StatusCode::FORBIDDEN,
                "{path} {token:?}: {}",
                answer.status()
            );
        }
    }
    let token = inside.token().await?;
    let with = |more: &[(&'static str, &'static str)]| {
        let mut form = vec![("token", token.clone())];
        form.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        form
    };
    // Another site sends it.
    let url = format!("{}/admin/portal/1/ask", inside.base);
    let elsewhere = inside.http.post(&url).header("sec-fetch-site", "cross-site").form(&with(&set));
    let answer = inside.send(elsewhere).await?;
    ensure!(answer.status() == StatusCode::FORBIDDEN, "{}", answer.status());
    // What was not shown is not done.
    let forged = with(&[("command", "set brakes flood"), ("number", "7"), ("seal", "ffff")]);
    let forged: Vec<_> = forged.iter().map(|(name, value)| (*name, &**value)).collect();
    let answer = inside.post("/admin/portal/1/do", &forged).await?;
    ensure!(answer.status() == StatusCode::CONFLICT, "{}", answer.status());
    // What is only typed has no form.
    let typed = with(&[("do", "unlink"), ("network", "telegram")]);
    let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, &**value)).collect();
    let answer = inside.post("/admin/portal/1/ask", &typed).await?;
    ensure!(answer.status() == StatusCode::FORBIDDEN, "{}", answer.status());
    let status = ask(&town.alice, &town.room, "!freeside set").await?;
    ensure!(status.contains("brakes off"), "{status}");
    // Who is no admin any more sees nothing any more, and what they had open is not done.
    ensure!(bens.get("/admin/portal/1").await?.status == StatusCode::OK);
    let token = bens.token().await?;
    let form: Vec<_> = set.into_iter().chain([("token", &*token)]).collect();
    let shown = bens.post("/admin/portal/1/ask", &form).await?.text().await?;
    town.alice.set_power(&town.room, ben.user_id(), 0).await?;
    ensure!(bens.get("/admin/portal/1").await?.status == StatusCode::NOT_FOUND);
    let fields = ["token", "command", "number", "seal"];
    let values = fields.map(|name| hidden(&shown, name).unwrap_or_default());
    let form: Vec<_> = fields.into_iter().zip(values.iter().map(String::as_str)).collect();
    let answer = bens.post("/admin/portal/1/do", &form).await?;
    ensure!(answer.status() == StatusCode::CONFLICT, "{}", answer.status());
    let status = ask(&town.alice, &town.room, "!freeside set").await?;
    ensure!(status.contains("brakes off"), "{status}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_on_a_page_is_done_in_the_room_and_stands_in_the_history() -> anyhow::Result<()>
{
    let town = &town("12", "[stages]\nfirst = \"bridged\"\nadmins = 1\nservers = 0\n").await?;
    let inside = alice_inside(town).await?;
    let (shown, done) =
        inside.does(&[("do", "set"), ("name", "brakes"), ("value", "flood")]).await?;
    ensure!(shown.contains("set brakes flood") && shown.contains("in your name"), "{shown}");
    ensure!(done.contains("brakes"), "{done}");
    let said = |it: &Seen| it.sender == BOT && it.body.contains("brakes is now flood");
    town.alice.expect(&town.room, said).await.context("the room reads nothing")?;
    let said = town.alice.transcript(&town.room).await?.0.into_iter().filter(said).count();
    ensure!(said == 1, "said {said} times");
    let except = [
        ("do", "except"),
        ("service", "Zoom"),
        ("reason", "<b>no</b> “dial-in”"),
        ("candidate", "Jitsi"),
        ("owner", "the chair"),
        ("review", "2099-01-31"),
    ];
    inside.does(&except).await?;
    let page = inside.get("/admin/portal/1").await?.text;
    ensure!(page.contains("&#60;b&#62;no") && !page.contains("<b>no"), "a reason became markup");
    inside.does(&[("do", "close"), ("number", "1")]).await?;
    inside.does(&[("do", "lane"), ("verb", "halt"), ("network", "telegram")]).await?;
    town.alice.say(&town.room, "waits for a hand").await?;
    eventually("the page says that something waits", async || {
        let page = inside.get("/admin/portal/1").await?.text;
        Ok(page.contains("stopped it by hand")
            && page.contains("The first message has been waiting"))
    })
    .await?;
    ensure!(!town.group.messages().iter().any(|it| it.text.contains("waits for a hand")));
    inside.does(&[("do", "lane"), ("verb", "resume"), ("network", "telegram")]).await?;
    town.group.expect(|it| it.text.contains("waits for a hand")).await?;
    inside.does(&[("do", "selftest")]).await?;
    // What cannot be done says why, and has no button.
    let token = inside.token().await?;
    let early = inside
        .post(
            "/admin/portal/1/ask",
            &[("token", &*token), ("do", "next"), ("decision", "https://a.example/d")],
        )
        .await?
        .text()
        .await?;
    ensure!(early.contains("would change nothing") && hidden(&early, "seal").is_none(), "{early}");
    let (plan, _) = inside.does(&[("do", "back")]).await?;
    ensure!(plan.contains("This is a preview"), "{plan}");
    let history = ask(&town.alice, &town.room, "!freeside audit").await?;
    for deed in [
        "setting brakes changed from off to flood – alice (Matrix), on the dashboard",
        "exception 1 recorded: Zoom – alice (Matrix), on the dashboard",
        "exception 1 closed: Zoom – alice (Matrix), on the dashboard",
        "what goes to Telegram: stopped – alice (Matrix), on the dashboard",
        "what goes to Telegram: continued – alice (Matrix), on the dashboard",
        "self-test begun – alice (Matrix), on the dashboard",
        "from bridged to announced – alice (Matrix), on the dashboard",
    ] {
        ensure!(history.to_lowercase().contains(&deed.to_lowercase()), "{deed}: {history}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_p13_p15_pages_tell_no_more_than_the_room_and_nothing_of_a_group_at_risk()
-> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let ben = town.synapse.person_named("ben", "Ben").await?;
    ben.join(&town.room).await?;
    town.alice.set_power(&town.room, ben.user_id(), 100).await?;
    for side in Side::ALL {
        crosses(town, side, &format!("secret words from {side:?}")).await?;
    }
    let tom = town.telegram.user("Tomasz");
    town.group.join(&tom)?;
    town.group.say(&tom, "secret words of a member")?;
    town.alice.expect(&town.room, |it| it.body == "secret words of a member").await?;
    // Alice runs the bridge.
    let op = alice_inside(town).await?;
    let mut inside = Browser::at(town)?;
    inside.log_in(&link_for(&ben).await?).await?;
    let pages = [
        inside.get("/admin").await?,
        inside.get("/admin/portal/1").await?,
        inside.get("/admin/portal/1?lang=ar").await?,
        op.get("/admin").await?,
        op.get("/admin/portal/1").await?,
        op.get("/admin/lanes").await?,
    ];
    for page in &pages {
        ensure!(page.status == StatusCode::OK, "{}: {}", page.status, page.text);
        for told in ["Tomasz", "secret words", "_freeside_"] {
            ensure!(!page.text.contains(told), "{told}: {}", page.text);
        }
        ensure!(!page.text.contains("<script"), "{}", page.text);
    }
    let [_, _, arabic, ..] = &pages;
    ensure!(arabic.text.contains("<html lang=\"ar\" dir=\"rtl\">"), "{}", arabic.text);
    // What is of operators alone, and what is nobody's, look the same.
    for path in ["/admin/lanes", "/admin/portal/2", "/admin/portal/x", "/admin/portal/1/asked/ff"] {
        let page = inside.get(path).await?;
        ensure!(page.status == StatusCode::NOT_FOUND, "{path}: {}", page.status);
    }
    ask(&town.alice, &town.room, "!freeside set at-risk on").await?;
    eventually("the group is at risk", async || {
        Ok(inside.get("/admin/portal/1").await?.status == StatusCode::NOT_FOUND)
    })
    .await?;
    for browser in [&inside, &op] {
        let list = browser.get("/admin").await?.text;
        ensure!(!list.contains("/admin/portal/1"), "{list}");
        ensure!(browser.get("/admin/portal/1").await?.status == StatusCode::NOT_FOUND);
    }
    town.assert_clean()
}
