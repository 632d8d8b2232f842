// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where a message is: in its channel or in a thread of it.
//!
//! Rule: threads are channels of their own. An id is `message`, or `thread/message` for what
//! stands in a thread; the first message of a forum post has the plain id, which is also
//! that of its thread.

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLocation<'a> {
    /// The thread, if it is in one.
    pub thread: Option<&'a str>,
    /// The message's own id.
    pub message: &'a str,
}

impl<'a> MessageLocation<'a> {
    /// Reads an id of ours; `forum` says that the chat holds posts only.
    pub fn of(id: &'a str, forum: bool) -> Self {
        match id.split_once('/') {
            Some((thread, message)) => Self { thread: Some(thread), message },
            None if forum => Self { thread: Some(id), message: id },
            None => Self { thread: None, message: id },
        }
    }

    /// The channel to ask.
    pub fn channel(&self, chat: &'a str) -> &'a str {
        self.thread.unwrap_or(chat)
    }
}

/// The id of a message that was said in `thread`.
pub fn id_in(thread: Option<&str>, message: &str) -> String {
    match thread {
        Some(thread) if thread != message => format!("{thread}/{message}"),
        Some(_) | None => message.to_owned(),
    }
}
