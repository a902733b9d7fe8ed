//! What request handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use gateway::Egress;
use leptos::config::LeptosOptions;
use tokio_util::sync::CancellationToken;

use crate::{
    checker::Checker,
    classroom::{Classroom, Hub},
    config::{Config, WebConfig},
    database::Database,
    engine::Engine,
    progress::Store,
    registry::Registry,
    sandboxes::Sandboxes,
    shelf::Shelf,
    web::{health::Needs, pace::Pace},
};

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub leptos: LeptosOptions,
    pub web: Arc<WebConfig>,
    pub sandboxes: Sandboxes,
    pub shelf: Shelf,
    pub store: Store,
    pub checker: Checker,
    pub classroom: Classroom,
    pub registry: Registry,
    pub needs: Needs,
    pub pace: Pace,
    /// What sandboxes reach.
    pub egress: Egress,
    /// Cancelled when the server ends: streams that would never end do then.
    pub end: CancellationToken,
}

impl AppState {
    pub fn new(config: &Config, database: Database, engine: Engine, sandboxes: Sandboxes, shelf: Shelf) -> Self {
        let store = Store::new(database.pool.clone());
        let hub = Hub::default();
        let registry = Registry::new(&config.registry);
        let leptos = LeptosOptions::builder()
            .output_name("lunchbox")
            .site_root(config.web.site_root.to_string_lossy().into_owned())
            .site_pkg_dir("pkg")
            .site_addr(config.web.listen)
            // `dev` builds again and restarts by itself: no reload socket.
            .env(leptos::config::Env::PROD)
            .build();
        Self {
            leptos,
            web: Arc::new(config.web.clone()),
            checker: Checker::new(sandboxes.clone(), store.clone(), shelf.clone(), hub.clone()),
            classroom: Classroom::new(database.pool.clone(), shelf.clone(), sandboxes.clone(), hub),
            needs: Needs { engine, registry: registry.clone(), database },
            sandboxes,
            shelf,
            store,
            registry,
            pace: Pace::default(),
            egress: config.egress,
            end: CancellationToken::new(),
        }
    }
}
