//! PostgreSQL's own programs, run on the database that a URL names. A password goes by the environment: what
//! programs are given as arguments can be seen by everybody on the machine.

use std::{
    io,
    path::Path,
    process::{Output, Stdio},
};

use percent_encoding::percent_decode_str;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
};
use url::Url;

use crate::backup::BackupError;

pub(super) const PG_DUMP: &str = "pg_dump";
pub(super) const PG_RESTORE: &str = "pg_restore";
const PSQL: &str = "psql";
/// What both we and PostgreSQL's programs understand in a URL, by the names that we also take for it.
const PARAMETERS: [(&str, &[&str]); 9] = [
    ("sslmode", &["ssl-mode"]),
    ("sslrootcert", &["ssl-root-cert", "ssl-ca"]),
    ("sslcert", &["ssl-cert"]),
    ("sslkey", &["ssl-key"]),
    ("host", &[]),
    ("hostaddr", &[]),
    ("port", &[]),
    ("dbname", &[]),
    ("user", &[]),
];

/// How programs reach the database.
pub(super) struct Client {
    url: String,
    password: Option<String>,
    options: String,
}

impl Client {
    pub(super) fn of(url: &str) -> Self {
        let Ok(mut parsed) = Url::parse(url) else { return Self { url: url.to_owned(), password: None, options: String::new() } };
        let pairs: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
        let mut password = parsed.password().map(|password| percent_decode_str(password).decode_utf8_lossy().into_owned());
        // It can only be refused where there is no host, and then there is no password either.
        let _ = parsed.set_password(None);
        let (mut kept, mut options) = (Vec::new(), Vec::new());
        for (key, value) in pairs {
            if key == "password" {
                password = Some(value);
            } else if key == "options" {
                options.push(value);
            } else if let Some(name) = key.strip_prefix("options[").and_then(|name| name.strip_suffix(']')) {
                options.push(format!("-c {name}={value}"));
            } else if let Some((name, _)) = PARAMETERS.iter().find(|(name, others)| *name == key || others.contains(&key.as_str())) {
                kept.push(((*name).to_owned(), value));
            }
        }
        parsed.set_query(None);
        if !kept.is_empty() {
            parsed.query_pairs_mut().extend_pairs(kept);
        }
        Self { url: parsed.into(), password, options: options.join(" ") }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--no-password").arg(format!("--dbname={}", self.url)).env("PGAPPNAME", "lunchbox").kill_on_drop(true);
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password);
        }
        if !self.options.is_empty() {
            command.env("PGOPTIONS", &self.options);
        }
        command
    }

    pub(super) async fn run(&self, program: &'static str, arguments: &[&str]) -> Result<(), BackupError> {
        let output = self.command(program).args(arguments).stdin(Stdio::null()).output().await;
        outcome(program, output).map(drop)
    }

    /// What `before` says, all of the backup's tables, and what `after` says, one after the other; nothing of it
    /// holds unless `after` is reached and commits.
    pub(super) async fn restore(&self, file: &Path, schema: &str, before: &str, after: &str) -> Result<(), BackupError> {
        let mut sql = Command::new(PG_RESTORE);
        sql.args(["--no-owner", "--no-privileges", "--exit-on-error", "--file=-"]).arg(format!("--schema={schema}")).arg(file);
        let mut sql = started(PG_RESTORE, sql.stdin(Stdio::null()))?;
        let mut psql = self.command(PSQL);
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
        let mut psql = started(PSQL, psql.stdin(Stdio::piped()))?;
        let (from, to) = (sql.stdout.take(), psql.stdin.take());
        let fed = async {
            let (Some(mut from), Some(mut to)) = (from, to) else { return Ok(()) };
            // Where psql ends early, it says why itself.
            let copied: io::Result<()> = async {
                to.write_all(before.as_bytes()).await?;
                tokio::io::copy(&mut from, &mut to).await.map(drop)
            }
            .await;
            drop(from);
            let sql = outcome(PG_RESTORE, sql.wait_with_output().await);
            if copied.is_ok() {
                sql?;
                if to.write_all(after.as_bytes()).await.is_ok() {
                    let _ = to.shutdown().await;
                }
            }
            Ok::<(), BackupError>(())
        };
        // Side by side, or a full pipe would hold both up.
        let (fed, output) = tokio::join!(fed, psql.wait_with_output());
        fed?;
        outcome(PSQL, output).map(drop)
    }
}

/// What is in a backup, a line each.
pub(super) async fn list(file: &Path) -> Result<String, BackupError> {
    let output = Command::new(PG_RESTORE).arg("--list").arg(file).stdin(Stdio::null()).kill_on_drop(true).output().await;
    outcome(PG_RESTORE, output)
}

fn started(program: &'static str, command: &mut Command) -> Result<Child, BackupError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().map_err(|error| failed(program, &error))
}

/// What a program printed, if it succeeded.
fn outcome(program: &'static str, output: io::Result<Output>) -> Result<String, BackupError> {
    match output {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(BackupError::Program { program, said: String::from_utf8_lossy(&output.stderr).trim().to_owned() }),
        Err(error) => Err(failed(program, &error)),
    }
}

fn failed(program: &'static str, error: &io::Error) -> BackupError {
    if error.kind() == io::ErrorKind::NotFound {
        BackupError::Missing { program }
    } else {
        BackupError::Program { program, said: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_all_but_the_password_in_the_open() {
        let client = Client::of(
            "postgres://ada:p%40ss@db:5433/lunchbox?ssl-mode=require&options=-csearch_path%3Dschool&options[x.y]=1&statement-cache-capacity=5&application_name=x",
        );
        assert_eq!(client.url, "postgres://ada@db:5433/lunchbox?sslmode=require");
        assert_eq!(client.password.as_deref(), Some("p@ss"));
        assert_eq!(client.options, "-csearch_path=school -c x.y=1");
        let client = Client::of("postgresql:///lunchbox?host=%2Frun%2Fpostgresql&user=ada&password=secret");
        assert_eq!(client.url, "postgresql:///lunchbox?host=%2Frun%2Fpostgresql&user=ada");
        assert_eq!(client.password.as_deref(), Some("secret"));
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_named_with_where_to_get_it() {
        let error = failed(PG_DUMP, &io::Error::from(io::ErrorKind::NotFound)).to_string();
        assert!(error.contains("pg_dump") && error.contains("apt-get install postgresql-client"), "{error}");
    }
}
