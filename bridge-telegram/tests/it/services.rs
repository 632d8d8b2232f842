// SPDX-License-Identifier: AGPL-3.0-or-later
//! Service messages and changes of members, as the wire has them.

use bridge_model::{
    ChatChange, Content, Event, MemberChange, MessageKind, Note, Service, Timestamp,
};
use bridge_telegram::convert::incoming::{How, read, without_doubles};
use serde_json::{Value, json};

use crate::stage::posted;
use crate::wire::{GROUP, message, only, update, us};

fn person(id: i64, name: &str) -> Value {
    json!({ "id": id, "is_bot": false, "first_name": name })
}

/// The note of an event that is the line of a service message.
fn line(event: &Event) -> &Service {
    let message = posted(event).expect("a message");
    assert_eq!(message.kind, MessageKind::Notice);
    assert_eq!(event.message.as_str(), "5");
    assert!(message.body.is_empty());
    let [Note::Service(service)] = message.notes.as_slice() else { panic!("{message:?}") };
    service
}

fn one_line(fields: &Value) -> Service {
    line(&only(update(fields))).clone()
}

#[test]
fn coming_is_a_change_for_each_and_one_line() {
    let bot = json!({ "id": 7, "is_bot": true, "first_name": "Freeside" });
    let reading =
        update(&json!({ "new_chat_members": [person(44, "Eve"), bot, person(45, "Ivo")] }));
    let [eve, ivo, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
    for (event, name) in [(eve, "Eve"), (ivo, "Ivo")] {
        let Content::MemberChanged { who, change: MemberChange::Joined } = &event.content else {
            panic!("{event:?}")
        };
        assert_eq!(who.name, name);
    }
    assert_eq!(*line(notice), Service::Joined { names: vec!["Eve".into(), "Ivo".into()] });
    let only_us = update(&json!({ "new_chat_members": [{ "id": 7, "is_bot": true }] }));
    assert!(only_us.events.is_empty());
}

#[test]
fn leaving_and_being_removed_are_told_apart() {
    for (id, removed) in [(42, false), (44, true)] {
        let reading = update(&json!({ "left_chat_member": person(id, "Eve") }));
        let [change, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
        let Content::MemberChanged { change: MemberChange::Left, .. } = change.content else {
            panic!("{change:?}")
        };
        assert_eq!(*line(notice), Service::Left { name: "Eve".into(), removed });
    }
    assert!(update(&json!({ "left_chat_member": { "id": 7, "is_bot": true } })).events.is_empty());
}

#[test]
fn another_name_and_picture_change_the_chat() {
    let reading = update(&json!({ "new_chat_title": "Atlas" }));
    let [change, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
    let Content::ChatChanged { by, change } = &change.content else { panic!() };
    assert_eq!(by.as_ref().unwrap().as_str(), "42");
    assert_eq!(*change, ChatChange::Name("Atlas".into()));
    assert_eq!(*line(notice), Service::Renamed { to: "Atlas".into() });

    let size = json!({ "file_id": "P", "file_unique_id": "p", "width": 640, "height": 640 });
    let reading = update(&json!({ "new_chat_photo": [size] }));
    let [change, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
    let Content::ChatChanged { change: ChatChange::Avatar(Some(picture)), .. } = &change.content
    else {
        panic!("{change:?}")
    };
    assert_eq!(picture.reference, "P");
    assert_eq!(*line(notice), Service::Pictured { removed: false });

    let reading = update(&json!({ "delete_chat_photo": true }));
    let [change, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
    let Content::ChatChanged { change, .. } = &change.content else { panic!() };
    assert_eq!(*change, ChatChange::Avatar(None));
    assert_eq!(*line(notice), Service::Pictured { removed: true });
}

#[test]
fn a_pin_is_an_event_of_what_was_pinned() {
    let pinned = message(&json!({ "message_id": 3, "text": "rules" }));
    let reading = update(&json!({ "pinned_message": pinned }));
    let [pin, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
    assert_eq!((pin.message.as_str(), &pin.content), ("3", &Content::Pinned));
    assert_eq!(*line(notice), Service::Pinned);
    let reply = posted(notice).unwrap().reply_to.as_ref().unwrap();
    assert_eq!(reply.message.as_str(), "3");
    assert_eq!(reply.excerpt.as_ref().unwrap().plain(), "rules");
    // One that the bot cannot see.
    let gone = json!({ "message_id": 2, "date": 0, "chat": { "id": GROUP, "type": "supergroup" } });
    let reading = update(&json!({ "pinned_message": gone }));
    assert_eq!(reading.events[0].message.as_str(), "2");
}

/// A message of the topic that the message 2 opened, with these fields.
fn in_topic(fields: Value) -> Value {
    let mut all = json!({ "is_topic_message": true, "message_thread_id": 2,
        "reply_to_message": message(&json!({ "message_id": 2, "is_topic_message": true,
            "message_thread_id": 2, "forum_topic_created": { "name": "Trips", "icon_color": 1 } })),
    });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    all
}

#[test]
fn a_topic_is_a_thread_on_the_message_that_opened_it() {
    let opening = json!({ "message_id": 2, "is_topic_message": true, "message_thread_id": 2,
        "forum_topic_created": { "name": "Trips", "icon_color": 7_322_096 } });
    let event = only(update(&opening));
    let message = posted(&event).unwrap();
    assert_eq!(event.message.as_str(), "2");
    assert_eq!(message.thread, None, "the root stands in the group");
    assert_eq!(message.notes, [Note::Service(Service::ThreadOpened { name: "Trips".into() })]);

    let event = only(update(&in_topic(json!({ "text": "hi" }))));
    let message = posted(&event).unwrap();
    let thread = message.thread.as_ref().unwrap();
    assert_eq!((thread.root.as_str(), thread.name.as_deref()), ("2", Some("Trips")));
    assert_eq!(message.reply_to, None);
}

#[test]
fn general_and_reply_threads_are_no_threads() {
    for fields in [json!({ "text": "hi" }), json!({ "text": "hi", "message_thread_id": 9 })] {
        assert_eq!(posted(&only(update(&fields))).unwrap().thread, None);
    }
}

#[test]
fn changes_of_a_topic_are_events_of_its_root() {
    let cases = [
        (json!({ "forum_topic_edited": { "name": "Tours" } }), Some("Tours"), None),
        (json!({ "forum_topic_closed": {} }), None, Some(true)),
        (json!({ "forum_topic_reopened": {} }), None, Some(false)),
    ];
    for (fields, new_name, new_state) in cases {
        let reading = update(&in_topic(fields));
        let [change, notice] = reading.events.as_slice() else { panic!("{reading:?}") };
        assert_eq!(change.message.as_str(), "2");
        let Content::ThreadChanged { name, closed } = &change.content else { panic!("{change:?}") };
        assert_eq!((name.as_deref(), *closed), (new_name, new_state));
        line(notice);
        assert_eq!(posted(notice).unwrap().thread.as_ref().unwrap().root.as_str(), "2");
    }
    let icon = in_topic(json!({ "forum_topic_edited": { "icon_custom_emoji_id": "5" } }));
    assert_eq!(update(&icon).events.len(), 0);
    assert_eq!(one_line(&json!({ "general_forum_topic_hidden": {} })), Service::Other);
    assert_eq!(one_line(&json!({ "forum_topic_closed": {} })), Service::ThreadClosed);
}

#[test]
fn calls_boosts_and_timers_are_one_line() {
    let at = Timestamp(1_700_000_000_000);
    let cases = [
        (
            json!({ "video_chat_scheduled": { "start_date": 1_700_000_000 } }),
            Service::CallPlanned { at },
        ),
        (json!({ "video_chat_started": {} }), Service::CallStarted),
        (
            json!({ "video_chat_ended": { "duration": 75 } }),
            Service::CallEnded { seconds: Some(75) },
        ),
        (json!({ "video_chat_participants_invited": { "users": [] } }), Service::Other),
        (json!({ "boost_added": { "boost_count": 4 } }), Service::Boosted { count: 4 }),
        (
            json!({ "message_auto_delete_timer_changed": { "message_auto_delete_time": 86400 } }),
            Service::AutoDelete { seconds: 86_400 },
        ),
        (json!({ "chat_background_set": { "type": {} } }), Service::Other),
        (json!({ "new_chat_title": 7 }), Service::Other),
    ];
    for (fields, service) in cases {
        assert_eq!(one_line(&fields), service, "{fields}");
    }
}

#[test]
fn what_concerns_only_the_bot_is_silent() {
    for name in ["group_chat_created", "write_access_allowed", "web_app_data"] {
        let reading = update(&json!({ name: true }));
        assert_eq!((reading.events.len(), reading.how), (0, How::Whole), "{name}");
    }
}

#[test]
fn a_ticked_box_is_an_edit_of_the_list() {
    let list = message(&json!({ "message_id": 3, "from": person(43, "Bob"), "checklist": {
        "title": "Trip", "tasks": [{ "id": 1, "text": "Tent", "completion_date": 5 }] } }));
    let done = json!({ "checklist_message": list, "marked_as_done_task_ids": [1] });
    let event = only(update(&json!({ "checklist_tasks_done": done })));
    assert_eq!(event.message.as_str(), "3");
    let Content::Edited(message) = event.content else { panic!() };
    assert_eq!(
        (message.author.name.as_str(), message.body.plain().as_str()),
        ("Bob", "Trip\n• ☑ Tent")
    );
    let unseen = json!({ "checklist_tasks_done": { "marked_as_done_task_ids": [1] } });
    assert_eq!(one_line(&unseen), Service::Other);
}

#[test]
fn a_new_answer_is_an_edit_of_the_poll_unless_it_is_ours() {
    let poll = json!({ "id": "1", "question": "?", "options": [{ "text": "a" }, { "text": "b" }] });
    let by = |id: i64| {
        let poll = message(&json!({ "message_id": 3, "from": person(id, "X"), "poll": poll }));
        let added =
            json!({ "poll_message": poll, "option_persistent_id": "b", "option_text": "b" });
        update(&json!({ "poll_option_added": added })).events
    };
    assert!(matches!(by(43)[0].content, Content::Edited(_)));
    assert!(by(7).is_empty());
}

fn membership(user: &Value, old: &Value, new: &Value) -> Vec<Event> {
    let member = |state: &Value| {
        let mut state = state.clone();
        state.as_object_mut().unwrap().insert("user".into(), user.clone());
        state
    };
    let update = json!({ "update_id": 1, "chat_member": {
        "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
        "from": person(1, "Root"), "date": 1,
        "old_chat_member": member(old), "new_chat_member": member(new),
    }});
    // What moderators do is tried where it is read.
    let mut events = read(&update, &us()).events;
    events.retain(|event| !matches!(event.content, Content::Moderated(_)));
    events
}

#[test]
fn only_coming_and_going_change_a_member() {
    let status = |name: &str| json!({ "status": name });
    let muted = |inside: bool| json!({ "status": "restricted", "is_member": inside });
    let eve = person(44, "Eve");
    let cases = [
        (status("left"), status("member"), Some(MemberChange::Joined)),
        (status("kicked"), muted(true), Some(MemberChange::Joined)),
        (status("member"), status("kicked"), Some(MemberChange::Left)),
        (muted(true), muted(false), Some(MemberChange::Left)),
        (status("member"), status("administrator"), None),
        (status("member"), muted(true), None),
        (status("left"), status("kicked"), None),
    ];
    for (old, new, wanted) in cases {
        let events = membership(&eve, &old, &new);
        let change = events.first().map(|it| {
            let Content::MemberChanged { who, change } = &it.content else { panic!("{it:?}") };
            assert_eq!(who.name, "Eve");
            *change
        });
        assert_eq!(change, wanted, "{old} {new}");
    }
    let us = json!({ "id": 7, "is_bot": true, "first_name": "Freeside" });
    assert!(membership(&us, &status("left"), &status("member")).is_empty());
}

#[test]
fn whoever_lets_the_bot_in_again_opens_the_chat() {
    let status = |name: &str| json!({ "status": name });
    let ours = |new: &Value| {
        let update = json!({ "update_id": 1, "my_chat_member": {
            "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
            "from": person(1, "Root"), "date": 1,
            "old_chat_member": status("kicked"), "new_chat_member": new,
        }});
        let mut contents = read(&update, &us()).events.into_iter().map(|event| event.content);
        let first = contents.next().unwrap();
        let inside = matches!(first, Content::MemberChanged { .. });
        let rights = inside.then_some(Content::RightsChanged);
        assert_eq!(contents.collect::<Vec<_>>(), Vec::from_iter(rights));
        first
    };
    for inside in ["member", "administrator"] {
        let content = ours(&status(inside));
        let Content::MemberChanged { who, change } = content else { panic!("{content:?}") };
        assert_eq!((who.name.as_str(), change), ("Root", MemberChange::Joined));
    }
    assert_eq!(ours(&status("kicked")), Content::Closed);
}

#[test]
fn one_coming_that_is_told_twice_counts_once() {
    let status = |name: &str| json!({ "status": name });
    let eve = person(44, "Eve");
    let come = membership(&eve, &status("left"), &status("member"));
    let go = membership(&eve, &status("member"), &status("left"));
    let line = update(&json!({ "new_chat_members": [eve] })).events;
    let all = [come.clone(), line, go.clone(), come.clone()].concat();
    let kept = without_doubles(all);
    let changes: Vec<&Event> = kept.iter().filter(|it| posted(it).is_none()).collect();
    assert_eq!(changes, [&come[0], &go[0], &come[0]]);
    assert_eq!(kept.len(), 4, "the line stays");
}

#[test]
fn posts_are_signed() {
    let channel = json!({ "id": -77, "type": "channel", "title": "News", "username": "news" });
    let origin = json!({ "type": "channel", "chat": channel, "message_id": 4, "date": 1,
        "author_signature": "Ann" });
    let forwarded = only(update(&json!({
        "from": { "id": 777_000, "is_bot": false, "first_name": "Telegram" },
        "sender_chat": channel, "is_automatic_forward": true, "forward_origin": origin,
        "text": "extra",
    })));
    let message = posted(&forwarded).unwrap();
    assert_eq!(
        (message.author.name.as_str(), message.author.user.as_str()),
        ("News (Ann)", "-77/Ann")
    );
    assert_eq!(message.forwarded, None, "the channel speaks for itself");

    let admin = only(update(&json!({
        "from": { "id": 1_087_968_824, "is_bot": true, "first_name": "Group" },
        "sender_chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
        "author_signature": "Cartographer", "text": "hush",
    })));
    assert_eq!(posted(&admin).unwrap().author.name, "Maps (Cartographer)");
}
