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
use ruma::api::client::session::login::v3 as login;
use ruma::api::client::uiaa::UserIdentifier;
use ruma::{OwnedDeviceId, OwnedRoomId, OwnedUserId};

use super::client::{Client, ClientError, Identity};

/// The device under which the core bot is logged in.
const DEVICE: &str = "FREESIDE";

/// The core bot's own account, logged in.
pub struct Account {
    sdk: matrix_sdk::Client,
}

/// The core bot cannot do something.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The login failed.
    #[error("the core bot cannot log in: {0}")]
    Login(#[from] ClientError),
    /// matrix-sdk says no.
    #[error("the core bot cannot do that: {0}")]
    Sdk(String),
}

impl Account {
    /// Registers the account if need be, logs in with the as_token and restores the session
    /// (`m.login.application_service`, application service API, "Server admin style permissions").
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn log_in(client: &Client, bot: &OwnedUserId) -> Result<Self, AccountError> {
        register(client, bot.localpart()).await?;
        let identifier = UserIdentifier::Matrix(
            ruma::api::client::uiaa::MatrixUserIdentifier::new(bot.localpart().to_owned()),
        );
        let info = login::LoginInfo::ApplicationService(login::ApplicationService::new(identifier));
        let mut request = login::Request::new(info);
        request.device_id = Some(DEVICE.into());
        request.initial_device_display_name = Some("Freeside".into());
        let session = client.send(request, &Identity::Bot).await?;
        let meta = SessionMeta { user_id: session.user_id, device_id: session.device_id };
        Self::restored(client, meta, session.access_token).await
    }

    /// Restores a session without login: with devices that the application service manages itself
    /// (MSC4190) the homeserver refuses logins, and the as_token speaks for the bot.
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

    /// Sets the name under which the bot appears.
    ///
    /// # Errors
    /// [`AccountError::Sdk`].
    pub async fn set_name(&self, name: &str) -> Result<(), AccountError> {
        let set = self.sdk.account().set_display_name(Some(name)).await;
        set.map_err(|error| AccountError::Sdk(error.to_string()))
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
