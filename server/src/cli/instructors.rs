//! One-time links for instructors, from the machine itself: the first account, and whoever locked
//! themselves out. Who can run this can read the database anyway.

use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
};

use crate::{
    classroom::{self, ClassError, Invited},
    config::Config,
    database::{Database, DatabaseError},
};

/// In the data folder: where the server that used it last was found.
const ADDRESS: &str = "address";

/// Whose link.
#[derive(Debug, clap::Args)]
pub struct LinkArgs {
    /// An instructor who sets a new password; without it the link makes a new admin's account
    name: Option<String>,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Class(#[from] ClassError),
    #[error("there is no instructor named {0:?}")]
    NoSuchName(String),
    #[error("the link can't be printed")]
    Print(#[from] io::Error),
}

/// `lunchbox instructor-link [NAME]`: prints the link.
///
/// # Errors
/// Where the database fails or there is no such instructor.
pub async fn link(config: &Config, args: LinkArgs) -> Result<ExitCode, LinkError> {
    let database = Database::open(&config.database_url).await?;
    let invited = match &args.name {
        Some(name) => classroom::password_link(&database.pool, name).await?.ok_or_else(|| LinkError::NoSuchName(name.clone()))?,
        None => classroom::admin_link(&database.pool).await?,
    };
    database.close().await;
    let known = config.web.public_url.as_ref().map(ToString::to_string).or_else(|| fs::read_to_string(config.data_dir.join(ADDRESS)).ok());
    let base = known.unwrap_or_else(|| address(config.web.listen));
    let what = match &args.name {
        Some(name) => format!("{name} sets a new password by this link; it works once, within three days:"),
        None => "A new admin's account is made by this link; it works once, within three days:".to_owned(),
    };
    say(&what, &base, &invited)?;
    Ok(ExitCode::SUCCESS)
}

/// How whoever sits at this machine comes to it. One name for it, in what is printed and in the documents: who is signed
/// in at `127.0.0.1` is not at `localhost`. (`0.0.0.0` is no address that one can go to.)
pub fn address(listen: SocketAddr) -> String {
    if listen.ip().is_loopback() || listen.ip().is_unspecified() {
        format!("http://localhost:{}", listen.port())
    } else {
        format!("http://{listen}")
    }
}

/// Keeps where the server is found, for those who ask for a link while it runs.
pub fn keep_address(data_dir: &Path, base: &str) {
    // Without it a link has the address in the settings.
    if let Err(error) = fs::write(data_dir.join(ADDRESS), base) {
        tracing::debug!(%error, "The address was not kept.");
    }
}

/// Prints the link that makes the first account, where there is none. On standard output and not in the log:
/// logs are kept, and read by others.
///
/// # Errors
/// Where the database fails.
pub async fn say_first_link(classroom: &classroom::Classroom, base: &str) -> Result<(), ClassError> {
    if let Some(invited) = classroom.first_invitation().await? {
        // Where nobody reads it, `lunchbox instructor-link` says it again.
        let _ = say("To teach a class, make the first instructor's account by this link; it works once:", base, &invited);
    }
    Ok(())
}

fn say(what: &str, base: &str, invited: &Invited) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{what}\n\n  {base}/teach/welcome/{}\n", invited.token)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_one_name_in_all_that_is_printed() {
        for own in ["127.0.0.1:3000", "0.0.0.0:3000", "[::]:3000", "[::1]:3000"] {
            assert_eq!(address(own.parse().expect("an address")), "http://localhost:3000");
        }
        assert_eq!(address("192.168.1.7:80".parse().expect("an address")), "http://192.168.1.7:80");
    }
}
