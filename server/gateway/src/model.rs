//! The Engine API's values, as far as the gateway knows them: what isn't here is neither read nor
//! written. Source: moby's api/swagger.yaml, API 1.45.

pub(crate) mod container;
pub(crate) mod container_engine;
pub(crate) mod container_shown;
pub(crate) mod event;
pub(crate) mod versions;
