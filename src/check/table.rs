// SPDX-License-Identifier: AGPL-3.0-or-later
//! The text of each kind of finding.
//!
//! Rule: the text stands alone: who reads it has one line of a monitoring program and no documentation
//! at hand. It names the setting, the command or the menu that mends it.

use super::finding::{FindingText, Level, Responsible};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $code:literal, $level:ident, $who:ident,
        $wrong:literal, $breaks:literal, $mend:literal;)+) => {
        /// A kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingKind {
            $($(#[$doc])* $kind,)+
        }

        impl FindingKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Its text.
            pub fn row(self) -> &'static FindingText {
                match self {
                    $(Self::$kind => &FindingText {
                        code: $code,
                        level: Level::$level,
                        who: Responsible::$who,
                        wrong: $wrong,
                        breaks: $breaks,
                        mend: $mend,
                    },)+
                }
            }
        }
    };
}

kinds! {
    /// The configuration cannot be used.
    Config, "config", Error, Operator,
        "the configuration has a mistake: {0}",
        "`freeside run` does not start, and nothing else can be checked",
        "{1}";
    /// There is none.
    NoConfig, "no-config", Error, Operator,
        "there is no configuration at {0}",
        "`freeside run` does not start",
        "Type `freeside -c {0} init`, or name another file with -c.";
    /// Others can change it.
    ConfigWritable, "config-writable", Warning, Operator,
        "others can change the configuration {0} (its mode is {1})",
        "whoever changes it can have messages and tokens sent elsewhere",
        "chmod go-w {0}";
    /// Others can read both tokens.
    RegistrationReadable, "registration-readable", Error, Operator,
        "others can read {0}, which holds both tokens (its mode is {1})",
        "whoever reads it can speak as the bot and as every ghost",
        "chmod 600 {0}; if others may have read it, remove as_token, hs_token and that file, type \
         `freeside init`, give the new file to the homeserver and restart both.";
    /// The file beside the configuration is an older one.
    RegistrationOld, "registration-old", Warning, Operator,
        "{0} is not what the configuration says now",
        "if the homeserver reads that file, it refuses the bridge or does not reach it",
        "(umask 077; freeside registration > {0}); give it to the homeserver and restart that.";
    /// There is no key, and no store either.
    KeyMissing, "store-key", Error, Operator,
        "{0}",
        "`freeside run` does not start: the store is encrypted",
        "A new store: `freeside keys init`. A store that exists: put its key back, with mode 600.";
    /// The store is there and its key is not.
    KeyLost, "store-key-lost", Error, Operator,
        "{0}",
        "`freeside run` does not start, and without the key nobody can read the store",
        "Put the copy of the key back. If there is none: move the folder of the store away, type \
         `freeside keys init`, and link the chats again.";
    /// The folder cannot be written.
    StoreFolder, "store-folder", Error, Operator,
        "the folder of the store, {0}, cannot be written: {1}",
        "nothing is accepted and nothing is carried",
        "Make the folder and give it to the user that runs the bridge: `mkdir -p {0}; chown freeside: \
         {0}`; with systemd name it in ReadWritePaths.";
    /// Little room is left.
    DiskSpace, "disk-space", Error, Operator,
        "{0} MB are free on the disk of the store, fewer than {1}",
        "when the disk is full nothing is accepted any more; new keys and new versions need as much \
         room as the store takes",
        "Make room on the disk of {2}. Another limit: --min-free-mb.";
    /// Somebody else has it open.
    StoreHeld, "store-held", Error, Operator,
        "another process has the store in {0} open, and no bridge of this configuration answers",
        "`freeside run` does not start, and what the other process does is not known",
        "Look for a second freeside (`ps ax | grep freeside`) and end it; two bridges never share a \
         store.";
    /// It cannot be opened.
    StoreBroken, "store-broken", Error, Operator,
        "the store cannot be opened: {0}",
        "`freeside run` does not start",
        "A store of a newer version: start that version. Another key: put the right one back. \
         Damaged: put the backup back.";
    /// A part of it is left over from something that was interrupted.
    StoreUnfinished, "store-unfinished", Warning, Operator,
        "a change of the store in {0} was interrupted",
        "nothing, but the disk holds the store twice until it is finished",
        "Start the bridge, or type again what was interrupted (`freeside keys rotate`): it goes on.";
    /// Something else listens there.
    PortTaken, "port-taken", Error, Operator,
        "another program listens at {0} (`{1}`)",
        "`freeside run` cannot listen there, and stops",
        "End that program (`ss -ltnp` names it), or set `{1}` to a free port; after a change of \
         appservice.listen also public_url and the registration.";
    /// The address is none of this machine, or only root may have it.
    ListenAddress, "listen-address", Error, Operator,
        "the bridge cannot listen at {0} (`{1}`): {2}",
        "`freeside run` cannot listen there, and stops",
        "Write an address of this machine and a port above 1024, such as 127.0.0.1:29330.";
    /// Nothing listens.
    NotRunning, "not-running", Warning, Operator,
        "the bridge does not run: nothing listens at {0}",
        "nothing is carried; what the bridge alone can be asked was not looked at",
        "freeside run, or `systemctl start freeside`; then check again.";
    /// It is a bridge with another token.
    OtherBridge, "other-bridge", Error, Operator,
        "a bridge listens at {0} that has another hs_token than this configuration",
        "either it was started before the configuration was changed, or it is another one; then \
         `freeside run` cannot listen there",
        "Restart the bridge; if it is another one, set appservice.listen to another port.";
    /// A proxy does not answer.
    Proxy, "proxy", Error, Operator,
        "the proxy {1} of [{0}] does not answer: {2}",
        "the bridge reaches nothing of [{0}]; it never goes around a proxy",
        "Start the proxy, or change `proxy` in [{0}].";
    /// The file of one's own cannot be read.
    Catalogue, "catalogue", Error, Operator,
        "the catalogue of services cannot be used: {0}",
        "`freeside run` does not start",
        "Mend that file, or take `catalogue` out of [notices].";
    /// Nobody has looked at it for long.
    CatalogueOld, "catalogue-old", Warning, Operator,
        "{0} entries of the catalogue of services were last looked at more than 180 days ago",
        "what the bot says about services may no longer be true",
        "Update freeside, or write entries of your own (`catalogue` in [notices]); `freeside \
         check-config` names them.";
    /// Nobody reaches the media.
    MediaAddress, "media-address", Warning, Operator,
        "media cannot be had at {0} (`media_proxy.public_url`): {1}",
        "people on Discord see no pictures of authors, and links to large files lead nowhere",
        "Lead {0}/m/ to `media_proxy.listen` in the reverse proxy, with a certificate.";
    /// Nobody reaches the pages.
    PagesAddress, "pages-address", Warning, Operator,
        "pages cannot be had at {0} (`pages.public_url`): {1}",
        "the notices in the chats lead nowhere, and nobody sees how the bridge is",
        "Lead {0}/ to `pages.listen` in the reverse proxy, with a certificate.";
    /// No answer at all.
    HomeserverUnreachable, "homeserver-unreachable", Error, Operator,
        "the homeserver does not answer at {0}: {1}",
        "nothing crosses to Matrix or from it",
        "Start the homeserver, or set homeserver.url to the address of its client-server API, such as \
         http://127.0.0.1:8008.";
    /// A website.
    HomeserverPage, "homeserver-page", Error, Operator,
        "at {0} a website answers (HTTP {1}), no Matrix homeserver",
        "nothing crosses to Matrix or from it",
        "Set homeserver.url to the homeserver itself, such as http://127.0.0.1:8008; or have the \
         reverse proxy lead /_matrix to the homeserver.";
    /// Another address.
    HomeserverMoved, "homeserver-moved", Error, Operator,
        "the homeserver at {0} sends everybody to another address, {1}",
        "nothing crosses: the bridge shows its token to no other address",
        "Set homeserver.url to that address, without the path, if it is yours.";
    /// It answers with errors.
    HomeserverFailing, "homeserver-failing", Error, Homeserver,
        "the homeserver at {0} answers with HTTP {1}: {2}",
        "nothing crosses to Matrix or from it",
        "Look into the log of the homeserver and of the reverse proxy before it (502 and 504: the \
         homeserver does not run).";
    /// It speaks nothing that the bridge speaks.
    HomeserverOld, "homeserver-old", Error, Homeserver,
        "the homeserver at {0} speaks {1}, and the bridge needs Matrix 1.1 or newer",
        "nothing crosses to Matrix or from it",
        "Update the homeserver; Synapse 1.98 is the oldest that was tried.";
    /// Older than what was tried.
    HomeserverUntried, "homeserver-untried", Warning, Homeserver,
        "the homeserver is {0}, and the bridge was not tried with anything older than Synapse 1.98",
        "perhaps nothing, perhaps files or pings",
        "Update the homeserver; docs/HOMESERVERS.md lists what was tried.";
    /// The as_token is nobody's.
    AsToken, "as-token", Error, Homeserver,
        "the homeserver does not know the as_token of the bridge",
        "the bot cannot sign in, and nothing crosses",
        "Name registration.yaml under app_service_config_files in homeserver.yaml (make it with \
         `(umask 077; freeside registration > registration.yaml)`), and restart the homeserver.";
    /// It is known as somebody else.
    OtherRegistration, "other-registration", Error, Homeserver,
        "the as_token is that of {0}, and the configuration says {1}",
        "the bot speaks under another name, or not at all",
        "Write the registration anew (`freeside registration`), give it to the homeserver and restart \
         that; or set appservice.sender_localpart to the old name.";
    /// Another domain.
    ServerName, "server-name", Error, Operator,
        "the homeserver's name is {0}, and homeserver.server_name says {1}",
        "every id of a ghost would be one of another server, and all are refused",
        "Set homeserver.server_name to {0} and write the registration anew. It cannot be changed \
         later.";
    /// The homeserver lets the bridge not be its ghosts.
    Namespace, "namespace", Error, Homeserver,
        "the registration that the homeserver reads does not cover ghosts such as {0}",
        "people from other networks cannot speak on Matrix",
        "appservice.ghost_prefix was changed: set it back, or write the registration anew, give it to \
         the homeserver and restart that.";
    /// The registration has no address.
    PingNoUrl, "ping-no-url", Error, Homeserver,
        "the registration that the homeserver reads has no url",
        "nothing that is said on Matrix reaches the bridge",
        "Write the registration anew (`freeside registration`), give it to the homeserver and restart \
         that.";
    /// The homeserver does not get through.
    PingUnreached, "ping-unreached", Error, Operator,
        "the homeserver does not reach the bridge: {0}",
        "nothing that is said on Matrix reaches the bridge",
        "appservice.public_url ({1}) has to lead to appservice.listen ({2}), seen from the \
         homeserver: address, port, firewall, network of the containers. After a change write the \
         registration anew.";
    /// It shows another token.
    PingRefused, "ping-refused", Error, Homeserver,
        "the bridge refuses the homeserver ({0}): the homeserver shows another hs_token",
        "nothing that is said on Matrix reaches the bridge",
        "The homeserver reads an older registration: give it the new one and restart it; restart the \
         bridge, too, if hs_token was changed.";
    /// The id is another one.
    PingId, "ping-id", Error, Homeserver,
        "the homeserver knows this as_token under another id than appservice.id ({0})",
        "the homeserver holds back what it could not deliver during an outage",
        "Write the registration anew (`freeside registration`), give it to the homeserver and restart \
         that.";
    /// No ping there.
    PingUnknown, "ping-unknown", Warning, Homeserver,
        "the homeserver has no way to test the connection to the bridge (Matrix 1.7)",
        "after an outage the homeserver may wait some minutes before it delivers again",
        "Update the homeserver.";
    /// Two clocks differ.
    Clock, "clock", Error, Operator,
        "the clock of this machine and that of {0} differ by {1} minutes (theirs is {2})",
        "messages stand under wrong times, codes and links end too early or late, quiet hours shift",
        "Set the clock by NTP (`timedatectl set-ntp true`), on the machine that is wrong.";
    /// Ghosts may not set their name.
    NamesFixed, "names-fixed", Warning, Homeserver,
        "the homeserver fixes display names (enable_set_displayname: false)",
        "ghosts have their names in linked rooms only, and old names stay in other places",
        "enable_set_displayname: true in homeserver.yaml, if you can.";
    /// Nor their picture.
    PicturesFixed, "pictures-fixed", Warning, Homeserver,
        "the homeserver fixes profile pictures (enable_set_avatar_url: false)",
        "ghosts have no pictures",
        "enable_set_avatar_url: true in homeserver.yaml, or privacy.avatars = false here.";
    /// Small files only.
    UploadSmall, "upload-small", Warning, Homeserver,
        "the homeserver takes files of at most {0} MB",
        "larger ones from Telegram (20 MB) and Discord are left out, with a line that says so",
        "max_upload_size: 50M in homeserver.yaml, and client_max_body_size 50M in a reverse proxy.";
    /// The admin's token is of no use.
    AdminToken, "admin-token", Error, Operator,
        "the homeserver refuses the token of moving.admin_token_file: {0}",
        "people who ask for an account get none",
        "Put the access token of an admin of the homeserver into that file; on a homeserver that is \
         no Synapse take the key out.";
    /// No answer.
    TelegramUnreachable, "telegram-unreachable", Error, Operator,
        "Telegram does not answer at {0}: {1}",
        "nothing crosses to Telegram or from it",
        "Look at the network and firewall; where Telegram is blocked, set `proxy` in [telegram].";
    /// No Bot API.
    TelegramPage, "telegram-page", Error, Operator,
        "at {0} no Bot API answers (HTTP {1})",
        "nothing crosses to Telegram or from it",
        "Take api_url out of [telegram], or set it to your Bot API server.";
    /// The token is nobody's.
    TelegramToken, "telegram-token", Error, TelegramBot,
        "Telegram refuses the token of the bot: {0}",
        "nothing crosses to Telegram or from it",
        "/token at @BotFather shows the token; put it into the file that telegram.token_file names, \
         and restart the bridge.";
    /// It is no token of this network.
    TelegramSwapped, "telegram-swapped", Error, Operator,
        "what stands as Telegram's token does not look like one (digits, a colon, 35 letters)",
        "nothing crosses to Telegram or from it",
        "Put the token from @BotFather into the file that telegram.token_file names; Discord's has a \
         file of its own.";
    /// Only commands are heard.
    TelegramPrivacy, "telegram-privacy", Warning, TelegramBot,
        "privacy mode is on for @{0}",
        "in groups where the bot is no admin it hears commands only, so nothing is carried",
        "@BotFather: /setprivacy, @{0}, Disable; then take the bot out of each group and add it again. \
         Or make it an admin.";
    /// It cannot be added.
    TelegramGroups, "telegram-groups", Warning, TelegramBot,
        "@{0} cannot be added to groups",
        "no further group can be linked",
        "@BotFather: /setjoingroups, @{0}, Enable.";
    /// Updates go elsewhere.
    TelegramWebhook, "telegram-webhook", Error, TelegramBot,
        "a webhook is set for @{0}, at {1}",
        "Telegram sends everything there, and nothing reaches the bridge",
        "Stop the program that has set it, and take it away: open \
         https://api.telegram.org/botTOKEN/deleteWebhook with the token of the bot.";
    /// It is in none of the linked groups.
    TelegramOtherBot, "telegram-other-bot", Error, Operator,
        "@{0} is in none of the {1} linked groups: the token is that of another bot",
        "nothing crosses to Telegram or from it",
        "Put the token of the bot that was linked into the file of telegram.token_file; or add @{0} to \
         the groups as an admin.";
    /// No answer.
    DiscordUnreachable, "discord-unreachable", Error, Operator,
        "Discord does not answer at {0}: {1}",
        "nothing crosses to Discord or from it",
        "Look at the network and firewall; where Discord is blocked, set `proxy` in [discord].";
    /// No API.
    DiscordPage, "discord-page", Error, Operator,
        "at {0} Discord's API does not answer (HTTP {1})",
        "nothing crosses to Discord or from it",
        "Take api_url out of [discord]; behind a firewall that shows a page of its own, set `proxy`.";
    /// The token is nobody's.
    DiscordToken, "discord-token", Error, DiscordApplication,
        "Discord refuses the token of the bot: {0}",
        "nothing crosses to Discord or from it",
        "Developer portal, Bot, Reset Token; put it into the file that discord.token_file names, and \
         restart the bridge.";
    /// It is no token of this network.
    DiscordSwapped, "discord-swapped", Error, Operator,
        "what stands as Discord's token does not look like one (three parts with full stops)",
        "nothing crosses to Discord or from it",
        "Put the token from the developer portal (Bot, Reset Token; not the application's public key \
         or client secret) into the file that discord.token_file names.";
    /// Messages come without words.
    DiscordContent, "discord-content", Error, DiscordApplication,
        "the intent \"Message Content\" is off for {0}",
        "Discord closes the connection, and nothing is heard",
        "Developer portal, {0}, Bot, Privileged Gateway Intents: switch on Message Content Intent.";
    /// Members are asked for and not told.
    DiscordMembers, "discord-members", Error, DiscordApplication,
        "discord.members is true, and the intent \"Server Members\" is off for {0}",
        "Discord closes the connection, and nothing is heard",
        "Developer portal, {0}, Bot, Privileged Gateway Intents: switch on Server Members Intent; or \
         set members = false.";
    /// The invitation does not work.
    DiscordCodeGrant, "discord-code-grant", Warning, DiscordApplication,
        "\"Requires OAuth2 Code Grant\" is on for {0}",
        "the bot cannot be invited",
        "Developer portal, {0}, Bot: switch off Requires OAuth2 Code Grant.";
    /// Commands go elsewhere.
    DiscordInteractions, "discord-interactions", Error, DiscordApplication,
        "an Interactions Endpoint URL is set for {0}",
        "Discord sends /freeside and buttons there, and not to the bridge",
        "Developer portal, {0}, General Information: empty Interactions Endpoint URL.";
    /// It is in no server.
    DiscordNowhere, "discord-nowhere", Warning, Admins,
        "{0} is in no server of Discord",
        "no channel can be linked",
        "Somebody with Manage Server opens {1}";
    /// Rights are missing.
    DiscordPermissions, "discord-permissions", Warning, Admins,
        "in {0} of the servers of Discord the bot lacks permissions: {1}",
        "what needs them is not carried there",
        "Somebody with Manage Server opens {2} again; that adds them.";
    /// It is in none of the linked channels.
    DiscordOtherBot, "discord-other-bot", Error, Operator,
        "{0} sees none of the {1} linked channels: the token is that of another bot",
        "nothing crosses to Discord or from it",
        "Put the token of the bot that was linked into the file of discord.token_file; or invite {0} \
         to the servers.";
    /// The running bridge does not say it.
    PortalsUnknown, "portals-unknown", Warning, Operator,
        "the running bridge does not say how its chats are: {0}",
        "the rights in the linked chats were not looked at",
        "Restart the bridge with this version, wait until it has started, and check again.";
    /// The bot lacks rights in a chat.
    PortalRights, "portal-rights", Warning, Admins,
        "in {0} the bot lacks: {1}",
        "what needs these rights is not carried there; `!freeside selftest` shows what",
        "An admin of {0} gives the bot these rights.";
    /// The bot is not in a chat, or the chat refuses it.
    PortalClosed, "portal-closed", Error, Admins,
        "the bot cannot look into {0}: {1}",
        "nothing crosses to that chat or from it",
        "An admin of {0} lets the bot in again; or `!freeside unlink` in the Matrix room.";
}
