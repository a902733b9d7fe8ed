//! What learners type, read with good will.

const NUMBER_WORDS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Bytes in a unit, as Docker counts (decimal) and as memory is counted (binary).
const UNITS: [(&str, f64); 10] = [
    ("b", 1.0),
    ("bytes", 1.0),
    ("kb", 1e3),
    ("kib", 1024.0),
    ("k", 1e3),
    ("mb", 1e6),
    ("mib", 1024.0 * 1024.0),
    ("m", 1e6),
    ("gb", 1e9),
    ("gib", 1024.0 * 1024.0 * 1024.0),
];

/// Without what doesn't matter: case, surrounding space and quotes, a full stop.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").trim_matches(['`', '"', '\'', '.']).to_lowercase()
}

/// The first number in the text: `6`, `six`, `about 6 layers`, `30x`, `2,5`.
pub(super) fn number(text: &str) -> Option<f64> {
    plain(text).split([' ', '~', '≈']).find_map(|word| {
        if let Some(number) = NUMBER_WORDS.iter().position(|name| *name == word) {
            return Some(number as f64);
        }
        split_number(word).map(|(number, _)| number)
    })
}

/// A size: `212MB`, `212 MB`, `0.2 gb`; without a unit, megabytes.
pub(super) fn bytes(text: &str) -> Option<f64> {
    let text: String = plain(text).split([' ', '~', '≈']).filter(|word| *word != "about").collect();
    let (number, unit) = split_number(&text)?;
    if unit.is_empty() {
        return Some(number * 1e6);
    }
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| number * bytes)
}

/// The number at the beginning of a word, and the rest.
fn split_number(word: &str) -> Option<(f64, &str)> {
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(word.len());
    let (digits, rest) = word.split_at(end);
    digits.replace(',', ".").parse().ok().map(|number| (number, rest))
}

/// As `docker images` would print it, nearly.
pub(super) fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 10.0 { format!("{megabytes:.1} MB") } else { format!("{megabytes:.0} MB") }
}

/// Whether the answer is the image's command, with or without its entrypoint, in the shell's or in
/// JSON's writing, with or without the folder; and the whole command then.
pub(super) fn is_command(answer: &str, entrypoint: &[String], cmd: &[String]) -> Option<String> {
    let given = words(answer);
    let whole: Vec<&str> = entrypoint.iter().chain(cmd).flat_map(|part| part.split_whitespace()).collect();
    let cmd_words: Vec<&str> = cmd.iter().flat_map(|part| part.split_whitespace()).collect();
    let program = cmd_words.first().or(whole.first())?;
    let base = program.rsplit('/').next().unwrap_or(program);
    let right = given == whole || given == cmd_words || given == [*program] || given == [base];
    right.then(|| whole.join(" "))
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || "[]\",'`".contains(c)).filter(|word| !word.is_empty()).collect()
}
