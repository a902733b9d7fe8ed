//! Where links may lead: to the web, to another step, to another lesson.

use crate::lessons::text::is_id;

/// A link to a lesson or step that must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lessons) struct InternalLink {
    pub(in crate::lessons) line: usize,
    pub(in crate::lessons) slug: String,
    pub(in crate::lessons) step: Option<String>,
}

pub(super) enum Target {
    Web(String),
    Lesson { slug: String, step: Option<String> },
}

impl Target {
    /// `https://…`; `step-id` in the lesson `slug`; `/lessons/slug` or `/lessons/slug/step-id`.
    pub(super) fn read(target: &str, slug: &str) -> Result<Self, String> {
        let scheme = target.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        if let Some(scheme) = scheme {
            return match scheme.as_str() {
                "http" | "https" => Ok(Self::Web(target.to_owned())),
                _ => Err(format!("a link can't lead to {target}: only http, https, and steps of lessons")),
            };
        }
        if is_id(target) {
            return Ok(Self::Lesson { slug: slug.to_owned(), step: Some(target.to_owned()) });
        }
        let parts: Vec<&str> = target.strip_prefix("/lessons/").unwrap_or_default().split('/').collect();
        match parts.as_slice() {
            [slug] if is_id(slug) => Ok(Self::Lesson { slug: (*slug).to_owned(), step: None }),
            [slug, step] if is_id(slug) && is_id(step) => Ok(Self::Lesson { slug: (*slug).to_owned(), step: Some((*step).to_owned()) }),
            _ => Err(format!(
                "{target} leads nowhere: write step-id for a step of this lesson, /lessons/slug/step-id for another's, or a whole address"
            )),
        }
    }
}
