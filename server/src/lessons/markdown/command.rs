//! Commands that a click types into the terminal.

/// One command a line; a backslash at the end of a line continues it, `#` begins a line that is not
/// a command.
pub(super) fn commands(fence: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut open = String::new();
    for line in fence.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_suffix('\\') {
            Some(start) => {
                open.push_str(start.trim_end());
                open.push(' ');
            }
            None => commands.push(std::mem::take(&mut open) + line),
        }
    }
    if !open.is_empty() {
        commands.push(open.trim_end().to_owned());
    }
    commands
}

/// Each command with a button of its own.
pub(super) fn html(commands: &[String]) -> String {
    commands
        .iter()
        .map(|command| {
            let (code, command) = (code(command), escape(command));
            format!(
                "<div class=\"command\"><code>{code}</code><button type=\"button\" data-run=\"{command}\" aria-label=\"Run: {command}\">Run</button></div>\n"
            )
        })
        .collect()
}

/// The longest option that no line is broken in, in characters: a longer one must fit on a phone, too.
const LONGEST_WHOLE: usize = 24;

/// The inside of a `<code>`, escaped: an option (`-f`) stays whole, where browsers would break the line after its hyphen.
pub(super) fn code(text: &str) -> String {
    let word = |word: &str| match escape(word) {
        escaped if word.starts_with('-') && word.chars().count() <= LONGEST_WHOLE => format!("<span class=\"option\">{escaped}</span>"),
        escaped => escaped,
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Fit for the text of an element and for an attribute in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
