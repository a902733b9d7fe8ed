//! `/teach/admin`: the machine, who learns on it now, and instructors.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    api,
    components::{CopyField, Shown, When},
    model::{Instructor, InvitationLink, Machine, OpenSandbox},
    teach::{
        doing::Doing,
        frame::{Bar, focus},
        live::{click, live, part},
        load::{Ask, Loaded, page},
        table::{Question, table},
        words::{bytes, count},
    },
};

/// How often the machine is looked at, in milliseconds.
const LOOK_EVERY_MS: u64 = 5_000;
/// Bytes.
const MIB: u64 = 1 << 20;
/// From so many hundredths on it is said that something is nearly used up.
const FULL: u32 = 85;

#[component]
pub(crate) fn AdminPage() -> impl IntoView {
    let ask = Memo::new(|_| Ask::Admin);
    view! {
        <Title text="Machine and instructors" />
        {page(ask, |loaded| match loaded {
            Loaded::Admin(machine, instructors) => view! { <Admin machine=machine instructors=instructors /> }.into_any(),
            _ => ().into_any(),
        })}
    }
    .into_any()
}

#[component]
fn Admin(machine: Machine, instructors: Vec<Instructor>) -> impl IntoView {
    let machine = RwSignal::new(machine);
    let looking = Doing::new();
    Effect::new(move |_| {
        let look = move || looking.ask(api::teach::admin::machine(), move |now| machine.set(now));
        let ticking = set_interval_with_handle(look, std::time::Duration::from_millis(LOOK_EVERY_MS)).ok();
        on_cleanup(move || {
            ticking.inspect(leptos::leptos_dom::helpers::IntervalHandle::clear);
        });
    });
    view! {
        <Bar />
        <main class="teach-page teach-page--wide" id="main">
            <h1>"Machine and instructors"</h1>
            {looking.alert()}
            <section aria-labelledby="machine-title" class="panel">
                <h2 id="machine-title">"The machine"</h2>
                <p class="fit">{part(move || machine.with(fit))}</p>
                <p class="soft">{part(move || machine.with(processor))}</p>
                <dl class="gauges">
                    <Gauge name="Processor" share=move || machine.with(|now| percent(now.load, f64::from(now.cores))) words=move || machine.with(load) />
                    <Gauge
                        name="Memory"
                        share=move || machine.with(|now| used(now.memory_bytes, now.memory_free_bytes))
                        words=move || machine.with(|now| format!("{} free of {}", bytes(now.memory_free_bytes), bytes(now.memory_bytes)))
                    />
                    <Gauge
                        name="Disk"
                        share=move || machine.with(|now| used(now.disk_bytes, now.disk_free_bytes))
                        words=move || machine.with(disk)
                    />
                    <Gauge
                        name="Places"
                        share=move || machine.with(|now| percent(f64::from(now.sandboxes), f64::from(now.places)))
                        words=move || machine.with(|now| format!("{} of {} taken, {} kept ready", now.sandboxes, now.places, now.warm))
                    />
                </dl>
            </section>
            <Open machine=machine />
            <Instructors instructors=instructors />
            <section class="panel" aria-labelledby="platforms-title">
                <h2 id="platforms-title">"Learning platforms"</h2>
                <p>"Learners and teachers can come here by a link in a course of theirs, in Moodle, Canvas or another platform that speaks LTI 1.3."</p>
                <p><a class="button" href="/teach/platforms">"Connect a platform"</a></p>
            </section>
        </main>
    }
    .into_any()
}

fn fit(machine: &Machine) -> String {
    match machine.fit {
        0 => format!("No more learners fit just now: {} is at its end.", machine.fit_ends_by),
        fit => format!("About {} fit; {} ends first.", count(fit as usize, "more learner"), machine.fit_ends_by),
    }
}

/// What a learner needs of the processor is anything from nothing to all, so that it says nothing of how many fit.
fn processor(machine: &Machine) -> &'static str {
    if machine.load < f64::from(machine.cores) {
        "The processor is not counted in that: when it is busy nobody is turned away, but all wait longer."
    } else {
        "The processor is not counted in that, and it is busy just now: with more learners all wait longer."
    }
}

fn load(machine: &Machine) -> String {
    let tenths = (machine.load * 10.0) as u32;
    format!("Load {}.{} on {}", tenths / 10, tenths % 10, count(machine.cores as usize, "core"))
}

fn disk(machine: &Machine) -> String {
    let free = format!("{} free of {}", bytes(machine.disk_free_bytes), bytes(machine.disk_bytes));
    if used(machine.disk_bytes, machine.disk_free_bytes) < FULL { free } else { format!("{free}: less than {}\u{a0}%", 100 - FULL) }
}

/// 0 to 100.
fn percent(part: f64, whole: f64) -> u32 {
    (part * 100.0 / whole.max(1.0)).clamp(0.0, 100.0) as u32
}

fn used(whole: u64, free: u64) -> u32 {
    u32::try_from(whole.saturating_sub(free) * 100 / whole.max(1)).unwrap_or(100)
}

#[component]
fn Gauge(
    name: &'static str,
    /// 0 to 100.
    #[prop(into)]
    share: Signal<u32>,
    #[prop(into)] words: Signal<String>,
) -> impl IntoView {
    view! {
        <div class="gauge">
            <dt>{name}</dt>
            <dd>
                <progress class="meter" class:meter--full=live(move || { share.get() >= FULL }) max="100" value=live(move || share.get()) aria-hidden="true"></progress>
                <span>{part(move || words.get())}</span>
            </dd>
        </div>
    }
    .into_any()
}

/// Open sandboxes, each with the way to close it.
#[component]
fn Open(machine: RwSignal<Machine>) -> impl IntoView {
    let doing = Doing::new();
    let question = Question::<OpenSandbox>::new();
    let close = move |sandbox: OpenSandbox| {
        let id = sandbox.id.clone();
        doing.ask(api::teach::admin::close_sandbox(sandbox.id), move |()| {
            machine.update(|machine| machine.open.retain(|open| open.id != id));
        });
    };
    let rows = move || {
        let open = machine.with(|machine| machine.open.clone());
        if open.is_empty() {
            return view! { <tr><td colspan="7" class="soft">"Nobody has a host just now."</td></tr> }.into_any();
        }
        open.into_iter()
            .map(|sandbox| {
                view! {
                    <tr>
                        <th scope="row">{who(&sandbox)}</th>
                        <td>{if sandbox.class.is_empty() { "—".to_owned() } else { sandbox.class.clone() }}</td>
                        <td><When at=sandbox.given_at shown=Shown::Clock /></td>
                        <td><When at=sandbox.used_at shown=Shown::Clock /></td>
                        <td>{taken(sandbox.disk_bytes)}</td>
                        <td>{taken(sandbox.memory_bytes)}</td>
                        <td><button type="button" class="button" disabled=doing.pending on:click=question.ask(sandbox)>"Close…"</button></td>
                    </tr>
                }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="open-title">
            <h2 id="open-title">"Open hosts"</h2>
            {doing.alert()}
            <div class="scroll-x">
                {table(&["Learner", "Class", "Since", "Last used", "Disk", "Memory"], "Close", part(rows).into_any())}
            </div>
            <p class="soft">"Disk is what they have made and written; images of the course are everybody's. Disk and memory are measured every half minute while this page is open."</p>
            {question.dialog(
                |sandbox| format!("Close {}'s host?", who(sandbox)),
                "Their containers, images, volumes and files are removed. Their progress stays, and they can start a fresh host at once.",
                "Close it",
                close,
            )}
        </section>
    }
    .into_any()
}

fn who(sandbox: &OpenSandbox) -> String {
    if sandbox.name.is_empty() { "Somebody who learns alone".to_owned() } else { sandbox.name.clone() }
}

fn taken(taken: Option<u64>) -> String {
    match taken {
        None => "—".to_owned(),
        Some(0..MIB) => "< 1 MiB".to_owned(),
        Some(more) => bytes(more),
    }
}

#[component]
fn Instructors(instructors: Vec<Instructor>) -> impl IntoView {
    let doing = Doing::new();
    let instructors = RwSignal::new(instructors);
    let link = RwSignal::new(None::<(String, InvitationLink)>);
    let question = Question::<Instructor>::new();
    // It stands below the table, perhaps out of sight.
    let show = move |words: String, made: InvitationLink| {
        link.set(Some((words, made)));
        request_animation_frame(|| focus("made-link-title"));
    };
    let invite = move |_| doing.ask(api::teach::admin::invite(), move |made| show("For a new instructor".to_owned(), made));
    let remove = move |gone: Instructor| {
        let id = gone.id.clone();
        doing.ask(api::teach::admin::remove_instructor(gone.id), move |_| instructors.update(|all| all.retain(|one| one.id != id)));
    };
    let rows = move || {
        instructors
            .get()
            .into_iter()
            .map(|one| {
                let (id, name) = (one.id.clone(), one.name.clone());
                let reset = move |_| {
                    let words = format!("For {name}, to set a new password");
                    doing.ask(api::teach::admin::reset_password(id.clone()), move |made| show(words, made));
                };
                view! {
                    <tr>
                        <th scope="row">{one.name.clone()}{one.is_me.then_some(" (you)")}</th>
                        <td>{if one.is_admin { "admin" } else { "instructor" }}</td>
                        <td>{match one.classes { 1 => "1 class".to_owned(), number => format!("{number} classes") }}</td>
                        <td><When at=one.made_at shown=Shown::Day /></td>
                        <td class="plain-table__buttons">
                            <button type="button" class="button" disabled=doing.pending on:click=click(reset)>"New password link"</button>
                            {(!one.is_me).then(|| view! { <button type="button" class="button" disabled=doing.pending on:click=question.ask(one.clone())>"Remove…"</button> })}
                        </td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <section class="panel" aria-labelledby="instructors-title">
            <h2 id="instructors-title">"Instructors"</h2>
            {doing.alert()}
            <div class="scroll-x">
                {table(&["Name", "Is", "Has", "Since"], "What to do", part(rows).into_any())}
            </div>
            <p><button type="button" class="button button--primary" disabled=doing.pending on:click=click(invite)>"Make a link for a new instructor"</button></p>
            <div aria-live="polite">
                {part(move || link.get().map(|(words, made)| {
                    view! {
                        <div class="made-link">
                            <h3 id="made-link-title" tabindex="-1">{words}</h3>
                            <CopyField label="Link" text=made.link />
                            <p class="soft">"It works once, until "<When at=made.expires_at shown=Shown::Minute />". It is shown only now."</p>
                        </div>
                    }
                }))}
            </div>
            {question.dialog(
                |one| format!("Remove {}?", one.name),
                "Their account and sessions end. Their classes, with all that is in them, go to you.",
                "Remove",
                remove,
            )}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            cores: 2,
            load: 1.27,
            memory_bytes: 100,
            memory_free_bytes: 25,
            disk_bytes: 0,
            disk_free_bytes: 0,
            sandboxes: 3,
            warm: 1,
            places: 60,
            fit: 40,
            fit_ends_by: "memory".to_owned(),
            open: Vec::new(),
        }
    }

    #[test]
    fn how_many_more_fit_and_why_is_one_sentence() {
        assert_eq!(fit(&machine()), "About 40 more learners fit; memory ends first.");
        assert_eq!(fit(&Machine { fit: 0, ..machine() }), "No more learners fit just now: memory is at its end.");
    }

    #[test]
    fn shares_are_whole_percents_and_nothing_divides_by_nothing() {
        assert_eq!((used(100, 25), used(0, 0), percent(3.0, 60.0), percent(9.0, 0.0)), (75, 0, 5, 100));
        assert_eq!(load(&machine()), "Load 1.2 on 2 cores");
    }

    #[test]
    fn it_is_said_that_the_processor_is_not_counted_and_whether_it_is_busy() {
        let said = [1.27, 2.0].map(|load| processor(&Machine { load, ..machine() }));
        assert!(said[0].ends_with("when it is busy nobody is turned away, but all wait longer."), "{said:?}");
        assert!(said[1].ends_with("it is busy just now: with more learners all wait longer."), "{said:?}");
    }

    #[test]
    fn what_a_host_takes_is_unknown_little_or_a_number() {
        let said = [None, Some(5_000), Some(3 << 20), Some(5 << 29)].map(taken);
        assert_eq!(said, ["—", "< 1 MiB", "3 MiB", "2.5 GiB"]);
    }

    #[test]
    fn a_disk_that_is_nearly_full_says_so() {
        let disk_of = |free: u64| disk(&Machine { disk_bytes: 100 << 30, disk_free_bytes: free << 30, ..machine() });
        assert_eq!(disk_of(50), "50.0 GiB free of 100.0 GiB");
        assert_eq!(disk_of(14), "14.0 GiB free of 100.0 GiB: less than 15\u{a0}%");
    }
}
