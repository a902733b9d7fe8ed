//! Who is in a course, as its platform tells it (LTI Names and Role Provisioning Services 2.0): fills a class's list.
//!
//! It adds and renames, and removes nobody: what somebody has done is not deleted because a list is shorter today.

use app::model::FillResult;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::Full;
use serde::Deserialize;
use sqlx::Row as _;
use url::Url;

use super::{
    access::ServiceError,
    http::PlatformError,
    limits::{MAX_ID, MAX_MEMBERS, MAX_PAGES},
    places::{Person, Taken, add_place, shown_name},
    token::{is_teachers, looks_on},
};
use crate::{
    classroom::{Account, ClassError, Classroom, Event, limits::MAX_PLACES, names, rights::alone_with},
    clock::now,
};

const SCOPE: &str = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly";
const TYPE: &str = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json";

#[derive(Deserialize)]
struct Page {
    members: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    user_id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    given_name: Option<String>,
    #[serde(default)]
    family_name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

impl Member {
    fn learns(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status == "Active")
            && !self.roles.iter().any(|role| is_teachers(role))
            && !looks_on(&self.roles)
    }

    fn called(&self) -> String {
        let whole = || [&self.given_name, &self.family_name].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        self.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(whole)
    }
}

impl Classroom {
    /// Asks a link's platform who is in the course, and gives each learner a place in the class it leads to.
    ///
    /// # Errors
    /// Where the class isn't theirs, the platform doesn't tell, or the database fails.
    pub async fn fill_from_platform(&self, who: &Account, link: &str) -> Result<FillResult, ClassError> {
        let row =
            sqlx::query("SELECT class, platform, members_url FROM lti_links WHERE id = $1").bind(link).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Err(ClassError::NotFound) };
        let (class, platform, url): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let class = self.class_of(who, &class).await?;
        if url.is_empty() {
            return ClassError::refused(
                "The platform does not tell Lunchbox who is in the course. Allow the tool to read names and roles there, click the link once more, and try again.",
            );
        }
        let members = match self.members(&platform, &url).await {
            Ok(members) => members,
            Err(ServiceError::Class(error)) => return Err(error),
            Err(ServiceError::Platform(error)) => {
                self.platform_problem(&platform, &format!("Who is in a course can't be read: {error}")).await?;
                return ClassError::refused(format!("The list could not be had: {error}"));
            }
        };
        let mut result = FillResult::default();
        let (mut transaction, at) = (alone_with(&self.pool, &class.id).await?, now());
        let mut taken = Taken::of(&mut transaction, &class.id).await?;
        for member in members.iter().filter(|member| member.learns()) {
            if member.user_id.is_empty() || member.user_id.chars().count() > MAX_ID {
                result.left_out += 1;
                continue;
            }
            let person = Person { platform: &platform, sub: &member.user_id, name: &member.called() };
            let place: Option<String> = sqlx::query_scalar("SELECT place FROM lti_places WHERE class = $1 AND platform = $2 AND sub = $3")
                .bind(&class.id)
                .bind(&platform)
                .bind(&member.user_id)
                .fetch_optional(&mut *transaction)
                .await?;
            match place {
                Some(place) => result.renamed += u32::from(renamed(&mut transaction, &mut taken, &place, person.name).await?),
                None if add_place(&mut transaction, &class.id, &mut taken, &person, None, at).await? => result.added += 1,
                None => result.left_out += 1,
            }
        }
        transaction.commit().await?;
        result.most = u32::try_from(MAX_PLACES).unwrap_or_default();
        result.learners = u32::try_from(members.iter().filter(|member| member.learns()).count()).unwrap_or_default();
        self.hub.tell(Event::People(class.id));
        Ok(result)
    }

    async fn members(&self, platform: &str, first: &str) -> Result<Vec<Member>, ServiceError> {
        let token = self.access_token(platform, SCOPE).await?;
        let (mut all, mut next) = (Vec::new(), Some(first.to_owned()));
        for _ in 0..MAX_PAGES {
            let Some(url) = next else { return Ok(all) };
            // With the token goes only who an admin has entered: the next page is named by the one before.
            if self.service(platform, &url).await?.is_empty() {
                return Err(PlatformError("it goes on at another server, which no admin has entered.".to_owned()).into());
            }
            let request = Request::get(&url)
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::ACCEPT, TYPE)
                .body(Full::default())
                .map_err(|_| PlatformError("the platform's address for members can't be asked.".to_owned()))?;
            let answer = self.lti.http.ask(request).await?;
            if answer.status == StatusCode::UNAUTHORIZED {
                self.lti.tokens.forget(platform);
            }
            if answer.status != StatusCode::OK {
                return Err(PlatformError(format!(
                    "the platform answers {}. Allow the tool to read names and roles there.",
                    answer.status
                ))
                .into());
            }
            let Ok(page) = serde_json::from_slice::<Page>(&answer.body) else {
                return Err(PlatformError("the platform answers with something that is no list of members.".to_owned()).into());
            };
            all.extend(page.members);
            if all.len() > MAX_MEMBERS {
                return Err(PlatformError(format!("there are more than {MAX_MEMBERS} people in the course, and no more are read.")).into());
            }
            next = next_page(&answer.headers, &url);
        }
        match next {
            None => Ok(all),
            Some(_) => Err(PlatformError(format!("the list has more than {MAX_PAGES} pages, and no more are read.")).into()),
        }
    }
}

/// Renames a place where its name is another now. Whether it was.
async fn renamed(
    transaction: &mut sqlx::Transaction<'_, sqlx::Any>,
    taken: &mut Taken,
    place: &str,
    name: &str,
) -> Result<bool, ClassError> {
    let now: String = sqlx::query_scalar("SELECT name FROM enrolments WHERE id = $1").bind(place).fetch_one(&mut **transaction).await?;
    let name = taken.take_instead(&now, &shown_name(name, "Learner"));
    if name == now {
        return Ok(false);
    }
    sqlx::query("UPDATE enrolments SET name = $1, name_key = $2 WHERE id = $3")
        .bind(&name)
        .bind(names::key(&name))
        .bind(place)
        .execute(&mut **transaction)
        .await?;
    Ok(true)
}

/// `Link: <https://…>; rel="next"` (RFC 8288).
fn next_page(headers: &HeaderMap, here: &str) -> Option<String> {
    let all = headers.get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
    let next = all.flat_map(|links| links.split(", <")).find_map(|link| {
        let (target, parameters) = link.trim_start_matches('<').split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| matches!(parameter.trim().replace('"', "").as_str(), "rel=next"));
        is_next.then(|| target.to_owned())
    })?;
    Url::parse(here).ok()?.join(&next).ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_next_page_is_named_by_a_header() {
        let next = |link: &'static str| {
            let headers = HeaderMap::from_iter([(header::LINK, HeaderValue::from_static(link))]);
            next_page(&headers, "https://m.example/members?page=1")
        };
        assert_eq!(next("<https://m.example/members?page=2>; rel=\"next\"").as_deref(), Some("https://m.example/members?page=2"));
        assert_eq!(
            next("<https://m.example/d?x=1>; rel=\"differences\", </members?page=3>; rel=next").as_deref(),
            Some("https://m.example/members?page=3")
        );
        for none in ["<https://m.example/members?page=1>; rel=\"prev\"", "nonsense", "<https://m.example/>; rel=\"nextest\""] {
            assert_eq!(next(none), None, "{none}");
        }
    }
}
