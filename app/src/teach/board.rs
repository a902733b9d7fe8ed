//! A class in one lesson, live: a row a learner, a cell a step; who needs help comes first.

mod cells;
mod keys;
mod mover;
mod order;
mod panel;
mod row;
mod state;
mod step_card;
mod table;
mod tools;

pub(crate) use cells::mark;
pub(crate) use panel::{SidePanel, escape};
pub(crate) use row::{last, with_help};
pub(crate) use state::{BoardState, Open};
pub(crate) use table::{LineNotice, Table, legend};
pub(crate) use tools::{LessonTabs, Tools};
