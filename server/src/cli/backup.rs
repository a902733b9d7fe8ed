//! `lunchbox backup` and `lunchbox restore`.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use crate::{
    backup::{self, BackupError, Contents, Kept},
    config::Config,
};

/// Which file; flatten it into a command.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Writes the database to the file, and says so.
///
/// # Errors
/// As [`backup::backup`].
pub async fn back_up(config: &Config, args: FileArgs) -> Result<ExitCode, BackupError> {
    let made = backup::backup(&config.database_url, &args.file).await?;
    say(&format!(
        "Backed up to {} ({} bytes): {}.\nTo restore it, end the server: lunchbox restore {}",
        args.file.display(),
        made.bytes,
        held(&made.contents),
        args.file.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Puts the file in the database's place, and says what became of that.
///
/// # Errors
/// As [`backup::restore`].
pub async fn restore(config: &Config, args: FileArgs) -> Result<ExitCode, BackupError> {
    let restored = backup::restore(&config.database_url, &args.file).await?;
    let kept = match &restored.kept {
        None => "There was no database before.".to_owned(),
        Some(Kept::File(file)) => format!("What was there is kept in {}; remove it when nobody needs it any more.", file.display()),
        Some(Kept::Schema(schema)) => {
            format!("What was there is kept in the schema {schema} of the same database; DROP SCHEMA {schema} CASCADE removes it.")
        }
    };
    say(&format!("Restored from {}: {}.\n{kept}", args.file.display(), held(&restored.contents)));
    Ok(ExitCode::SUCCESS)
}

fn held(contents: &Contents) -> String {
    let learners = if contents.learners == 1 { "1 learner".to_owned() } else { format!("{} learners", contents.learners) };
    match &contents.instance {
        Some(instance) => format!("{learners} of the instance {instance}"),
        None => format!("{learners}, and no instance yet"),
    }
}

fn say(text: &str) {
    // Where that can't be written, the exit code must do.
    let _ = writeln!(io::stdout(), "{text}");
}
