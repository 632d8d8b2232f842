// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which servers may take part in a room (`m.room.server_acl`,
//! <https://spec.matrix.org/v1.16/client-server-api/#mroomserver_acl>).
//!
//! Rule: read as homeservers read it, field by field: what is no list is an empty one, and an ACL that
//! allows nobody allows nobody.

use serde_json::Value;

use crate::glob::Glob;

/// Whether the content of a room's ACL keeps a server out; `server` may have a port.
pub fn denies(content: &Value, server: &str) -> bool {
    let host = host(server).to_ascii_lowercase();
    let listed = |key: &str| {
        let patterns = content.get(key).and_then(Value::as_array).into_iter().flatten();
        let patterns = patterns.filter_map(Value::as_str);
        patterns.filter_map(|it| Glob::new(&it.to_ascii_lowercase())).any(|it| it.matches(&host))
    };
    let literals = content.get("allow_ip_literals").and_then(Value::as_bool).unwrap_or(true);
    (!literals && is_address(&host)) || listed("deny") || !listed("allow")
}

/// A server name without its port.
pub fn host(server: &str) -> &str {
    match server.rsplit_once(':') {
        Some((host, port))
            if !port.ends_with(']') && port.bytes().all(|it| it.is_ascii_digit()) =>
        {
            host
        }
        Some(_) | None => server,
    }
}

fn is_address(host: &str) -> bool {
    let parts: Vec<_> = host.split('.').map(str::parse::<u8>).collect();
    host.starts_with('[') || (parts.len() == 4 && parts.iter().all(Result::is_ok))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whoever_is_denied_or_not_allowed_stays_out() {
        let all = json!({ "allow": ["*"], "deny": ["evil.example", "*.evil.example"] });
        assert!(!denies(&all, "example.org"));
        assert!(denies(&all, "evil.example"));
        assert!(denies(&all, "EVIL.example:8448"), "neither case nor port");
        assert!(denies(&all, "sub.evil.example"));
        assert!(!denies(&all, "not-evil.example"));
        assert!(denies(&json!({ "allow": ["example.org"] }), "example.net"));
        assert!(denies(&json!({}), "example.org"), "an empty ACL lets nobody in");
        assert!(denies(&json!({ "allow": "*" }), "example.org"), "no list is an empty one");
        let odd = json!({ "allow": [7, "*"], "deny": null });
        assert!(!denies(&odd, "example.org"));
    }

    #[test]
    fn addresses_can_be_kept_out() {
        let acl = |literals: Value| json!({ "allow": ["*"], "allow_ip_literals": literals });
        for server in ["1.2.3.4", "1.2.3.4:8448", "[2001:db8::1]", "[2001:db8::1]:8448"] {
            assert!(denies(&acl(json!(false)), server), "{server}");
            assert!(!denies(&acl(json!(true)), server), "{server}");
            assert!(!denies(&acl(json!("false")), server), "{server}: no boolean");
        }
        assert!(!denies(&acl(json!(false)), "1.2.3.4.example"));
    }
}
