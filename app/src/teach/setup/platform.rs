//! Links in courses that lead to the class: grades on their way there, and the list that comes from there.

use leptos::{html, prelude::*};

use crate::{
    api,
    model::{ClassDetails, ClassLink, FillResult},
    teach::{
        confirm::{self, Confirm},
        doing::Doing,
        live::{click, live, part},
        words::count,
    },
};

#[component]
pub(crate) fn FromPlatform(class: RwSignal<ClassDetails>) -> impl IntoView {
    let doing = Doing::new();
    let told = RwSignal::new(String::new());
    let dialog = NodeRef::<html::Dialog>::new();
    let asked = RwSignal::new(String::new());
    let (id, is_owner) = class.with_untracked(|class| (class.id.clone(), class.is_owner));
    let id = StoredValue::new(id);
    let unlink = Callback::new(move |()| {
        doing.ask(api::teach::platforms::unlink(asked.get_untracked()), move |now| {
            class.set(now);
            told.set("The link leads nowhere now. The next teacher who clicks it chooses a class for it.".to_owned());
        });
    });
    let row = move |link: ClassLink| {
        let (fill_id, ask_id) = (link.id.clone(), link.id.clone());
        let fill = move |_| {
            doing.ask(api::teach::platforms::fill_from_platform(fill_id.clone()), move |result| {
                told.set(filled(&result));
                doing.ask(api::teach::classes::class(id.get_value()), move |now| class.set(now));
            });
        };
        let ask = move |_| {
            asked.set(ask_id.clone());
            confirm::open(dialog);
        };
        let problem =
            (!link.problem.is_empty()).then(|| view! { <p class="notice">{format!("A grade did not arrive: {}", link.problem)}</p> });
        view! {
            <li>
                <p>{called(&link)}</p>
                <p class="soft">{grades(&link)}</p>
                {problem}
                <p class="form__row">
                    {link.tells_members.then(|| view! { <button type="button" class="button" disabled=doing.pending on:click=click(fill)>{format!("Fill the list from {}", link.platform)}</button> })}
                    {is_owner.then(|| view! { <button type="button" class="button" disabled=doing.pending on:click=click(ask)>"Unlink…"</button> })}
                </p>
            </li>
        }
    };
    view! {
        <section class="panel" aria-labelledby="links-title" hidden=live(move || class.with(|class| class.links.is_empty()) && told.with(String::is_empty))>
            <h2 id="links-title">"From a learning platform"</h2>
            <ul class="shared" role="list">{part(move || class.with(|class| class.links.clone()).into_iter().map(row).collect_view())}</ul>
            {doing.alert()}
            <p role="status" class="told">{part(move || told.get())}</p>
            <Confirm
                dialog=dialog
                title="Unlink it?"
                text="The link in the course leads nowhere until a teacher clicks it and chooses a class. Grades that wait are not sent, and other teachers of the course lose this class. Learners and their work stay."
                yes="Unlink"
                on_yes=unlink
            />
        </section>
    }
    .into_any()
}

fn called(link: &ClassLink) -> String {
    let name = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { format!("“{text}”") };
    format!("{} in {} on {}", name(&link.title, "A link"), name(&link.course, "a course"), link.platform)
}

fn grades(link: &ClassLink) -> String {
    match (link.takes_grades, link.waiting) {
        (false, _) => "Grades are not sent: the platform has no column for them, or does not let Lunchbox.".to_owned(),
        (true, 0) => "Grades are sent as learners pass steps.".to_owned(),
        (true, waiting) => format!("Grades are sent as learners pass steps; {} to be sent.", count(waiting as usize, "grade")),
    }
}

fn filled(result: &FillResult) -> String {
    let FillResult { learners, added, renamed, left_out, most } = *result;
    let left = if left_out == 0 { String::new() } else { format!(" {left_out} found no place: a class has {most} at most.") };
    format!(
        "{} in the course: {added} added, {renamed} renamed, {} in the class already. Nobody was removed.{left}",
        count(learners as usize, "learner"),
        learners.saturating_sub(added + renamed + left_out)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_platform_filled_is_said_in_numbers() {
        let result = FillResult { learners: 12, added: 7, renamed: 1, left_out: 0, most: 500 };
        assert_eq!(filled(&result), "12 learners in the course: 7 added, 1 renamed, 4 in the class already. Nobody was removed.");
        assert!(filled(&FillResult { left_out: 2, ..result }).ends_with("2 found no place: a class has 500 at most."));
    }
}
