//! What is Lunchbox's own: database, sockets, lessons, browser assets, port.

use std::net::TcpListener;

use super::report::Report;
use crate::{
    config::{Config, SOCKET_PATH_BYTES, fits_sockets},
    database::{Database, Kind, sqlite, without_password},
    lessons::Library,
};

/// The app's, as set-up builds them.
const BUNDLES: [&str; 3] = ["lunchbox", "teach", "desk"];

pub(super) async fn look(config: &Config, report: &mut Report) {
    let instance = database(config, report).await;
    // Any instance's name would have at most twelve characters.
    let run_dir = config.run_dir(instance.as_deref().unwrap_or("xxxxxxxxxxxx"));
    if fits_sockets(&run_dir) {
        let known = instance.is_some() || config.run_dir.is_some();
        let folder = if known { Some(run_dir.as_path()) } else { run_dir.parent() };
        report.good(format!("Sockets go below {}", folder.unwrap_or(&run_dir).display()));
    } else {
        report.bad(
            format!("The paths of sockets below {} would be longer than {SOCKET_PATH_BYTES} bytes, Linux's limit", run_dir.display()),
            "Set a shorter run_dir, such as /run/lunchbox.",
        );
    }
    lessons(config, report);
    let pkg = config.web.site_root.join("pkg");
    if BUNDLES.iter().all(|name| pkg.join(format!("{name}_bg.wasm")).exists()) {
        report.good(format!("What the browser loads is in {}", pkg.display()));
    } else {
        report.bad(format!("{} does not hold what the browser loads", pkg.display()), "./lunchbox setup builds it; or set site_root.");
    }
    match TcpListener::bind(config.web.listen) {
        Ok(_) => report.good(format!("{} is free to listen on", config.web.listen)),
        Err(error) => report.note(
            format!("{} can't be listened on just now: {error}", config.web.listen),
            "Fine if that is Lunchbox itself; else set listen to another address.",
        ),
    }
}

/// Opens the database only where there is one: looking must not make any.
async fn database(config: &Config, report: &mut Report) -> Option<String> {
    let shown = match sqlite::file_of(&config.database_url) {
        Ok(Some(file)) if Kind::of(&config.database_url) == Some(Kind::Sqlite) => {
            if !file.exists() {
                report.good(format!("The database {} will be made at the first start", file.display()));
                return config.instance.clone();
            }
            file.display().to_string()
        }
        _ => without_password(&config.database_url),
    };
    let open = async {
        let database = Database::connect(&config.database_url).await.map_err(|error| error.to_string())?;
        if !database.is_set_up().await.map_err(|error| error.to_string())? {
            return Ok(None);
        }
        database.try_write().await.map_err(|error| format!("The database {shown} can't be written to: {error}"))?;
        let instance = database.stored_instance().await.map_err(|error| error.to_string())?;
        database.close().await;
        Ok::<_, String>(instance)
    };
    match open.await {
        Ok(None) => {
            report.good(format!("The database {shown} answers; its tables are made at the first start"));
            config.instance.clone()
        }
        Ok(stored) => {
            report.good(format!("The database {shown} can be written to"));
            match (&stored, &config.instance) {
                (Some(stored), Some(asked)) if stored != asked => report.bad(
                    format!("The database belongs to the instance {stored}, and the settings say {asked}"),
                    format!("Set instance to {stored}, or use another data_dir."),
                ),
                _ => {}
            }
            stored.or_else(|| config.instance.clone())
        }
        Err(error) => {
            let advice = match Kind::of(&config.database_url) {
                Some(Kind::Postgres) => "Try the same URL with psql; the user must own the database, or its schema.",
                Some(Kind::Sqlite) | None => {
                    "See that file and folder belong to the user who runs Lunchbox, and that the disk is not full."
                }
            };
            report.bad(error, advice);
            None
        }
    }
}

fn lessons(config: &Config, report: &mut Report) {
    let (library, mistakes) = Library::load(&config.lessons_dir);
    let wrong = mistakes.iter().filter(|mistake| !mistake.warning).count();
    let dir = config.lessons_dir.display();
    match (library.lessons().len(), wrong) {
        (0, _) => report.bad(
            format!("No lesson in {dir} can be served"),
            "Run it from the project's folder, or set lessons_dir. ./lunchbox lint says what is wrong.",
        ),
        (lessons, 0) => report.good(format!("Lessons that can be served: {lessons}")),
        (lessons, wrong) => {
            report.note(format!("Lessons that can be served: {lessons}; mistakes: {wrong}"), "./lunchbox lint says where they are.")
        }
    }
}
