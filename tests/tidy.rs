// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keeps the rules of the source tree that no compiler keeps.
//!
//! Rule: a checker is a function from text to complaints, and next to the test that holds it
//! against the tree stands one that plants a violation and sees it refused.

#[cfg(test)]
#[path = "tidy/features.rs"]
mod features;
#[cfg(test)]
#[path = "tidy/files.rs"]
mod files;
#[cfg(test)]
#[path = "tidy/glossary.rs"]
mod glossary;
#[cfg(test)]
#[path = "tidy/layers.rs"]
mod layers;
#[cfg(test)]
#[path = "tidy/manifests.rs"]
mod manifests;
#[cfg(test)]
#[path = "tidy/map.rs"]
mod map;
#[cfg(test)]
#[path = "tidy/modules.rs"]
mod modules;
#[cfg(test)]
#[path = "tidy/purity.rs"]
mod purity;
#[cfg(test)]
#[path = "tidy/sdks.rs"]
mod sdks;
#[cfg(test)]
#[path = "tidy/security.rs"]
mod security;
#[cfg(test)]
#[path = "tidy/tokens.rs"]
mod tokens;
#[cfg(test)]
#[path = "tidy/tree.rs"]
mod tree;
