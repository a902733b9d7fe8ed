//! The first process of a workstation, as the server meets it.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
};

use serde_json::json;
use support::{Workstation, until};

#[test]
fn a_shell_waits_before_anybody_comes_and_answers_what_is_typed() {
    let (workstation, mut control) = Workstation::start();
    assert_eq!(control.line(), json!({"terminals": ["1"]}));
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"echo $((40 + 2)) in $TERM; pwd\n");
    let home = workstation.folder.path().to_str().unwrap().to_owned();
    let seen = terminal.read_until(&home);
    assert!(seen.contains("42 in xterm-256color"), "{seen}");
}

#[test]
fn a_terminal_has_the_size_it_is_given() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    assert_eq!(control.ask(&json!({"n": 1, "open": {"terminal": "1", "cols": 100, "rows": 30}})), json!({"ok": 1}));
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"stty size\n");
    terminal.read_until("30 100");
    assert_eq!(control.ask(&json!({"n": 2, "resize": {"terminal": "1", "cols": 120, "rows": 40}})), json!({"ok": 2}));
    terminal.write(b"stty size\n");
    terminal.read_until("40 120");
    assert_eq!(
        control.ask(&json!({"n": 3, "resize": {"terminal": "9", "cols": 1, "rows": 1}})),
        json!({"error": 3, "reason": "no_terminal"})
    );
}

#[test]
fn who_comes_later_sees_the_screen_and_takes_over() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let mut first = workstation.attach(&mut control, "1");
    first.write(b"echo so$((1))far\n");
    first.read_until("so1far");
    let mut second = workstation.attach(&mut control, "1");
    second.read_until("so1far");
    first.read_to_end();
    second.write(b"echo still$((2))here\n");
    second.read_until("still2here");
}

#[test]
fn a_killed_server_loses_no_screen_and_no_job() {
    let (mut workstation, mut control) = Workstation::start();
    control.line();
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"X=kept; echo before$((3))\n");
    terminal.read_until("before3");
    drop((terminal, control));
    let mut control = workstation.restart_server();
    assert_eq!(control.line(), json!({"terminals": ["1"]}));
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.read_until("before3");
    terminal.write(b"echo $X$((4))\n");
    terminal.read_until("kept4");
}

#[test]
fn terminals_are_several_and_have_a_limit() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    for n in 2..=4 {
        assert_eq!(control.ask(&json!({"n": n, "open": {"terminal": n.to_string(), "cols": 80, "rows": 24}})), json!({"ok": n}));
    }
    assert_eq!(control.ask(&json!({"n": 5, "open": {"terminal": "5", "cols": 80, "rows": 24}})), json!({"error": 5, "reason": "too_many"}));
    let mut second = workstation.attach(&mut control, "2");
    second.write(b"ME=two\n");
    let mut third = workstation.attach(&mut control, "3");
    third.write(b"echo [$ME]\n");
    third.read_until("[]");
}

#[test]
fn a_shell_that_ends_is_told_and_the_next_one_is_new() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"X=old; echo last words; exit\n");
    let all = String::from_utf8_lossy(&terminal.read_to_end()).into_owned();
    assert!(all.contains("last words\r\n"), "{all}");
    assert_eq!(control.line(), json!({"exited": "1"}));
    assert_eq!(control.ask(&json!({"n": 1, "attach": "1"})), json!({"error": 1, "reason": "no_terminal"}));
    assert_eq!(control.ask(&json!({"n": 2, "open": {"terminal": "1", "cols": 80, "rows": 24}})), json!({"ok": 2}));
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"echo [$X]\n");
    terminal.read_until("[]");
}

#[test]
fn a_new_shell_comes_at_once_whatever_runs_and_what_heeds_no_hang_up_is_killed() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    assert_eq!(control.ask(&json!({"n": 1, "open": {"terminal": "1", "cols": 101, "rows": 31}})), json!({"ok": 1}));
    let mut terminal = workstation.attach(&mut control, "1");
    // Deaf are the shell itself and what runs in it; one in the background was meant to outlive its terminal.
    terminal.write(b"X=old; (setsid sleep 600 & echo background:$!.)\n");
    let background = number(&terminal.read_until_number("background:"), "background:");
    terminal.write(b"trap '' INT HUP TERM; echo shell:$$.; bash -c 'echo running:$$.; sleep 600; sleep 600'\n");
    let seen = terminal.read_until_number("running:");
    let (shell, running) = (number(&seen, "shell:"), number(&seen, "running:"));
    terminal.write(b"\x03touch typed-in-vain\n");
    terminal.read_until("typed-in-vain");

    assert_eq!(control.ask(&json!({"n": 2, "renew": "1"})), json!({"ok": 2}));
    // On the connection that there is.
    terminal.read_until("\x1bc");
    terminal.write(b"stty size; echo [$X] me:$$.\n");
    let seen = terminal.read_until_number("me:");
    assert!(seen.contains("31 101\r\n[]"), "{seen}");
    let fresh = number(&seen, "me:");
    assert_ne!(fresh, shell);
    for pid in [shell, running] {
        until("what was deaf is killed", || (!is_there(pid)).then_some(()));
    }
    assert!(is_there(background) && is_there(fresh));
    assert!(!workstation.folder.path().join("typed-in-vain").exists());
    terminal.write(b"exit\n");
    terminal.read_to_end();
    assert_eq!(control.line(), json!({"exited": "1"}), "of the shell before nobody is told: it was not the terminal's any more");
    rustix::process::kill_process(rustix::process::Pid::from_raw(background).unwrap(), rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_new_shell_is_had_once_however_often_it_is_asked_for_and_only_where_there_is_a_terminal() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let children = || std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", workstation.init.id())).unwrap();
    let before = children();
    assert_eq!(control.ask(&json!({"n": 1, "renew": "1"})), json!({"ok": 1}));
    assert_eq!(children(), before, "nobody has typed in it: it is fresh");
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"echo us$((1))ed\n");
    terminal.read_until("us1ed");
    for n in 2..=5 {
        assert_eq!(control.ask(&json!({"n": n, "renew": "1"})), json!({"ok": n}));
    }
    until("one shell is left", || (children().split_whitespace().count() == 1).then_some(()));
    assert_ne!(children(), before);
    terminal.write(b"echo an$((2))other\n");
    terminal.read_until("an2other");
    assert_eq!(control.ask(&json!({"n": 6, "renew": "9"})), json!({"error": 6, "reason": "no_terminal"}));
}

#[test]
fn a_slow_reader_slows_the_program_and_loses_nothing() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let mut terminal = workstation.attach(&mut control, "1");
    let lines = 200_000;
    let progress = workstation.folder.path().join("progress");
    terminal.write(format!("seq 1 {lines}; touch {}; exit\n", progress.display()).as_bytes());
    // Nobody reads: the program can't have written more than the buffers between hold.
    control.send(&json!({"n": 1, "resize": {"terminal": "1", "cols": 80, "rows": 24}}));
    assert_eq!(control.line(), json!({"ok": 1}));
    let mut all = terminal.read_until("1000\r\n");
    assert!(!progress.exists(), "the program ran on though nobody read");
    all.push_str(&String::from_utf8_lossy(&terminal.read_to_end()));
    let numbers: Vec<u32> = all.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert_eq!(numbers.last(), Some(&lines));
    assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]), "a line is missing");
    assert!(progress.exists());
}

#[test]
fn output_that_nobody_reads_does_not_stop_a_program() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let mut terminal = workstation.attach(&mut control, "1");
    let done = workstation.folder.path().join("done");
    terminal.write(format!("seq 1 200000; touch {}\n", done.display()).as_bytes());
    drop(terminal);
    until("the program ends", || done.exists().then_some(()));
    let mut terminal = workstation.attach(&mut control, "1");
    let replay = terminal.read_until("\n200000\r\n");
    assert!(replay.len() <= 256 * 1024 + 1024, "{}", replay.len());
}

#[test]
fn a_published_port_carries_both_directions_and_half_closes() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let port = free_port();
    assert_eq!(control.ask(&json!({"n": 1, "bind": port})), json!({"ok": 1}));
    assert_eq!(control.ask(&json!({"n": 2, "bind": port})), json!({"ok": 2}), "binding again is success");
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut server = workstation.accept();
    assert_eq!(server.hello, json!({"hello": "port", "port": port}));
    assert_eq!(server.read_to_end(), b"question", "the client's end arrives, and the way back stays open");
    let answer = vec![b'a'; 3_000_000];
    let reader = std::thread::spawn(move || {
        let mut got = Vec::new();
        client.read_to_end(&mut got).unwrap();
        got
    });
    server.write(&answer);
    server.half_close();
    assert!(reader.join().unwrap() == answer);
}

#[test]
fn a_port_is_bound_on_ipv6_too_where_there_is_any() {
    if TcpListener::bind(("::1", 0)).is_err() {
        return;
    }
    let (workstation, mut control) = Workstation::start();
    control.line();
    let port = free_port();
    assert_eq!(control.ask(&json!({"n": 1, "bind": port})), json!({"ok": 1}));
    let _client = TcpStream::connect(("::1", port)).unwrap();
    assert_eq!(workstation.accept().hello, json!({"hello": "port", "port": port}));
}

#[test]
fn a_port_that_is_taken_is_told_and_a_released_one_is_free() {
    let (_workstation, mut control) = Workstation::start();
    control.line();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    assert_eq!(control.ask(&json!({"n": 1, "bind": port})), json!({"error": 1, "reason": "in_use"}));
    drop(taken);
    assert_eq!(control.ask(&json!({"n": 2, "bind": port})), json!({"ok": 2}));
    assert_eq!(control.ask(&json!({"n": 3, "release": port})), json!({"ok": 3}));
    assert_eq!(control.ask(&json!({"n": 4, "release": port})), json!({"ok": 4}));
    TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
}

#[test]
fn too_many_connections_wait_and_none_is_refused() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let port = free_port();
    assert_eq!(control.ask(&json!({"n": 1, "bind": port})), json!({"ok": 1}));
    let clients: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let servers: Vec<_> = (0..64).map(|_| workstation.accept()).collect();
    // The control connection is still served, and 64 are the most at once.
    assert_eq!(control.ask(&json!({"n": 2, "resize": {"terminal": "1", "cols": 80, "rows": 24}})), json!({"ok": 2}));
    drop(servers);
    drop(clients);
    let _late = TcpStream::connect(("127.0.0.1", port)).unwrap();
    workstation.accept();
}

#[test]
fn nonsense_on_the_control_connection_is_answered_not_fatal() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    assert_eq!(control.ask(&json!({"n": 1, "explode": true})), json!({"error": 0, "reason": "not_understood"}));
    control.write(&[b'x'; 10_000]);
    let mut control = workstation.accept();
    assert_eq!(control.line(), json!({"terminals": ["1"]}), "a line without end costs the connection, which is dialled again");
}

#[test]
fn sigterm_ends_the_shells_and_then_init() {
    let (mut workstation, mut control) = Workstation::start();
    control.line();
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"trap 'echo goodbye > farewell' EXIT; echo ready$((5))\n");
    terminal.read_until("ready5");
    let pid = rustix::process::Pid::from_child(&workstation.init);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = until("init ends", || workstation.init.try_wait().unwrap());
    assert!(status.success());
    assert_eq!(std::fs::read_to_string(workstation.folder.path().join("farewell")).unwrap(), "goodbye\n");
}

#[test]
fn what_others_leave_behind_is_reaped_and_memory_stays_small() {
    let (workstation, mut control) = Workstation::start();
    control.line();
    let mut terminal = workstation.attach(&mut control, "1");
    terminal.write(b"seq 1 100000 | tail -1; echo en$((6))d\n");
    terminal.read_until("en6d");
    let status = std::fs::read_to_string(format!("/proc/{}/status", workstation.init.id())).unwrap();
    let rss: u64 = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    // The debug build, linked dynamically, has some of libc's pages on top.
    assert!(rss < 5 * 1024, "init has {rss} KiB resident");
}

/// The number between that word and the stop after it, the last time it was printed.
fn number(seen: &str, word: &str) -> i32 {
    let after = seen.rsplit(word).find_map(|after| after.split_once('.')).and_then(|(number, _)| number.parse().ok());
    after.unwrap_or_else(|| panic!("no number after {word:?} in {seen:?}"))
}

/// It runs. What has ended may still be listed where nobody has asked for its outcome.
fn is_there(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

/// A port that nobody has just now. Bound on both of localhost's addresses.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
