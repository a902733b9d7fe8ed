//! Asks for the name that shall stand on the certificate, and leads to it.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_navigate;

use super::{
    alert::Alert,
    live::{live, part},
};
use crate::{api, state::Work};

#[component]
pub(super) fn CertificateForm(work: Work) -> impl IntoView {
    let lesson = work.lesson.with_value(|lesson| lesson.slug.clone());
    let name = RwSignal::new(work.live.seat.with_untracked(|seat| seat.as_ref().map(|seat| seat.name.clone()).unwrap_or_default()));
    let problem = RwSignal::new(None::<String>);
    let navigate = use_navigate();
    let make = Action::new(move |name: &String| {
        let (navigate, made) = (navigate.clone(), api::seats::make_certificate(lesson.clone(), name.clone()));
        async move {
            match made.await {
                Ok(certificate) => navigate(&certificate.path, Default::default()),
                Err(error) => problem.set(Some(error.message)),
            }
        }
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|name| name.trim().to_owned());
        if !name.is_empty() && !make.pending().get_untracked() {
            problem.set(None);
            make.dispatch(name);
        }
    };
    view! {
        <form class="certify" on:submit=submit>
            <label class="certify__label" for="certificate-name">"Your name, as it shall stand on your certificate"</label>
            <div class="certify__row">
                <input
                    class="field"
                    id="certificate-name"
                    type="text"
                    autocomplete="name"
                    required
                    maxlength=super::way_in::NAME_LENGTH
                    prop:value=live(move || name.get())
                    on:input=move |event| name.set(event_target_value(&event))
                />
                <button type="submit" class="button button--primary" disabled=make.pending()>"Get your certificate"</button>
            </div>
            {part(move || problem.get().map(|text| view! { <Alert text=text /> }))}
        </form>
    }
    .into_any()
}
