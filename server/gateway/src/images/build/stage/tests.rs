#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;

use super::*;
use crate::images::{build::dockerfile, catalogue::ImageConfig};

fn base(folder: &str, triggers: &[&str]) -> Image {
    let config = ImageConfig {
        working_dir: folder.to_owned(),
        env: Some(vec!["P=/proc".to_owned(), "HOME=/root".to_owned()]),
        entrypoint: Some(vec!["start".to_owned()]),
        cmd: Some(vec!["now".to_owned()]),
        on_build: Some(triggers.iter().map(|&trigger| trigger.to_owned()).collect()),
        ..ImageConfig::default()
    };
    let mut image = Image::default();
    image.config = config;
    image
}

/// A stage on such a base, followed to its end, and what its instructions came to.
fn stage(text: &str, given: &[(&str, &str)], folder: &str, triggers: &[&str]) -> Result<(Stage, Vec<Step>), Refusal> {
    let arguments: Arguments = given.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    let outside = Variables::from([("O".to_owned(), "roc".to_owned())]);
    let given = Given { arguments: &arguments, outside: &outside, escape: '\\' };
    let mut stage = Stage::begin(base(folder, triggers))?;
    let mut steps = Vec::new();
    for text in triggers.iter().copied().chain([text]) {
        for instruction in &dockerfile::parse(text)?.instructions {
            if instruction.keyword == "FROM" {
                stage = Stage::begin(stage.image.clone())?;
            } else {
                steps.push(stage.take(instruction, given)?);
            }
        }
    }
    Ok((stage, steps))
}

fn followed(text: &str, given: &[(&str, &str)], folder: &str, triggers: &[&str]) -> Result<(), Refusal> {
    stage(text, given, folder, triggers).map(drop)
}

fn config(text: &str) -> ImageConfig {
    stage(text, &[], "", &[]).unwrap().0.image.config
}

#[test]
fn no_step_runs_in_a_folder_of_the_kernels() {
    for text in [
        "WORKDIR /proc/self/fd/8",
        "workdir //proc/./self",
        "WORKDIR \"/pr\"oc",
        "WORKDIR /pr\\oc",
        "WORKDIR proc/self",
        "WORKDIR /app\nWORKDIR ../proc",
        "WORKDIR $P/self",
        "WORKDIR ${P}",
        "WORKDIR ${NONE:-/proc}",
        "WORKDIR ${P:+/proc}",
        "ENV A=/proc\nWORKDIR $A",
        "ENV A /proc\nWORKDIR $A",
        "ENV A=/pr B=oc\nWORKDIR $A$B",
        "ENV A=pr\nENV B=/${A}oc\nWORKDIR ${B}/1",
        "ENV N=A\nENV $N=/proc\nWORKDIR $A",
        "ARG A=/proc\nWORKDIR $A",
        "ARG A=/app\nENV A=/proc\nWORKDIR $A",
        "ENV A=/proc\nARG A=/app\nWORKDIR $A",
        "ARG O\nWORKDIR /p$O",
        "WORKDIR /proc\nFROM first\n",
        "ENV A=/proc\nFROM first\nWORKDIR $A",
        "WORKDIR /\nFROM first\nWORKDIR proc",
        "WORKDIR /dev/fd/8",
        "WORKDIR /sys",
        "ENV A=${P#x}\nWORKDIR $A",
        "ENV A=${P/c/c}\nWORKDIR $A",
        "WORKDIR ${P%x}",
    ] {
        assert!(followed(text, &[], "", &[]).is_err(), "{text}");
    }
    assert!(followed("ARG A\nWORKDIR $A", &[("A", "/proc")], "", &[]).is_err());
    assert!(followed("ARG A=/app\nWORKDIR $A", &[("A", "/proc")], "", &[]).is_err());
    assert!(followed("WORKDIR $HTTP_PROXY", &[("HTTP_PROXY", "/proc")], "", &[]).is_err());
    assert!(followed("RUN true", &[], "/proc/self/fd/8", &[]).is_err());
    assert!(followed("WORKDIR x", &[], "", &["ENV A=/proc", "WORKDIR $A"]).is_err());
    assert!(followed("WORKDIR $A", &[], "", &["ENV A=/proc"]).is_err());
}

#[test]
fn folders_of_ones_own_are_followed() {
    for text in [
        "WORKDIR /app",
        "WORKDIR app\nWORKDIR sub",
        "ENV APP_HOME=/srv/app\nWORKDIR $APP_HOME",
        "ARG VERSION=1\nWORKDIR /opt/app-${VERSION}",
        "WORKDIR $HOME/x",
        "WORKDIR \"/with spaces\"",
        "ENV PS1=\"\\$ \"\nWORKDIR /x",
        "ENV A=${P#x}\nWORKDIR /app/$A",
        "ARG O\nFROM scratch\nWORKDIR /p$O",
        "WORKDIR /process",
    ] {
        followed(text, &[], "/start", &["WORKDIR /triggered"]).unwrap();
    }
    let (stage, steps) = stage("WORKDIR app\nWORKDIR ../b", &[], "/start", &[]).unwrap();
    assert_eq!(stage.image.config.working_dir, "/start/b");
    assert_eq!(steps[0].action, Action::Folder("/start/app".to_owned()));
}

#[test]
fn a_new_entrypoint_forgets_the_bases_command_and_not_ones_own() {
    assert_eq!(config("ENTRYPOINT [\"a\"]").cmd, None);
    assert_eq!(config("CMD [\"b\"]\nENTRYPOINT [\"a\"]").cmd.unwrap(), ["b"]);
    let shell = config("SHELL [\"/bin/ash\", \"-ec\"]\nCMD echo $HOME");
    assert_eq!(shell.cmd.unwrap(), ["/bin/ash", "-ec", "echo $HOME"]);
    assert_eq!(config("ENTRYPOINT []").entrypoint.unwrap(), [""; 0]);
}

#[test]
fn the_configuration_is_what_the_instructions_say() {
    let config = config(
        "ENV A=1 B=\"2 3\"\nENV A=$B\nLABEL x=$A y=z\nEXPOSE 80 8000-8001/udp\nUSER www:$B\nVOLUME [\"/data\"]\nSTOPSIGNAL QUIT\nHEALTHCHECK --interval=1m30s --retries=2 CMD curl x\nONBUILD RUN $A",
    );
    assert_eq!(config.env.unwrap()[2..], ["A=2 3", "B=2 3"]);
    assert_eq!(config.labels.unwrap(), BTreeMap::from([("x".to_owned(), "2 3".to_owned()), ("y".to_owned(), "z".to_owned())]));
    assert_eq!(config.exposed_ports.unwrap().keys().collect::<Vec<_>>(), ["80/tcp", "8000/udp", "8001/udp"]);
    assert_eq!((config.user.as_str(), config.stop_signal.as_deref()), ("www:2 3", Some("QUIT")));
    let check = config.healthcheck.unwrap();
    assert_eq!((check.test.unwrap(), check.interval, check.retries), (vec!["CMD-SHELL".into(), "curl x".into()], 90_000_000_000, 2));
    assert_eq!(config.on_build.unwrap(), ["RUN $A"]);
}

#[test]
fn a_run_gets_arguments_and_what_the_image_has() {
    let (_, steps) = stage("ARG A=1\nENV B=2\nARG B=3\nRUN echo $A", &[("http_proxy", "x"), ("C", "4")], "", &[]).unwrap();
    let Action::Run(run) = &steps[3].action else { panic!("{steps:?}") };
    assert_eq!(run.command, ["/bin/sh", "-c", "echo $A"]);
    assert_eq!(run.environment[2..], ["B=2", "A=1", "http_proxy=x"]);
    assert!(!run.counted.iter().any(|pair| pair.contains("proxy")));
    assert_eq!(steps[3].told, ["RUN |1 A=1 /bin/sh -c echo $A # buildkit", "|1 A=1 /bin/sh -c echo $A"]);
}

#[test]
fn heredocs_are_a_script_a_program_or_the_shells() {
    let run = |text: &str| match stage(text, &[], "", &[]).unwrap().1.remove(0).action {
        Action::Run(run) => run,
        other => panic!("{other:?}"),
    };
    assert_eq!(run("RUN <<EOF\na\nb\nEOF").command, ["/bin/sh", "-c", "a\nb\n"]);
    assert_eq!(run("RUN <<EOF\n#!/usr/bin/python\nb\nEOF").script.unwrap().1, "#!/usr/bin/python\nb\n");
    assert_eq!(run("RUN cat <<EOF >/x\na\nEOF").command[2], "cat <<EOF >/x\na\nEOF");
    let copy = |text: &str| match stage(text, &[], "", &[]).unwrap().1.pop().unwrap().action {
        Action::Copy(copy) => copy,
        other => panic!("{other:?}"),
    };
    assert_eq!(copy("ENV A=b\nCOPY <<EOF /x\n'$A' \"c\"\nEOF").files, [("EOF".to_owned(), "'b' \"c\"\n".to_owned())]);
    assert_eq!(copy("ENV A=b\nCOPY <<EOF /x\na\\nb \\$A \\\\ $A\nEOF").files[0].1, "a\\nb \\$A \\\\ b\n");
    assert_eq!(copy("COPY <<\"EOF\" /x\n$A\nEOF").files[0].1, "$A\n");
}

#[test]
fn copies_are_taken_apart() {
    let copy = |text: &str| match stage(text, &[], "/app", &[]).map(|(_, mut steps)| steps.remove(0).action) {
        Ok(Action::Copy(copy)) => Ok(copy),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Err(refusal.message),
    };
    let one = copy("COPY --chmod=0640 --chown=1:2 a ../b").unwrap();
    assert_eq!((one.destination.as_str(), one.into_folder, one.mode, one.owner.as_deref()), ("/b", false, Some(0o640), Some("1:2")));
    assert_eq!(copy("COPY [\"a b\", \"c\", \"sub/\"]").unwrap().sources, ["a b", "c"]);
    assert!(copy("COPY a .").unwrap().into_folder);
    for text in ["COPY a b c", "COPY a", "COPY --chmod=u+x a b", "COPY --chmod=17777 a b"] {
        assert!(copy(text).is_err(), "{text}");
    }
}

#[test]
fn labels_of_ours_are_refused_whatever_they_are_made_of() {
    for text in ["LABEL io.lunchbox.sandbox=x", "LABEL io.\"lunch\"box.x=y"] {
        assert!(followed(text, &[], "", &[]).is_err(), "{text}");
    }
    followed("LABEL a=io.lunchbox", &[], "", &[]).unwrap();
}

#[test]
fn nothing_grows_without_end() {
    let doubling = "ENV A=$A$A\n".repeat(40);
    assert!(followed(&format!("ENV A=0123456789\n{doubling}"), &[], "", &[]).is_err());
    let many: String = (0..30).map(|number| format!("ENV A{number}={}\n", "x".repeat(10_000))).collect();
    assert!(followed(&many, &[], "", &[]).unwrap_err().message.contains("256 KiB"));
    assert!(followed(&format!("COPY {} /", "a ".repeat(200)), &[], "", &[]).is_err());
    assert!(dockerfile::parse(&"RUN true\n".repeat(1001)).is_err());
}
