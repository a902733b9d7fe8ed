//! Properties in, view out.

#![expect(unreachable_pub, reason = "leptos' component macro makes every component `pub`")]

mod alert;
mod certificate;
mod certificate_form;
mod checks;
mod class_bar;
mod code_entry;
mod copy;
mod diagram;
mod ending;
mod header;
mod hints;
mod icon;
mod lesson_card;
mod my_classes;
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
mod way_back;
mod way_in;
mod welcome;
mod when;
mod workbench;

pub(crate) use alert::Alert;
pub(crate) use certificate::CertificatePaper;
pub(crate) use code_entry::CodeEntry;
pub(crate) use header::Header;
pub(crate) use lesson_card::LessonCard;
pub(crate) use my_classes::MyClasses;
pub(crate) use way_in::WayIn;
pub(crate) use welcome::Welcome;
pub(crate) use workbench::Workbench;
