// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tests of the Telegram side: laws of the converters, single updates and acts, and real HTTP
//! against the stand-in.
//!
//! Rule: one binary, because linking the platform's crates is slow.

#[cfg(test)]
mod acts;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod chats;
#[cfg(test)]
mod contract_fields;
#[cfg(test)]
mod delivering;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod hidden_meaning;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod listening;
#[cfg(test)]
mod media_kinds;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod saying;
#[cfg(test)]
mod services;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod updates;
#[cfg(test)]
mod wire;
