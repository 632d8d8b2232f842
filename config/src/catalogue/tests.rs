// SPDX-License-Identifier: AGPL-3.0-or-later
//! The built-in catalogue, and files with mistakes.

use super::*;

const SERVICES: &str = "\
    telegram discord slack whatsapp facebook-groups qq line signal zoom google-meet microsoft-teams webex skype google-forms qualtrics surveymonkey typeform microsoft-forms airtable \
    google-docs office-365 notion dropbox youtube vimeo twitch facebook-live x instagram \
    tiktok doodle calendly eventbrite meetup miro canva figma github trello asana";

const ALTERNATIVES: &str = "\
    matrix irc zulip mattermost jitsi bigbluebutton element-call limesurvey nextcloud-forms \
    framaforms cryptpad campaign-events etherpad collabora hedgedoc wiki-page commons peertube \
    owncast mastodon framadate rallly mobilizon excalidraw penpot wikimedia-gitlab gerrit \
    phabricator codeberg";

fn built_in() -> Catalogue {
    Catalogue::built_in().unwrap_or_else(|errors| panic!("{errors}"))
}

fn of(url: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let path = url.path().to_ascii_lowercase();
    built_in().service(url.host_str().unwrap(), &path).map(|service| service.id.clone())
}

#[test]
fn the_built_in_catalogue_is_whole() {
    let all = built_in();
    for id in SERVICES.split_whitespace() {
        let service = all.named(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert!(service.is_proven(), "{id} has a fact without evidence");
        assert_eq!(service.counts_as_proprietary(), id != "signal", "{id}");
    }
    for id in ALTERNATIVES.split_whitespace() {
        let known = all.alternatives.iter().find(|one| one.id == id);
        let known = known.unwrap_or_else(|| panic!("{id} is missing"));
        assert!(known.licence.is_free() && known.licence.evidence.is_some(), "{id}");
        assert!(!known.instances.is_empty() && !known.replaces.is_empty(), "{id}");
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
        ("https://zoom.us/download", None),
        ("https://zoom.us/", None),
        ("https://meet.google.com/abc-defg-hij", Some("google-meet")),
        ("https://meet.google.com/", None),
        ("https://docs.google.com/forms/d/e/1FA/viewform", Some("google-forms")),
        ("https://docs.google.com/document/d/1x/edit", Some("google-docs")),
        ("https://youtu.be/abc", Some("youtube")),
        ("https://www.youtube.com/watch?v=abc", Some("youtube")),
        ("https://www.youtube.com/about/", None),
        ("https://t.me/+AbCd", Some("telegram")),
        ("https://t.me/wikipedia/12", None),
        ("https://discord.gg/wikipedia", Some("discord")),
        ("https://discord.com/channels/1/2/3", None),
        ("https://notzoom.us/j/1", None),
        ("https://company.webex.com/company/j.php?MTID=m1", Some("webex")),
        ("https://x.com/wikipedia/status/1", Some("x")),
        ("https://netflix.com/title/1", None),
        ("https://www.eventbrite.co.uk/e/wiki-night-1", Some("eventbrite")),
        ("https://github.com/wikimedia/mediawiki", Some("github")),
    ] {
        assert_eq!(of(url).as_deref(), id, "{url}");
    }
}

#[test]
fn free_links_are_known() {
    let all = built_in();
    let id = |host: &str, path: &str| all.alternative(host, path).map(|one| one.id.as_str());
    assert_eq!(id("meet.jit.si", "/wikimeet"), Some("jitsi"));
    assert_eq!(id("bbb.example.org", "/b/ann-abc"), Some("bigbluebutton"));
    assert_eq!(id("commons.wikimedia.org", "/wiki/file:x.webm"), Some("commons"));
    assert_eq!(id("cloud.example.org", "/apps/forms/s/x"), Some("nextcloud-forms"));
    assert_eq!(id("example.org", "/wiki/page"), None);
}

#[test]
fn a_stale_alternative_is_known_as_such() {
    let mut jitsi = built_in().alternatives.into_iter().find(|one| one.id == "jitsi").unwrap();
    jitsi.verified_on = Day { year: 2026, month: 11, day: 26 };
    assert_eq!(jitsi.verified_on.number(), 20_783);
    assert!(!jitsi.is_stale(20_783 + 90) && jitsi.is_stale(20_783 + 91));
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
client = "proprietary"
server = { is = "proprietary", evidence = "zoom", checked_on = "today" }
phone = { is = "perhaps" }
colour = "blue"

[[alternative]]
id = "jitsi"
name = "Jitsi"
replaces = ["calls"]
licence = "Apache-2.0"
verified_on = 2026-11-26

[[servise]]
"#;
    let expected = "\
3:6: service Zoom!, id: is no short name. Use small letters, digits and hyphens.
5:9: service Zoom!, class: \"cal\" is not known. Did you mean \"call\"?
4:8: service Zoom!, name: is no text. Write it in double quotes.
6:6: service Zoom!, at: \"https://zoom.us\" begins with a scheme. Write host and beginning of the path, such as \"*.zoom.us/j/\".
6:6: service Zoom!, at: \"Zoom.us/j\" holds white space or capital letters. Write host and beginning of the path, such as \"*.zoom.us/j/\".
7:10: service Zoom!, client: is no fact. Write { is = \"proprietary\", evidence = \"https://...\", checked_on = 2026-11-26 }.
8:43: service Zoom!, server, evidence: is no address. Write one that begins with https://.
8:64: service Zoom!, server, checked_on: is no day. Write it without quotes, such as 2026-11-26.
9:16: service Zoom!, phone, is: \"perhaps\" is not known. Write one of: needed, sometimes, no.
10:1: service Zoom!, colour: is not known. See config/catalogue/README.md.
15:12: alternative jitsi, replaces: \"calls\" is not known. Did you mean \"call\"?
19:3: servise: is no kind of entry. Did you mean [[service]]?";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&mistakes(text)), sorted(expected));
    assert!(mistakes("[[service]\nid = 1").contains("this is not TOML"));
    assert!(mistakes("[[service]]\nid = \"a\"").contains("service a, at: is missing"));
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
