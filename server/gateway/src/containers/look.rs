//! What a container does and has done: processes, logs, changed files, use of the machine.

use std::collections::BTreeMap;

use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    ActivityKind, body,
    lines::{self, JsonLines},
    model::versions,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
    upstream::Ask,
};

/// Arguments for `ps`, which the engine runs on its own host: only these.
const PS_ARGUMENTS: &[&str] =
    &["-ef", "aux", "-aux", "ef", "-eo pid,comm", "-eo pid,ppid,comm", "-eo pid,user,comm", "-o pid,comm", "-o pid,cmd", "-o pid,args"];

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Processes {
    processes: Option<Vec<Vec<String>>>,
    titles: Option<Vec<String>>,
}

/// `GET /containers/{id}/top`
pub(crate) async fn top(context: &Context, mut request: Request) -> Answer {
    let arguments = request.query.text("ps_args")?.filter(|arguments| !arguments.is_empty());
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    if let Some(arguments) = &arguments
        && !PS_ARGUMENTS.contains(&arguments.as_str())
    {
        return Err(Refusal::forbidden(
            &format!("`docker top` with {arguments:?}"),
            "ps runs on the shared host. Leave the arguments out, or use -ef, aux or -eo pid,comm.",
        ));
    }
    let ask = Ask::get(&["containers", own.engine_id(), "top"]).optional("ps_args", arguments);
    let processes: Processes = context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))?;
    Ok(body::json(StatusCode::OK, &processes))
}

/// `GET /containers/{id}/logs`
pub(crate) async fn logs(context: &Context, mut request: Request) -> Answer {
    let query = &mut request.query;
    let mut flags = Vec::new();
    for name in ["follow", "stdout", "stderr", "timestamps", "details"] {
        if query.flag(name)? {
            flags.push(name);
        }
    }
    let since = time(query.text("since")?)?;
    let until = time(query.text("until")?)?;
    let tail = query.text("tail")?.filter(|tail| tail == "all" || tail.parse::<i64>().is_ok());
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let permit = context.sandbox.stream()?;
    let ask = flags
        .into_iter()
        .fold(Ask::get(&["containers", own.engine_id(), "logs"]), |ask, name| ask.flag(name, true))
        .optional("since", since)
        .optional("until", until)
        .optional("tail", tail)
        .patient();
    let engine = context.shared.engine.pass(ask).await.map_err(|said| context.engine_said(said))?;
    context.sandbox.record_look(ActivityKind::ContainerLogsRead { id: own.engine_id().to_owned(), name: own.name().to_owned() });
    let of_engine = engine.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = HeaderValue::from_static(versions::stream_type(of_engine, request.version));
    let mut response = http::Response::new(body::holding(engine.into_body(), permit));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}

/// Unix seconds, with or without nanoseconds; the CLI turns everything else into these.
fn time(text: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let digits = |part: &str| !part.is_empty() && part.len() <= 19 && part.bytes().all(|b| b.is_ascii_digit());
    let (seconds, fraction) =
        text.strip_prefix('-').unwrap_or(&text).split_once('.').unwrap_or((text.strip_prefix('-').unwrap_or(&text), "0"));
    if digits(seconds) && digits(fraction) { Ok(Some(text)) } else { Err(Refusal::invalid(format!("invalid time: {text:?}"))) }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    path: String,
    kind: u8,
}

/// `GET /containers/{id}/changes`: `docker diff`.
pub(crate) async fn changes(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let ask = Ask::get(&["containers", own.engine_id(), "changes"]);
    let changes: Option<Vec<Change>> = context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))?;
    context.sandbox.record_look(ActivityKind::ContainerDiffed { id: own.engine_id().to_owned(), name: own.name().to_owned() });
    Ok(body::json(StatusCode::OK, &changes))
}

/// `ContainerStatsResponse`: numbers, and a name.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Stats {
    name: String,
    id: String,
    #[serde(flatten)]
    numbers: BTreeMap<String, serde_json::Value>,
}

/// `GET /containers/{id}/stats`
pub(crate) async fn stats(context: &Context, mut request: Request) -> Answer {
    let streams =
        request.query.text("stream")?.is_none_or(|value| !matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "none"));
    let one_shot = request.query.flag("one-shot")?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let permit = context.sandbox.stream()?;
    let ask = Ask::get(&["containers", own.engine_id(), "stats"])
        .parameter("stream", u8::from(streams))
        .flag("one-shot", one_shot && !streams)
        .patient();
    let engine = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    let (name, version) = (format!("/{}", own.name()), request.version);
    let mut all = JsonLines::new(engine.into_body(), lines::told_of("a container's stats", &context.sandbox.id));
    let stream = async_stream::stream! {
        let _permit = permit;
        while let Some(next) = all.next::<Stats>().await {
            match next {
                Ok(mut stats) => {
                    stats.name.clone_from(&name);
                    versions::stats(&mut stats.numbers, version);
                    yield Ok(lines::line(&stats));
                }
                Err(error) => { yield Err(error); break }
            }
        }
    };
    Ok(body::with_type(StatusCode::OK, "application/json", body::stream(stream)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers() {
        let of = |text: &str| time(Some(text.to_owned()));
        assert!(of("1700000000.123456789").is_ok_and(|time| time.is_some()));
        assert!(of("0").is_ok());
        assert!(of("").is_ok_and(|time| time.is_none()));
        assert!(of("yesterday").is_err());
        assert!(of("1&x=2").is_err());
    }
}
