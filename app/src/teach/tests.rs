//! Pages are rendered as the server does it, over a teaching of our own.

mod fake;
mod render;
