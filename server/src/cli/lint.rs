//! `lunchbox lint`: what is wrong in the files of the lessons.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use crate::lessons::{Library, Mistake};

/// Arguments of `lunchbox lint`; flatten them into the command.
#[derive(Debug, Clone, clap::Args)]
pub struct LintArgs {
    /// The folder of lessons.
    #[arg(default_value = "lessons")]
    pub dir: PathBuf,
}

/// Prints every mistake with file and line, then a count. Warnings alone don't fail.
pub fn run(args: &LintArgs) -> io::Result<ExitCode> {
    let (library, mistakes) = Library::load(&args.dir);
    write_report(&mut io::stdout().lock(), &library, &mistakes)?;
    let failed = mistakes.iter().any(|mistake| !mistake.warning);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write_report(out: &mut impl Write, library: &Library, mistakes: &[Mistake]) -> io::Result<()> {
    for mistake in mistakes {
        writeln!(out, "{mistake}")?;
    }
    let lessons = library.lessons();
    let steps: usize = lessons.iter().map(|lesson| lesson.steps.len()).sum();
    let warnings = mistakes.iter().filter(|mistake| mistake.warning).count();
    let wrong = match mistakes.len() - warnings {
        0 => "no mistakes".to_owned(),
        wrong => count(wrong, "mistake"),
    };
    let warnings = if warnings == 0 { String::new() } else { format!(", {}", count(warnings, "warning")) };
    writeln!(out, "{}, {}: {wrong}{warnings}", count(lessons.len(), "lesson"), count(steps, "step"))
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(mistakes: &[Mistake]) -> String {
        let mut out = Vec::new();
        write_report(&mut out, &Library::default(), mistakes).expect("writing to memory works");
        String::from_utf8(out).expect("the report is text")
    }

    #[test]
    fn a_clean_folder_is_counted_and_said_to_have_no_mistakes() {
        assert_eq!(report(&[]), "0 lessons, 0 steps: no mistakes\n");
    }

    #[test]
    fn mistakes_and_warnings_are_counted_apart() {
        let mistake = |line, warning| Mistake { file: "lessons/01-x/02-y.md".into(), line, message: "it is so".to_owned(), warning };
        assert_eq!(
            report(&[mistake(12, false), mistake(3, true), mistake(0, true)]),
            "lessons/01-x/02-y.md:12: it is so\n\
             lessons/01-x/02-y.md:3: warning: it is so\n\
             lessons/01-x/02-y.md: warning: it is so\n\
             0 lessons, 0 steps: 1 mistake, 2 warnings\n"
        );
    }
}
