//! A Dockerfile, read as BuildKit's frontend reads it; an instruction can be written again so that it is read
//! in one way only: no comments, no continued lines.
//!
//! Source: the Dockerfile reference, and moby's frontend/dockerfile/parser.

use crate::{limits, refusal::Refusal};

use super::words;

/// The words that a Dockerfile's lines begin with.
const KEYWORDS: [&str; 18] = [
    "FROM",
    "RUN",
    "CMD",
    "LABEL",
    "MAINTAINER",
    "EXPOSE",
    "ENV",
    "ADD",
    "COPY",
    "ENTRYPOINT",
    "VOLUME",
    "USER",
    "WORKDIR",
    "ARG",
    "ONBUILD",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "SHELL",
];

/// Characters of a frontend's name that are told again.
const MAX_TOLD: usize = 200;

/// One instruction, its lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// In upper case, one of the known.
    pub(super) keyword: &'static str,
    /// `--name=value`, without quotes or escapes in it.
    pub(super) flags: Vec<String>,
    /// What comes after, trimmed.
    pub(super) rest: String,
    /// As it was written, lines joined.
    pub(super) original: String,
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// Files written in the Dockerfile itself, in their order.
    pub(super) heredocs: Vec<Heredoc>,
}

/// `<<EOF`, and the lines up to `EOF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heredoc {
    pub(super) name: String,
    /// As it was written.
    pub(super) text: String,
    /// `<<-`: tabs before each line aren't part of it.
    chomps: bool,
    /// The name wasn't quoted: variables are replaced where the builder itself reads the text.
    pub(super) expands: bool,
}

impl Heredoc {
    pub(super) fn parse(word: &str, escape: char) -> Option<Self> {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
        let (chomps, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
        if rest.contains('<') {
            return None;
        }
        let name = words::expand(rest, &words::Variables::new(), escape).filter(|name| !name.is_empty())?;
        let expands = name == rest;
        Some(Self { name, text: String::new(), chomps, expands })
    }

    /// The file's content.
    pub(super) fn content(&self) -> String {
        if !self.chomps {
            return self.text.clone();
        }
        self.text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }

    /// Its first line, for those who read what a build does.
    pub(super) fn summary(&self) -> String {
        let mut lines = self.text.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default();
        if lines.next().is_some() { format!("{first}...") } else { first.to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// `\` or a backtick.
    pub(super) escape: char,
    pub(super) instructions: Vec<Instruction>,
}

/// An error in the engine's words.
pub(super) fn error(line: usize, message: &str) -> Refusal {
    Refusal::invalid(format!("dockerfile parse error on line {line}: {message}"))
}

pub(super) fn parse(text: &str) -> Result<Dockerfile, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\0') {
        return Err(Refusal::invalid("lunchbox: the Dockerfile holds a zero byte; it must be plain text."));
    }
    let escape = escape_directive(text)?;
    let mut instructions = Vec::new();
    let mut lines = text.split('\n').enumerate().map(|(index, line)| (index + 1, line.trim_end_matches('\r')));
    while let Some((number, line)) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (mut joined, mut continues) = without_continuation(line, escape);
        while continues {
            let Some((_, next)) = lines.next() else { break };
            let trimmed = next.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let (part, more) = without_continuation(next, escape);
            joined.push_str(&part);
            continues = more;
        }
        let mut instruction = instruction(&joined, number, escape)?;
        for heredoc in &mut instruction.heredocs {
            loop {
                let Some((_, line)) = lines.next() else { return Err(Refusal::invalid("unterminated heredoc")) };
                if (if heredoc.chomps { line.trim_start_matches('\t') } else { line }) == heredoc.name {
                    break;
                }
                heredoc.text.push_str(line);
                heredoc.text.push('\n');
            }
        }
        instructions.push(instruction);
        if instructions.len() > limits::MAX_INSTRUCTIONS {
            return Err(Refusal::invalid(format!("lunchbox: the Dockerfile has more than {} instructions.", limits::MAX_INSTRUCTIONS)));
        }
    }
    if instructions.is_empty() {
        return Err(Refusal::invalid("failed to parse Dockerfile: file with no instructions"));
    }
    Ok(Dockerfile { escape, instructions })
}

/// Directives stand at the very top, one a line.
fn directives(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('\n').map_while(|line| {
        let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
        let name = name.trim();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then_some((name, value.trim()))
    })
}

/// Which version of Docker's own frontend `syntax` names doesn't matter: this one is all there is, and nothing is fetched.
/// Another frontend's file is in another language. (The classic builder knows of none, and reads on.)
pub(super) fn check_syntax(text: &str) -> Result<(), Refusal> {
    let Some((_, frontend)) = directives(text).find(|(name, _)| name.eq_ignore_ascii_case("syntax")) else { return Ok(()) };
    let image = frontend.split_whitespace().next().unwrap_or_default();
    let name = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    if matches!(name, "" | "dockerfile" | "dockerfile-upstream") {
        return Ok(());
    }
    let image: String = image.chars().take(MAX_TOLD).collect();
    Err(Refusal::invalid(format!(
        "lunchbox: this file is for the frontend {image} (# syntax=), which can't be fetched in this classroom: what is built here is what docker/dockerfile:1 reads. If it is a plain Dockerfile, leave that line out and build again."
    )))
}

fn escape_directive(text: &str) -> Result<char, Refusal> {
    let mut escape = None;
    for (_, value) in directives(text).filter(|(name, _)| name.eq_ignore_ascii_case("escape")) {
        match (escape, value) {
            (None, "\\") => escape = Some('\\'),
            (None, "`") => escape = Some('`'),
            (Some(_), _) => return Err(Refusal::invalid("only one escape parser directive can be used")),
            (None, other) => return Err(Refusal::invalid(format!("invalid ESCAPE '{other}'. Must be ` or \\"))),
        }
    }
    Ok(escape.unwrap_or('\\'))
}

/// The line without the escape character at its end, and whether it had one. Two of them are none.
fn without_continuation(line: &str, escape: char) -> (String, bool) {
    let trimmed = line.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape) {
        Some(rest) if !rest.ends_with(escape) => (rest.to_owned(), true),
        _ => (line.to_owned(), false),
    }
}

/// What the builder splits words at.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\u{b}' | '\u{c}')
}

fn instruction(joined: &str, line: usize, escape: char) -> Result<Instruction, Refusal> {
    let original = joined.trim().to_owned();
    let (word, rest) = original.split_once(is_space).unwrap_or((&original, ""));
    let Some(keyword) = KEYWORDS.into_iter().find(|keyword| word.eq_ignore_ascii_case(keyword)) else {
        let near = KEYWORDS.into_iter().map(|keyword| (strsim::levenshtein(&word.to_ascii_uppercase(), keyword), keyword)).min();
        let meant = near.filter(|(distance, _)| *distance <= 2).map(|(_, keyword)| format!(" (did you mean {keyword}?)"));
        return Err(error(line, &format!("unknown instruction: {word}{}", meant.unwrap_or_default())));
    };
    let mut rest = rest.trim();
    let mut flags = Vec::new();
    if matches!(keyword, "FROM" | "RUN" | "COPY" | "ADD" | "HEALTHCHECK") {
        while rest.starts_with("--") {
            let (flag, after) = rest.split_once(is_space).unwrap_or((rest, ""));
            // The builder splits options at any space that Unicode knows, and takes quotes off. What it
            // could read otherwise than we do isn't sent; nor is the `--` that ends options, behind
            // which one could hide.
            if flag == "--" || flag.contains(['"', '\'', escape]) || !flag.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(error(line, "lunchbox: write options like --from=NAME, without quotes, each with a plain space after it"));
            }
            rest = after.trim_start();
            flags.push(flag.to_owned());
        }
    }
    let mut heredocs = Vec::new();
    if matches!(keyword, "RUN" | "COPY" | "ADD" | "ONBUILD") && !rest.starts_with('[') {
        heredocs = words::split(rest, escape).iter().filter_map(|word| Heredoc::parse(word, escape)).collect();
    }
    if keyword == "ONBUILD" && !heredocs.is_empty() {
        return Err(error(line, "lunchbox: an ONBUILD takes no heredoc (<<EOF) in this classroom. Write its command on one line"));
    }
    let instruction = Instruction { keyword, flags, rest: rest.to_owned(), original: original.clone(), line, heredocs };
    // Two parsers must not see two things: a line that would go on isn't written.
    if without_continuation(&instruction.rest, escape).1 {
        return Err(error(line, &format!("lunchbox: the line ends in {escape}, which continues a line, but something follows it")));
    }
    Ok(instruction)
}

impl Instruction {
    /// As one line.
    pub(super) fn write(&self) -> String {
        let mut line = self.keyword.to_owned();
        for flag in &self.flags {
            line.push(' ');
            line.push_str(flag);
        }
        line.push(' ');
        line.push_str(&self.rest);
        line
    }

    /// The rest, split at spaces.
    pub(super) fn words(&self) -> Vec<&str> {
        self.rest.split(is_space).filter(|word| !word.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn written(text: &str) -> Vec<String> {
        parse(text).unwrap().instructions.iter().map(Instruction::write).collect()
    }

    #[test]
    fn continued_lines_are_joined_and_comments_left_out() {
        let text = "# a comment\n\nfrom  nginx\nRUN a && \\\n  # between\n\n  b \\\n  c\n";
        assert_eq!(written(text), ["FROM nginx", "RUN a &&   b   c"]);
        assert_eq!(parse(text).unwrap().instructions[1].line, 4);
    }

    #[test]
    fn an_escape_directive_changes_what_continues_a_line() {
        let text = "# escape=`\nFROM x\nRUN dir C:\\\nRUN a `\n b\n";
        assert_eq!(written(text), ["FROM x", "RUN dir C:\\", "RUN a  b"]);
        assert!(parse("# escape=x\nFROM x").is_err());
        // After anything else it is a comment.
        assert_eq!(parse("\n# escape=`\nFROM x").unwrap().escape, '\\');
    }

    #[test]
    fn any_version_of_dockers_frontend_is_this_one_and_another_is_told() {
        for frontend in [
            "docker/dockerfile:1",
            "docker/dockerfile:1.7-labs",
            "docker.io/docker/dockerfile",
            "mirror.example:5000/docker/dockerfile:1",
            "docker/dockerfile-upstream:master",
            "docker/dockerfile:1@sha256:abc",
        ] {
            let text = format!("#syntax = {frontend}\n# escape=`\nFROM x\nRUN a `\n b");
            assert!(check_syntax(&text).is_ok(), "{frontend}");
            assert_eq!(written(&text), ["FROM x", "RUN a  b"]);
        }
        let told = check_syntax("# escape=`\n# syntax=example.com/mopy:1\napiVersion: v1").unwrap_err().message;
        assert!(told.contains("the frontend example.com/mopy:1 "), "{told}");
        // After anything else it is a comment.
        assert!(check_syntax("FROM x\n# syntax=example.com/mopy:1\nRUN a").is_ok());
    }

    #[test]
    fn two_escapes_at_the_end_continue_nothing() {
        assert_eq!(written("FROM x\nRUN a \\\\\nRUN b"), ["FROM x", "RUN a \\\\", "RUN b"]);
    }

    #[test]
    fn a_line_that_would_swallow_the_next_is_refused() {
        assert!(parse("FROM x\nRUN a \\\u{a0}\nADD http://evil /").is_err());
    }

    #[test]
    fn an_unknown_instruction_is_told_with_its_line() {
        assert_eq!(
            parse("FROM x\nFROOM y").unwrap_err().message,
            "dockerfile parse error on line 2: unknown instruction: FROOM (did you mean FROM?)"
        );
        assert_eq!(parse("# only\n").unwrap_err().message, "failed to parse Dockerfile: file with no instructions");
    }

    #[test]
    fn flags_are_told_from_the_rest() {
        let file = parse("COPY --from=a  --chown=1:1 x y").unwrap();
        assert_eq!(file.instructions[0].flags, ["--from=a", "--chown=1:1"]);
        assert_eq!(file.instructions[0].rest, "x y");
        assert!(parse("COPY --fr\"om\"=a x y").is_err());
    }

    #[test]
    fn no_option_hides_from_us() {
        for text in
            ["COPY -- --from=x / /", "COPY --chown=1\u{2003}--from=x / /", "COPY --chown=1\u{a0}--from=x / /", "ADD -- --from=x / /"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert_eq!(parse("COPY \u{2003}--from=x / /").unwrap().instructions[0].flags, ["--from=x"]);
    }

    /// Pieces that a Dockerfile's parsers could quarrel over.
    const PIECES: [&str; 24] = [
        "FROM ",
        "COPY ",
        "add ",
        "RUN ",
        "ONBUILD ",
        "LABEL ",
        "--from=x",
        "--chown=1 ",
        "--",
        " ",
        "\t",
        "\u{2003}",
        "\u{b}",
        "\\",
        "\\\n",
        "\n",
        "\r\n",
        "`",
        "# escape=`\n",
        "#",
        "\"",
        "'",
        "a",
        "$A",
    ];

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was_meant(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
            let text: String = pieces.concat();
            if let Ok(file) = parse(&text) {
                let mut written = if file.escape == '\\' { String::new() } else { format!("# escape={}\n", file.escape) };
                for instruction in &file.instructions {
                    written.push_str(&instruction.write());
                    written.push('\n');
                }
                let again = parse(&written).unwrap();
                let meant = |file: &Dockerfile| -> Vec<_> {
                    file.instructions.iter().map(|i| (i.keyword, i.flags.clone(), i.rest.clone())).collect()
                };
                proptest::prop_assert_eq!(meant(&file), meant(&again), "{:?} became {:?}", text, written);
                for instruction in &file.instructions {
                    let options = matches!(instruction.keyword, "FROM" | "COPY" | "ADD" | "RUN");
                    proptest::prop_assert!(!options || !instruction.rest.starts_with("--"), "{:?}", text);
                }
            }
        }
    }

    #[test]
    fn heredocs_are_read_to_their_end() {
        let file = parse("RUN <<-EOF cat && <<\"X\"\n\ta $B\n\tEOF\nFROM y\nX\nCOPY <<A <<B /\n1\nA\n2\nB\nRUN true").unwrap();
        let run = &file.instructions[0];
        assert_eq!((run.heredocs[0].content().as_str(), run.heredocs[0].expands), ("a $B\n", true));
        assert_eq!((run.heredocs[1].name.as_str(), run.heredocs[1].text.as_str(), run.heredocs[1].expands), ("X", "FROM y\n", false));
        assert_eq!(file.instructions[1].heredocs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>(), ["1\n", "2\n"]);
        assert_eq!(file.instructions.len(), 3);
        assert!(parse("RUN <<EOF\nls").unwrap_err().message.contains("unterminated heredoc"));
        assert!(parse("ONBUILD RUN <<EOF\nls\nEOF").is_err());
        for text in ["RUN cat <<< x", "RUN echo $((1 << 2))", "CMD <<EOF", "RUN [\"cat <<EOF\"]", "RUN echo '<<EOF'"] {
            assert!(parse(text).unwrap().instructions[0].heredocs.is_empty(), "{text}");
        }
    }
}
