// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Discord stand-in, asked as a bridge and as people would.
//!
//! Rule: every test ends with `assert_clean`, unless it breaks a contract on purpose.

#[cfg(test)]
#[path = "discord/client.rs"]
mod client;
#[cfg(test)]
#[path = "discord/commands.rs"]
mod commands;
#[cfg(test)]
#[path = "discord/gateway.rs"]
mod gateway;
#[cfg(test)]
#[path = "discord/messages.rs"]
mod messages;
#[cfg(test)]
#[path = "discord/people.rs"]
mod people;
#[cfg(test)]
#[path = "discord/posts.rs"]
mod posts;
#[cfg(test)]
#[path = "discord/refusals.rs"]
mod refusals;
#[cfg(test)]
#[path = "discord/threads.rs"]
mod threads;
#[cfg(test)]
#[path = "discord/trouble.rs"]
mod trouble;
#[cfg(test)]
#[path = "discord/types.rs"]
mod types;
#[cfg(test)]
#[path = "discord/webhooks.rs"]
mod webhooks;
