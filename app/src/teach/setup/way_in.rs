//! The code, the link and the QR code with which learners come in.

use leptos::{html, prelude::*};

use crate::{
    api,
    components::CopyField,
    model::{ClassDetails, QrCode},
    teach::{
        confirm::{self, Confirm},
        doing::Doing,
        links::for_this_machine_alone,
        live::{click, part},
    },
};

#[component]
pub(crate) fn WayInCard(class: RwSignal<ClassDetails>) -> impl IntoView {
    let doing = Doing::new();
    let dialog = NodeRef::<html::Dialog>::new();
    let id = class.with_untracked(|class| class.id.clone());
    let join = format!("/teach/classes/{id}/join");
    let anew = Callback::new(move |()| doing.ask(api::teach::classes::new_code(id.clone()), move |changed| class.set(changed)));
    view! {
        <section class="panel way-in-card" aria-labelledby="way-in-title">
            <h2 id="way-in-title">"How learners come in"</h2>
            <div class="way-in-card__all">
                {part(move || qr(&class.with(|class| class.way_in.qr.clone())))}
                <div class="way-in-card__words">
                    <p class="way-in-card__code">{part(move || class.with(|class| class.way_in.code.clone()))}</p>
                    <CopyField label="Link" text=Signal::derive(move || class.with(|class| class.way_in.link.clone())) />
                    {part(move || class.with(|class| for_this_machine_alone(&class.way_in.link)))}
                    <p class="soft">"They open this Lunchbox and type the code and their name, or follow the link."</p>
                    <div class="form__row">
                        <a class="button button--primary" href=join target="_blank" rel="noopener">"Show it large ↗"</a>
                        <button type="button" class="button" disabled=doing.pending on:click=click(move |_| confirm::open(dialog))>"New code…"</button>
                    </div>
                    {doing.alert()}
                </div>
            </div>
            <Confirm
                dialog=dialog
                title="Make a new code?"
                text="The code and link that are around now let nobody in any more. Who is in stays in, and personal links stay good."
                yes="Make a new code"
                on_yes=anew
            />
        </section>
    }
    .into_any()
}

/// Dark on white in either theme: that is what cameras read.
pub(crate) fn qr(code: &QrCode) -> AnyView {
    view! {
        <svg class="qr" viewBox=format!("0 0 {0} {0}", code.side) role="img" aria-label="QR code of the link" shape-rendering="crispEdges">
            <rect width=code.side height=code.side fill="#fff"></rect>
            <path d=code.path.clone() fill="#000"></path>
        </svg>
    }
    .into_any()
}
