// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tokens with which people get an account.

use bot_core::AskError;
use bot_core::clock::{Clock, SystemClock};
use bot_core::homeserver::Accounts;
use bridge_matrix::accounts::SynapseAccounts;
use bridge_model::Timestamp;
use reqwest::Method;
use sandbox::synapse::{Synapse, SynapseOptions};

const SOON: i64 = 24 * 3_600_000;

#[tokio::test]
async fn a_token_works_once_and_is_made_once() {
    let synapse = Synapse::start(SynapseOptions::new(&mut |_| {})).await.unwrap();
    let admin = synapse.admin("root").await.unwrap();
    let http = reqwest::Client::new();
    let accounts = SynapseAccounts::new(http.clone(), synapse.url(), admin.token());
    let until = Timestamp(SystemClock.now().0 + SOON);
    assert!(accounts.allow("tina-this-week", until).await.unwrap());
    assert!(accounts.allow("tina-this-week", until).await.unwrap(), "the same again");
    let valid = async || {
        let path = [
            "client",
            "v1",
            "register",
            "m.login.registration_token",
            "validity?token=tina-this-week",
        ];
        let address = format!("{}/_matrix/{}", synapse.url(), path.join("/"));
        let answer = http.get(address).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()["valid"].as_bool().unwrap()
    };
    assert!(valid().await);
    // Somebody has used it.
    let used = serde_json::json!({ "uses_allowed": 0 });
    let path = ["_synapse", "admin", "v1", "registration_tokens", "tina-this-week"];
    let address = format!("{}/{}", synapse.url(), path.join("/"));
    let request = http.request(Method::PUT, address).bearer_auth(admin.token()).json(&used);
    assert!(request.send().await.unwrap().status().is_success());
    assert!(!accounts.allow("tina-this-week", until).await.unwrap());
    // Whoever is no admin gets none.
    let alice = synapse.person("alice").await.unwrap();
    let accounts = SynapseAccounts::new(http, synapse.url(), alice.token());
    let refused = accounts.allow("another", until).await;
    assert!(
        matches!(&refused, Err(AskError::Refused(why)) if why.to_string().contains("403")),
        "{refused:?}"
    );
}
