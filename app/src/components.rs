//! Properties in, view out.

#![expect(unreachable_pub, reason = "leptos' component macro makes every component `pub`")]

mod alert;
mod checks;
mod diagram;
mod ending;
mod header;
mod hints;
mod icon;
mod lesson_card;
mod pieces;
mod ports;
mod prose;
mod questions;
mod reset_dialog;
mod splitter;
mod stand_ins;
mod standing;
mod start;
mod step_nav;
mod step_view;
mod terminal;
mod terminal_panel;
mod theme_toggle;
mod workbench;

pub(crate) use alert::Alert;
pub(crate) use header::Header;
pub(crate) use lesson_card::LessonCard;
pub(crate) use workbench::Workbench;
