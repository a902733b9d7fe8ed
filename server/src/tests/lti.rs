//! Learners and teachers who come from a learning platform: every rule of a launch has a launch here that breaks it.

mod arrivals;
mod launches;
mod people;
mod platform;
mod services;

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use self::platform::Platform;
use super::support::{Answer, TestServer, Visitor};

const CLIENT: &str = "client-7";
const TEACHER: &str = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor";
const LEARNER: &str = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner";
const MENTOR: &str = "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor";

/// A browser that keeps several cookies.
#[derive(Clone)]
struct Browser {
    visitor: Visitor,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn ask(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.visitor.cookie = (!cookies.is_empty()).then(|| cookies.join("; "));
        let answer = self.visitor.ask(method, path, headers, body).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    async fn open(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("accept", "text/html")], "").await
    }

    /// Posts a form of ours.
    async fn press(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.visitor.url.clone();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", &*origin), ("accept", "text/html")];
        self.ask(Method::POST, path, &headers, &form(fields)).await
    }

    async fn call(&mut self, function: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.visitor.url.clone();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", &*origin), ("accept", "application/json")];
        self.ask(Method::POST, &format!("/api/fn/{function}"), &headers, &form(fields)).await
    }

    async fn me(&mut self) -> Value {
        self.call("teach/me", &[]).await.json()
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().unwrap().to_owned()
}

struct World {
    server: TestServer,
    platform: Platform,
    admin: Visitor,
}

impl World {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let platform = Platform::start().await;
        let admin = server.instructor("Admin", true).await;
        let mut world = Self { server, platform, admin };
        let kept = world.keep(&world.platform.url.clone(), &[]).await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
        world
    }

    /// Registers the platform at that address.
    async fn keep(&mut self, url: &str, changed: &[(&str, &str)]) -> Answer {
        let at = |path: &str| format!("{url}{path}");
        let (authorize, token, keys) = (at("/authorize"), at("/token"), at("/keys"));
        let mut fields = BTreeMap::from([
            ("draft[id]", ""),
            ("draft[name]", "School Moodle"),
            ("draft[issuer]", url),
            ("draft[client_id]", CLIENT),
            ("draft[deployments]", "1"),
            ("draft[authorize_url]", &authorize),
            ("draft[token_url]", &token),
            ("draft[keys_url]", &keys),
            ("draft[services_url]", ""),
        ]);
        fields.extend(changed.iter().copied());
        let fields: Vec<_> = fields.into_iter().collect();
        self.admin.call("teach/keep_platform", &fields).await
    }

    /// What an admin is told of a platform.
    async fn problem(&mut self) -> String {
        let all = self.admin.call("teach/platforms", &[]).await.json();
        all["platforms"][0]["problem"][0].as_str().unwrap_or_default().to_owned()
    }

    fn browser(&self) -> Browser {
        Browser { visitor: self.server.visitor(), cookies: BTreeMap::new() }
    }

    fn login_path(&self, platform: &Platform, target: &str) -> String {
        let fields =
            [("iss", &*platform.url), ("client_id", CLIENT), ("login_hint", "u"), ("lti_message_hint", "h"), ("target_link_uri", target)];
        format!("/lti/login?{}", form(&fields))
    }

    /// Begins a launch; returns state and nonce.
    async fn login(&self, browser: &mut Browser, platform: &Platform) -> (String, String) {
        let target = format!("{}/lti/launch", self.server.url);
        let answer = browser.open(&self.login_path(platform, &target)).await;
        let to = url::Url::parse(&location(&answer)).unwrap();
        assert!(to.as_str().starts_with(&format!("{}/authorize?", platform.url)), "{to}");
        let asked: BTreeMap<String, String> = to.query_pairs().into_owned().collect();
        for (name, value) in [
            ("scope", "openid"),
            ("response_type", "id_token"),
            ("response_mode", "form_post"),
            ("prompt", "none"),
            ("client_id", CLIENT),
            ("login_hint", "u"),
            ("lti_message_hint", "h"),
            ("redirect_uri", &target),
        ] {
            assert_eq!(asked[name], value, "{name}");
        }
        (asked["state"].clone(), asked["nonce"].clone())
    }

    fn claims(&self, platform: &Platform, nonce: &str, sub: &str, role: &str) -> Value {
        let at = crate::clock::now() / 1000;
        json!({
            "iss": platform.url, "aud": CLIENT, "sub": sub, "iat": at, "exp": at + 300, "nonce": nonce, "name": format!("{sub} of Moodle"),
            "https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiResourceLinkRequest",
            "https://purl.imsglobal.org/spec/lti/claim/version": "1.3.0",
            "https://purl.imsglobal.org/spec/lti/claim/deployment_id": "1",
            "https://purl.imsglobal.org/spec/lti/claim/target_link_uri": format!("{}/lti/launch", self.server.url),
            "https://purl.imsglobal.org/spec/lti/claim/roles": [role],
            "https://purl.imsglobal.org/spec/lti/claim/context": { "id": "c1", "title": "Containers <101>" },
            "https://purl.imsglobal.org/spec/lti/claim/resource_link": { "id": "r1", "title": "First class" },
        })
    }

    /// Posts what the platform has a browser post.
    async fn post(&self, browser: &mut Browser, state: &str, token: &str) -> Answer {
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://moodle.example"), ("sec-fetch-site", "cross-site")];
        // Another site's post comes without our session, which is `Lax`.
        let session = browser.cookies.remove("lunchbox");
        let answer = browser.ask(Method::POST, "/lti/launch", &headers, &form(&[("state", state), ("id_token", token)])).await;
        assert!(!browser.cookies.contains_key("lunchbox"), "a launch makes no session, which would end the one there is");
        browser.cookies.extend(session.map(|session| ("lunchbox".to_owned(), session)));
        answer
    }

    /// A whole launch, changed in some way; what is answered to the post.
    async fn launch(&self, browser: &mut Browser, sub: &str, role: &str, change: impl FnOnce(&mut Value)) -> Answer {
        self.launch_from(&self.platform, browser, sub, role, change).await
    }

    async fn launch_from(
        &self,
        platform: &Platform,
        browser: &mut Browser,
        sub: &str,
        role: &str,
        change: impl FnOnce(&mut Value),
    ) -> Answer {
        let (state, nonce) = self.login(browser, platform).await;
        let mut claims = self.claims(platform, &nonce, sub, role);
        change(&mut claims);
        let token = platform::signed(&json!({ "alg": "RS256", "typ": "JWT", "kid": "key0" }), &claims, 0);
        self.post(browser, &state, &token).await
    }

    /// Goes on to where a launch leads: the answer there, and its path.
    async fn come(&self, browser: &mut Browser, sub: &str, role: &str) -> (Answer, String) {
        let arrive = location(&self.launch(browser, sub, role, |_| {}).await);
        (browser.open(&arrive).await, arrive)
    }

    /// A class that the link leads to, and its teacher's browser.
    async fn taught(&self) -> (Browser, String) {
        let mut teacher = self.browser();
        let (asked, arrive) = self.come(&mut teacher, "teacher", TEACHER).await;
        assert!(asked.text.contains("Which class is this link for?"), "{}", asked.text);
        let chosen = teacher.press(&arrive, &[("class", "new"), ("name", "Containers"), ("lesson", "docker-images")]).await;
        assert_eq!(location(&chosen), arrive);
        let board = location(&teacher.open(&arrive).await);
        let class = board.strip_prefix("/teach/classes/").unwrap().to_owned();
        (teacher, class)
    }
}
