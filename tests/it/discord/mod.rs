// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the running bridge does on Discord: after a restart, with its webhooks, with what is
//! private.

mod private;
mod restarts;
mod webhooks;
