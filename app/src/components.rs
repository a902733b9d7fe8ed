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
pub(crate) mod live;
mod logo;
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
#[cfg(any(feature = "ssr", feature = "teach", feature = "desk"))]
pub(crate) use copy::CopyField;
#[cfg(any(feature = "ssr", feature = "teach"))]
pub(crate) use diagram::DiagramPanel;
pub(crate) use header::Header;
#[cfg(any(feature = "ssr", feature = "teach", feature = "desk"))]
pub(crate) use icon::Icon;
pub(crate) use lesson_card::LessonCard;
pub(crate) use live::part;
#[cfg(feature = "ssr")]
pub(crate) use logo::SHAPES;
#[cfg(any(feature = "ssr", feature = "teach", feature = "desk"))]
pub(crate) use logo::logo;
pub(crate) use my_classes::MyClasses;
#[cfg(any(feature = "ssr", feature = "teach", feature = "desk"))]
pub(crate) use theme_toggle::ThemeToggle;
pub(crate) use way_in::{Come, WayIn};
pub(crate) use welcome::Welcome;
#[cfg(any(feature = "ssr", feature = "teach", feature = "desk"))]
pub(crate) use when::{Shown, When};
pub(crate) use workbench::Workbench;
