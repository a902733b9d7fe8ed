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

/// A link in a course that leads to a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassLink {
    pub id: String,
    /// As people call them.
    pub platform: String,
    pub course: String,
    pub title: String,
    /// Grades are sent.
    pub takes_grades: bool,
    /// The platform says who is in the course.
    pub tells_members: bool,
    /// Grades that wait to be sent.
    pub waiting: u32,
    /// Why a grade did not arrive; empty: they do.
    pub problem: String,
}

/// What became of a class's list when a platform filled it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillResult {
    /// Learners in the course.
    pub learners: u32,
    pub added: u32,
    pub renamed: u32,
    /// For whom there was no place.
    pub left_out: u32,
    /// Places that a class has.
    pub most: u32,
}
