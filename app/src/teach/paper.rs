//! Pages to be projected or printed. They are made on the server alone; nothing of them runs in the browser
//! but a few lines of script (`shell/paper.js`).

mod join;
mod plots;
mod report;
mod scale;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use self::{join::JoinPaper, report::ReportPaper};
use super::{frame::Signed, pages::NothingHere};
use crate::routes::page_title;

/// What is projected or printed of a class.
#[component]
pub fn PaperApp() -> impl IntoView {
    provide_meta_context();
    Signed::provide();
    view! {
        <Title formatter=page_title />
        <Router>
            <Routes fallback=NothingHere>
                <Route path=path!("/teach/classes/:id/join") view=JoinPaper ssr=SsrMode::Async />
                <Route path=path!("/teach/classes/:id/report") view=ReportPaper ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

/// A moment; the script writes it by the reader's own clock.
fn moment(at: i64) -> impl IntoView {
    let seconds = at.div_euclid(1_000);
    let (hours, minutes) = (seconds.rem_euclid(86_400) / 3_600, seconds.rem_euclid(3_600) / 60);
    view! { <time data-at=at.to_string()>{format!("{hours:02}:{minutes:02} UTC")}</time> }
}
