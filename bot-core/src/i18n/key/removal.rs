// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences about chats that the bot was removed from or cannot read, and about people whose
//! accounts are not let into a room.
//!
//! Rule: they are a list of their own because one file would be too long; [`super::list`] puts all
//! sentences together.

macro_rules! with_removal {
    ($($listed:tt)*) => {
        with_consent! {
            $($listed)*
            StatusRoomRemoved = "status-room-removed",
            StatusRoomEncrypted = "status-room-encrypted",
            ReasonEncrypted = "reason-encrypted",
            ReasonBarred = "reason-barred",
            GhostBarred = "ghost-barred",
            RoomBack = "room-back",
            RoomBackRemote = "room-back-remote",
            ChatBack = "chat-back",
            ChatBackHere = "chat-back-here",
            RoomEncrypted = "room-encrypted",
            RoomEncryptedRemote = "room-encrypted-remote",
            EncryptedHere = "encrypted-here",
            RoomPublic = "room-public",
            RoomPublicRemote = "room-public-remote",
            RoomPublicOver = "room-public-over",
            RoomPublicOverRemote = "room-public-over-remote",
            StatusRoomPublic = "status-room-public",
            SettingReaders = "setting-readers",
        }
    };
}
