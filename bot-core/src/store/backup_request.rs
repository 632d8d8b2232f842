// SPDX-License-Identifier: AGPL-3.0-or-later
//! How `freeside store backup` asks the running bridge for a copy.
//!
//! Rule: the token with which the bridge is asked is the homeserver's, too. A folder is written only
//! when a file in it says what the request says: then who asks may write there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The file that proves it.
pub const FILE: &str = "backup-request";

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CopyRequest {
    /// The folder that becomes the copy.
    pub folder: PathBuf,
    /// What stands in its [`FILE`].
    pub proof: String,
}

impl CopyRequest {
    /// Whether who asks may write into the folder.
    pub fn is_proven(&self) -> bool {
        let stands = std::fs::read_to_string(self.folder.join(FILE));
        self.proof.len() >= 32 && stands.is_ok_and(|stands| stands == self.proof)
    }
}
