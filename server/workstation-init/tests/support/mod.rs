//! The server's side of a workstation, for one test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Workstation {
    pub(crate) init: Child,
    pub(crate) folder: tempfile::TempDir,
    listener: UnixListener,
}

/// One accepted connection, its hello read.
pub(crate) struct Connection {
    pub(crate) hello: serde_json::Value,
    reader: BufReader<UnixStream>,
}

impl Workstation {
    pub(crate) fn start() -> (Self, Connection) {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("workstation.sock")).expect("a socket");
        let init = Command::new(env!("CARGO_BIN_EXE_workstation-init"))
            .arg(folder.path().join("workstation.sock"))
            .arg(folder.path())
            .env("PS1", "prompt> ")
            .spawn()
            .expect("init starts");
        let workstation = Self { init, folder, listener };
        let control = workstation.accept();
        assert_eq!(control.hello, serde_json::json!({"hello": "control"}));
        (workstation, control)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("workstation.sock")
    }

    pub(crate) fn accept(&self) -> Connection {
        self.listener.set_nonblocking(true).expect("the listener is open");
        let stream = until("init dials", || self.listener.accept().ok()).0;
        stream.set_nonblocking(false).expect("the connection is open");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let mut connection = Connection { hello: serde_json::Value::Null, reader: BufReader::new(stream) };
        connection.hello = connection.line();
        connection
    }

    /// The server dies and another one listens.
    pub(crate) fn restart_server(&mut self) -> Connection {
        std::fs::remove_file(self.socket()).expect("the socket was there");
        self.listener = UnixListener::bind(self.socket()).expect("a socket");
        let control = self.accept();
        assert_eq!(control.hello, serde_json::json!({"hello": "control"}));
        control
    }

    pub(crate) fn attach(&self, control: &mut Connection, terminal: &str) -> Connection {
        control.send(&serde_json::json!({"n": 900, "attach": terminal}));
        let connection = self.accept();
        assert_eq!(connection.hello, serde_json::json!({"hello": "terminal", "terminal": terminal}));
        assert_eq!(control.line(), serde_json::json!({"ok": 900}));
        connection
    }
}

impl Drop for Workstation {
    fn drop(&mut self) {
        let _ = self.init.kill();
        let _ = self.init.wait();
    }
}

impl Connection {
    pub(crate) fn line(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line in time");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?} is no message"))
    }

    pub(crate) fn send(&mut self, message: &serde_json::Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Sends a request and gives its answer.
    pub(crate) fn ask(&mut self, message: &serde_json::Value) -> serde_json::Value {
        self.send(message);
        self.line()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).expect("init reads");
    }

    pub(crate) fn half_close(&mut self) {
        self.reader.get_mut().shutdown(std::net::Shutdown::Write).expect("it was open");
    }

    /// Reads until `text` has been seen; gives all that was read.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        self.read_until_so(text, |seen| seen.contains(text))
    }

    /// Reads until `word` with a number and a stop after it has been seen: not as it was typed.
    pub(crate) fn read_until_number(&mut self, word: &str) -> String {
        self.read_until_so(word, |seen| {
            let number = |after: &str| after.split_once('.').is_some_and(|(number, _)| number.parse::<i32>().is_ok());
            seen.split(word).skip(1).any(number)
        })
    }

    fn read_until_so(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while !is_so(&String::from_utf8_lossy(&seen)) {
            match self.reader.read(&mut buffer) {
                Ok(0) => panic!("ended before {what:?}: {}", String::from_utf8_lossy(&seen)),
                Ok(count) => seen.extend_from_slice(&buffer[..count]),
                Err(error) => panic!("{error} before {what:?}: {}", String::from_utf8_lossy(&seen)),
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut seen = Vec::new();
        self.reader.read_to_end(&mut seen).expect("an end in time");
        seen
    }
}

/// Waits for a state; panics where it does not come.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < LIMIT, "in {LIMIT:?} it did not happen that {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
