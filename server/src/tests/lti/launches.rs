//! What a launch must be, rule by rule.

use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Redirect},
};
use serde_json::{Value, json};

use super::{CLIENT, LEARNER, MENTOR, TEACHER, World, location, platform};

const SPEC: &str = "https://purl.imsglobal.org/spec/lti/claim/";

fn claim(name: &str) -> String {
    format!("{SPEC}{name}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_a_launch_refuses_what_breaks_it() {
    let world = World::new().await;
    world.taught().await;
    type Change = fn(&mut Value);
    let broken: &[(&str, Change, &str)] = &[
        ("another client", |claims| claims["aud"] = json!("somebody-else"), "meant for another tool"),
        ("several clients, and nobody authorised", |claims| claims["aud"] = json!([CLIENT, "somebody-else"]), "meant for another tool"),
        (
            "several clients, and another authorised",
            |claims| {
                claims["aud"] = json!([CLIENT, "somebody-else"]);
                claims["azp"] = json!("somebody-else");
            },
            "meant for another tool",
        ),
        ("another authorised", |claims| claims["azp"] = json!("somebody-else"), "meant for another tool"),
        ("no client", |claims| drop(claims.as_object_mut().unwrap().remove("aud")), "lacks"),
        ("another issuer", |claims| claims["iss"] = json!("https://evil.example"), "another platform"),
        ("expired", |claims| claims["exp"] = json!(crate::clock::now() / 1000 - 61), "too old"),
        ("no end", |claims| drop(claims.as_object_mut().unwrap().remove("exp")), "lacks"),
        ("signed long ago", |claims| claims["iat"] = json!(crate::clock::now() / 1000 - 3700), "too old"),
        ("signed in the future", |claims| claims["iat"] = json!(crate::clock::now() / 1000 + 90), "in the future"),
        ("good from the future on", |claims| claims["nbf"] = json!(crate::clock::now() / 1000 + 90), "in the future"),
        ("another nonce", |claims| claims["nonce"] = json!("made-up"), "used already"),
        ("no nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce")), "nonce"),
        ("nobody", |claims| drop(claims.as_object_mut().unwrap().remove("sub")), "lacks"),
        ("an unknown deployment", |claims| claims[claim("deployment_id")] = json!("2"), "deployment that isn't registered"),
        ("no deployment", |claims| drop(claims.as_object_mut().unwrap().remove(&claim("deployment_id"))), "its deployment"),
        ("another version", |claims| claims[claim("version")] = json!("1.1"), "another version"),
        ("deep linking", |claims| claims[claim("message_type")] = json!("LtiDeepLinkingRequest"), "nothing to choose from"),
        ("another message", |claims| claims[claim("message_type")] = json!("LtiSubmissionReviewRequest"), "something else"),
        ("no link", |claims| drop(claims.as_object_mut().unwrap().remove(&claim("resource_link"))), "by which link"),
        (
            "a link that leads elsewhere",
            |claims| claims[claim("target_link_uri")] = json!("https://evil.example/"),
            "not an address of this Lunchbox",
        ),
    ];
    // All of them are tried, so that one that gets through doesn't hide another.
    let mut through = Vec::new();
    for (what, change, words) in broken {
        let answer = world.launch(&mut world.browser(), "ada", LEARNER, *change).await;
        if answer.status != StatusCode::FORBIDDEN || !answer.text.replace("&#39;", "'").contains(words) {
            through.push((what, answer.status));
        }
    }
    assert_eq!(through, []);
    assert!(!world.server.rows().await.contains_key("enrolments"), "nobody came in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_is_signed_by_the_platforms_own_key_and_in_one_way() {
    let world = World::new().await;
    world.taught().await;
    let none = |claims: &Value| format!("{}.{}.", platform::coded(r#"{"alg":"none","kid":"key0"}"#), platform::coded(claims.to_string()));
    let by_secret = |claims: &Value| {
        // The public key, which everybody has, taken for a secret.
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some("key0".to_owned());
        jsonwebtoken::encode(&header, claims, &jsonwebtoken::EncodingKey::from_secret(&platform::modulus(0))).unwrap()
    };
    let by = |header: Value, number: usize| move |claims: &Value| platform::signed(&header, claims, number);
    let tampered = |claims: &Value| {
        let token = platform::signed(&json!({ "alg": "RS256", "kid": "key0" }), claims, 0);
        let parts: Vec<&str> = token.split('.').collect();
        let mut claims = claims.clone();
        claims["sub"] = json!("eve");
        format!("{}.{}.{}", parts[0], platform::coded(claims.to_string()), parts[2])
    };
    type Forge = Box<dyn Fn(&Value) -> String>;
    let forged: Vec<(&str, Forge)> = vec![
        ("nobody's", Box::new(none)),
        ("by a secret", Box::new(by_secret)),
        ("another's key under the platform's name", Box::new(by(json!({ "alg": "RS256", "kid": "key0" }), 1))),
        ("no name of a key", Box::new(by(json!({ "alg": "RS256" }), 0))),
        ("another way", Box::new(by(json!({ "alg": "PS256", "kid": "key0" }), 0))),
        (
            "its own key with it",
            Box::new(by(
                json!({ "alg": "RS256", "kid": "key0", "jwk": { "kty": "RSA", "n": platform::coded(platform::modulus(1)), "e": "AQAB" } }),
                1,
            )),
        ),
        ("changed", Box::new(tampered)),
        ("no token", Box::new(|_| "x.y.z".to_owned())),
        ("nothing", Box::new(|_| String::new())),
    ];
    let mut through = Vec::new();
    for (what, token) in forged {
        let mut browser = world.browser();
        let (state, nonce) = world.login(&mut browser, &world.platform).await;
        let claims = world.claims(&world.platform, &nonce, "ada", LEARNER);
        let answer = world.post(&mut browser, &state, &token(&claims)).await;
        if answer.status != StatusCode::FORBIDDEN {
            through.push((what, answer.status));
        }
    }
    assert_eq!(through, []);
    assert!(!world.server.rows().await.contains_key("enrolments"), "nobody came in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_known_is_looked_for_and_names_made_up_are_not_each_time() {
    let world = World::new().await;
    world.taught().await;
    let asked = || world.platform.seen.lock().unwrap().keys_asked;
    let before = asked();
    for kid in ["made-up-1", "made-up-2", "key1"] {
        let mut browser = world.browser();
        let (state, nonce) = world.login(&mut browser, &world.platform).await;
        let claims = world.claims(&world.platform, &nonce, "ada", LEARNER);
        let answer = world.post(&mut browser, &state, &platform::signed(&json!({ "alg": "RS256", "kid": kid }), &claims, 1)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{kid}");
    }
    assert_eq!(asked(), before, "within a minute of the last look nobody is asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_is_good_once_and_in_the_browser_that_was_sent_for_it() {
    let world = World::new().await;
    world.taught().await;
    let (mut ada, mut eve) = (world.browser(), world.browser());
    let (state, nonce) = world.login(&mut ada, &world.platform).await;
    let token = platform::signed(&json!({ "alg": "RS256", "kid": "key0" }), &world.claims(&world.platform, &nonce, "ada", LEARNER), 0);

    world.login(&mut eve, &world.platform).await;
    let stolen = world.post(&mut eve, &state, &token).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "another browser's: {}", stolen.text);
    let mut nobody = world.browser();
    let without = world.post(&mut nobody, &state, &token).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    assert!(without.text.contains("Open Lunchbox in a new tab") && without.text.contains("/lti/login?iss="), "{}", without.text);
    assert!(!without.text.contains("/lti/arrive/"), "{}", without.text);

    let arrive = location(&world.post(&mut ada, &state, &token).await);
    assert_eq!(eve.open(&arrive).await.status, StatusCode::FORBIDDEN, "another browser has no use of the ticket");
    assert_eq!(nobody.open(&arrive).await.status, StatusCode::FORBIDDEN);
    assert_eq!(location(&ada.open(&arrive).await), "/lessons/docker-images");
    assert_eq!(ada.open(&arrive).await.status, StatusCode::FORBIDDEN, "nor has anybody a second time");

    let replayed = world.post(&mut ada, &state, &token).await;
    assert_eq!(replayed.status, StatusCode::FORBIDDEN, "{}", replayed.text);
    let (state, _) = world.login(&mut ada, &world.platform).await;
    let again = world.post(&mut ada, &state, &token).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "the same token for another click: {}", again.text);
    assert_eq!(world.server.rows().await["enrolments"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_of_an_unknown_platform_or_to_a_foreign_address_goes_nowhere() {
    let world = World::new().await;
    let ours = format!("{}/lti/launch", world.server.url);
    let issuer = &world.platform.url;
    let login = |fields: &[(&str, &str)]| format!("/lti/login?{}", super::form(fields));
    for (what, path) in [
        ("unknown issuer", login(&[("iss", "https://evil.example"), ("login_hint", "u"), ("target_link_uri", &ours)])),
        ("unknown client", login(&[("iss", issuer), ("client_id", "x"), ("login_hint", "u"), ("target_link_uri", &ours)])),
        ("foreign address", login(&[("iss", issuer), ("login_hint", "u"), ("target_link_uri", "https://evil.example/lti/launch")])),
        ("no hint", login(&[("iss", issuer), ("login_hint", ""), ("target_link_uri", &ours)])),
    ] {
        let answer = world.browser().open(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}: {}", answer.text);
        assert!(!answer.headers.contains_key(header::LOCATION), "{what}");
    }
    assert_eq!(world.browser().open("/lti/login?iss=x").await.status, StatusCode::BAD_REQUEST);
    let fields = super::form(&[("iss", issuer), ("login_hint", "u"), ("target_link_uri", &ours)]);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let posted = world.browser().ask(Method::POST, "/lti/login", &headers, &fields).await;
    assert!(location(&posted).starts_with(&format!("{issuer}/authorize?")), "it may be posted, and need not say the client");
    assert_eq!(world.server.rows().await["lti_logins"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_begins_very_many_launches_refuses_nobody() {
    let world = World::new().await;
    let pool = &world.server.state().needs.database.pool;
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
         INSERT INTO lti_logins (state, browser, nonce, platform, began_with, expires_at) \
         SELECT CAST(i AS TEXT), '', '', '', '', CAST($1 AS BIGINT) + i FROM n",
    )
    .bind(crate::clock::now() + 60_000)
    .execute(pool)
    .await
    .unwrap();
    world.login(&mut world.browser(), &world.platform).await;
    assert_eq!(world.server.rows().await["lti_logins"], 20_000);
    let oldest: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lti_logins WHERE state = '1'").fetch_one(pool).await.unwrap();
    assert_eq!(oldest, 0, "the oldest made room");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_frame_a_login_is_a_button_that_leads_out_of_it() {
    let world = World::new().await;
    let path = world.login_path(&world.platform, &format!("{}/lti/launch?\"><script>", world.server.url));
    let framed = world.browser().ask(Method::GET, &path, &[("accept", "text/html"), ("sec-fetch-dest", "iframe")], "").await;
    assert_eq!(framed.status, StatusCode::OK);
    assert!(framed.text.contains("target=\"_blank\"") && framed.text.contains("href=\"/lti/login?iss="), "{}", framed.text);
    assert!(!framed.text.contains("<script>"), "{}", framed.text);
    let policy = framed.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("frame-ancestors *") && policy.contains("default-src 'self'"), "{policy}");
    assert!(!world.server.rows().await.contains_key("lti_logins"), "nothing is waited for yet");
    let arrive = world.browser().open("/lti/arrive/none").await;
    assert!(arrive.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("frame-ancestors 'none'"), "no other page is");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_platform_is_told_its_admin_in_words() {
    let mut world = World::new().await;
    assert_eq!(world.problem().await, "");
    world.launch(&mut world.browser(), "ada", LEARNER, |claims| claims[claim("deployment_id")] = json!("77")).await;
    assert!(world.problem().await.contains("\"77\""), "{}", world.problem().await);

    let id = world.admin.call("teach/platforms", &[]).await.json()["platforms"][0]["draft"]["id"].as_str().unwrap().to_owned();
    let url = world.platform.url.clone();
    for (instead, words) in [
        (StatusCode::NOT_FOUND.into_response(), "404"),
        ("<html>".into_response(), "no key set"),
        (Redirect::temporary("https://evil.example/keys").into_response(), "evil.example"),
        (r#"{"keys":[{"kty":"oct","kid":"key0","k":"AAAA"}]}"#.into_response(), "no key for RS256"),
    ] {
        world.platform.seen.lock().unwrap().instead_of_keys.push_back(instead);
        world.keep(&url, &[("draft[id]", &id)]).await;
        assert!(world.problem().await.contains(words), "{words}: {}", world.problem().await);
    }
    world.keep(&url, &[("draft[id]", &id)]).await;
    assert_eq!(world.problem().await, "", "it went well");

    for (field, value, words) in [
        ("draft[token_url]", "http://moodle.example/token", "https://"),
        ("draft[keys_url]", "", "missing"),
        ("draft[deployments]", " \n ", "deployment ID is missing"),
        ("draft[issuer]", "https://moodle.example", "another platform"),
        ("draft[id]", "", "registered already"),
    ] {
        let mut changed = vec![("draft[id]", &*id)];
        changed.retain(|(name, _)| *name != field);
        changed.push((field, value));
        let refused = world.keep(&url, &changed).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{field}");
        assert!(refused.text.contains(words), "{field}: {}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_is_the_same_for_everybody_and_after_a_restart_and_private_parts_stay_here() {
    let mut world = World::new().await;
    let mut one = world.browser();
    let (first, second) = (one.open("/lti/keys").await, world.browser().open("/lti/keys").await);
    assert_eq!(first.headers[header::CONTENT_TYPE], "application/jwk-set+json");
    assert_eq!(first.json(), second.json());
    assert!(first.json()["keys"][0]["n"].is_string() && first.json()["keys"][0].get("d").is_none(), "{}", first.text);
    assert!(one.cookies.is_empty());
    world.server.restart().await;
    assert_eq!(world.browser().open("/lti/keys").await.json(), first.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_courses_author_writes_makes_nobody_a_teacher() {
    let world = World::new().await;
    world.taught().await;
    let mut ada = world.browser();
    let answer = world
        .launch(&mut ada, "ada", LEARNER, |claims| {
            claims[claim("custom")] = json!({ "roles": TEACHER, claim("roles"): [TEACHER] });
            claims[claim("roles")] = json!([LEARNER, "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"]);
            claims["roles"] = json!([TEACHER]);
        })
        .await;
    assert_eq!(location(&ada.open(&location(&answer)).await), "/lessons/docker-images");
    assert_eq!(ada.me().await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_on_is_told_so_and_takes_no_place() {
    let world = World::new().await;
    let (mut teacher, class) = world.taught().await;
    let mut parent = world.browser();
    let answer = world.launch(&mut parent, "parent", MENTOR, |_| {}).await;
    assert!(answer.text.contains("as an observer"), "{}", answer.text);
    let class = teacher.call("teach/class", &[("class", &class)]).await.json();
    assert_eq!(class["places"], json!([]));
}
