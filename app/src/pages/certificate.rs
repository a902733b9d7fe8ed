//! `/certificates/:id`: for anybody who has the link.

use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use leptos_router::hooks::use_params_map;

use super::{
    NotFoundPage,
    load::{Loaded, Wanted, load, shown},
};
use crate::components::{Alert, CertificatePaper, Header};

#[component]
pub(crate) fn CertificatePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let found = load(Memo::new(move |_| Wanted::Certificate { id: id.get() }));
    view! {
        // It names a person: it is for whom they give the link to.
        <Meta name="robots" content="noindex" />
        {shown(found, || view! { <Header /> }.into_any(), |answer| match answer {
            Ok(Loaded::Certificate(certificate)) => {
                view! {
                    <Title text=format!("{} · {}", certificate.name, certificate.lesson) />
                    <Header />
                    <CertificatePaper certificate=certificate />
                }
                    .into_any()
            }
            Ok(_) => ().into_any(),
            Err(error) if error.is_not_found() => view! { <NotFoundPage /> }.into_any(),
            Err(error) => {
                view! {
                    <Header />
                    <main class="plain-page" id="main">
                        <h1>"The certificate could not be looked up"</h1>
                        <Alert text=error.message />
                    </main>
                }
                    .into_any()
            }
        })}
    }
    .into_any()
}
