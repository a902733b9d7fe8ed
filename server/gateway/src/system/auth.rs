//! `docker login`: the course's registry needs none, and no other can be reached. Never passed on: the
//! engine would dial whatever address is asked for.

use http::StatusCode;
use serde::Deserialize;

use crate::{
    body,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

/// `AuthConfig`. The password is read to be thrown away.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AuthRequest {
    serveraddress: String,
    username: String,
    password: String,
    auth: String,
    email: String,
    identitytoken: String,
}

pub(crate) async fn auth(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let asked: AuthRequest = Request::json(request.body, &request.headers).await?;
    let alias = &context.shared.config.registry_alias;
    let address = asked.serveraddress.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    if address == alias {
        return Ok(body::json(StatusCode::OK, &serde_json::json!({ "Status": "Login Succeeded", "IdentityToken": "" })));
    }
    Err(Refusal::forbidden(
        "logging in to other registries",
        &format!("only the course's own, {alias}, can be reached, and it lets you in as you are."),
    ))
}
