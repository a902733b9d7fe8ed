//! What a platform says of a launch, signed: read, and looked at rule by rule (LTI 1.3, sections 4 and 5; Security
//! Framework 1.0, section 5.1.3).

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use serde::{Deserialize, de::IgnoredAny};

use super::limits::{LEEWAY_SECONDS, MAX_AGE_SECONDS, MAX_ID, MAX_PERSON, MAX_TITLE, MAX_URL};
use crate::classroom::ClassError;

/// What we send a browser away with where nothing is to be mended on its side.
const ASK_ADMIN: &str = "Tell who looks after the link in your course, or after Lunchbox.";
/// Where the standard keeps its names of roles in a course.
const MEMBERSHIP: &str = "http://purl.imsglobal.org/vocab/lis/v2/membership#";
const LOOKS_ON: &str = "Your course has you as an observer (Mentor), and Lunchbox has places for its learners and teachers only. Ask the teacher to show you the class.";
/// May grades be sent (AGS 2.0, section 3.1)?
const SCORE: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/score";

/// The claims that are read. Whatever else stands in a token, `custom` with all that a course's author wrote
/// included, is not looked at.
#[derive(Deserialize)]
struct Claims {
    aud: OneOrMany,
    azp: Option<String>,
    iat: u64,
    sub: Option<String>,
    nonce: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/message_type")]
    message_type: Option<String>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/version")]
    version: Option<String>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/deployment_id")]
    deployment: Option<String>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/target_link_uri")]
    target: Option<String>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/roles", default)]
    roles: Vec<String>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/context")]
    context: Option<Named>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti/claim/resource_link")]
    resource: Option<Named>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint")]
    grades: Option<Grades>,
    #[serde(rename = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice")]
    members: Option<Members>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    // Looked at with all the rest by the library.
    One(IgnoredAny),
}

#[derive(Deserialize)]
struct Named {
    id: String,
    title: Option<String>,
    label: Option<String>,
}

#[derive(Deserialize)]
struct Grades {
    #[serde(default)]
    scope: Vec<String>,
    lineitem: Option<String>,
}

#[derive(Deserialize)]
struct Members {
    context_memberships_url: Option<String>,
}

/// What a launch says, of which each rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launch {
    pub(super) sub: String,
    /// Empty: the platform does not tell.
    pub(super) name: String,
    pub(super) nonce: String,
    pub(super) deployment: String,
    /// The course; empty: the platform does not say.
    pub(super) context: String,
    pub(super) course: String,
    pub(super) resource: String,
    pub(super) title: String,
    /// Teaches the course.
    pub(super) teaches: bool,
    pub(super) target: String,
    pub(super) grades_url: String,
    pub(super) members_url: String,
}

/// The name of the key that a token is signed with: a token of any other kind than RS256 has none.
///
/// # Errors
/// Where it is no such token.
pub(super) fn key_name(token: &str) -> Result<String, ClassError> {
    let header = match decode_header(token) {
        Ok(header) if header.alg == Algorithm::RS256 => header,
        _ => return refused("The launch is not signed by RS256, which is the one way that Lunchbox knows."),
    };
    match header.kid {
        Some(kid) if !kid.is_empty() => Ok(kid),
        _ => refused("The launch does not say which of the platform's keys it is signed with (kid)."),
    }
}

/// Reads a launch. `at`: unix seconds.
///
/// # Errors
/// Where one of the rules doesn't hold.
pub(super) fn read(token: &str, key: &DecodingKey, issuer: &str, client_id: &str, at: u64) -> Result<Launch, ClassError> {
    let mut rules = Validation::new(Algorithm::RS256);
    rules.leeway = LEEWAY_SECONDS;
    rules.validate_nbf = true;
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[client_id]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = match decode::<Claims>(token, key, &rules) {
        Ok(token) => token.claims,
        Err(error) => return refused(why(error.kind())),
    };
    // OpenID Connect Core 1.0, section 3.1.3.7.
    let is_for_many = matches!(&claims.aud, OneOrMany::Many(all) if all.len() > 1);
    if claims.azp.as_ref().map_or(is_for_many, |azp| azp != client_id) {
        return refused("The launch is meant for another tool (azp).");
    }
    if claims.iat > at.saturating_add(LEEWAY_SECONDS) {
        return refused("The launch is signed in the future: the clocks of the platform and of Lunchbox differ by more than a minute.");
    }
    if claims.iat.saturating_add(MAX_AGE_SECONDS + LEEWAY_SECONDS) < at {
        return refused("The launch is too old. Go back to your course and click the link again.");
    }
    if claims.version.as_deref() != Some("1.3.0") {
        return refused("The launch is of another version than LTI 1.3.0, which is the one that Lunchbox speaks.");
    }
    match claims.message_type.as_deref() {
        Some("LtiResourceLinkRequest") => {}
        Some("LtiDeepLinkingRequest") => {
            return refused(
                "Lunchbox has nothing to choose from here. Add it to the course as a link to its tool URL; the first click asks which class it is for.",
            );
        }
        _ => return refused("Lunchbox is opened by a link in a course (LtiResourceLinkRequest), and this is something else."),
    }
    if looks_on(&claims.roles) {
        return ClassError::refused(LOOKS_ON);
    }
    let resource = claims.resource.ok_or_else(|| ClassError::Refused(sentence("The launch does not say by which link it came.")))?;
    let (context, course) =
        claims.context.map_or_else(Default::default, |context| (context.id, context.title.or(context.label).unwrap_or_default()));
    let whole = [claims.given_name, claims.family_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let can_score = |grades: &Grades| grades.scope.iter().any(|scope| scope == SCORE);
    Ok(Launch {
        sub: id(claims.sub, "who it is that comes")?,
        name: shortened(&claims.name.filter(|name| !name.trim().is_empty()).unwrap_or(whole), MAX_PERSON),
        nonce: id(claims.nonce, "for which click it is (nonce)")?,
        deployment: id(claims.deployment, "its deployment")?,
        context: if context.is_empty() { context } else { id(Some(context), "its course")? },
        course: shortened(&course, MAX_TITLE),
        resource: id(Some(resource.id), "by which link it came")?,
        title: shortened(&resource.title.unwrap_or_default(), MAX_TITLE),
        teaches: claims.roles.iter().any(|role| is_teachers(role)),
        target: shortened(&claims.target.unwrap_or_default(), MAX_URL),
        grades_url: claims.grades.filter(can_score).and_then(|grades| grades.lineitem).unwrap_or_default(),
        members_url: claims.members.and_then(|members| members.context_memberships_url).unwrap_or_default(),
    })
}

/// Roles in the course itself (LTI 1.3, appendix A.2.3, where short names stand for them); what somebody is at the
/// school or of the platform gives nothing here.
pub(super) fn is_teachers(role: &str) -> bool {
    const IN_COURSE: [&str; 2] = [MEMBERSHIP, "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#"];
    let short = IN_COURSE.iter().find_map(|before| role.strip_prefix(before)).unwrap_or(role);
    matches!(short, "Instructor" | "TeachingAssistant" | "Administrator")
}

/// Whether somebody only looks on: a parent or a tutor, whom the platform has as a mentor of others and as nothing else in the
/// course.
pub(super) fn looks_on(roles: &[String]) -> bool {
    let is = |role: &String, what: &str| role.strip_prefix(MEMBERSHIP).unwrap_or(role) == what;
    roles.iter().any(|role| is(role, "Mentor")) && !roles.iter().any(|role| is(role, "Learner") || is_teachers(role))
}

fn why(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "The launch is not signed by the platform that it says it is from.",
        ErrorKind::ExpiredSignature => "The launch is too old. Go back to your course and click the link again.",
        ErrorKind::ImmatureSignature => {
            "The launch is signed in the future: the clocks of the platform and of Lunchbox differ by more than a minute."
        }
        ErrorKind::InvalidIssuer => "The launch is from another platform than the click was (iss).",
        ErrorKind::InvalidAudience => "The launch is meant for another tool (aud).",
        _ => "The launch can't be read, or lacks what every launch must say.",
    }
}

/// # Errors
/// Where it is missing or long.
fn id(text: Option<String>, what: &str) -> Result<String, ClassError> {
    match text {
        Some(text) if !text.is_empty() && text.chars().count() <= MAX_ID => Ok(text),
        _ => refused(&format!("The launch does not say {what}.")),
    }
}

/// `most`: characters.
fn shortened(text: &str, most: usize) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect()
}

fn refused<T>(what: &str) -> Result<T, ClassError> {
    ClassError::refused(sentence(what))
}

fn sentence(what: &str) -> String {
    if what.contains("click the link again") { what.to_owned() } else { format!("{what} {ASK_ADMIN}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_a_mentor_and_nothing_else_in_the_course_looks_on() {
        let role = |name: &str| format!("http://purl.imsglobal.org/vocab/lis/v2/membership#{name}");
        assert!(looks_on(&[role("Mentor")]));
        assert!(looks_on(&["Mentor".to_owned(), "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor".to_owned()]));
        for roles in [vec![], vec![role("Learner")], vec![role("Mentor"), role("Learner")], vec![role("Instructor"), role("Mentor")]] {
            assert!(!looks_on(&roles), "{roles:?}");
        }
    }

    #[test]
    fn teaching_a_course_is_a_role_in_the_course() {
        for role in [
            "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",
            "http://purl.imsglobal.org/vocab/lis/v2/membership#Administrator",
            "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant",
            "Instructor",
        ] {
            assert!(is_teachers(role), "{role}");
        }
        for role in [
            "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
            "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor",
            "http://purl.imsglobal.org/vocab/lis/v2/membership/Learner#Instructor",
            "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
            "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
            "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
            "instructor",
            "",
        ] {
            assert!(!is_teachers(role), "{role}");
        }
    }
}
