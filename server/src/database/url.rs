//! What a database's URL says, and how it is shown: never with a password.

use std::fmt;

use url::Url;

/// Which engine serves a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file on this machine.
    Sqlite,
    Postgres,
}

impl Kind {
    /// `None` where no engine that Lunchbox knows has that scheme.
    pub fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Whether PostgreSQL can be looked for there: a host (or a socket's folder) and a database's name.
pub fn is_postgres(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let named = |key: &str| url.query_pairs().any(|(name, value)| name == key && !value.is_empty());
    let has_host = url.host_str().is_some_and(|host| !host.is_empty()) || named("host") || named("hostaddr");
    let has_name = !url.path().trim_start_matches('/').is_empty() || named("dbname");
    Kind::of(url.as_str()) == Some(Kind::Postgres) && has_host && has_name
}

/// The URL as it may be printed and logged. What looks like a password goes even where the rest is no URL.
pub fn without_password(url: &str) -> String {
    const HIDDEN: &str = "…";
    let mut shown = url.to_owned();
    if let (Some(scheme), Some(at)) = (url.find("://"), url.rfind('@'))
        && let Some(colon) = url.get(scheme + 3..at).and_then(|user| user.find(':'))
    {
        shown.replace_range(scheme + 3 + colon + 1..at, HIDDEN);
    }
    let Some(found) = ["?password=", "&password="].iter().find_map(|key| shown.find(key).map(|start| start + key.len())) else {
        return shown;
    };
    let end = shown[found..].find('&').map_or(shown.len(), |end| found + end);
    shown.replace_range(found..end, HIDDEN);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_engine() {
        assert_eq!(Kind::of("sqlite:///srv/lunchbox.db"), Some(Kind::Sqlite));
        assert_eq!(Kind::of("sqlite::memory:"), Some(Kind::Sqlite));
        assert_eq!(Kind::of("postgres://db/lunchbox"), Some(Kind::Postgres));
        assert_eq!(Kind::of("postgresql://db/lunchbox"), Some(Kind::Postgres));
        assert_eq!(Kind::of("mysql://db/lunchbox"), None);
        assert_eq!(Kind::of("lunchbox.db"), None);
    }

    #[test]
    fn postgres_needs_a_place_and_a_name() {
        for right in [
            "postgres://lunchbox:secret@db.example.com:5433/lunchbox?sslmode=require",
            "postgres://db/lunchbox",
            "postgresql:///lunchbox?host=/var/run/postgresql",
            "postgres://%2Fvar%2Frun%2Fpostgresql/lunchbox",
        ] {
            assert!(is_postgres(right), "{right}");
        }
        for wrong in ["postgres://", "postgres:///lunchbox", "postgres://db", "postgres://db/", "postgres:", "postgres://db:port/x"] {
            assert!(!is_postgres(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://ada:pa:ss@db/lunchbox", "postgres://ada:…@db/lunchbox"),
            // Not written as a URL needs it, and hidden all the same.
            ("postgres://ada:p@ss/w@db/lunchbox", "postgres://ada:…@db/lunchbox"),
            ("postgress://ada:secret@db/x", "postgress://ada:…@db/x"),
            ("postgres://db/x?user=ada&password=secret&sslmode=require", "postgres://db/x?user=ada&password=…&sslmode=require"),
            ("postgres://db/x?password=secret", "postgres://db/x?password=…"),
            ("postgres://ada@db/x", "postgres://ada@db/x"),
            ("sqlite:///srv/a@b:c.db", "sqlite:///srv/a@b:c.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
