// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rules of context, one by one.

use bridge_model::{Block, RichText, Span, Style};

use super::*;

const TODAY: i64 = 20_783;

fn catalogue() -> Catalogue {
    Catalogue::built_in().unwrap()
}

fn judged(text: &str) -> Verdict {
    judge(&catalogue(), &RichText::plain_text(text), "en", TODAY)
}

fn remark(text: &str) -> Option<String> {
    judged(text).remark.map(|remark| remark.service)
}

#[test]
fn a_proprietary_link_is_remarked_on() {
    let verdict = judged("we meet at https://zoom.us/j/123?pwd=Ab see you");
    let remark = verdict.remark.unwrap();
    assert_eq!((remark.service.as_str(), remark.class), ("zoom", Class::Call));
    assert_eq!(remark.subject, "zoom.us/j/123?pwd=Ab");
    assert_eq!(remark.alternatives, ["jitsi", "bigbluebutton"]);
    assert_eq!(verdict.used, ["zoom"]);
}

#[test]
fn a_free_link_beside_it_means_silence_and_is_counted_all_the_same() {
    let verdict = judged("https://meet.jit.si/wiki or else https://zoom.us/j/123");
    assert_eq!((verdict.remark, verdict.used), (None, vec!["zoom".to_owned()]));
    // Free for something else.
    assert_eq!(
        remark("https://zoom.us/j/1 notes: https://etherpad.wikimedia.org/p/x").unwrap(),
        "zoom"
    );
}

#[test]
fn words_of_others_and_code_are_silent() {
    let link = || vec![Span::text("https://zoom.us/j/123")];
    let quote = Block::Quote { blocks: vec![Block::Paragraph(link())], expandable: false };
    let code = Block::Code { language: None, text: "https://zoom.us/j/123".into() };
    let inline = Block::Paragraph(vec![Span {
        style: Style { code: true, ..Style::default() },
        ..Span::text("https://zoom.us/j/123")
    }]);
    for block in [quote, code, inline] {
        let verdict = judge(&catalogue(), &RichText(vec![block]), "en", TODAY);
        assert_eq!(verdict, Verdict::default());
    }
    let linked = Span::link("here", "https://zoom.us/j/123");
    let text = RichText(vec![Block::Paragraph(vec![linked])]);
    assert!(judge(&catalogue(), &text, "en", TODAY).remark.is_some());
}

#[test]
fn a_dial_in_is_repeated_as_it_stands() {
    let dial_in = |text: &str| judged(text).remark.unwrap().dial_in;
    let number = |number: &str, pin: Option<&str>| {
        Some(DialIn { number: number.into(), pin: pin.map(str::to_owned) })
    };
    assert_eq!(dial_in("https://zoom.us/j/1"), None);
    let text = "https://zoom.us/j/1\nOne tap mobile\n+16465588656,,123456789# US";
    assert_eq!(dial_in(text), number("+16465588656,,123456789#", None));
    let text = "https://meet.google.com/abc-defg-hij phone +49 30 300195061 PIN: 123 456 789#";
    assert_eq!(dial_in(text), number("+49 30 300195061", Some("123 456 789#")));
    assert_eq!(dial_in("https://zoom.us/j/1 in room 5 + 2 chairs"), None);
}

#[test]
fn videos_are_remarked_on_where_they_are_the_place_to_watch() {
    assert_eq!(remark("what a film https://youtu.be/abc"), None);
    assert_eq!(judged("what a film https://youtu.be/abc").used, ["youtube"]);
    assert_eq!(remark("the keynote is live now: https://youtu.be/abc").unwrap(), "youtube");
    assert_eq!(remark("https://www.youtube.com/live/abc").unwrap(), "youtube");
    let second =
        "Livestream https://commons.wikimedia.org/wiki/File:X.webm, also https://youtu.be/a";
    assert_eq!(remark(second), None);
}

#[test]
fn reports_only_are_silent_and_free_services_are_not_counted() {
    let verdict = judged("see https://github.com/wikimedia/mediawiki");
    assert_eq!((verdict.remark, verdict.used), (None, vec!["github".to_owned()]));
    assert_eq!(judged("see https://signal.group/"), Verdict::default());
    let verdict = judged("our group: https://signal.group/#CjQKI");
    assert!(verdict.used.is_empty());
    assert_eq!(verdict.remark.unwrap().alternatives, Vec::<String>::new());
}

#[test]
fn the_same_link_is_the_same_however_it_was_shared() {
    let subject = |text: &str| judged(text).remark.unwrap().subject;
    let one = subject("https://www.youtube.com/watch?v=Ab1&utm_source=x is live now");
    assert_eq!(one, subject("HTTPS://YOUTUBE.com/watch?v=Ab1&feature=share#t=3 is live now"));
    assert_ne!(one, subject("https://youtube.com/watch?v=ab1 is live now"));
    // All boards of one service are one subject.
    assert_eq!(subject("https://miro.com/app/board/a"), subject("https://miro.com/app/board/b"));
}

#[test]
fn links_are_found_in_any_writing() {
    for text in [
        "请加入https://zoom.us/j/123，谢谢",
        "(zoom.us/j/123)",
        "Join: <https://zoom.us/j/123>.",
        "«https://zoom.us/j/123»",
        "**https://zoom.us/j/123**",
        "انضموا https://zoom.us/j/123.",
    ] {
        assert_eq!(remark(text).as_deref(), Some("zoom"), "{text}");
    }
    for text in
        ["ann@zoom.us/j/1", "https://ann@zoom.us/j/1", "zoom.us", "v1.2/j/1", "ftp://zoom.us/j/1"]
    {
        assert_eq!(remark(text), None, "{text}");
    }
}

#[test]
fn without_evidence_nothing_is_said_and_all_is_counted() {
    let mut all = catalogue();
    for service in &mut all.services {
        service.client = None;
        if let Some(server) = &mut service.server {
            server.evidence = None;
        }
    }
    let text = RichText::plain_text("https://zoom.us/j/123 https://signal.group/abc");
    let verdict = judge(&all, &text, "en", TODAY);
    assert_eq!(
        (verdict.remark, verdict.used),
        (None, vec!["zoom".to_owned(), "signal".to_owned()])
    );
}

#[test]
fn what_wikimedia_runs_comes_first_then_the_language_of_the_readers() {
    let all = catalogue();
    for service in &all.services {
        let named = alternatives(&all, service, "de", TODAY);
        let own = |id: &String| {
            let one = all.alternatives.iter().find(|one| one.id == *id).unwrap();
            one.is_wikimedias_own()
        };
        assert!(named.iter().is_sorted_by_key(|id| !own(id)), "{}: {named:?}", service.id);
        let counted = matches!(service.severity, Severity::Report | Severity::Information);
        assert!(counted || !named.is_empty(), "{}", service.id);
    }
    let named = |id: &str, language| alternatives(&all, all.named(id).unwrap(), language, TODAY);
    assert_eq!(named("google-docs", "en"), ["etherpad", "wiki-page"]);
    assert_eq!(named("google-photos", "en"), ["commons"]);
    assert_eq!(named("google-forms", "fr"), ["campaign-events", "cryptpad-form"]);
    assert_eq!(named("doodle", "de"), ["framadate", "rallly"]);
}

#[test]
fn what_nobody_has_looked_at_is_named_after_what_somebody_has() {
    let mut all = catalogue();
    let text = RichText::plain_text("https://zoom.us/j/123");
    let named =
        |all: &Catalogue, today| judge(all, &text, "en", today).remark.unwrap().alternatives;
    assert_eq!(named(&all, TODAY), ["jitsi", "bigbluebutton"]);
    let call = all.alternatives.iter_mut().find(|one| one.id == "element-call").unwrap();
    call.checked_on = Some(bridge_config::catalogue::Day { year: 2026, month: 11, day: 26 });
    assert_eq!(named(&all, TODAY), ["element-call", "jitsi"]);
    assert_eq!(named(&all, TODAY + 91), ["jitsi", "bigbluebutton"]);
}

#[test]
fn a_source_is_no_invitation() {
    for text in [
        "The club confirmed it: https://x.com/club/status/1",
        "Look at this https://www.instagram.com/p/abc",
        "A good read https://medium.com/@ann/b",
        "Our photo stood on https://www.facebook.com/museum/posts/1 before",
        "He said so in https://t.me/mayor/12",
    ] {
        assert_eq!(remark(text), None, "{text}");
    }
    for (text, id) in [
        ("Follow us: https://x.com/club", "x"),
        ("We are on https://www.instagram.com/wiki now. Follow us!", "instagram"),
        ("Join our group! https://t.me/wiki", "telegram"),
        ("https://t.me/wiki", "telegram"),
        ("Come and ask us anything https://www.reddit.com/r/IAmA/1", "reddit"),
    ] {
        assert_eq!(remark(text).as_deref(), Some(id), "{text}");
    }
    // What is asked stands in another sentence than the source.
    let text = "Join us tonight at the library. Nice thread by the way: https://x.com/ann/status/1";
    assert_eq!(judged(text).why, Why::NotAsked);
}

#[test]
fn a_page_of_a_wiki_makes_a_form_free_only_where_one_may_choose() {
    let form = "https://forms.gle/abc";
    let text = format!("Rules on https://meta.wikimedia.org/wiki/Event:X, apply in {form}");
    assert_eq!(remark(&text).as_deref(), Some("google-forms"));
    let text = format!("Sign up on https://meta.wikimedia.org/wiki/X or in {form}");
    assert_eq!(judged(&text).why, Why::WikiBeside);
    let text = format!("https://meta.wikimedia.org/wiki/Special:RegisterForEvent/1 ({form})");
    assert_eq!(judged(&text).why, Why::FreeBeside);
}

#[test]
fn a_host_that_nobody_knows_is_free_only_by_its_name_in_the_message() {
    let zoom = "https://zoom.us/j/1";
    let text = format!("{zoom} or BigBlueButton: https://bbb.club.example/b/ann");
    let verdict = judged(&text);
    assert_eq!((verdict.why, verdict.unknown), (Why::FreeBeside, vec!["bbb.club.example".into()]));
    for text in [
        format!("{zoom} programme: https://jitsi.club.example/p/x"),
        format!("Jitsi did not work, so {zoom}; the programme is on https://club.example/x"),
    ] {
        assert_eq!(remark(&text).as_deref(), Some("zoom"), "{text}");
    }
    for free in ["#wiki:example.org", "irc://irc.libera.chat/wiki", "#wikipedia on Libera"] {
        let text = format!("https://discord.gg/wiki and {free}");
        assert_eq!(judged(&text).why, Why::FreeBeside, "{text}");
    }
}

#[test]
fn hosts_that_no_entry_tells_of_are_listed() {
    let text = "https://www.new.example/x https://new.example/y https://zoom.us/pricing \
                https://de.wikipedia.org/wiki/X https://wikimedia.se/x https://meet.jit.si/x \
                https://other.example";
    assert_eq!(judged(text).unknown, ["new.example", "other.example"]);
    let quoted = as_typed("> https://new.example/x\n`https://other.example/y`");
    assert_eq!(judge(&catalogue(), &quoted, "en", TODAY), Verdict::default());
}

#[test]
fn what_does_not_take_place_and_what_is_fraud_is_silent() {
    let zoom = "https://zoom.us/j/1";
    for (text, why) in [
        (format!("Tonight is cancelled ({zoom})"), Why::CalledOff),
        (format!("No meeting, it is cancelled. {zoom} is for next week"), Why::CalledOff),
        (format!("Please don't use {zoom} any more"), Why::NotUsed),
        (format!("Phishing! Somebody sends {zoom}"), Why::Fraud),
        (format!("The hall is cancelled, join us here instead: {zoom}"), Why::TakesPart),
        (format!("The old link no longer works, use this one: {zoom}"), Why::TakesPart),
        (format!("Workshop about phishing: {zoom}"), Why::TakesPart),
    ] {
        assert_eq!(judged(&text).why, why, "{text}");
    }
}

#[test]
fn numbers_of_people_and_amounts_are_no_dial_in() {
    let number = |text: &str| {
        let verdict = judged(&format!("https://zoom.us/j/1 {text}"));
        verdict.remark.unwrap().dial_in.map(|it| it.number)
    };
    for text in [
        "call me on +49 170 1234567",
        "ruft mich an +49 170 1234567",
        "budget +12000000 EUR",
        "My phone: +49 170 1234567",
        "Telefon für Fragen: +49 170 1234567",
        "dial in on 2026-11-26",
        "join by phone with meeting ID 842 1122 3344",
        "sur WhatsApp +33 6 12 34 56 78",
        "tel. 18:00",
        "Phone: +39 347 1122334",
        "\n--\nPriya Nair\nTel: +91 98450 12345",
        "С уважением, Ольга, тел. +7 903 555-44-33",
        "organiser Tom, phone 0207 946 0958",
        "联系电话：13812345678",
    ] {
        assert_eq!(number(text), None, "{text}");
    }
    for (text, known) in [
        ("Einwahl: 030 123 456 78, PIN 4455", "030 123 456 78"),
        ("(US) +1 302-555-0134 PIN: 445 566#", "+1 302-555-0134"),
        ("+16465588656,,97531864200#", "+16465588656,,97531864200#"),
        ("تلفنی: ۰۲۱ ۱۲۳۴ ۵۶۷۸", "۰۲۱ ۱۲۳۴ ۵۶۷۸"),
        ("电话拨入：010-12345678", "010-12345678"),
        ("By phone:\n+49 30 1234567", "+49 30 1234567"),
        ("Join by phone\n+1-415-655-0002 United States Toll", "+1-415-655-0002"),
        ("Einwahl nach aktuellem Standort\n\n+49 69 505 0259 Deutschland", "+49 69 505 0259"),
        ("Componi in base alla tua posizione\n+39 069 480 648 Italia", "+39 069 480 648"),
        ("Panggil melalui lokasi Anda\n+62 21 5021 7275 Indonesia", "+62 21 5021 7275"),
        ("Tel.: 030 123 456 78, PIN 4455", "030 123 456 78"),
    ] {
        assert_eq!(number(text).as_deref(), Some(known), "{text}");
    }
}

#[test]
fn what_does_not_open_for_somebody_is_no_invitation() {
    for text in [
        "https://forms.gle/a gives me an error, is it just me?",
        "I can't open https://docs.google.com/document/d/1, it says permission denied",
        "Bei mir kommt bei https://forms.gle/a nur eine Fehlermeldung",
        "https://forms.gle/a me renvoie une erreur, vous aussi ?",
        "No puedo abrir https://forms.gle/a, me pide permiso",
        "У меня https://forms.gle/a выдаёт ошибку",
        "الرابط https://forms.gle/a لا يفتح عندي",
        "https://forms.gle/a मेरे यहाँ नहीं खुल रहा",
        "Tidak bisa buka https://forms.gle/a, minta izin akses",
        "这个表单 https://forms.gle/a 我打不开",
    ] {
        assert_eq!(judged(text).why, Why::Broken, "{text}");
    }
    for text in [
        "If the link doesn't work try https://forms.gle/a",
        "Si le lien ne marche pas : https://forms.gle/a",
        "The wiki page is broken, so the new form is https://forms.gle/a",
        "Signaler une erreur : https://forms.gle/a",
    ] {
        assert_eq!(remark(text).as_deref(), Some("google-forms"), "{text}");
    }
}

#[test]
fn a_meeting_that_was_is_no_invitation_and_its_recording_is_shown() {
    let zoom = "https://zoom.us/j/1";
    for text in [
        format!("Yesterday we met on {zoom}, 14 people came"),
        format!("Gestern waren wir zu zwölft auf {zoom}, hat Spaß gemacht"),
        format!("Hier on était dix sur {zoom}, super ambiance"),
        format!("Вчера собирались в {zoom}, было человек пятнадцать"),
        format!("昨天我们在 {zoom} 聚会"),
    ] {
        assert_eq!(judged(&text).why, Why::Over, "{text}");
    }
    for text in [
        format!("As announced yesterday, the call is here: {zoom}"),
        format!("It was great, join us again: {zoom}"),
        "What took place yesterday: https://zoom.us/rec/share/1".to_owned(),
        format!("会议链接来了：{zoom}"),
    ] {
        assert_eq!(remark(&text).as_deref(), Some("zoom"), "{text}");
    }
}

#[test]
fn a_meeting_that_is_put_off_takes_place_if_the_message_says_when() {
    let zoom = "https://zoom.us/j/1";
    for text in [
        format!("Postponed by one hour! We start at 19:00 UTC: {zoom}"),
        format!("Verschoben auf Donnerstag: {zoom}"),
        format!("Das Treffen wird auf Donnerstag verschoben. {zoom}"),
        format!("Перенесли на четверг: {zoom}"),
        format!("推迟到周四：{zoom}"),
    ] {
        assert_eq!(judged(&text).why, Why::TakesPart, "{text}");
    }
    for text in [
        format!("The meeting of 19:00 is postponed ({zoom})"),
        format!("Das Treffen am Donnerstag wird verschoben ({zoom})"),
        format!("Reporté. Nouvelle date bientôt, {zoom}"),
    ] {
        assert_eq!(judged(&text).why, Why::CalledOff, "{text}");
    }
}

#[test]
fn who_gives_a_place_back_calls_no_meeting_off() {
    for text in [
        "If you can't come please cancel your ticket: https://www.eventbrite.com/e/1",
        "Wer doch nicht kann, bitte wieder absagen: https://www.eventbrite.de/e/1",
        "Merci d'annuler votre inscription : https://www.eventbrite.fr/e/1",
        "Si no pueden venir, cancelen su inscripción acá: https://www.eventbrite.es/e/1",
        "Если не сможете, отмените регистрацию: https://www.eventbrite.com/e/1",
    ] {
        assert_eq!(remark(text).as_deref(), Some("eventbrite"), "{text}");
    }
    // "Install" and "installez" begin like a Swedish word for it.
    let text = "Install the app, https://zoom.us/j/1";
    assert_eq!(judged(text).why, Why::TakesPart);
    assert_eq!(judged("Mötet är inställt, https://zoom.us/j/1").why, Why::CalledOff);
}

#[test]
fn a_page_that_only_leads_on_is_the_page_it_leads_to() {
    let teams = "https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F1";
    for (text, id) in [
        (
            format!("https://eur01.safelinks.protection.outlook.com/?url={teams}&data=05"),
            "microsoft-teams",
        ),
        ("https://www.google.com/url?q=https://forms.gle/a&sa=D".to_owned(), "google-forms"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fzoom.us%2Fj%2F1&h=A".to_owned(), "zoom"),
        ("https://www.youtube.com/redirect?q=https%3A%2F%2Fzoom.us%2Fj%2F1".to_owned(), "zoom"),
    ] {
        let verdict = judged(&text);
        assert_eq!(verdict.remark.map(|it| it.service).as_deref(), Some(id), "{text}");
        assert!(verdict.unknown.is_empty(), "{text}");
    }
    for text in [
        "https://web.archive.org/web/2020/https://zoom.us/j/1",
        "https://example.org/?url=https%3A%2F%2Fzoom.us%2Fj%2F1",
        "https://www.google.com/url?q=%zz",
    ] {
        assert_eq!(remark(text), None, "{text}");
    }
}

#[test]
fn the_name_of_a_host_is_a_link_where_people_type_a_code() {
    let plain = RichText::plain_text;
    for (text, id) in [
        ("Go to menti.com and use the code 4471 9023", "mentimeter"),
        ("Ask at Sli.do, code #WikiCon27", "slido"),
        ("kahoot.it 882113", "kahoot"),
    ] {
        assert!(is_worth_it(&plain(text)), "{text}");
        assert_eq!(remark(text).as_deref(), Some(id), "{text}");
    }
    for text in ["menti.com is down", "zoom.us 882113", "see README.md and v1.2.3 of 2026"] {
        let verdict = judged(text);
        assert_eq!((verdict.remark, verdict.unknown), (None, Vec::new()), "{text}");
    }
    assert!(!is_worth_it(&plain("menti.com is down")));
}

#[test]
fn a_host_of_wikimedia_is_what_its_name_says() {
    let zoom = "https://zoom.us/j/1";
    for text in [
        format!("https://bbb.wikimedia.ch/b/ann-1 (if that fails: {zoom})"),
        format!(
            "Jitsi: https://meet.wikimedia.org.example https://talk.wikimedia.de/x Jitsi, {zoom}"
        ),
    ] {
        assert_eq!(judged(&text).why, Why::FreeBeside, "{text}");
    }
    for text in [
        format!("https://bbb.wikimedia.example.com/b/ann-1 {zoom}"),
        format!("About Jitsi: https://meta.wikimedia.org/wiki/Jitsi {zoom}"),
    ] {
        assert_eq!(remark(&text).as_deref(), Some("zoom"), "{text}");
    }
}

#[test]
fn those_who_put_links_into_articles_invite_nobody() {
    for text in [
        "The user keeps adding https://t.me/deals to BLPs",
        "Die IP fügt ständig https://t.me/gewinn in Artikel ein",
        "Une IP ajoute https://t.me/argent partout, merci de bloquer",
        "Спамер опять добавляет ссылки на https://t.me/kazino",
        "有IP反复在条目里加 https://t.me/zhuanqian ，请封禁",
    ] {
        assert_eq!(judged(text).why, Why::Evidence, "{text}");
    }
    assert_eq!(remark("Vandal fighters chat: https://t.me/cvn").as_deref(), Some("telegram"));
}

#[test]
fn a_message_of_links_costs_little_and_all_are_counted() {
    let text: String = (0..2000).map(|it| format!("word t.me/w{it} host{it}.example/x ")).collect();
    let verdict = judged(&format!("{text} zoom.us/j/1"));
    assert_eq!(verdict.used, ["telegram", "zoom"]);
    assert_eq!(verdict.unknown.len(), 2000);
    assert_eq!(verdict.remark.unwrap().service, "telegram");
}

#[test]
fn of_a_meeting_that_is_called_off_there_is_a_next_one_and_something_to_read() {
    for (text, id) in [
        ("The call of today is cancelled. Next one is on 20 January, https://zoom.us/j/1", "zoom"),
        ("Heute fällt es aus. Nächstes Treffen am 20.1.: https://zoom.us/j/1", "zoom"),
        (
            "The call is cancelled. Notes so far: https://docs.google.com/document/d/1",
            "google-docs",
        ),
        ("Noch 5 Plätze frei nach Absagen! https://www.eventbrite.de/e/1", "eventbrite"),
    ] {
        assert_eq!(remark(text).as_deref(), Some(id), "{text}");
    }
}

#[test]
fn a_question_about_a_group_is_no_invitation_to_it() {
    for text in [
        "Is https://t.me/wikipedia an official channel?",
        "Darf man https://www.facebook.com/groups/x als Weblink eintragen?",
        "¿Alguien sabe si https://t.me/wikibo es nuestro?",
    ] {
        assert_eq!(remark(text), None, "{text}");
    }
    for text in ["Questions? https://t.me/wiki", "Want to talk to us? Here: https://t.me/wiki"] {
        assert_eq!(remark(text).as_deref(), Some("telegram"), "{text}");
    }
}
