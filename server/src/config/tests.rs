use std::path::{Path, PathBuf};

use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

fn file_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("lunchbox.toml"), text).expect("a file can be written");
    folder
}

#[test]
fn without_any_setting_everything_has_its_default() {
    let config = Config::from_sources(&Flags::default(), nothing, Path::new("/nowhere")).expect("defaults are right");
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.database_url, "sqlite://.lunchbox/data/lunchbox.db");
    assert_eq!(config.engine_socket, PathBuf::from("/var/run/docker.sock"));
    assert_eq!(config.sandboxes.warm, 8);
    assert_eq!(config.egress, gateway::Egress::Off);
    assert_eq!(config.limits, gateway::SandboxLimits::default());
    assert_eq!(config.sandboxes.workstation, crate::sandboxes::WorkstationLimits::default());
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file() {
    let folder = file_with("warm_sandboxes = 1\nmax_sandboxes = 10\nidle_minutes = 5");
    let env = |name: &str| match name {
        "LUNCHBOX_WARM_SANDBOXES" => Some("2".to_owned()),
        "LUNCHBOX_MAX_SANDBOXES" => Some("20".to_owned()),
        _ => None,
    };
    let flags = Flags::from_pairs([("warm_sandboxes", "3")]);
    let config = Config::from_sources(&flags, env, folder.path()).expect("it is right");
    assert_eq!((config.sandboxes.warm, config.sandboxes.max, config.sandboxes.idle_limit.as_secs()), (3, 20, 300));
}

#[test]
fn all_mistakes_are_told_at_once_each_with_where_it_was_made() {
    let folder = file_with("idle_minutes = 0\nlissten = '127.0.0.1:1'\nsite_root = []");
    let env = |name: &str| (name == "LUNCHBOX_EGRESS").then(|| "perhaps".to_owned());
    let flags = Flags::from_pairs([("listen", "3000"), ("instance", "Lunch")]);
    let error = Config::from_sources(&flags, env, folder.path()).expect_err("there are mistakes");
    let file = folder.path().join("lunchbox.toml");
    let origins: Vec<_> = error.mistakes.iter().map(|mistake| mistake.origin.clone()).collect();
    for origin in
        ["--listen".to_owned(), "--instance".to_owned(), "LUNCHBOX_EGRESS".to_owned(), format!("idle_minutes in {}", file.display())]
    {
        assert!(origins.contains(&origin), "{origin} is not among {origins:?}");
    }
    assert_eq!(error.mistakes.len(), 6, "{error}");
    assert!(error.to_string().contains("did you mean \"listen\"?"), "{error}");
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let env = |name: &str| (name == "LUNCHBOX_CONFIG").then(|| "/nowhere/lunchbox.toml".to_owned());
    let error = Config::from_sources(&Flags::default(), env, Path::new(".")).expect_err("there is none");
    assert_eq!(error.mistakes[0].origin, "/nowhere/lunchbox.toml");
}

#[test]
fn a_variable_that_is_empty_counts_as_not_set() {
    let config = Config::from_sources(&Flags::default(), |_| Some(String::new()), Path::new("/nowhere")).expect("it is as without");
    assert_eq!(config.web.listen.port(), 3000);
}

#[test]
fn the_run_folder_must_be_short_enough_for_sockets() {
    let long = format!("/{}", "x".repeat(77));
    assert!(Config::from_sources(&Flags::from_pairs([("run_dir", long.as_str())]), nothing, Path::new("/nowhere")).is_err());
    let fits = &long[..77];
    let config = Config::from_sources(&Flags::from_pairs([("run_dir", fits)]), nothing, Path::new("/nowhere")).expect("it fits");
    assert_eq!(config.run_dir("abcd"), PathBuf::from(fits));
}

#[test]
fn a_public_url_is_a_scheme_and_a_host() {
    let url = |text| {
        Config::from_sources(&Flags::from_pairs([("public_url", text)]), nothing, Path::new("/nowhere")).map(|config| config.web.public_url)
    };
    let right = url("https://Lunchbox.example.com:443").expect("it is one");
    assert_eq!(right, Some(PublicUrl { https: true, host: "lunchbox.example.com".to_owned() }));
    for wrong in ["lunchbox.example.com", "ftp://x", "https://x/path", "https://user@x", "https://"] {
        assert!(url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_setting_is_a_flag_with_its_variable_and_default_in_the_help() {
    let mut command = <Flags as clap::Args>::augment_args(clap::Command::new("lunchbox"));
    let help = command.render_long_help().to_string();
    for setting in table::SETTINGS {
        assert!(help.contains(&format!("--{}", setting.flag())), "{}", setting.name);
        assert!(help.contains(&setting.variable()), "{}", setting.name);
    }
}

#[test]
fn trusted_proxies_are_addresses_and_networks() {
    let proxies = |text| {
        let flags = Flags::from_pairs([("trusted_proxies", text)]);
        Config::from_sources(&flags, nothing, Path::new("/nowhere")).map(|config| config.web.trusted_proxies)
    };
    let networks = |all: &[&str]| all.iter().map(|one| one.parse().expect("a network")).collect::<Vec<IpNet>>();
    assert_eq!(proxies(""), Ok(vec![]));
    assert_eq!(proxies("127.0.0.1, 10.0.0.0/8,::1"), Ok(networks(&["127.0.0.1/32", "10.0.0.0/8", "::1/128"])));
    for wrong in ["localhost", "10.0.0.0/33", "127.0.0.1 ::1", "127.0.0.1,"] {
        assert!(proxies(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_instance_is_not_called_like_those_that_are_swept() {
    let instance = |text| Config::from_sources(&Flags::from_pairs([("instance", text)]), nothing, Path::new("/nowhere"));
    assert!(instance("sbx01234").is_ok());
    let error = instance("sbx01234567").expect_err("it would be swept").to_string();
    assert!(error.contains("lunchbox sandbox"), "{error}");
}

#[test]
fn a_database_is_sqlite_or_postgres_and_its_password_is_not_printed() {
    let read = |url: &str| Config::from_sources(&Flags::from_pairs([("database_url", url)]), nothing, Path::new("/nowhere"));
    for right in ["sqlite:///srv/lunchbox.db", "postgres://ada:secret@db:5433/lunchbox", "postgresql:///x?host=/run/postgresql"] {
        assert_eq!(read(right).expect("it is right").database_url, right);
    }
    for wrong in ["/srv/lunchbox.db", "mysql://ada:secret@db/x", "postgress://ada:secret@db/x", "postgres://ada:secret@db"] {
        let said = read(wrong).expect_err("it is wrong").to_string();
        assert!(said.contains("postgres://user:password@host/database"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
