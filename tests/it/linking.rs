// SPDX-License-Identifier: AGPL-3.0-or-later
//! Chats are joined by the consent of both sides, and parted without harm.
//!
//! Rule: people type, and read what they are answered.
