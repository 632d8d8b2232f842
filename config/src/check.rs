// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checks of single values.
//!
//! Rule: a check is a function from text to value; its error says what is wrong and what
//! would be right, and never repeats more than the text it was given.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use crate::error::Wrong;
use crate::values::{Engine, FirstStage, LogFormat, MetadataOwner, NamePolicy, SERVICE_CLASSES};

type Checked<T> = Result<T, Wrong>;

/// Any text that is not only spaces.
pub(crate) fn words(text: &str) -> Checked<String> {
    if text.trim().is_empty() {
        return Err(Wrong::new("is empty", "Write something, or leave the key out."));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("holds a line break or control character", "Use one line."));
    }
    Ok(text.to_owned())
}

/// A folder of this machine, from the root on.
pub(crate) fn folder(text: &str) -> Checked<PathBuf> {
    let path = PathBuf::from(text);
    let whole = path.is_absolute() && path.parent().is_some();
    let wrong = || Wrong::new("is no folder from the root on", "Write it so: \"/var/lib/files\".");
    whole.then_some(path).ok_or_else(wrong)
}

/// Hours of a day, `22:00-07:00`; empty for none.
pub(crate) fn hours(text: &str) -> Checked<Option<(u16, u16)>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let read = text.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
    let wrong =
        || Wrong::new("names no hours", "Write them so: \"22:00-07:00\", or \"\" for none.");
    read.map(Some).ok_or_else(wrong)
}

/// How far clocks are ahead of UTC, `+05:30`.
pub(crate) fn offset(text: &str) -> Checked<i16> {
    let wrong = || Wrong::new("is no time zone", "Write it so: \"+05:30\", or \"-03:00\".");
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let clock = text.strip_prefix(['+', '-']).and_then(minutes).filter(|it| *it <= 14 * 60);
    let minutes = clock.and_then(|it| i16::try_from(it).ok()).ok_or_else(wrong)?;
    Ok(sign * minutes)
}

/// Minutes after midnight.
fn minutes(clock: &str) -> Option<u16> {
    let (hour, minute) = clock.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// An id of Discord.
pub(crate) fn snowflake(text: &str) -> Checked<String> {
    let good = (15..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if good {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("is no id of Discord", "Write its digits, such as \"466378653216014359\"."))
}

/// An address of an HTTP server.
pub(crate) fn http_url(text: &str) -> Checked<Url> {
    address(text, &["http", "https"], "https://example.org")
}

/// An address that everybody reaches: encrypted, except on this machine.
pub(crate) fn public_url(text: &str) -> Checked<Url> {
    let url = http_url(text)?;
    let local = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "https" || local {
        return Ok(url);
    }
    Err(Wrong::new(
        format!("`{text}` is not encrypted"),
        "Write an address with https://; a reverse proxy can do that.",
    ))
}

/// An address of a machine.
pub(crate) fn ip(text: &str) -> Checked<IpAddr> {
    let wrong = || Wrong::new(format!("`{text}` is no IP address"), "Write it so: \"192.0.2.1\".");
    text.parse().map_err(|_| wrong())
}

/// An address of a WebSocket server.
pub(crate) fn socket_url(text: &str) -> Checked<Url> {
    address(text, &["ws", "wss"], "wss://gateway.example.org")
}

/// An address of a proxy.
pub(crate) fn proxy_url(text: &str) -> Checked<Url> {
    address(text, &["socks5h", "socks5", "http", "https"], "socks5h://127.0.0.1:9050")
}

fn address(text: &str, schemes: &[&str], example: &str) -> Checked<Url> {
    let mend = format!("Write an address such as {example}.");
    let url = Url::parse(text)
        .map_err(|error| Wrong::new(format!("`{text}` is no address ({error})"), mend.clone()))?;
    if !schemes.contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
        let schemes = schemes.join("://, ");
        let problem = format!("`{text}` does not start with {schemes}:// and a host");
        return Err(Wrong::new(problem, mend));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "holds a user name or password",
            "Secrets do not belong into this file; use an address that needs none.",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(format!("`{text}` holds `?` or `#`"), "Leave that part out."));
    }
    Ok(url)
}

/// A domain, perhaps with a port, as in user ids
/// (<https://spec.matrix.org/v1.16/appendices/#server-name>).
pub(crate) fn server_name(text: &str) -> Checked<String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        Some(_) | None => (text, "1"),
    };
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let good = match inside {
        Some(inside) => inside.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        }
    };
    if good && text.len() <= 230 && port.parse::<u16>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("`{text}` is no server name"),
        "Write what follows the colon in user ids, such as example.org; no https://.",
    ))
}

/// The local part of a user id, or its beginning.
pub(crate) fn localpart(text: &str) -> Checked<String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=/+-".contains(c);
    if !text.is_empty() && text.len() <= 100 && text.chars().all(good) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("`{text}` cannot be part of a user id"),
        "Use a to z, 0 to 9 and . _ = / + - only.",
    ))
}

/// A whole user id.
pub(crate) fn user_id(text: &str) -> Checked<String> {
    let parts = text.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    let good = parts.is_some_and(|(local, server)| {
        !local.is_empty() && !local.chars().any(char::is_whitespace) && server_name(server).is_ok()
    });
    if good && text.len() <= 255 {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("`{text}` is no Matrix user id"),
        "Write it whole, such as @ann:example.org.",
    ))
}

/// A server name, a user id, or `*`.
pub(crate) fn allowed(text: &str) -> Checked<String> {
    match text {
        "*" => Ok(text.to_owned()),
        _ if text.starts_with('@') => user_id(text),
        _ => server_name(text),
    }
}

/// An address to listen on.
pub(crate) fn listen(text: &str) -> Checked<SocketAddr> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("`{text}` is no address to listen on"),
            "Write IP and port, such as 127.0.0.1:29330 or [::]:29330.",
        )
    })
}

/// A language code.
pub(crate) fn language(text: &str) -> Checked<String> {
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    if text.split('-').all(part) {
        return Ok(text.to_ascii_lowercase());
    }
    let problem = format!("`{text}` is no language code");
    Err(Wrong::new(problem, "Write a code such as en, pt-br or zh-hans."))
}

/// Whether a file lies below a folder; links count where they lead, as far as they exist.
pub(crate) fn is_below(file: &std::path::Path, folder: &std::path::Path) -> bool {
    let real = |path: &std::path::Path| {
        let mut missing = Vec::new();
        let mut known = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        loop {
            if let Ok(real) = known.canonicalize() {
                return missing.iter().rev().fold(real, |path, name| path.join(name));
            }
            let Some(name) = known.file_name().map(ToOwned::to_owned) else { return known };
            missing.push(name);
            if !known.pop() {
                return known;
            }
        }
    };
    real(file).starts_with(real(folder))
}

/// What `[store] engine` can be.
pub(crate) fn engine(text: &str) -> Checked<Engine> {
    choice(text, &[("sled", Engine::Sled), ("postgres", Engine::Postgres)])
}

/// What `[appservice] encryption` can be.
pub(crate) fn encryption(text: &str) -> Checked<bool> {
    choice(text, &[("off", false), ("allow", true)])
}

/// What `[privacy] names` can be.
pub(crate) fn names(text: &str) -> Checked<NamePolicy> {
    let choices = [
        ("full", NamePolicy::Full),
        ("first-name", NamePolicy::FirstName),
        ("pseudonym", NamePolicy::Pseudonym),
    ];
    choice(text, &choices)
}

/// What `[portals] metadata` can be.
pub(crate) fn owner(text: &str) -> Checked<MetadataOwner> {
    let choices = [
        ("legacy", MetadataOwner::Legacy),
        ("matrix", MetadataOwner::Matrix),
        ("nobody", MetadataOwner::Nobody),
    ];
    choice(text, &choices)
}

/// What `[portals] threads` can be: whether they get rooms of their own.
pub(crate) fn threads(text: &str) -> Checked<bool> {
    choice(text, &[("threads", false), ("rooms", true)])
}

/// What `[stages] first` can be.
pub(crate) fn first_stage(text: &str) -> Checked<FirstStage> {
    let choices = [("inventory", FirstStage::Inventory), ("bridged", FirstStage::Bridged)];
    choice(text, &choices)
}

/// What `[portals] silent` can hold.
pub(crate) fn service_class(text: &str) -> Checked<String> {
    let choices = SERVICE_CLASSES.map(|name| (name, name));
    choice(text, &choices).map(str::to_owned)
}

/// What `[log] format` can be.
pub(crate) fn log_format(text: &str) -> Checked<LogFormat> {
    choice(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)])
}

/// A filter of `tracing`: levels, alone or for one module.
pub(crate) fn log_level(text: &str) -> Checked<String> {
    let level = |level: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&level);
    let module = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let part = |part: &str| match part.split_once('=') {
        Some((target, wanted)) => !target.is_empty() && target.chars().all(module) && level(wanted),
        None => level(part),
    };
    if text.split(',').all(part) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("`{text}` is no log level"),
        "Use error, warn, info, debug or trace, or a list such as info,bot_core=debug.",
    ))
}

fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Checked<T> {
    if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    Err(Wrong::new(format!("`{text}` is no choice here"), format!("Use {}.", names.join(" or "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_names_follow_the_specification() {
        for good in ["example.org", "localhost", "example.org:8448", "1.2.3.4", "[::1]", "[::1]:80"]
        {
            assert!(server_name(good).is_ok(), "{good}");
        }
        for bad in
            ["", "https://example.org", "example.org/", "a b", ":80", "x:", "x:99999", "[:g]"]
        {
            assert!(server_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_hold_no_secrets_and_have_a_host() {
        assert!(http_url("http://127.0.0.1:8008").is_ok());
        for bad in
            ["", "example.org", "ftp://example.org", "http://", "http://a:b@c", "http://c/?x"]
        {
            assert!(http_url(bad).is_err(), "{bad}");
        }
        assert!(proxy_url("socks5h://127.0.0.1:9050").is_ok());
        assert!(socket_url("wss://gateway.discord.gg").is_ok());
        assert!(socket_url("https://gateway.discord.gg").is_err());
    }

    #[test]
    fn a_public_address_is_encrypted_except_on_this_machine() {
        for good in
            ["https://a.example", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"]
        {
            assert!(public_url(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example", "http://192.0.2.1", "http://localhost.example", "x"] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
        assert!(ip("::1").is_ok() && ip("localhost").is_err());
    }

    #[test]
    fn log_levels_are_lists() {
        assert!(log_level("info,bot_core::lane=debug").is_ok());
        for bad in ["", "loud", "info,", "=debug", "x=loud"] {
            assert!(log_level(bad).is_err(), "{bad}");
        }
    }
}
