//! `docker version`: the engine's own build, in the version of the API that is served here.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::{body, refusal::Answer, request::path::ApiVersion, serve::Context, upstream::Ask};

/// `SystemVersion`, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Version {
    version: String,
    git_commit: String,
    go_version: String,
    os: String,
    arch: String,
    kernel_version: String,
    build_time: String,
}

pub(crate) async fn version(context: &Context) -> Answer {
    let engine: Version = context.shared.engine.json(Ask::get(&["version"])).await.map_err(|said| context.engine_said(said))?;
    let (newest, oldest) = (ApiVersion::NEWEST.to_string(), ApiVersion::OLDEST.to_string());
    Ok(body::json(
        StatusCode::OK,
        &json!({
            "Platform": { "Name": "Lunchbox" },
            "Components": [{
                "Name": "Engine",
                "Version": engine.version,
                "Details": {
                    "ApiVersion": newest,
                    "Arch": engine.arch,
                    "BuildTime": engine.build_time,
                    "Experimental": "false",
                    "GitCommit": engine.git_commit,
                    "GoVersion": engine.go_version,
                    "KernelVersion": engine.kernel_version,
                    "MinAPIVersion": oldest,
                    "Os": engine.os,
                },
            }],
            "Version": engine.version,
            "ApiVersion": newest,
            "MinAPIVersion": oldest,
            "GitCommit": engine.git_commit,
            "GoVersion": engine.go_version,
            "Os": engine.os,
            "Arch": engine.arch,
            "KernelVersion": engine.kernel_version,
            "BuildTime": engine.build_time,
        }),
    ))
}
