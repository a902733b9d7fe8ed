//! Asks for the name that shall stand on the certificate, and leads to it.

use leptos::{ev, prelude::*};

use super::{
    alert::Alert,
    live::{live, part},
};
use crate::api;

#[component]
pub(super) fn CertificateForm(
    /// The lesson's slug.
    lesson: String,
    /// As it stands in the field first.
    name: String,
    /// There is one, and it gets another name.
    rename: bool,
) -> impl IntoView {
    let name = RwSignal::new(name);
    let problem = RwSignal::new(None::<String>);
    let make = Action::new(move |name: &String| {
        let made = api::seats::make_certificate(lesson.clone(), name.clone(), rename);
        async move {
            match made.await {
                // Its page, made anew. It fails only where the address can't be read as one.
                Ok(certificate) => drop(window().location().set_href(&certificate.path)),
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
                <button type="submit" class="button button--primary" disabled=make.pending()>
                    {if rename { "Change the name" } else { "Get your certificate" }}
                </button>
            </div>
            {part(move || problem.get().map(|text| view! { <Alert text=text /> }))}
        </form>
    }
    .into_any()
}
