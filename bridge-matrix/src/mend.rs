// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which setting of the homeserver mends what it refuses.
//!
//! Rule: values only. The words are Synapse's; an error that is not in the table says itself what is
//! wrong, or has no setting. Source: Synapse's configuration manual,
//! <https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html>.

/// An `errcode`, a part of the words in small letters (empty: any), and what mends it.
const TABLE: [(&str, &str, &str); 14] = [
    ("M_UNKNOWN_TOKEN", "", "name our registration file under app_service_config_files"),
    ("M_FORBIDDEN", "changing display name is disabled", "enable_set_displayname: true"),
    ("M_FORBIDDEN", "changing avatar is disabled", "enable_set_avatar_url: true"),
    (
        "M_FORBIDDEN",
        "masquerade",
        "give the homeserver the registration of `freeside registration`",
    ),
    ("M_EXCLUSIVE", "", "give the homeserver the registration of `freeside registration`"),
    ("M_INVALID_USERNAME", "", "give the homeserver the registration of `freeside registration`"),
    (
        "M_FORBIDDEN",
        "registration has been disabled",
        "let application services register: enable_registration concerns people only, so ask who runs the reverse proxy",
    ),
    (
        "M_LIMIT_EXCEEDED",
        "",
        "rate_limited: false in the registration, which `freeside registration` writes",
    ),
    ("M_TOO_LARGE", "", "max_upload_size, and client_max_body_size of a reverse proxy"),
    ("M_RESOURCE_LIMIT_EXCEEDED", "", "max_mau_value, or track_appservice_user_ips: false"),
    ("M_UNSUPPORTED_ROOM_VERSION", "", "default_room_version, or a newer homeserver"),
    (
        "M_APPSERVICE_LOGIN_UNSUPPORTED",
        "",
        "appservice.encryption as in the registration: write that anew",
    ),
    ("M_USER_DEACTIVATED", "", "the account was deactivated: reactivate it by the admin API"),
    (
        "M_UNRECOGNIZED",
        "",
        "a newer homeserver, or a reverse proxy that leads all of /_matrix to it",
    ),
];

/// What mends an error, as the end of its sentence; empty where there is nothing to say.
pub(crate) fn hint(errcode: &str, message: &str) -> String {
    let words = message.to_lowercase();
    let found = TABLE.iter().find(|(code, part, _)| *code == errcode && words.contains(part));
    found.map_or_else(String::new, |(.., mend)| format!(" (what mends it: {mend})"))
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn an_error_of_the_homeserver_names_the_setting_that_mends_it() {
        let said = hint("M_FORBIDDEN", "Changing display name is disabled on this server");
        assert!(said.contains("enable_set_displayname"), "{said}");
        assert!(hint("M_UNKNOWN_TOKEN", "").contains("app_service_config_files"));
        assert_eq!(hint("M_FORBIDDEN", "You are not invited to this room."), "");
        assert_eq!(hint("", ""), "");
    }
}
