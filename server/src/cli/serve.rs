//! `lunchbox serve`.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};

use super::instructors;
use crate::{
    app_state::AppState,
    classroom::ClassError,
    config::{Config, SOCKET_PATH_BYTES, SOCKET_TAIL_BYTES, fits_sockets},
    database::{Database, DatabaseError, Serving},
    engine::{Engine, EngineError},
    router,
    sandboxes::{self, StartError},
    shelf::Shelf,
    shutdown,
    web::connections,
};

/// How long sandboxes may take to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(3);

/// Why the server could not start, or went on no longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} can't be listened on: {source}. Perhaps another Lunchbox runs; choose another address with --listen")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("sandboxes can't be served")]
    Sandboxes(#[from] StartError),
    #[error(
        "the run folder {0} is too long for sockets ({SOCKET_PATH_BYTES} bytes, {SOCKET_TAIL_BYTES} of them ours): set a shorter run_dir"
    )]
    RunDir(String),
    #[error("the instructors could not be looked up")]
    Instructors(#[from] ClassError),
    #[error("serving failed")]
    Io(#[from] std::io::Error),
}

/// Serves until it is asked to end by a signal.
///
/// # Errors
/// Where it can't start.
pub async fn run(config: Config) -> Result<(), ServeError> {
    Server::start(config).await?.run_until(shutdown::asked()).await
}

/// A server that is ready to serve.
pub struct Server {
    listener: TcpListener,
    router: Router,
    pub(crate) state: AppState,
    database: Database,
    background: JoinSet<()>,
    _serving: Serving,
}

impl Server {
    /// Makes everything ready: database, sandboxes, lessons.
    ///
    /// # Errors
    /// Where any of it can't be had.
    pub async fn start(config: Config) -> Result<Self, ServeError> {
        // First of all, so that nothing is made for a server that can't serve.
        let address = config.web.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
        let serving = Serving::begin(&config.database_url).await?;
        let database = Database::open(&config.database_url).await?;
        let instance = database.instance(config.instance.as_deref()).await?;
        let run_dir = config.run_dir(&instance);
        if !fits_sockets(&run_dir) {
            return Err(ServeError::RunDir(run_dir.display().to_string()));
        }
        let shelf = Shelf::load(&config.lessons_dir);
        let engine = Engine::new(&config.engine_socket)?;
        let (_gateway, sandboxes) = sandboxes::start(
            config.sandboxes(&instance),
            config.gateway(&instance),
            engine.clone(),
            database.pool.clone(),
            database.ledger.clone(),
        )
        .await?;
        let state = AppState::new(&config, database.clone(), engine, sandboxes, shelf.clone());
        state.classroom.end_assists_before().await?;
        let mut background = JoinSet::new();
        background.spawn(state.registry.clone().follow());
        background.spawn(state.classroom.clone().tell_platforms());
        if config.dev {
            background.spawn(shelf.follow_changes());
        }
        let router = router::router(state.clone());
        let url = instructors::address(listener.local_addr()?);
        tracing::info!(url, instance, "Lunchbox serves.");
        let base = config.web.public_url.as_ref().map_or(url, ToString::to_string);
        instructors::keep_address(&config.data_dir, &base);
        instructors::say_first_link(&state.classroom, &base).await?;
        Ok(Self { listener, router, state, database, background, _serving: serving })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system can't say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `asked` is over; then says goodbye and finishes what is under way.
    ///
    /// # Errors
    /// Where serving fails.
    pub async fn run_until(mut self, asked: impl Future<Output = std::io::Result<()>>) -> Result<(), ServeError> {
        let end = self.state.end.clone();
        let trusted = self.state.web.trusted_proxies.clone();
        let mut served = std::pin::pin!(connections::serve(self.listener, self.router, trusted, end.clone()));
        tokio::select! {
            () = &mut served => {}
            asked = asked => {
                asked?;
                tracing::info!("Asked to end: saying goodbye. Sandboxes live on.");
                if timeout(GOODBYE_LIMIT, self.state.sandboxes.shutdown()).await.is_err() {
                    tracing::warn!("The goodbye took too long and was cut short.");
                }
                end.cancel();
                if timeout(shutdown::DRAIN_LIMIT, served).await.is_err() {
                    tracing::warn!("Some requests were still under way and were cut off.");
                }
            }
        }
        self.background.shutdown().await;
        if timeout(GOODBYE_LIMIT, self.database.close()).await.is_err() {
            tracing::warn!("The database was still busy and was left as it is.");
        }
        Ok(())
    }
}
