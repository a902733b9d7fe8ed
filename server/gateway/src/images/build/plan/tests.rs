#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::*;

fn plan(text: &str) -> Result<Plan, Refusal> {
    plan_for(text, &Arguments::new(), "")
}

fn plan_for(text: &str, arguments: &Arguments, target: &str) -> Result<Plan, Refusal> {
    judge(dockerfile::parse(text)?, arguments, target)
}

fn images(plan: &Plan) -> Vec<&str> {
    plan.images(&[]).into_iter().map(|(_, name)| name).collect()
}

#[test]
fn images_are_found_through_arguments_and_stages() {
    let text = "ARG BASE=alpine\nARG TAG\nFROM ${BASE}:${TAG:-1} AS one\nFROM one\nFROM scratch\nCOPY --from=one /a /b\nCOPY --from=0 /a /b\nCOPY --from=busybox /a /b\n";
    assert_eq!(images(&plan(text).unwrap()), ["alpine:1", "busybox"]);
    let arguments = Arguments::from([("BASE".to_owned(), Some("nginx".to_owned())), ("TAG".to_owned(), Some("2".to_owned()))]);
    assert_eq!(images(&plan_for(text, &arguments, "").unwrap()), ["nginx:2", "busybox"]);
}

#[test]
fn a_stage_that_is_not_earlier_is_an_image() {
    // On the engine, an image of that name may be anybody's.
    assert_eq!(images(&plan("FROM scratch AS secret\nCOPY --from=secret / /").unwrap()), ["secret"]);
    assert_eq!(images(&plan("FROM secret AS secret").unwrap()), ["secret"]);
    for number in ["0", "7", "00000000000000000000000000000012", "+0", "-1"] {
        assert!(plan(&format!("FROM scratch\nCOPY --from={number} / /")).is_err(), "{number}");
    }
}

#[test]
fn urls_are_refused_however_they_are_put_together() {
    for add in [
        "ADD http://x /y",
        "add HTTPS://x /y",
        "ADD $A$B /y",
        "ADD h${X} /y",
        "ADD \"http://x\" /y",
        "ADD h\"ttp\"://x /y",
        "ADD [\"http://x\", \"/y\"]",
        "ADD [\"$A\", \"/y\"]",
        "ADD [\"\\ud800\",\"http://x\",\"/y\"]",
        "ADD [\"\\u0068ttp://x\",\"/y\"]",
        "ADD --chown=1:1 http://x /y",
        "ADD a \\\n http://x /y",
        "ONBUILD ADD http://x /y",
        "ADD git@github.com:a/b /y",
    ] {
        let text = format!("FROM scratch\n{add}\n");
        assert!(plan(&text).unwrap_err().message.contains("cannot fetch URLs"), "{add}");
    }
    for add in ["ADD app-$VERSION.tar.gz /", "ADD . /app", "ADD html/ /var/www"] {
        assert!(plan(&format!("FROM scratch\n{add}\n")).is_ok(), "{add}");
    }
}

#[test]
fn what_a_step_may_not_have_is_refused_by_name() {
    for run in ["RUN --mount=type=ssh a", "RUN --network=host a", "RUN --security=insecure a", "RUN --what=x a", "COPY --parents a /"] {
        assert!(plan(&format!("FROM scratch\n{run}\n")).is_err(), "{run}");
    }
    let text =
        "FROM a AS one\nRUN --mount=type=cache,target=/x --mount=from=b,target=/y --network=none a\nRUN --mount=from=0,target=/y b\n";
    assert!(plan(text).is_err(), "a stage can't be mounted in itself");
    let text = "FROM a AS one\nFROM c\nRUN --mount=type=cache,target=/x --mount=from=b,target=/y a\nRUN --mount=from=one,target=/y b\n";
    assert_eq!(images(&plan(text).unwrap()), ["a", "c", "b"]);
    assert!(plan("FROM scratch\nONBUILD RUN --mount=from=x,target=/y a\n").is_err());
}

#[test]
fn triggers_may_not_reach_for_other_images() {
    assert!(plan("FROM scratch\nONBUILD COPY --from=x / /").is_err());
    assert!(plan("FROM scratch\nONBUILD ONBUILD RUN a").is_err());
    assert!(plan("FROM scratch\nONBUILD RUN a").is_ok());
    assert!(plan("FROM scratch\nONBUILD RUN --mount=type=cache,target=/c a").is_ok());
    assert!(plan("FROM scratch\nONBUILD RUN --mount=type=cache,target=/c,from=x a").is_err());
    assert!(plan("FROM scratch\nONBUILD RUN --mount=type=ssh a").is_err());
}

#[test]
fn a_build_ends_at_its_target() {
    let text = "FROM a AS one\nRUN x\nFROM b AS two\nRUN y\nFROM c\n";
    assert_eq!(images(&plan_for(text, &Arguments::new(), "two").unwrap()), ["a", "b"]);
    assert_eq!(images(&plan_for(text, &Arguments::new(), "0").unwrap()), ["a"]);
    assert!(plan_for(text, &Arguments::new(), "three").unwrap_err().message.contains("target stage \"three\" could not be found"));
}

#[test]
fn an_argument_that_nobody_can_follow_is_refused() {
    assert!(plan("FROM ${X#y}").is_err());
    assert!(plan("FROM $X").unwrap_err().message.contains("should not be blank"));
    assert!(plan("FROM scratch\nCOPY --from=$X / /").is_err());
    assert!(plan("RUN x").is_err());
    assert!(plan("FROM a b").is_err());
}
