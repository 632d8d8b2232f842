// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the homeserver is, and whether it knows the bridge.
//!
//! Rule: nothing is changed: no account is made, no room entered. The ping goes through the homeserver
//! back to the bridge. Source: <https://spec.matrix.org/v1.16/application-service-api/>.

use bot_core::clock::Clock;
use bridge_config::Config;
use reqwest::Url;
use serde_json::{Value, json};

use super::ask::{Answer, Asker, Reply};
use super::finding::{Finding, FindingKind, Findings};

/// Clocks may differ by so many seconds.
const CLOCK_SKEW: i64 = 5 * 60;
/// The oldest Synapse that was tried: the second number of its version.
const OLDEST_SYNAPSE: u32 = 98;
/// Files that Telegram gives out have so many bytes at most.
const TELEGRAM_FILE: u64 = 20_000_000;
/// A ghost that nobody has: digits do not occur in base32 of pseudonyms.
const NOBODY: &str = "0check";

/// A homeserver that answers.
#[derive(Debug)]
pub(crate) struct Homeserver {
    /// Such as `Synapse 1.163.2`, where it says so.
    pub(crate) software: Option<String>,
    /// The newest version of the specification that it speaks: the second number.
    pub(crate) speaks: u32,
    /// Its own name, where it can be asked.
    pub(crate) name: Option<String>,
    /// Its clock, in seconds since 1970.
    date: Option<i64>,
}

impl Homeserver {
    /// In a line, with what it lacks.
    pub(crate) fn describe(&self) -> String {
        let software = self.software.as_deref().unwrap_or("a Matrix homeserver");
        let lacks = match self.speaks {
            ..7 => {
                "; it cannot test its connection to the bridge, and files are fetched by the old address"
            }
            7..11 => "; files are fetched by the old address",
            11.. => "",
        };
        format!("{software}, speaks Matrix 1.{}{lacks}", self.speaks)
    }

    /// Whether it is a Synapse that is older than what was tried.
    pub(crate) fn is_untried(&self) -> bool {
        let version = self.software.as_deref().and_then(|it| it.strip_prefix("Synapse 1."));
        let minor = version.map(|it| it.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(""));
        minor.and_then(|it| it.parse().ok()).is_some_and(|minor: u32| minor < OLDEST_SYNAPSE)
    }
}

fn at(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

/// What is at an address.
///
/// # Errors
/// What stands there instead of a homeserver that the bridge can work with.
pub(crate) async fn reach(asker: &Asker, base: &Url) -> Result<Homeserver, Finding> {
    let reply = match asker.get(&at(base, "/_matrix/client/versions")).await {
        Answer::Json(reply) => reply,
        Answer::Page(status @ 500..) => {
            let words = "no answer of a homeserver";
            return Err(Finding::new(FindingKind::HomeserverFailing, [base, &status, &words]));
        }
        Answer::Page(status) => {
            return Err(Finding::new(FindingKind::HomeserverPage, [base, &status]));
        }
        Answer::Moved(to) => return Err(Finding::new(FindingKind::HomeserverMoved, [base, &to])),
        Answer::Silent(why) => {
            return Err(Finding::new(FindingKind::HomeserverUnreachable, [base, &why]));
        }
    };
    let versions = reply.body.get("versions").and_then(Value::as_array);
    let Some(versions) = versions.filter(|_| reply.is_success()) else {
        let words = format!("{} {}", reply.text("/errcode"), reply.text("/error"));
        return Err(match reply.status {
            500.. => Finding::new(FindingKind::HomeserverFailing, [base, &reply.status, &words]),
            status => Finding::new(FindingKind::HomeserverPage, [base, &status]),
        });
    };
    let names: Vec<&str> = versions.iter().filter_map(Value::as_str).collect();
    let minors = names.iter().filter_map(|name| name.strip_prefix("v1.")?.parse::<u32>().ok());
    let Some(speaks) = minors.max() else {
        let newest = names.last().copied().unwrap_or("nothing");
        return Err(Finding::new(FindingKind::HomeserverOld, [base, &newest]));
    };
    let software = software(asker, base, &reply).await;
    let name = own_name(asker, base).await;
    Ok(Homeserver { software, speaks, name, date: reply.date })
}

/// Name and version, which the federation API tells, and the header of Synapse.
async fn software(asker: &Asker, base: &Url, versions: &Reply) -> Option<String> {
    let told = asker.get(&at(base, "/_matrix/federation/v1/version")).await;
    if let Answer::Json(reply) = &told
        && !reply.text("/server/name").is_empty()
    {
        return Some(format!("{} {}", reply.text("/server/name"), reply.text("/server/version")));
    }
    let header = versions.server.as_deref()?;
    let (name, version) = header.split_once('/')?;
    (name == "Synapse").then(|| format!("{name} {version}"))
}

/// The domain in its user ids, where it serves its keys at this address.
async fn own_name(asker: &Asker, base: &Url) -> Option<String> {
    let Answer::Json(reply) = asker.get(&at(base, "/_matrix/key/v2/server")).await else {
        return None;
    };
    Some(reply.text("/server_name").to_owned()).filter(|name| !name.is_empty())
}

/// Looks at the homeserver of a configuration. `runs` says whether the bridge can answer a ping.
pub(super) async fn examine(
    (config, asker): (&Config, &Asker),
    clock: &dyn Clock,
    runs: bool,
    found: &mut Findings,
) {
    let homeserver = match reach(asker, &config.homeserver.url).await {
        Ok(homeserver) => homeserver,
        Err(wrong) => return found.wrong.push(wrong),
    };
    found.fine(format!("homeserver {}: {}", config.homeserver.url, homeserver.describe()));
    if homeserver.is_untried() {
        found.add(
            FindingKind::HomeserverUntried,
            [&homeserver.software.as_deref().unwrap_or_default()],
        );
    }
    if let Some(name) = homeserver.name.filter(|it| *it != config.homeserver.server_name) {
        found.add(FindingKind::ServerName, [&name, &config.homeserver.server_name]);
    }
    same_time(("the homeserver", homeserver.date), clock, found);
    if knows_us(config, asker, found).await {
        ghosts(config, asker, found).await;
        limits(config, asker, found).await;
        if runs {
            ping(config, asker, found).await;
        }
    }
    admin(config, asker, found).await;
}

/// Compares a server's clock, in seconds since 1970, with ours.
pub(super) fn same_time(
    (whose, theirs): (&str, Option<i64>),
    clock: &dyn Clock,
    found: &mut Findings,
) {
    let ours = clock.now().0 / 1000;
    let Some(theirs) = theirs.filter(|theirs| (theirs - ours).abs() > CLOCK_SKEW) else { return };
    if found.has(FindingKind::Clock) {
        return;
    }
    let minutes = (theirs - ours).abs() / 60;
    let date = bridge_policy::calendar::Date::of(bridge_model::Timestamp(theirs * 1000));
    let of_day = theirs.rem_euclid(24 * 3600);
    let shown = format!("{date} {:02}:{:02} UTC", of_day / 3600, of_day % 3600 / 60);
    found.add(FindingKind::Clock, [&whose, &minutes, &shown]);
}

fn bearer(config: &Config) -> String {
    format!("Bearer {}", config.appservice.as_token.expose())
}

async fn whoami(config: &Config, asker: &Asker, as_whom: &str) -> Answer {
    let mut url = at(&config.homeserver.url, "/_matrix/client/v3/account/whoami");
    url.push_str(as_whom);
    asker.get_as(&url, &bearer(config)).await
}

/// Whether the homeserver knows the as_token, and as whom.
async fn knows_us(config: &Config, asker: &Asker, found: &mut Findings) -> bool {
    let (service, name) = (&config.appservice, &config.homeserver.server_name);
    let reply = match whoami(config, asker, "").await {
        Answer::Json(reply) => reply,
        Answer::Page(_) | Answer::Moved(_) | Answer::Silent(_) => {
            let url = &config.homeserver.url;
            found.add(FindingKind::HomeserverFailing, [url, &"?", &"no answer to /account/whoami"]);
            return false;
        }
    };
    if reply.status == 401 || reply.text("/errcode") == "M_UNKNOWN_TOKEN" {
        found.add(FindingKind::AsToken, []);
        return false;
    }
    if reply.status >= 500 {
        let words = format!("{} {}", reply.text("/errcode"), reply.text("/error"));
        found.add(FindingKind::HomeserverFailing, [&config.homeserver.url, &reply.status, &words]);
        return false;
    }
    let expected = format!("@{}:{name}", service.sender_localpart);
    // A bot that has never started has no account yet, of which some homeservers complain.
    let Some((local, server)) = reply.text("/user_id").split_once(':') else { return true };
    if server != name {
        if !found.has(FindingKind::ServerName) {
            found.add(FindingKind::ServerName, [&server, name]);
        }
        return false;
    }
    if format!("{local}:{server}") != expected {
        found.add(FindingKind::OtherRegistration, [&reply.text("/user_id"), &expected]);
        return false;
    }
    found.fine(format!("the homeserver knows the bridge as {expected}"));
    true
}

/// Whether the bridge may speak as a ghost. One that was never made is refused for that, in other words.
async fn ghosts(config: &Config, asker: &Asker, found: &mut Findings) {
    let (prefix, name) = (&config.appservice.ghost_prefix, &config.homeserver.server_name);
    let ghost = format!("@{prefix}{NOBODY}:{name}");
    let mut query = url_query(&ghost);
    query.insert_str(0, "?user_id=");
    let Answer::Json(reply) = whoami(config, asker, &query).await else { return };
    let words = reply.text("/error").to_ascii_lowercase();
    let foreign = reply.text("/errcode") == "M_EXCLUSIVE" || words.contains("masquerade");
    if reply.status == 403 && foreign {
        found.add(FindingKind::Namespace, [&ghost]);
    }
}

/// A user id as a part of a query.
fn url_query(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let encoded = |c: char| match c {
        _ if plain(c) => c.to_string(),
        other => format!("%{:02X}", u32::from(other)),
    };
    text.chars().map(encoded).collect()
}

/// What the homeserver does not let the bridge do.
async fn limits(config: &Config, asker: &Asker, found: &mut Findings) {
    let base = &config.homeserver.url;
    let capabilities = at(base, "/_matrix/client/v3/capabilities");
    if let Answer::Json(reply) = asker.get_as(&capabilities, &bearer(config)).await {
        let fixed = |what: &str| {
            let enabled = reply.body.pointer(&format!("/capabilities/{what}/enabled"));
            enabled.and_then(Value::as_bool) == Some(false)
        };
        if fixed("m.set_displayname") {
            found.add(FindingKind::NamesFixed, []);
        }
        if fixed("m.set_avatar_url") && config.privacy.avatars {
            found.add(FindingKind::PicturesFixed, []);
        }
    }
    for path in ["/_matrix/client/v1/media/config", "/_matrix/media/v3/config"] {
        let Answer::Json(reply) = asker.get_as(&at(base, path), &bearer(config)).await else {
            return;
        };
        let most = reply.body.get("m.upload.size").and_then(Value::as_u64);
        if let Some(most) = most.filter(|_| reply.is_success()) {
            if most < TELEGRAM_FILE {
                found.add(FindingKind::UploadSmall, [&(most / 1_000_000)]);
            }
            return;
        }
    }
}

/// Has the homeserver call the bridge.
async fn ping(config: &Config, asker: &Asker, found: &mut Findings) {
    let service = &config.appservice;
    let path = format!("/_matrix/client/v1/appservice/{}/ping", url_query(&service.id));
    let url = at(&config.homeserver.url, &path);
    let Answer::Json(reply) = asker.post(&url, Some(&bearer(config)), &json!({})).await else {
        let (why, listen) = ("the ping was not answered", service.listen);
        return found.add(FindingKind::PingUnreached, [&why, &service.public_url, &listen]);
    };
    match reply.text("/errcode") {
        "" if reply.is_success() => found.fine("the homeserver reaches the bridge"),
        "M_URL_NOT_SET" => found.add(FindingKind::PingNoUrl, []),
        "M_BAD_STATUS" => {
            let status = reply.body.get("status").and_then(Value::as_u64).unwrap_or_default();
            if matches!(status, 401 | 403) {
                found.add(FindingKind::PingRefused, [&format!("HTTP {status}")]);
            } else {
                let why = format!("HTTP {status} comes from {}", service.public_url);
                found.add(FindingKind::PingUnreached, [&why, &service.public_url, &service.listen]);
            }
        }
        "M_UNRECOGNIZED" => found.add(FindingKind::PingUnknown, []),
        "M_FORBIDDEN" => found.add(FindingKind::PingId, [&service.id]),
        code => {
            let why = format!("{code} {}", reply.text("/error"));
            found.add(FindingKind::PingUnreached, [&why, &service.public_url, &service.listen]);
        }
    }
}

/// Whether the token with which accounts are given is an admin's.
async fn admin(config: &Config, asker: &Asker, found: &mut Findings) {
    let Some(token) = &config.moving.admin_token else { return };
    let url = at(&config.homeserver.url, "/_synapse/admin/v1/registration_tokens");
    let why = match asker.get_as(&url, &format!("Bearer {}", token.expose())).await {
        Answer::Json(reply) if reply.is_success() => {
            return found.fine("the homeserver's admin API takes moving.admin_token");
        }
        Answer::Json(reply) => format!("{} {}", reply.text("/errcode"), reply.text("/error")),
        Answer::Page(status) => format!("HTTP {status}"),
        Answer::Moved(_) => "it is at another address".to_owned(),
        Answer::Silent(why) => why,
    };
    found.add(FindingKind::AdminToken, [&why]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synapse(version: &str, speaks: u32) -> Homeserver {
        let software = Some(format!("Synapse {version}"));
        Homeserver { software, speaks, name: None, date: None }
    }

    #[test]
    fn what_was_tried_begins_with_synapse_1_98() {
        assert!(synapse("1.85.2", 6).is_untried());
        for version in ["1.98.0", "1.163.2", "1.163.2 (b=develop)", "2.0.0"] {
            assert!(!synapse(version, 9).is_untried(), "{version}");
        }
    }

    #[test]
    fn what_a_homeserver_lacks_is_said() {
        assert!(synapse("1.98.0", 9).describe().contains("old address"));
        assert!(!synapse("1.163.2", 12).describe().contains("old address"));
    }

    #[test]
    fn a_user_id_is_written_into_a_query() {
        assert_eq!(url_query("@fs_a:b.org"), "%40fs_a%3Ab.org");
    }
}
