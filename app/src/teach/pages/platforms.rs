//! `/teach/platforms`: learning platforms that send learners and teachers here (LTI 1.3).

use leptos::{ev, html, prelude::*};
use leptos_meta::Title;

use crate::{
    api,
    components::{CopyField, Shown, When},
    model::{Platform, PlatformDraft, Platforms, ToolUrls},
    teach::{
        confirm::{self, Confirm},
        doing::Doing,
        frame::{Bar, focus},
        live::{Done, click, live, part, submitted, typed},
        load::{Ask, Loaded, page},
        words::{count, deleted},
    },
};

#[component]
pub(crate) fn PlatformsPage() -> impl IntoView {
    let ask = Memo::new(|_| Ask::Platforms);
    view! {
        <Title text="Learning platforms" />
        {page(ask, |loaded| match loaded {
            Loaded::Platforms(all) => view! { <Page all=all /> }.into_any(),
            _ => ().into_any(),
        })}
    }
    .into_any()
}

#[component]
fn Page(all: Platforms) -> impl IntoView {
    let Platforms { tool, platforms } = all;
    let all = RwSignal::new(platforms);
    let draft = RwSignal::new(PlatformDraft::default());
    view! {
        <Bar />
        <main class="teach-page" id="main">
            <h1>"Learning platforms"</h1>
            <p class="soft">
                "Teachers put a link to a class into their course in Moodle, Canvas or another platform that speaks LTI 1.3. Who clicks it is in the class as themselves. docs/lti.md goes through it step by step."
            </p>
            <Tool tool=tool />
            <Form all=all draft=draft />
            <Registered all=all draft=draft />
        </main>
    }
    .into_any()
}

/// What is pasted there.
#[component]
fn Tool(tool: ToolUrls) -> impl IntoView {
    let warning = (!tool.launch.starts_with("https://")).then(|| {
        view! {
            <p class="notice">
                "Platforms send people to https:// addresses alone, and browsers keep the launch's cookie for no other. Set "<code>"public_url"</code>" to the https:// address of this Lunchbox (see docs/running.md)."
            </p>
        }
    });
    view! {
        <section class="panel" aria-labelledby="tool-title">
            <h2 id="tool-title">"1. Tell the platform about Lunchbox"</h2>
            {warning}
            <p>"Add an external tool there, of the version LTI 1.3, and paste these addresses:"</p>
            <div class="form">
                <CopyField label="Tool URL, and redirection URI" text=tool.launch />
                <CopyField label="Initiate login URL" text=tool.login />
                <CopyField label="Public keyset URL" text=tool.keys />
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Registered(all: RwSignal<Vec<Platform>>, draft: RwSignal<PlatformDraft>) -> impl IntoView {
    let doing = Doing::new();
    let told = RwSignal::new(String::new());
    let dialog = NodeRef::<html::Dialog>::new();
    let asked = RwSignal::new(PlatformDraft::default());
    let remove = Callback::new(move |()| {
        let id = asked.with_untracked(|asked| asked.id.clone());
        doing.ask(api::teach::platforms::remove_platform(id.clone()), move |gone| {
            all.update(|all| all.retain(|one| one.draft.id != id));
            draft.set(PlatformDraft::default());
            told.set(format!("Removed: {}.", deleted(&gone).join(", ")));
        });
    });
    let row = move |one: Platform| {
        let (ask, change) = (one.draft.clone(), one.draft.clone());
        let ask = move |_| {
            asked.set(ask.clone());
            confirm::open(dialog);
        };
        let change = move |_| {
            draft.set(change.clone());
            request_animation_frame(|| focus("platform-name"));
        };
        view! {
            <li class="platform">
                <h3>{one.draft.name}</h3>
                <p class="soft">{one.draft.issuer}" · client ID "{one.draft.client_id}" · "{count(one.links as usize, "link")}" in courses"</p>
                {one.problem.map(|(text, at)| view! { <p class="notice"><When at=at shown=Shown::Minute />": "{text}</p> })}
                <p class="form__row">
                    <button type="button" class="button" disabled=doing.pending on:click=click(change)>"Change…"</button>
                    <button type="button" class="button" disabled=doing.pending on:click=click(ask)>"Remove…"</button>
                </p>
            </li>
        }
    };
    let rows = move || {
        let all = all.get();
        if all.is_empty() {
            return view! { <li class="soft">"None yet."</li> }.into_any();
        }
        all.into_iter().map(row).collect_view().into_any()
    };
    let title = move || asked.with(|asked| format!("Remove {}?", asked.name));
    view! {
        <section class="panel" aria-labelledby="registered-title">
            <h2 id="registered-title">"Platforms that are registered"</h2>
            {doing.alert()}
            <p role="status" class="told">{part(move || told.get())}</p>
            <ul class="shared" role="list">{part(rows)}</ul>
            <Confirm
                dialog=dialog
                title=Signal::derive(title)
                text="Its links lead nowhere from then on, and grades that wait to be sent are not. Classes, learners' places and work, and instructors' accounts stay; who has come from there has no way back to them by its links."
                yes="Remove"
                on_yes=remove
            />
        </section>
    }
    .into_any()
}

type Read = fn(&PlatformDraft) -> &String;
type Write = fn(&mut PlatformDraft) -> &mut String;

/// A label, what stands below it, and which part of the draft it is.
struct Part {
    label: &'static str,
    note: &'static str,
    /// An address.
    is_url: bool,
    read: Read,
    write: Write,
}

const PARTS: [Part; 7] = [
    Part {
        label: "Issuer",
        note: "Moodle: the site's address. Canvas: https://canvas.instructure.com",
        is_url: true,
        read: |draft| &draft.issuer,
        write: |draft| &mut draft.issuer,
    },
    Part { label: "Client ID", note: "", is_url: false, read: |draft| &draft.client_id, write: |draft| &mut draft.client_id },
    Part {
        label: "Authorization URL",
        note: "Moodle: authentication request URL",
        is_url: true,
        read: |draft| &draft.authorize_url,
        write: |draft| &mut draft.authorize_url,
    },
    Part {
        label: "Token URL",
        note: "Moodle: access token URL",
        is_url: true,
        read: |draft| &draft.token_url,
        write: |draft| &mut draft.token_url,
    },
    Part {
        label: "Key set URL",
        note: "Moodle: public keyset URL",
        is_url: true,
        read: |draft| &draft.keys_url,
        write: |draft| &mut draft.keys_url,
    },
    Part {
        label: "Server of grades and members, if it is another",
        note: "Canvas: the school's own address, such as https://school.instructure.com",
        is_url: true,
        read: |draft| &draft.services_url,
        write: |draft| &mut draft.services_url,
    },
    Part { label: "Name, for people", note: "", is_url: false, read: |draft| &draft.name, write: |draft| &mut draft.name },
];

#[component]
fn Form(all: RwSignal<Vec<Platform>>, draft: RwSignal<PlatformDraft>) -> impl IntoView {
    let doing = Doing::new();
    let told = RwSignal::new(String::new());
    let is_change = move || draft.with(|draft| !draft.id.is_empty());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        told.set(String::new());
        let saved = draft.get_untracked();
        let is_saved = {
            let (issuer, client) = (saved.issuer.trim().to_owned(), saved.client_id.trim().to_owned());
            move |one: &&Platform| one.draft.issuer == issuer && one.draft.client_id == client
        };
        doing.ask(api::teach::platforms::keep_platform(saved), move |now| {
            let problem = now.platforms.iter().find(is_saved).and_then(|one| one.problem.clone());
            told.set(problem.map_or_else(|| "Saved. Its key set was read.".to_owned(), |(problem, _)| format!("Saved. {problem}")));
            all.set(now.platforms);
            draft.set(PlatformDraft::default());
        });
    };
    let field = |part: &Part, id: Option<&'static str>| {
        let (read, write) = (part.read, part.write);
        let change: Done<ev::Event> = typed(move |event| draft.update(|draft| *write(draft) = event_target_value(&event)));
        let is_optional = part.label.contains(", if ");
        view! {
            <label class="form__label">
                {part.label}
                <span class="form__note">{part.note}</span>
                <input class="field" id=id type=if part.is_url { "url" } else { "text" } required=!is_optional prop:value=live(move || draft.with(|draft| read(draft).clone())) on:input=change />
            </label>
        }
        .into_any()
    };
    let name = field(&PARTS[6], Some("platform-name"));
    let rest = PARTS[..6].iter().map(|part| field(part, None)).collect_view();
    view! {
        <section class="panel" aria-labelledby="platform-title">
            <h2 id="platform-title">{part(move || if is_change() { "2. Change the platform" } else { "2. Tell Lunchbox about the platform" })}</h2>
            <p>"The platform shows these once the tool is saved there (Moodle: the list symbol on the tool's card)."</p>
            <form class="form" on:submit=submitted(submit)>
                {name}
                {rest}
                <label class="form__label">
                    "Deployment IDs, one a line"
                    <textarea
                        class="field"
                        rows="2"
                        required
                        prop:value=live(move || draft.with(|draft| draft.deployments.clone()))
                        on:input=typed(move |event| draft.update(|draft| draft.deployments = event_target_value(&event)))
                    ></textarea>
                </label>
                <div class="form__row">
                    <button type="submit" class="button button--primary" disabled=doing.pending>{doing.label("Save", "Saving…")}</button>
                    <button type="button" class="button" hidden=live(move || !is_change()) on:click=click(move |_| draft.set(PlatformDraft::default()))>"Enter another instead"</button>
                </div>
                {doing.alert()}
                <p role="status" class="told">{part(move || told.get())}</p>
            </form>
        </section>
    }
    .into_any()
}
