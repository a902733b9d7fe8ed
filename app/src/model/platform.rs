//! Learning platforms from which learners and teachers come, as admins register them.

use serde::{Deserialize, Serialize};

/// What an admin enters of a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformDraft {
    /// Empty: one more.
    pub id: String,
    /// For people.
    pub name: String,
    pub issuer: String,
    /// Who Lunchbox is there.
    pub client_id: String,
    /// One a line.
    pub deployments: String,
    pub authorize_url: String,
    pub token_url: String,
    pub keys_url: String,
    /// Where grades and members are asked, where that is another server than those of the other addresses.
    #[serde(default)]
    pub services_url: String,
}

/// A platform that is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    pub draft: PlatformDraft,
    /// What went wrong last, and when (unix milliseconds); `None`: nothing since it last went well.
    pub problem: Option<(String, i64)>,
    /// Links in courses that lead here.
    pub links: u32,
}

/// What is pasted into a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUrls {
    pub login: String,
    pub launch: String,
    pub keys: String,
}

/// All that admins see of platforms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platforms {
    pub tool: ToolUrls,
    /// By name.
    pub platforms: Vec<Platform>,
}
