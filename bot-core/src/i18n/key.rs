// SPDX-License-Identifier: AGPL-3.0-or-later
//! The names of all sentences.
//!
//! Rule: this list, `i18n/en.json` and `i18n/qqq.json` name the same sentences, and each is
//! said somewhere; tests keep it so.

use bridge_model::NetworkId;

macro_rules! keys {
    ($($variant:ident = $name:literal,)*) => {
        /// The name of a sentence; `i18n/qqq.json` documents each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
        }

        impl Key {
            /// Every sentence.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in the language files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

keys! {
    HelpIntro = "help-intro",
    HelpLine = "help-line",
    HelpHelp = "help-help",
    HelpLink = "help-link",
    HelpLinkCode = "help-link-code",
    HelpUnlink = "help-unlink",
    HelpStatus = "help-status",
    HelpSet = "help-set",
    HelpSetSetting = "help-set-setting",
    HelpCreate = "help-create",
    HelpPortals = "help-portals",
    HelpMatrix = "help-matrix",
    HelpPrivacy = "help-privacy",
    HelpDelete = "help-delete",
    HelpVersion = "help-version",
    HelpSource = "help-source",
    HelpConduct = "help-conduct",
    Hello = "hello",
    CommandUnknown = "command-unknown",
    CommandFailed = "command-failed",
    NotAllowed = "not-allowed",
    NotAllowedMatrix = "not-allowed-matrix",
    NotAllowedTelegram = "not-allowed-telegram",
    NotAllowedDiscord = "not-allowed-discord",
    OperatorsOnly = "operators-only",
    LinkUsage = "link-usage",
    LinkCode = "link-code",
    LinkCodeMatrix = "link-code-matrix",
    LinkCodeTelegram = "link-code-telegram",
    LinkCodeDiscord = "link-code-discord",
    LinkNotReady = "link-not-ready",
    Linked = "linked",
    AlreadyLinked = "already-linked",
    BridgeStateMissing = "bridge-state-missing",
    CodeWrong = "code-wrong",
    CodeUsed = "code-used",
    CodeStale = "code-stale",
    CodeElsewhere = "code-elsewhere",
    UnlinkUsage = "unlink-usage",
    Unlinked = "unlinked",
    NotLinked = "not-linked",
    CreateUsage = "create-usage",
    CreateElsewhere = "create-elsewhere",
    Created = "created",
    RoomName = "room-name",
    GhostDeclines = "ghost-declines",
    StatusNotLinked = "status-not-linked",
    StatusRoom = "status-room",
    StatusFlowing = "status-flowing",
    StatusWaiting = "status-waiting",
    StatusHalted = "status-halted",
    StatusSevered = "status-severed",
    StatusSetting = "status-setting",
    SettingsIntro = "settings-intro",
    SettingMetadata = "setting-metadata",
    SettingSilent = "setting-silent",
    SettingReactionLine = "setting-reaction-line",
    SettingPhoneNumbers = "setting-phone-numbers",
    SetDone = "set-done",
    SetSame = "set-same",
    SetUnknown = "set-unknown",
    SetUsage = "set-usage",
    SetValue = "set-value",
    PortalsCount = "portals-count",
    WayToMatrix = "way-to-matrix",
    Privacy = "privacy",
    Version = "version",
    Source = "source",
    DeleteUsage = "delete-usage",
    DeleteUnknown = "delete-unknown",
    DeleteNotAllowed = "delete-not-allowed",
    Disclosure = "disclosure",
    DisclosureTelegram = "disclosure-telegram",
    DisclosureDiscord = "disclosure-discord",
    DisclosureMatrix = "disclosure-matrix",
    DisclosureMatrixTelegram = "disclosure-matrix-telegram",
    DisclosureMatrixDiscord = "disclosure-matrix-discord",
    Refused = "refused",
    LaneHalted = "lane-halted",
    Severed = "severed",
    Moved = "moved",
    RoomMoved = "room-moved",
    RoomMovedAway = "room-moved-away",
    MetadataRefused = "metadata-refused",
    RoomLost = "room-lost",
    Votes = "votes",
    VotesElsewhere = "votes-elsewhere",
    VotesLine = "votes-line",
    ReactionsElsewhere = "reactions-elsewhere",
    NoteDice = "note-dice",
    NoteGame = "note-game",
    NoteInvoice = "note-invoice",
    NoteInvoiceAmount = "note-invoice-amount",
    NotePaidMedia = "note-paid-media",
    NoteGiveaway = "note-giveaway",
    NoteGift = "note-gift",
    NoteStory = "note-story",
    NoteStoryFrom = "note-story-from",
    NoteContact = "note-contact",
    NotePollElsewhere = "note-poll-elsewhere",
    NotePollClosed = "note-poll-closed",
    NoteLiveLocation = "note-live-location",
    NoteLiveLocationEnded = "note-live-location-ended",
    NoteButton = "note-button",
    NoteUnknown = "note-unknown",
    NoteFileUnnamed = "note-file-unnamed",
    NoteFileTooLargeToFetch = "note-file-too-large-to-fetch",
    NoteFileTooLargeToSend = "note-file-too-large-to-send",
    NoteFileUnavailable = "note-file-unavailable",
    NoteFileUnclean = "note-file-unclean",
    ServiceJoined = "service-joined",
    ServiceLeft = "service-left",
    ServiceRemoved = "service-removed",
    ServiceRenamed = "service-renamed",
    ServiceDescribed = "service-described",
    ServiceUndescribed = "service-undescribed",
    ServicePictured = "service-pictured",
    ServiceUnpictured = "service-unpictured",
    ServicePinned = "service-pinned",
    ServiceThreadOpened = "service-thread-opened",
    ServiceThreadOpenedUnnamed = "service-thread-opened-unnamed",
    ServiceThreadRenamed = "service-thread-renamed",
    ServiceThreadClosed = "service-thread-closed",
    ServiceThreadReopened = "service-thread-reopened",
    ServiceCallStarted = "service-call-started",
    ServiceCallPlanned = "service-call-planned",
    ServiceCallEnded = "service-call-ended",
    ServiceCallEndedAfter = "service-call-ended-after",
    ServiceBoosted = "service-boosted",
    ServiceAutoDelete = "service-auto-delete",
    ServiceAutoDeleteOff = "service-auto-delete-off",
    ServiceFollowed = "service-followed",
    ServiceCommandUsed = "service-command-used",
    ServiceOther = "service-other",
}

impl Key {
    /// The version of this sentence for one network (`link-code` on Telegram is
    /// `link-code-telegram`), or the sentence itself where there is none.
    pub fn on(self, network: &NetworkId) -> Self {
        let of_network = |key: &Self| {
            let rest = key.name().strip_prefix(self.name()).and_then(|rest| rest.strip_prefix('-'));
            rest == Some(network.as_str())
        };
        Self::ALL.iter().copied().find(of_network).unwrap_or(self)
    }
}
