use crate::state::Work;
use leptos::prelude::*;
#[component]
pub(super) fn DiagramPanel(work: Work) -> impl IntoView {
    let _ = work;
    view! { <section class="pane diagram" id="diagram" aria-labelledby="diagram-title"><h2 id="diagram-title">"Your Docker host"</h2></section> }
}
