//! A `docker run` as it would have been typed.

use gateway::ContainerAsked;

/// Bytes of a MiB.
const MIB: i64 = 1 << 20;

/// `verb`: `run` or `create`.
pub(super) fn line(verb: &str, name: &str, image: &str, asked: &ContainerAsked) -> String {
    let mut line = format!("docker {verb}");
    let mut option = |option: &str, value: &str| {
        line.push(' ');
        line.push_str(option);
        if !value.is_empty() {
            line.push(' ');
            line.push_str(&quoted(value));
        }
    };
    if asked.detached && verb == "run" {
        option("-d", "");
    }
    match (asked.interactive, asked.tty) {
        (true, true) => option("-it", ""),
        (true, false) => option("-i", ""),
        (false, true) => option("-t", ""),
        (false, false) => {}
    }
    if asked.auto_remove {
        option("--rm", "");
    }
    if asked.named {
        option("--name", name);
    }
    asked.ports.iter().for_each(|port| option("-p", port));
    if asked.publish_all {
        option("-P", "");
    }
    asked.volumes.iter().for_each(|volume| option("-v", volume));
    // Values are not known, for they may be secrets.
    asked.env.iter().for_each(|variable| option("-e", &format!("{variable}=…")));
    for (name, value) in
        [("--network", &asked.network), ("--user", &asked.user), ("--workdir", &asked.working_dir), ("--restart", &asked.restart)]
    {
        if !value.is_empty() {
            option(name, value);
        }
    }
    match asked.memory {
        0 => {}
        bytes if bytes % MIB == 0 => option("--memory", &format!("{}m", bytes / MIB)),
        bytes => option("--memory", &bytes.to_string()),
    }
    // Docker takes one word there; what follows it stands before the command.
    let (program, arguments) = asked.entrypoint.split_first().map_or((None, &[][..]), |(program, rest)| (Some(program), rest));
    if let Some(program) = program {
        option("--entrypoint", program);
    }
    option(image, "");
    let rest: Vec<String> = arguments.iter().chain(&asked.command).cloned().collect();
    if !rest.is_empty() {
        line.push(' ');
        line.push_str(&words(&rest));
    }
    line
}

/// Words as a shell reads them.
pub(super) fn words(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:=,@%+…".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_run_is_told_with_all_that_was_typed_in_it() {
        let asked = ContainerAsked { detached: true, ports: texts(&["8080:80"]), ..ContainerAsked::default() };
        assert_eq!(line("run", "swift_hopper", "nginx", &asked), "docker run -d -p 8080:80 nginx", "a name that was made up is not told");
        let asked = ContainerAsked {
            named: true,
            interactive: true,
            tty: true,
            auto_remove: true,
            volumes: texts(&["data:/data:ro"]),
            env: texts(&["PASSWORD"]),
            network: "shop".to_owned(),
            memory: 64 * MIB,
            entrypoint: texts(&["sh"]),
            command: texts(&["-c", "echo it's here"]),
            ..ContainerAsked::default()
        };
        assert_eq!(
            line("run", "web", "alpine", &asked),
            r"docker run -it --rm --name web -v data:/data:ro -e PASSWORD=… --network shop --memory 64m --entrypoint sh alpine -c 'echo it'\''s here'"
        );
        assert_eq!(line("create", "web", "nginx", &ContainerAsked::default()), "docker create nginx");
    }
}
