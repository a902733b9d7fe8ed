//! A launch comes back: it is looked at, and kept as an arrival for the browser that brought it.

use std::time::Instant;

use sqlx::Row as _;

use super::{
    limits::ARRIVAL_HOLDS,
    login::{BROWSER, LoginAsked, NONCE, STATE, own_path},
    token::{self, Launch},
    urls,
};
use crate::{
    classroom::{ClassError, Classroom, codes},
    clock::now,
};

pub(super) const TICKET: &str = "lti ticket";
const AGAIN: &str = "This launch was used already, or took more than ten minutes. Go back to your course and click the link again.";

/// Why somebody doesn't arrive.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The browser has not brought the cookie it was given: in a frame it may not. With what to begin anew.
    #[error("the browser brought no cookie")]
    NoCookie(Box<LoginAsked>),
    #[error(transparent)]
    Class(#[from] ClassError),
}

impl From<sqlx::Error> for LaunchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Class(error.into())
    }
}

impl Classroom {
    /// Takes what the browser brings from the platform. Returns the arrival's ticket.
    ///
    /// # Errors
    /// Where it is not what this browser was sent for, a rule doesn't hold, or the database fails.
    pub async fn lti_launch(&self, state: &str, id_token: &str, browser: Option<&str>, base: &str) -> Result<String, LaunchError> {
        let (state, at) = (codes::hashed(STATE, state), now());
        let Some(browser) = browser else {
            let began: Option<String> = sqlx::query_scalar("SELECT began_with FROM lti_logins WHERE state = $1 AND expires_at >= $2")
                .bind(&state)
                .bind(at)
                .fetch_optional(&self.pool)
                .await?;
            let began = began.and_then(|began| serde_json::from_str(&began).ok());
            return Err(began.map_or_else(|| ClassError::Refused(AGAIN.to_owned()).into(), |began| LaunchError::NoCookie(Box::new(began))));
        };
        let browser = codes::hashed(BROWSER, browser);
        // Used up by the browser that was sent for it, and by no other; whatever comes of it.
        let login = sqlx::query("DELETE FROM lti_logins WHERE state = $1 AND browser = $2 AND expires_at >= $3 RETURNING nonce, platform")
            .bind(&state)
            .bind(&browser)
            .bind(at)
            .fetch_optional(&self.pool)
            .await?;
        let Some(login) = login else { return Err(ClassError::Refused(AGAIN.to_owned()).into()) };
        let (nonce, platform): (String, String) = (login.try_get(0)?, login.try_get(1)?);
        let launch = self.looked_at(&platform, id_token, at).await?;
        if codes::hashed(NONCE, &launch.nonce) != nonce {
            return Err(ClassError::Refused(AGAIN.to_owned()).into());
        }
        let target = match launch.target.as_str() {
            "" => String::new(),
            target => match own_path(base, target) {
                Some(path) => path,
                None => {
                    return Err(ClassError::Refused(format!(
                        "The link leads to {target}, which is not an address of this Lunchbox. Change it in the course."
                    ))
                    .into());
                }
            },
        };
        let link = self.link_of(&platform, &launch).await?;
        let ticket = codes::secret();
        sqlx::query("DELETE FROM lti_arrivals WHERE expires_at < $1").bind(at).execute(&self.pool).await?;
        sqlx::query(
            "INSERT INTO lti_arrivals (ticket, browser, platform, link, sub, name, teaches, target, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(codes::hashed(TICKET, &ticket))
        .bind(&browser)
        .bind(&platform)
        .bind(link)
        .bind(&launch.sub)
        .bind(&launch.name)
        .bind(i64::from(launch.teaches))
        .bind(target)
        .bind(at.saturating_add(i64::try_from(ARRIVAL_HOLDS.as_millis()).unwrap_or(i64::MAX)))
        .execute(&self.pool)
        .await?;
        Ok(ticket)
    }

    /// What the platform says, where it is the platform that says it. What an admin can mend is told them.
    async fn looked_at(&self, platform: &str, id_token: &str, at: i64) -> Result<Launch, ClassError> {
        let row = sqlx::query("SELECT issuer, client_id, keys_url FROM lti_platforms WHERE id = $1")
            .bind(platform)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return ClassError::refused(AGAIN) };
        let (issuer, client_id, keys_url): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let kid = token::key_name(id_token)?;
        let key = match self.lti.platform_key(platform, &keys_url, &kid, Instant::now()).await {
            Ok(key) => key,
            Err(error) => {
                self.platform_problem(platform, &error.0).await?;
                return ClassError::refused(
                    "Lunchbox could not find out whether this launch is from your platform. Try again in a minute; if it stays, tell who looks after Lunchbox.",
                );
            }
        };
        let launch = token::read(id_token, &key, &issuer, &client_id, u64::try_from(at / 1000).unwrap_or(0))?;
        let deployments = self.deployments(platform).await?;
        if !deployments.contains(&launch.deployment) {
            let problem =
                format!("Somebody came from deployment {:?}, which is not in the list. If it is yours, enter it.", launch.deployment);
            self.platform_problem(platform, &problem).await?;
            return ClassError::refused(
                "This link is of a deployment that isn't registered here. Tell who looks after Lunchbox: they see on its page of learning platforms which one it is.",
            );
        }
        Ok(launch)
    }

    /// The link that they came by, as it is now called, with its services.
    async fn link_of(&self, platform: &str, launch: &Launch) -> Result<String, ClassError> {
        let grades_url = self.service(platform, &launch.grades_url).await?;
        let members_url = self.service(platform, &launch.members_url).await?;
        let id: String = sqlx::query_scalar(
            "INSERT INTO lti_links (id, platform, deployment, context, resource, course, title, class, grades_url, members_url, made_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10) ON CONFLICT (platform, deployment, context, resource) DO UPDATE \
             SET course = excluded.course, title = excluded.title, grades_url = excluded.grades_url, members_url = excluded.members_url \
             RETURNING id",
        )
        .bind(codes::id())
        .bind(platform)
        .bind(&launch.deployment)
        .bind(&launch.context)
        .bind(&launch.resource)
        .bind(&launch.course)
        .bind(&launch.title)
        .bind(grades_url)
        .bind(members_url)
        .bind(now())
        .fetch_one(&self.pool)
        .await?;
        self.send_again(platform, Some(&id)).await?;
        Ok(id)
    }

    /// The address of a service, where it is on a server that an admin has entered; what is said there carries a token.
    /// Empty: there is none, or it is elsewhere, which the admin is told.
    pub(super) async fn service(&self, platform: &str, address: &str) -> Result<String, ClassError> {
        if address.is_empty() {
            return Ok(String::new());
        }
        let row = sqlx::query("SELECT issuer, authorize_url, token_url, keys_url, services_url FROM lti_platforms WHERE id = $1")
            .bind(platform)
            .fetch_one(&self.pool)
            .await?;
        let Ok(url) = url::Url::parse(address) else { return Ok(String::new()) };
        for index in 0..5 {
            let known: String = row.try_get(index)?;
            if urls::is_fit(&url) && url::Url::parse(&known).is_ok_and(|known| urls::same_server(&known, &url)) {
                return Ok(url.into());
            }
        }
        let server = url.origin().ascii_serialization();
        let problem = format!(
            "It wants grades and members to be asked at {server}, a server that is none of those entered. If it is yours, enter it as the server of grades and members."
        );
        self.platform_problem(platform, &problem).await?;
        Ok(String::new())
    }
}
