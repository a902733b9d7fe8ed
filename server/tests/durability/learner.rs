//! A learner who does one thing after the other, and remembers what they were told to be stored.

use std::{collections::BTreeMap, time::Duration};

use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

const LESSON: &str = "docker-images";
const ASKED: (&str, &str) = ("inspect-an-image", "layers");
const CHECKED: &str = "pull-an-image";
/// Steps to be looked at, and to have hints revealed of.
const STEPS: [&str; 6] = ["pull-an-image", "list-images", "inspect-an-image", "run-a-container", "pull-three-images", "compare-sizes"];
/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a page would show.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stored {
    step: Option<String>,
    answer: Option<String>,
    tries: u64,
    /// By step, where there are any.
    hints: BTreeMap<&'static str, usize>,
}

pub(crate) struct Learner {
    number: usize,
    url: String,
    cookie: String,
    client: Client<HttpConnector, Full<Bytes>>,
    done: usize,
    /// As it was acknowledged.
    told: Stored,
    /// As it is if what was asked for last was stored as well.
    asked: Stored,
}

impl Learner {
    pub(crate) async fn arrive(number: usize, url: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let page = Request::get(format!("{url}/")).header(header::ACCEPT, "text/html").body(Full::default()).unwrap();
        let page = client.request(page).await.unwrap();
        let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { number, url, cookie, client, done: 0, told: Stored::default(), asked: Stored::default() }
    }

    /// Changes something. False: the server is gone, and nobody knows whether it was stored.
    pub(crate) async fn change(&mut self) -> bool {
        self.done += 1;
        let (turn, step) = (self.done, STEPS[self.done % STEPS.len()]);
        self.asked = self.told.clone();
        let at = [("lesson", LESSON), ("step", step)];
        let (status, _) = match turn % 4 {
            0 => return self.answer(&format!("no-{}-{turn}", self.number)).await,
            1 => {
                self.asked.step = Some(step.to_owned());
                self.call("visit_step", &at).await
            }
            2 => {
                *self.asked.hints.entry(step).or_default() += 1;
                self.call("hint", &at).await
            }
            _ => {
                self.asked.tries += 1;
                self.call("check_step", &[("lesson", LESSON), ("step", CHECKED)]).await
            }
        }
        .unwrap_or((StatusCode::GONE, String::new()));
        self.note(status)
    }

    /// Gives a wrong answer, which is stored as any other.
    pub(crate) async fn answer(&mut self, answer: &str) -> bool {
        self.asked = self.told.clone();
        self.asked.answer = Some(answer.to_owned());
        let (step, question) = ASKED;
        let fields = [("lesson", LESSON), ("step", step), ("question", question), ("answer", answer)];
        let (status, _) = self.call("answer", &fields).await.unwrap_or((StatusCode::GONE, String::new()));
        self.note(status)
    }

    fn note(&mut self, status: StatusCode) -> bool {
        match status {
            StatusCode::OK => self.told = self.asked.clone(),
            // All hints have been revealed, or it was asked for too quickly.
            StatusCode::CONFLICT => self.asked = self.told.clone(),
            StatusCode::GONE => return false,
            other => panic!("learner {} was refused: {other}", self.number),
        }
        true
    }

    /// Fails where anything is missing that was acknowledged. Whether something was under way at the kill.
    pub(crate) async fn compare(&mut self, round: usize) -> bool {
        let found = self.stored().await;
        let under_way = self.asked != self.told;
        assert!(
            found == self.told || found == self.asked,
            "in round {round} learner {} was told {:?}, asked for {:?} at last, and finds {found:?}",
            self.number,
            self.told,
            self.asked
        );
        (self.told, self.asked) = (found.clone(), found);
        under_way
    }

    /// The answer that is stored.
    pub(crate) async fn answered(&mut self) -> Option<String> {
        self.stored().await.answer
    }

    async fn stored(&mut self) -> Stored {
        let (status, body) = self.call("progress", &[("lesson", LESSON)]).await.expect("the server answers");
        assert_eq!(status, StatusCode::OK, "{body}");
        let progress: Value = serde_json::from_str(&body).unwrap();
        let hints = |step: &str| progress["steps"][step]["hints"].as_array().map_or(0, Vec::len);
        Stored {
            step: progress["current_step"].as_str().map(str::to_owned),
            answer: progress["steps"][ASKED.0]["questions"][ASKED.1]["answer"].as_str().map(str::to_owned),
            tries: progress["steps"][CHECKED]["tries"].as_u64().unwrap_or(0),
            hints: STEPS.into_iter().map(|step| (step, hints(step))).filter(|(_, hints)| *hints > 0).collect(),
        }
    }

    /// `None`: the server is gone.
    async fn call(&self, function: &str, fields: &[(&str, &str)]) -> Option<(StatusCode, String)> {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
        let request = Request::post(format!("{}/api/fn/{function}", self.url))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, &self.url)
            .header(header::COOKIE, &self.cookie)
            .body(Full::from(body.join("&")))
            .unwrap();
        let answered = async {
            let response = self.client.request(request).await.ok()?;
            // What a function refuses is told with 200, and by this header that it is none.
            let is_refused = response.headers().contains_key("serverfnerror");
            let status = if is_refused { StatusCode::CONFLICT } else { response.status() };
            let body = response.into_body().collect().await.ok()?.to_bytes();
            Some((status, String::from_utf8_lossy(&body).into_owned()))
        };
        tokio::time::timeout(PATIENCE, answered).await.expect("the server answers, or is gone")
    }
}
