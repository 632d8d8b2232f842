// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Telegram stand-in, behaviour by behaviour, over plain HTTP as a bot would speak.

#[cfg(test)]
mod asking;
#[cfg(test)]
mod bot;
#[cfg(test)]
mod changing;
#[cfg(test)]
mod faulty;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod people;
#[cfg(test)]
mod saying;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod taking;
#[cfg(test)]
mod texts;
