//! The lines on the control connection (ARCHITECTURE.md, "Sandbox").

use serde::{Deserialize, Serialize};

/// One request of the server's. Just one of the verbs is given.
#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) n: u64,
    #[serde(flatten)]
    pub(crate) verb: Verb,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verb {
    /// A terminal of this size: a new one, or the one that is there.
    Open(Size),
    Resize(Size),
    /// Dial a connection for this terminal.
    Attach(String),
    /// A fresh shell in this terminal, whatever runs in it; who looks goes on looking.
    Renew(String),
    /// Accept connections on this port of localhost.
    Bind(u16),
    Release(u16),
    /// Accept connections to the course registry on this port of the workstation's own address.
    Registry(u16),
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Size {
    pub(crate) terminal: String,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
}

/// How every connection begins.
#[derive(Serialize)]
#[serde(tag = "hello", rename_all = "lowercase")]
pub(crate) enum Hello<'a> {
    Control,
    Terminal { terminal: &'a str },
    Port { port: u16 },
    Registry,
}

/// What we say on the control connection.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Report<'a> {
    Terminals { terminals: Vec<&'a str> },
    Ok { ok: u64 },
    Error { error: u64, reason: Reason },
    Exited { exited: &'a str },
}

/// Why a request was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Another process listens on that port.
    InUse,
    /// This machine won't let us bind it.
    NotPermitted,
    NoTerminal,
    /// More terminals, or more ports, than a workstation has.
    TooMany,
    /// No shell could be started.
    NoShell,
    /// The server's socket took no further connection.
    NoConnection,
    NotUnderstood,
}

/// A message as its line.
pub(crate) fn line(message: &impl Serialize) -> Vec<u8> {
    // Strings and numbers only: this can't fail, and an empty line is no message.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb(json: &str) -> Option<Verb> {
        serde_json::from_str::<Request>(json).ok().map(|request| request.verb)
    }

    #[test]
    fn requests_are_read_as_the_contract_has_them() {
        let size = Size { terminal: "1".to_owned(), cols: 80, rows: 24 };
        assert_eq!(verb(r#"{"n":1,"open":{"terminal":"1","cols":80,"rows":24}}"#), Some(Verb::Open(size)));
        assert_eq!(verb(r#"{"n":3,"attach":"1"}"#), Some(Verb::Attach("1".to_owned())));
        assert_eq!(verb(r#"{"n":7,"renew":"1"}"#), Some(Verb::Renew("1".to_owned())));
        assert_eq!(verb(r#"{"n":4,"bind":8080}"#), Some(Verb::Bind(8080)));
        assert_eq!(verb(r#"{"n":5,"release":8080}"#), Some(Verb::Release(8080)));
        assert_eq!(verb(r#"{"n":6,"registry":80}"#), Some(Verb::Registry(80)));
        assert_eq!(verb(r#"{"n":4,"bind":80800}"#), None);
        assert_eq!(verb(r#"{"n":4,"burn":8080}"#), None);
    }

    #[test]
    fn reports_are_written_as_the_contract_has_them() {
        assert_eq!(line(&Hello::Control), b"{\"hello\":\"control\"}\n");
        assert_eq!(line(&Hello::Terminal { terminal: "1" }), b"{\"hello\":\"terminal\",\"terminal\":\"1\"}\n");
        assert_eq!(line(&Hello::Port { port: 8080 }), b"{\"hello\":\"port\",\"port\":8080}\n");
        assert_eq!(line(&Hello::Registry), b"{\"hello\":\"registry\"}\n");
        assert_eq!(line(&Report::Terminals { terminals: vec!["1"] }), b"{\"terminals\":[\"1\"]}\n");
        assert_eq!(line(&Report::Ok { ok: 4 }), b"{\"ok\":4}\n");
        assert_eq!(line(&Report::Error { error: 4, reason: Reason::InUse }), b"{\"error\":4,\"reason\":\"in_use\"}\n");
        assert_eq!(line(&Report::Exited { exited: "1" }), b"{\"exited\":\"1\"}\n");
    }
}
