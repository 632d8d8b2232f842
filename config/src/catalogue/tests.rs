// SPDX-License-Identifier: AGPL-3.0-or-later
//! The built-in catalogue, and files with mistakes.

use super::*;

const SERVICES: &str = "\
    telegram discord slack whatsapp facebook-groups qq line signal zoom google-meet \
    microsoft-teams webex google-forms qualtrics surveymonkey typeform microsoft-forms airtable \
    google-docs office-365 notion dropbox youtube vimeo twitch facebook-live x instagram \
    tiktok doodle calendly eventbrite meetup miro canva figma github trello asana \
    google-drive google-sheets google-slides google-calendar google-maps google-photos \
    google-groups facebook facebook-events linkedin threads mentimeter slido kahoot padlet mural \
    jamboard jotform alchemer luma when2meet sympla pheedloop hopin gather airmeet whova loom \
    wetransfer linktree bitly medium substack reddit spotify amazon chatgpt deepl \
    tencent-meeting feishu yandex-telemost yandex-forms vk skyroom bluesky";

const ALTERNATIVES: &str = "\
    matrix irc zulip mattermost jitsi bigbluebutton element-call limesurvey nextcloud-forms \
    framaforms cryptpad campaign-events etherpad collabora hedgedoc wiki-page commons peertube \
    owncast mastodon framadate rallly mobilizon excalidraw penpot wikimedia-gitlab gerrit \
    phabricator codeberg";

/// Free, and worth a word.
const FREE: [&str; 2] = ["signal", "bluesky"];

fn built_in() -> Catalogue {
    Catalogue::built_in().unwrap_or_else(|errors| panic!("{errors}"))
}

fn of(url: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let path = url.path().to_ascii_lowercase();
    let all = built_in();
    let found = all.service(url.host_str().unwrap(), &path);
    found.map(|(service, cited)| format!("{}{}", service.id, if cited { ", cited" } else { "" }))
}

#[test]
fn the_built_in_catalogue_is_whole() {
    let all = built_in();
    for id in SERVICES.split_whitespace() {
        let service = all.named(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert!(service.is_proven(), "{id} has a fact without evidence");
        assert_eq!(service.counts_as_proprietary(), !FREE.contains(&id), "{id}");
    }
    assert!(all.named("skype").is_none(), "retired in May 2025");
    for id in ALTERNATIVES.split_whitespace() {
        let known = all.alternatives.iter().find(|one| one.id == id);
        let known = known.unwrap_or_else(|| panic!("{id} is missing"));
        assert!(known.licence.is_free() && known.licence.evidence.is_some(), "{id}");
        assert!(!known.instances.is_empty(), "{id}");
    }
    for service in &all.services {
        assert!(service.is_proven(), "{} has a fact without evidence", service.id);
        for id in &service.instead {
            assert!(all.alternatives.iter().any(|one| one.id == *id), "{}: {id}", service.id);
        }
    }
    for one in &all.alternatives {
        let named = all.services.iter().any(|service| service.instead.contains(&one.id));
        assert!(named || !one.replaces.is_empty(), "{} stands for nothing", one.id);
    }
    let ids: Vec<&str> = all.requirements.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["REQ-FREEDOM", "REQ-DRM", "REQ-BUG", "REQ-DOUBT", "NICE-NO-ID"]);
}

#[test]
fn facts_are_told_by_part() {
    let all = built_in();
    let parts = |id: &str| all.named(id).unwrap().proprietary_parts();
    assert_eq!(parts("telegram"), [Part::Server]);
    assert_eq!(parts("discord"), [Part::Client, Part::Server, Part::Script]);
    assert_eq!(parts("signal"), []);
    assert!(Service::needs(&all.named("telegram").unwrap().phone).is_some());
    assert!(Service::needs(&all.named("zoom").unwrap().account).is_none());
}

#[test]
fn links_that_use_a_service_are_told_from_links_about_it() {
    for (url, id) in [
        ("https://us02web.zoom.us/j/123456789?pwd=x", Some("zoom")),
        ("https://us02web.zoom.us/rec/share/aBc", Some("zoom")),
        ("https://events.zoom.us/ev/AbC", Some("zoom")),
        ("https://us02web.zoom.us/wc/123/join", Some("zoom")),
        ("https://zoom.us/download", None),
        ("https://zoom.us/", None),
        ("https://meet.google.com/abc-defg-hij", Some("google-meet")),
        ("https://meet.google.com/", None),
        ("https://teams.cloud.microsoft/meet/1", Some("microsoft-teams")),
        ("https://docs.google.com/forms/d/e/1FA/viewform", Some("google-forms")),
        ("https://docs.google.com/forms/", None),
        ("https://docs.google.com/a/wikimedia.org/forms/d/1", Some("google-forms")),
        ("https://docs.google.com/document/d/1x/edit", Some("google-docs")),
        ("https://docs.google.com/document/u/1/d/1x/edit", Some("google-docs")),
        ("https://docs.google.com/a/wikimedia.org/document/d/1x", Some("google-docs")),
        ("https://docs.google.com/spreadsheets/d/1x", Some("google-sheets")),
        ("https://docs.google.com/presentation/d/1x", Some("google-slides")),
        ("https://drive.google.com/drive/u/0/folders/1", Some("google-drive")),
        ("https://calendar.google.com/calendar/event?x=1", Some("google-calendar")),
        ("https://photos.app.goo.gl/abc", Some("google-photos")),
        ("https://groups.google.com/g/wiki", Some("google-groups")),
        ("https://groups.google.com/g/wiki/c/abc", Some("google-groups, cited")),
        ("https://maps.app.goo.gl/abc", Some("google-maps, cited")),
        ("https://www.google.de/maps/place/x", Some("google-maps, cited")),
        ("https://youtu.be/abc", Some("youtube, cited")),
        ("https://www.youtube.com/watch?v=abc", Some("youtube, cited")),
        ("https://www.youtube.com/live/abc", Some("youtube")),
        ("https://t.me/+AbCd", Some("telegram")),
        ("https://t.me/wikipedia", Some("telegram")),
        ("https://telegram.me/wikipedia", Some("telegram")),
        ("https://t.me/wikipedia/12", Some("telegram, cited")),
        ("https://t.me/joinchat/12ab", Some("telegram")),
        ("https://t.me/addstickers/wiki", None),
        ("https://discord.gg/wikipedia", Some("discord")),
        ("https://discord.com/channels/1/2/3", Some("discord, cited")),
        ("https://notzoom.us/j/1", None),
        ("https://company.webex.com/company/j.php?MTID=m1", Some("webex")),
        ("https://x.com/wikipedia/status/1", Some("x, cited")),
        ("https://help.x.com/en/about", None),
        ("https://netflix.com/title/1", Some("netflix, cited")),
        ("https://www.facebook.com/groups/wiki", Some("facebook-groups")),
        ("https://www.facebook.com/groups/wiki/posts/1", Some("facebook-groups, cited")),
        ("https://www.facebook.com/events/1", Some("facebook-events")),
        ("https://www.facebook.com/museum/posts/1", Some("facebook, cited")),
        ("https://www.eventbrite.co.uk/e/wiki-night-1", Some("eventbrite")),
        ("https://eventbrite.evil.example/e/1", None),
        ("https://github.com/wikimedia/mediawiki", Some("github, cited")),
    ] {
        assert_eq!(of(url).as_deref(), id, "{url}");
    }
}

#[test]
fn the_front_page_of_somebodys_own_host_is_used_and_that_of_the_service_is_not() {
    for (url, id) in [
        ("https://wikipedia-town.peatix.com/", "peatix"),
        ("https://wikimedia-jp.connpass.com", "connpass"),
        ("https://wikicamp.notion.site", "notion"),
        ("https://ann.substack.com/", "substack, cited"),
    ] {
        assert_eq!(of(url).as_deref(), Some(id), "{url}");
    }
    for url in [
        "https://peatix.com/",
        "https://www.peatix.com/",
        "https://help.peatix.com",
        "https://en.peatix.com/",
        "https://m.youtube.com/",
        "https://wikimedia.zoom.us/",
    ] {
        assert_eq!(of(url), None, "{url}");
    }
}

#[test]
fn free_links_are_known_by_their_host() {
    let all = built_in();
    let id = |host: &str, path: &str| all.alternative(host, path).map(|one| one.id.as_str());
    assert_eq!(id("meet.jit.si", "/wikimeet"), Some("jitsi"));
    assert_eq!(id("bbb.wikimedia.de", "/b/ann-abc"), Some("bigbluebutton"));
    assert_eq!(id("commons.wikimedia.org", "/wiki/file:x.webm"), Some("commons"));
    assert_eq!(id("cryptpad.fr", "/form/#/2/form/view/x"), Some("cryptpad-form"));
    // Anybody may have such a path, or such a label in the name of a host.
    for (host, path) in [
        ("commons.wikimedia.org", "/wiki/main_page"),
        ("meta.wikimedia.org", "/wiki/event:x"),
        ("medium.com", "/@ann/b"),
        ("flickr.com", "/p/x"),
        ("amazon.de", "/b/x"),
        ("linkedin.com", "/events/a-b-c-d-e"),
        ("jitsi.example.com", "/x"),
        ("example.org", "/wiki/page"),
    ] {
        assert_eq!(id(host, path), None, "{host}{path}");
    }
    assert_eq!(all.by_scheme("irc").map(|one| one.id.as_str()), Some("irc"));
}

#[test]
fn no_free_alternative_stands_on_a_host_of_a_service() {
    let all = built_in();
    for one in &all.alternatives {
        for instance in one.instances.iter().chain(&one.accounts) {
            let host = instance.url.host_str().unwrap();
            let service = all.service(host, &instance.url.path().to_ascii_lowercase());
            assert!(service.is_none(), "{}: {host}", one.id);
        }
    }
    let known = |host: &str| all.knows_host(host);
    assert!(known("zoom.us") && known("meet.jit.si") && known("kahoot.it"));
    assert!(!known("example.org"));
}

#[test]
fn entries_grow_stale_one_by_one() {
    let mut all = built_in();
    // Nobody has looked at any entry of the built-in catalogue yet.
    assert!(all.unchecked(20_783).iter().all(|(_, day)| day.is_none()));
    let count = all.unchecked(20_783).len();
    let day = Day { year: 2026, month: 11, day: 26 };
    assert_eq!((day.number(), day.to_string()), (20_783, "2026-11-26".to_owned()));
    let jitsi = all.alternatives.iter_mut().find(|one| one.id == "jitsi").unwrap();
    jitsi.checked_on = Some(day);
    assert_eq!(all.unchecked(20_783 + 90).len(), count - 1);
    assert!(all.unchecked(20_783 + 91).contains(&("jitsi", Some(day))));
    let zoom = all.services.iter_mut().find(|one| one.id == "zoom").unwrap();
    for fact in [&mut zoom.client, &mut zoom.server, &mut zoom.script].into_iter().flatten() {
        fact.checked_on = Some(day);
    }
    assert_eq!(zoom.checked_on(), None, "its account was never looked at");
    zoom.account = None;
    assert_eq!(zoom.checked_on(), Some(day));
}

fn mistakes(text: &str) -> String {
    let (_, errors) = read::read(text);
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_mistake_is_named_with_line_and_key() {
    let text = r#"
[[service]]
id = "Zoom!"
name = 3
class = "cal"
at = ["https://zoom.us", "Zoom.us/j"]
client = 3
server = { is = "proprietary", evidence = "zoom", checked_on = "today" }
phone = { is = "perhaps" }
colour = "blue"

[[alternative]]
id = "jitsi"
name = "Jitsi"
replaces = ["calls"]
licence = "Apache-2.0"
at = ["jitsi.*/"]
checked_on = 2026-11-26

[[servise]]
"#;
    let expected = "\
3:6: service Zoom!, id: is no short name. Use small letters, digits and hyphens.
5:9: service Zoom!, class: \"cal\" is not known. Did you mean \"call\"?
4:8: service Zoom!, name: is no text. Write it in double quotes.
6:6: service Zoom!, at: \"https://zoom.us\" begins with a scheme. Write host and beginning of the path, such as \"*.zoom.us/j/\".
6:6: service Zoom!, at: \"Zoom.us/j\" holds white space or capital letters. Write host and beginning of the path, such as \"*.zoom.us/j/\".
7:10: service Zoom!, client: is no fact. Write \"proprietary\", or { is = \"proprietary\", evidence = \"https://...\" }.
8:43: service Zoom!, server, evidence: is no address. Write one that begins with https://.
8:64: service Zoom!, server, checked_on: is no day. Write it without quotes, such as 2026-11-26.
9:16: service Zoom!, phone, is: \"perhaps\" is not known. Write one of: needed, sometimes, no.
10:1: service Zoom!, colour: is not known. See config/catalogue/README.md.
15:12: alternative jitsi, replaces: \"calls\" is not known. Did you mean \"call\"?
17:6: alternative jitsi, at: holds a host of any ending. Name each host: another one of that name may run anything.
20:3: servise: is no kind of entry. Did you mean [[service]]?";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&mistakes(text)), sorted(expected));
    assert!(mistakes("[[service]\nid = 1").contains("this is not TOML"));
    assert!(mistakes("[[service]]\nid = \"a\"").contains("service a, at: names no host"));
}

#[test]
fn a_local_file_adds_and_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("local.toml");
    let text = "[[service]]\nid = \"zoom\"\nname = \"Zoom of ours\"\nclass = \"call\"\n\
                severity = \"report\"\nat = [\"zoom.example.org/j/\"]\n\
                [[service]]\nid = \"new\"\nname = \"New\"\nclass = \"chat\"\nat = [\"new.example/\"]\n";
    std::fs::write(&path, text).unwrap();
    let all = Catalogue::load(Some(&path)).unwrap();
    assert_eq!(all.named("zoom").unwrap().name, "Zoom of ours");
    // Nobody has shown evidence.
    let new = all.named("new").unwrap();
    assert!(new.counts_as_proprietary() && !new.is_proven());
    let error = Catalogue::load(Some(&dir.path().join("none.toml"))).unwrap_err();
    assert!(error.to_string().contains("none.toml"), "{error}");
}
