//! A certificate, to be looked at, checked and printed. It is paper: light in both themes.

use leptos::prelude::*;

use super::{
    certificate_form::CertificateForm,
    copy::CopyField,
    live::part,
    logo::logo,
    when::{Shown, When},
};
use crate::model::Certificate;

#[component]
pub(crate) fn CertificatePaper(certificate: Certificate) -> impl IntoView {
    let Certificate { path, name, lesson, slug, passed_at, renamed_at, steps, .. } = certificate;
    let rename = (!slug.is_empty()).then(|| view! { <CertificateForm lesson=slug name=name.clone() rename=true /> });
    // Its address, and when it was looked at, are the browser's to know.
    let address = RwSignal::new(path);
    let now = RwSignal::new(None::<i64>);
    Effect::new(move |_| {
        if let Ok(origin) = window().location().origin() {
            address.update(|address| address.insert_str(0, &origin));
        }
        now.set(Some(js_sys::Date::now() as i64));
    });
    let print = move |_| {
        // It throws only where printing is forbidden.
        let _ = window().print();
    };
    view! {
        <main class="certificate-page" id="main">
            <article class="paper" aria-labelledby="certificate-title">
                <div class="paper__inner">
                    {logo("paper__seal")}
                    <p class="paper__kind" id="certificate-title">"Certificate"</p>
                    <h1 class="paper__name">{name}</h1>
                    <p class="paper__words">"has passed every step of the hands-on Docker lesson"</p>
                    <p class="paper__lesson">{lesson}</p>
                    <p class="paper__words">"on " <strong><When at=passed_at shown=Shown::Day /></strong> ", on a real Docker host"</p>
                    <h2 class="unseen">"What was passed"</h2>
                    <ul class="paper__steps" role="list">
                        {steps.into_iter().map(|step| view! { <li class="paper__step">{step}</li> }).collect_view()}
                    </ul>
                    <p class="paper__check">
                        {(renamed_at > 0).then(|| view! { "Name changed on " <When at=renamed_at shown=Shown::Day /> <br /> })}
                        "Checked by this Lunchbox just now"
                        {part(move || now.get().map(|at| view! { ", " <When at=at shown=Shown::Day /> ", " <When at=at shown=Shown::Clock /> }))} <br />
                        <span class="paper__address">{address}</span>
                    </p>
                </div>
            </article>
            <div class="certificate-tools">
                <CopyField label="Link to this certificate" text=address />
                <button type="button" class="button button--primary" on:click=print>"Print"</button>
                <p class="certificate-tools__text">"Whoever opens the link sees this page, and that it is real: Lunchbox makes it anew from what it keeps."</p>
                {rename}
            </div>
        </main>
    }
    .into_any()
}
