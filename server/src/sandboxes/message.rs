//! The lines that server and workstation exchange (ARCHITECTURE.md, "Sandbox"). What comes from a
//! workstation comes from a learner: every one of these may be a lie about their own sandbox.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes of a line from a workstation. The longest that init writes has less than a hundred.
pub(super) const MAX_LINE_BYTES: usize = 1024;

/// How every connection begins.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "hello", rename_all = "lowercase")]
pub(super) enum Hello {
    Control,
    Terminal { terminal: String },
    Port { port: u16 },
    Registry,
}

/// What the server asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verb {
    Open(Terminal),
    Resize(Terminal),
    Attach(String),
    Renew(String),
    Bind(u16),
    Release(u16),
    Registry(u16),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Terminal {
    pub(super) terminal: String,
    pub(super) cols: u16,
    pub(super) rows: u16,
}

#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub(super) n: u64,
    #[serde(flatten)]
    pub(super) verb: &'a Verb,
}

/// What the workstation says on the control connection.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Report {
    Error { error: u64, reason: String },
    Ok { ok: u64 },
    Exited { exited: String },
    Terminals { terminals: Vec<String> },
}

/// Reads a connection's first line, and not one byte more: what follows is the learner's.
pub(super) async fn hello(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Hello> {
    let mut line = Vec::with_capacity(64);
    loop {
        let byte = stream.read_u8().await?;
        if byte == b'\n' {
            return serde_json::from_slice(&line).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        if line.len() >= MAX_LINE_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        line.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hello_is_read_to_its_newline_and_no_further() {
        let mut stream = &b"{\"hello\":\"port\",\"port\":8080}\nGET / HTTP/1.1\r\n"[..];
        assert_eq!(hello(&mut stream).await.ok(), Some(Hello::Port { port: 8080 }));
        assert_eq!(stream, b"GET / HTTP/1.1\r\n");
    }

    #[tokio::test]
    async fn a_hello_that_is_none_or_never_ends_is_an_error() {
        assert!(hello(&mut &b"GET / HTTP/1.1\r\n\r\n"[..]).await.is_err());
        assert!(hello(&mut &vec![b' '; MAX_LINE_BYTES + 10][..]).await.is_err());
        assert!(hello(&mut &b"{\"hello\":\"port\",\"port\":80800}\n"[..]).await.is_err());
        assert!(hello(&mut &b"{\"hello\":"[..]).await.is_err());
    }

    #[test]
    fn requests_are_written_as_the_contract_has_them() {
        let json = |verb| serde_json::to_string(&Request { n: 7, verb: &verb }).ok();
        let terminal = Terminal { terminal: "1".to_owned(), cols: 80, rows: 24 };
        assert_eq!(json(Verb::Open(terminal)).as_deref(), Some(r#"{"n":7,"open":{"terminal":"1","cols":80,"rows":24}}"#));
        assert_eq!(json(Verb::Attach("1".to_owned())).as_deref(), Some(r#"{"n":7,"attach":"1"}"#));
        assert_eq!(json(Verb::Renew("1".to_owned())).as_deref(), Some(r#"{"n":7,"renew":"1"}"#));
        assert_eq!(json(Verb::Registry(80)).as_deref(), Some(r#"{"n":7,"registry":80}"#));
        assert_eq!(json(Verb::Bind(8080)).as_deref(), Some(r#"{"n":7,"bind":8080}"#));
    }

    #[test]
    fn reports_are_read_as_the_contract_has_them() {
        let report = |json| serde_json::from_str::<Report>(json).ok();
        assert_eq!(report(r#"{"ok":3}"#), Some(Report::Ok { ok: 3 }));
        assert_eq!(report(r#"{"error":3,"reason":"in_use"}"#), Some(Report::Error { error: 3, reason: "in_use".to_owned() }));
        assert_eq!(report(r#"{"exited":"1"}"#), Some(Report::Exited { exited: "1".to_owned() }));
        assert!(matches!(report(r#"{"terminals":["1"]}"#), Some(Report::Terminals { .. })));
    }
}
