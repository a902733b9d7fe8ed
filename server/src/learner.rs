//! Who a learner is: an ID that follows from a secret in their browser.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// 32 lowercase hex digits. Never shown, never accepted from a request.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LearnerId(String);

impl LearnerId {
    /// The learner with that secret. Who reads the database doesn't learn it.
    pub fn of(secret: &str) -> Self {
        let digest: [u8; 32] = Sha256::new().chain_update("learner ").chain_update(secret).finalize().into();
        Self(crate::hex::hex(&digest[..16]))
    }

    /// A learner whom nobody is.
    pub fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }

    /// From the database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LearnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for LearnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
