// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links to proprietary services: a notice below them, few, and figures.

use bot_core::desk::links::notice_text;
use bot_core::i18n::I18n;
use bot_core::wording::Wording;
use bridge_config::Catalogue;
use bridge_config::catalogue::{Class, Day};
use bridge_model::{Command, Content, Message, RichText, Rights};
use bridge_policy::budget::{Limits, Quiet};
use bridge_policy::calendar::DAY_MS;
use bridge_policy::notice::{DialIn, Remark};
use insta::assert_snapshot;
use std::time::Duration;

use super::{ask_with, command};
use crate::harness::Spine;
use crate::words::{channel, event, group, message, posted, replied, room};

const ZOOM: &str = "https://zoom.us/j/123";

/// Says something in the group and waits until it was looked at.
async fn say(spine: &Spine, id: &str, text: &str) {
    spine.hear(posted(&group(), id, "tina", text)).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    for place in [room(), channel(), group()] {
        spine.settled(&place).await;
    }
}

async fn set(spine: &Spine, value: &str) -> String {
    let rights = Some(Rights { member: true, manage: true, change: true, moderate: true });
    let typed = command("@ann:example.org", &format!("set notices {value}"));
    ask_with(spine, &room(), Command { rights, ..typed }).await
}

fn notices(spine: &Spine) -> Vec<String> {
    let said = spine.matrix.read(&room().chat).into_iter();
    said.filter(|line| line.starts_with("BOT: ") && line.contains("proprietary")).collect()
}

#[tokio::test]
async fn a_notice_hangs_below_the_link_on_every_side() {
    let spine = Spine::linked().await;
    say(&spine, "1", &format!("we meet at {ZOOM}")).await;
    let [notice] = notices(&spine).try_into().unwrap();
    assert_snapshot!(notice);
    for network in [&spine.matrix, &spine.telegram, &spine.discord] {
        let acts = network.acts();
        let said = acts.iter().find_map(|act| {
            let bot_core::Action::Post { message, send_as: bot_core::SendAs::Bot, .. } = act else {
                return None;
            };
            Some(message)
        });
        let Message { reply_to, thread, .. } = said.expect("a notice").clone();
        assert!(reply_to.is_some(), "it answers nothing");
        let on_matrix = std::ptr::eq(network, &spine.matrix);
        assert_eq!(thread.is_some(), on_matrix);
    }
    let figures = spine.store().figures(bot_core::portal::PortalId(1)).await.unwrap();
    assert_eq!(figures[0].links, [("zoom".to_owned(), 1)]);
}

#[tokio::test]
async fn the_same_link_is_told_of_once_and_counted_each_time() {
    let spine = Spine::linked().await;
    say(&spine, "1", ZOOM).await;
    say(&spine, "2", &format!("again: {ZOOM}")).await;
    assert_eq!(notices(&spine).len(), 1);
    spine.clock.advance(Duration::from_secs(31 * 24 * 3600));
    say(&spine, "3", ZOOM).await;
    assert_eq!(notices(&spine).len(), 2);
    let figures = spine.store().figures(bot_core::portal::PortalId(1)).await.unwrap();
    let sum: u64 = figures.iter().flat_map(|week| &week.links).map(|(_, links)| links).sum();
    assert_eq!(sum, 3);
}

#[tokio::test]
async fn nobody_hears_more_than_the_caps_allow() {
    let mut spine = Spine::idle();
    spine.limits = Limits { room: 3, person: 2, quiet: None };
    spine.link().await;
    spine.start();
    for number in 0..4 {
        say(&spine, &format!("{number}"), &format!("https://zoom.us/j/{number}")).await;
    }
    assert_eq!(notices(&spine).len(), 2);
    for (number, who) in ["tom", "tess"].into_iter().enumerate() {
        let id = format!("x{number}");
        spine.hear(posted(&group(), &id, who, &format!("https://zoom.us/j/{id}"))).await;
        spine.settled(&bot_core::lane::core_place(&group())).await;
        spine.settled(&room()).await;
    }
    assert_eq!(notices(&spine).len(), 3);
}

#[tokio::test]
async fn quiet_hours_and_muted_classes_are_silent() {
    let mut spine = Spine::idle();
    let now = u16::try_from(crate::words::START.0.rem_euclid(DAY_MS) / 60_000).unwrap();
    spine.limits.quiet = Some(Quiet { from: now, to: now + 60, offset: 0 });
    spine.link().await;
    spine.start();
    say(&spine, "1", ZOOM).await;
    assert!(notices(&spine).is_empty());
    spine.clock.advance(Duration::from_secs(3600));
    assert_snapshot!(set(&spine, "forms, documents").await);
    say(&spine, "2", ZOOM).await;
    assert!(notices(&spine).is_empty());
    say(&spine, "3", "https://forms.gle/AbC").await;
    assert_snapshot!(notices(&spine).join("\n"));
    assert_snapshot!(set(&spine, "tea").await);
}

#[tokio::test]
async fn an_answer_that_is_taken_away_and_words_of_bots_get_no_notice() {
    let spine = Spine::linked().await;
    let mut said = message("robot", ZOOM);
    said.author.kind = bridge_model::AuthorKind::Bot;
    spine.hear(event(&group(), "1", Content::Posted(said))).await;
    spine.hear(replied(&group(), "2", "1", ("tina", "what is that?"))).await;
    for place in [room(), channel(), group()] {
        spine.settled(&place).await;
    }
    assert!(notices(&spine).is_empty());
}

#[test]
fn what_nobody_looked_at_lately_is_named_with_the_day_when_somebody_did() {
    let wording = Wording::new(I18n::embedded(), "en", "Freeside");
    let mut catalogue = Catalogue::built_in().unwrap();
    let zoom = catalogue.named("zoom").unwrap().clone();
    let checked = |catalogue: &mut Catalogue, checked_on| {
        let jitsi = catalogue.alternatives.iter_mut().find(|one| one.id == "jitsi").unwrap();
        jitsi.checked_on = checked_on;
    };
    let last_line = |catalogue: &Catalogue, today: i64| {
        let text = RichText::plain_text(ZOOM);
        let remark = bridge_policy::notice::judge(catalogue, &text, "en", today).remark.unwrap();
        let text = notice_text(&wording, catalogue, (&zoom, &remark), today).unwrap().plain();
        text.lines().last().unwrap().to_owned()
    };
    let day = Day { year: 2026, month: 11, day: 26 };
    checked(&mut catalogue, None);
    assert!(last_line(&catalogue, day.number()).contains("meet.ffmuc.net/, not checked)"));
    checked(&mut catalogue, Some(day));
    assert!(last_line(&catalogue, day.number()).contains("Jitsi Meet (https://meet.ffmuc.net/)"));
    let later = last_line(&catalogue, day.number() + 91);
    assert!(later.contains("meet.ffmuc.net/, last checked on November 26, 2026)"), "{later}");
}

#[test]
fn each_kind_of_notice_reads_well() {
    let wording = Wording::new(I18n::embedded(), "en", "Freeside");
    let catalogue = Catalogue::built_in().unwrap();
    let text = |id: &str, dial_in: Option<DialIn>| {
        let service = catalogue.named(id).unwrap();
        let class = service.class;
        let today = crate::words::START.0.div_euclid(DAY_MS);
        let information = matches!(id, "signal" | "bluesky");
        let alternatives = if information {
            Vec::new()
        } else {
            bridge_policy::notice::alternatives(&catalogue, service, "en", today)
        };
        let remark =
            Remark { service: id.into(), class, subject: id.into(), dial_in, alternatives };
        let text = notice_text(&wording, &catalogue, (service, &remark), today);
        format!("{}\n", text.unwrap().plain())
    };
    let dial_in = |pin: Option<&str>| {
        Some(DialIn { number: "+49 30 1234567".into(), pin: pin.map(str::to_owned) })
    };
    let all = [
        text("zoom", None),
        text("zoom", dial_in(None)),
        text("google-meet", dial_in(Some("123 456#"))),
        text("google-forms", None),
        text("telegram", None),
        text("discord", None),
        text("signal", None),
        text("bluesky", None),
        text("youtube", None),
        text("x", None),
        text("doodle", None),
        text("miro", None),
        text("google-drive", None),
        text("google-maps", None),
    ];
    assert_snapshot!(all.join("\n"));
    assert_eq!(Class::named("call"), Some(Class::Call));
}
