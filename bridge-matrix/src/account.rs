// SPDX-License-Identifier: AGPL-3.0-or-later
//! The core bot's own Matrix account: a matrix-sdk client.
//!
//! Rule: whatever the bot does as a member of rooms (join, create, leave) goes through here;
//! what it says goes through lanes like everything else. Its keys are not here but in `crypto`.

use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::store::RoomLoadSettings;
use matrix_sdk::{SessionMeta, SessionTokens};
use ruma::api::client::account::register;
use ruma::api::client::room::create_room::v3 as create_room;
use ruma::{OwnedDeviceId, OwnedRoomId, OwnedUserId};

use super::client::{Client, ClientError, Identity};

/// A name for the device that the core bot does not need: nothing is encrypted for it.
const NO_DEVICE: &str = "FREESIDE";

/// The core bot's own account.
pub struct Account {
    sdk: matrix_sdk::Client,
}

/// The core bot cannot do something.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The homeserver does not make or show the account.
    #[error("the core bot has no account: {0}")]
    Register(#[from] ClientError),
    /// matrix-sdk says no.
    #[error("the core bot cannot do that: {0}")]
    Sdk(String),
}

impl Account {
    /// Registers the account if need be. The as_token speaks for it, without login: homeservers whose
    /// logins are done elsewhere (Matrix Authentication Service) have none for application services.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn without_device(client: &Client, bot: &OwnedUserId) -> Result<Self, AccountError> {
        register(client, bot.localpart()).await?;
        Self::on_device(client, bot, NO_DEVICE.into()).await
    }

    /// The same on a device that the application service manages itself (MSC4190).
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn on_device(
        client: &Client,
        bot: &OwnedUserId,
        device: OwnedDeviceId,
    ) -> Result<Self, AccountError> {
        let meta = SessionMeta { user_id: bot.clone(), device_id: device };
        Self::restored(client, meta, client.token().to_owned()).await
    }

    async fn restored(
        client: &Client,
        meta: SessionMeta,
        access_token: String,
    ) -> Result<Self, AccountError> {
        // A client of the SDK's own would go around the proxy.
        let sdk = matrix_sdk::Client::builder().homeserver_url(client.base());
        let sdk = sdk.http_client(client.http().clone()).build().await;
        let sdk = sdk.map_err(|error| AccountError::Sdk(error.to_string()))?;
        let session =
            MatrixSession { meta, tokens: SessionTokens { access_token, refresh_token: None } };
        let auth = sdk.matrix_auth();
        auth.restore_session(session, RoomLoadSettings::default())
            .await
            .map_err(|error| AccountError::Sdk(error.to_string()))?;
        Ok(Self { sdk })
    }

    /// Joins a room that the bot was invited to, or that is public.
    ///
    /// # Errors
    /// [`AccountError::Sdk`].
    pub async fn join(&self, room: &OwnedRoomId) -> Result<(), AccountError> {
        let joined = self.sdk.join_room_by_id(room).await;
        joined.map(drop).map_err(|error| AccountError::Sdk(error.to_string()))
    }

    /// Makes a room.
    ///
    /// # Errors
    /// [`AccountError::Sdk`].
    pub async fn create(&self, request: create_room::Request) -> Result<OwnedRoomId, AccountError> {
        let room = self.sdk.create_room(request).await;
        room.map(|room| room.room_id().to_owned())
            .map_err(|error| AccountError::Sdk(error.to_string()))
    }
}

/// Registers an account of ours; that it exists already is a success.
///
/// # Errors
/// [`ClientError`].
pub async fn register(client: &Client, localpart: &str) -> Result<(), ClientError> {
    let mut request = register::v3::Request::new();
    request.username = Some(localpart.into());
    request.login_type = Some(register::LoginType::ApplicationService);
    request.inhibit_login = true;
    match client.send(request, &Identity::Bot).await {
        Ok(_) => Ok(()),
        Err(error) if error.is("M_USER_IN_USE") => Ok(()),
        Err(error) => Err(error),
    }
}
