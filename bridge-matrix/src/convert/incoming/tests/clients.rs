// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tests of what clients and people do that the specification does not ask for.
//!
//! Rule: each test names one habit and what people of the other networks see of it.

use serde_json::json;

use super::*;

#[test]
fn a_line_ends_once_however_it_is_written() {
    for (body, expected) in [
        ("one\r\ntwo\r\nthree", "one\ntwo\nthree"),
        ("one\rtwo", "one\ntwo"),
        ("one\r\n\r\ntwo", "one\n\ntwo"),
    ] {
        assert_eq!(posted(text_message(body)).body.plain(), expected);
        assert_eq!(posted(text_message(body)).body, posted(text_message(expected)).body);
    }
}

#[test]
fn somebody_who_asks_to_verify_a_device_says_nothing() {
    let request = json!({
        "msgtype": "m.key.verification.request", "body": "@ann wants to verify",
        "from_device": "D", "methods": [], "to": BOT,
    });
    for private in [false, true] {
        let heard = events("!r", &raw("m.room.message", request.clone()), &own(private)).unwrap();
        assert!(heard.is_empty());
    }
}

#[test]
fn words_that_stand_in_the_html_alone_are_said() {
    let html = json!({
        "msgtype": "m.text", "format": "org.matrix.custom.html", "formatted_body": "<b>hi</b>",
    });
    assert_eq!(posted(html).body.plain(), "hi");
    let nothing = json!({ "msgtype": "m.text", "formatted_body": "hi" });
    assert!(events("!r", &raw("m.room.message", nothing), &own(false)).is_err());
}

#[test]
fn a_command_may_begin_with_a_capital_letter() {
    for body in ["!Freeside help", "!FREESIDE help", " !freeside help", "!freeside\thelp"] {
        let Content::Commanded(command) = content("m.room.message", text_message(body)) else {
            panic!("{body}")
        };
        assert_eq!(command.text, "help", "{body}");
        assert!(is_command(&raw("m.room.message", text_message(body)), &own(false)), "{body}");
    }
    for body in ["!freesidehelp", "!fréeside", "!free", "freeside", "freesidehelp"] {
        assert!(matches!(content("m.room.message", text_message(body)), Content::Posted(_)));
        assert!(!is_command(&raw("m.room.message", text_message(body)), &own(false)), "{body}");
    }
}

#[test]
fn a_command_about_oneself_counts_behind_a_bare_slash() {
    for body in ["/optout", "/Stop everywhere", " /optin", "/pseudonym on", "/mydata ERASE"] {
        let Content::Commanded(command) = content("m.room.message", text_message(body)) else {
            panic!("{body}")
        };
        assert_eq!(format!("/{}", command.text), body.trim(), "{body}");
    }
    for body in ["/stop talking", "/shrug", "/help", "stop", "// stop", "/", "optout"] {
        assert!(
            matches!(content("m.room.message", text_message(body)), Content::Posted(_)),
            "{body}"
        );
    }
}

fn named(bot_name: &str, said: Value) -> Content {
    let name = |id: &str| (id == BOT).then(|| bot_name.to_owned());
    let own = Own { name: &name, ..own(false) };
    events("!r", &raw("m.room.message", said), &own).unwrap().remove(0).content
}

#[test]
fn the_bot_listens_to_its_names() {
    for body in [
        "!freeside: status",
        "freeside status",
        "Freeside: status",
        "freeside, STATUS",
        "@freeside status",
        "@freeside:example.org: status",
        "The Bridge: status",
    ] {
        let Content::Commanded(command) = named("The Bridge", text_message(body)) else {
            panic!("{body}")
        };
        assert_eq!(command.text.to_lowercase(), "status", "{body}");
    }
    let mut pill = text_message("The Bridge set language de");
    pill["m.mentions"] = json!({ "user_ids": [BOT] });
    assert!(matches!(named("The Bridge", pill), Content::Commanded(_)));
}

#[test]
fn who_talks_about_the_bot_talks_to_people() {
    for body in [
        "freeside help us with this, please",
        "Freeside is nice",
        "freeside: thank you",
        "freesides status",
        "the freeside status",
        "The Bridge Help page is out of date",
    ] {
        let said = named("The Bridge", text_message(body));
        assert!(matches!(said, Content::Posted(_)), "{body}");
    }
}

#[test]
fn a_mistyped_command_is_mended_by_editing_it() {
    for (first, known) in
        [("!freeside statsu", false), ("!freeside status now", true), ("!freeside", true)]
    {
        let first = raw("m.room.message", text_message(first));
        assert!(is_command(&first, &own(false)));
        assert_eq!(is_known_command(&first, &own(false)), known);
    }
    let chatter = raw("m.room.message", text_message("hello"));
    assert!(!is_known_command(&chatter, &own(false)));
}

#[test]
fn what_is_edited_into_a_command_is_one_and_not_relayed() {
    let edit = |body: &str| {
        json!({
            "msgtype": "m.text", "body": format!("* {body}"), "m.new_content": text_message(body),
            "m.relates_to": { "rel_type": "m.replace", "event_id": "$first" },
        })
    };
    let asked = heard("m.room.message", edit("!freeside unlink"));
    assert!(matches!(asked.as_slice(), [Event { content: Content::Commanded(_), .. }]));
    assert_eq!(asked[0].message, MessageId::from("$e"));
    assert_eq!(heard("m.room.message", edit("hello")).len(), 1);
}

#[test]
fn a_name_for_one_message_stands_beside_the_accounts_own() {
    let mut said = text_message("hi");
    said["com.beeper.per_message_profile"] = json!({ "id": "t", "displayname": "Tanja" });
    assert_eq!(posted(said.clone()).author.name, "Tanja (Ann <b>)");
    said["com.beeper.per_message_profile"]["displayname"] = "Ann <b>".into();
    assert_eq!(posted(said.clone()).author.name, "Ann <b>");
    said["com.beeper.per_message_profile"]["displayname"] = "x".repeat(500).into();
    assert!(posted(said).author.name.ends_with("x (Ann <b>)"));
}

#[test]
fn what_an_old_client_quotes_stands_for_a_message_that_nobody_has() {
    let mut said = text_message("> <@bob:example.org> the old\n> thing\n\nI agree");
    said["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": "$o" } });
    said["format"] = "org.matrix.custom.html".into();
    let quote = |event: &str| {
        format!(
            "<mx-reply><blockquote><a href=\"https://matrix.to/#/!r:x/{event}?via=x\">In reply to</a> \
             <a href=\"https://matrix.to/#/@bob:example.org\">Bob</a><br>the old<br>thing\
             </blockquote></mx-reply>I agree"
        )
    };
    said["formatted_body"] = quote("$o").into();
    let message = posted(said.clone());
    let reply = message.reply_to.unwrap();
    assert_eq!(message.body.plain(), "I agree");
    assert_eq!(reply.excerpt.unwrap().plain(), "the old\nthing");
    // Whose words they were, only the homeserver says.
    assert_eq!((reply.name, reply.author), (None, None));
    // What does not name the answered event may be anything.
    said["formatted_body"] = quote("$other").into();
    assert_eq!(posted(said.clone()).reply_to.unwrap().excerpt, None);
    said["formatted_body"] = "<mx-reply>the old</mx-reply>I agree".into();
    assert_eq!(posted(said).reply_to.unwrap().excerpt, None);
}

#[test]
fn what_an_old_client_quotes_is_left_out_of_every_form_of_an_answer() {
    let quoted = "> <@bob:example.org> the old\n> thing\n\nI agree";
    let answer = json!({ "m.in_reply_to": { "event_id": "$o" } });
    let falling_back = json!({ "rel_type": "m.thread", "event_id": "$r", "is_falling_back": true,
        "m.in_reply_to": { "event_id": "$o" } });
    for relation in [answer, falling_back] {
        for body in
            [quoted.to_owned(), quoted.replace('\n', "\r\n"), quoted.replace("> <@", "> * <@")]
        {
            for kind in ["m.text", "m.notice", "m.emote"] {
                let said = json!({ "msgtype": kind, "body": body, "m.relates_to": relation });
                assert_eq!(posted(said).body.plain(), "I agree", "{kind} {body}");
            }
        }
    }
}

#[test]
fn a_custom_emoji_without_a_name_is_called_something() {
    let relation = json!({ "rel_type": "m.annotation", "event_id": "$m", "key": "mxc://x/y" });
    let reacted = content("m.reaction", json!({ "m.relates_to": relation }));
    let Content::Reacted { reaction: Reaction::Custom { name, .. }, .. } = reacted else {
        panic!("no reaction")
    };
    assert_eq!(name, "emoji");
}
