//! `/teach/classes/:id/report`: what a class has come to in one lesson, to be printed.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    moment,
    plots::{completion, five, times, tries},
};
use crate::{
    api,
    model::{PersonReport, Report, StepReport},
    teach::{
        frame::failed,
        words::{count, seconds},
    },
};

#[component]
pub(super) fn ReportPaper() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = move || (params.read().get("id").unwrap_or_default(), query.read().get("lesson").unwrap_or_default());
    let report = Resource::new(asked, |(class, lesson)| api::teach::board::report(class, lesson));
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match report.await {
                    Ok(report) => sheet(report),
                    Err(error) => failed(error),
                }
            })}
        </Suspense>
    }
    .into_any()
}

fn sheet(report: Report) -> AnyView {
    let Report { class, name, instructor, lesson_title, lessons, learners, completed, steps, completion: points, people, never_here, at } =
        report;
    let tabs = (lessons.len() > 1).then(|| {
        lessons
            .into_iter()
            .map(|(slug, title)| {
                let current = (title == lesson_title).then_some("page");
                view! { <a class="tab" href=format!("/teach/classes/{class}/report?lesson={slug}") aria-current=current>{title}</a> }
            })
            .collect_view()
    });
    let plot = |title: &'static str, text: &'static str, drawn: Option<AnyView>| {
        let drawn = drawn.unwrap_or_else(|| {
            view! { <p class="soft">"There is nothing to show yet: it comes as soon as learners pass steps."</p> }.into_any()
        });
        view! { <section class="report__part"><h2>{title}</h2><p class="soft">{text}</p>{drawn}</section> }
    };
    view! {
        <Title text=format!("{name} · Report") />
        <header class="report-tools no-print">
            <a class="button" href=format!("/teach/classes/{class}")>"To the board"</a>
            <div class="report-tools__tabs">{tabs.map(|tabs| view! { <nav class="tabs" aria-label="Lessons">{tabs}</nav> })}</div>
            <button type="button" class="button button--primary" data-do="print">"Print"</button>
        </header>
        <main class="report" id="main">
            <header class="report__head">
                <h1>{name}</h1>
                <p class="report__lesson">{lesson_title.clone()}</p>
                <p class="soft">{format!("{instructor}'s class, as of ")}{moment(at)}</p>
                <p class="report__sum">{sum(learners, completed)}</p>
            </header>
            {plot("Completion over time", "Share of all learners' steps that were passed, since the first one joined.", completion(&points))}
            {plot("Time on each step", "From the first look at a step until it was passed. The box holds the middle half of learners, the line in it is the median, and the whiskers reach from the quickest to the slowest.", times(&steps))}
            {plot("Tries on each step", "How many learners tried how often: asked for the check, or gave an answer that was wrong. Goals that are met while one works need no try.", tries(&steps))}
            <section class="report__part">
                <h2>"Steps in numbers"</h2>
                <div class="scroll-x">{step_table(&steps)}</div>
            </section>
            <section class="report__part">
                <h2>"Wrong turns"</h2>
                <p class="soft">"What learners got wrong, the commonest first, with the message each of them got."</p>
                {wrong_turns(&steps)}
            </section>
            <section class="report__part">
                <h2>"Learners"</h2>
                <div class="scroll-x">{person_table(people, steps.iter().filter(|step| step.is_checked).count())}</div>
                {(!never_here.is_empty()).then(|| view! { <p>{format!("On the list, and never here: {}.", never_here.join(", "))}</p> })}
            </section>
        </main>
    }
    .into_any()
}

fn sum(learners: u32, completed: u32) -> String {
    match (learners, completed) {
        (0, _) => "Nobody has joined yet.".to_owned(),
        (1, 0) => "One learner, and they have not passed all steps yet.".to_owned(),
        (1, _) => "One learner, and they have passed all steps.".to_owned(),
        (learners, 0) => format!("None of {learners} learners has passed all steps yet."),
        (learners, 1) => format!("1 of {learners} learners has passed all steps."),
        (learners, completed) if learners == completed => format!("All {learners} learners have passed all steps."),
        (learners, completed) => format!("{completed} of {learners} learners have passed all steps."),
    }
}

fn step_table(steps: &[StepReport]) -> AnyView {
    let rows = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let [least, lower, median, upper, most] = five(step.seconds);
            let passed = if step.is_checked { step.passed.to_string() } else { "to read".to_owned() };
            let all_tries: u32 = step.tries.iter().sum();
            view! {
                <tr>
                    <th scope="row">{format!("{}. {}", index + 1, step.title)}</th>
                    <td>{passed}</td>
                    <td>{least}</td><td>{lower}</td><td><strong>{median}</strong></td><td>{upper}</td><td>{most}</td>
                    {step.tries.map(|learners| view! { <td>{if all_tries == 0 { "—".to_owned() } else { learners.to_string() }}</td> }).collect_view()}
                    <td>{step.hints}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="plain-table plain-table--numbers">
            <thead>
                <tr>
                    <td></td><td></td>
                    <th scope="colgroup" colspan="5">"Time"</th>
                    <th scope="colgroup" colspan="6">"Learners by tries"</th>
                    <td></td>
                </tr>
                <tr>
                    <th scope="col">"Step"</th><th scope="col">"Passed"</th>
                    <th scope="col">"least"</th><th scope="col">"¼"</th><th scope="col">"median"</th><th scope="col">"¾"</th><th scope="col">"most"</th>
                    <th scope="col">"0"</th><th scope="col">"1"</th><th scope="col">"2"</th><th scope="col">"3"</th><th scope="col">"4"</th><th scope="col">"5+"</th>
                    <th scope="col">"Hints"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn wrong_turns(steps: &[StepReport]) -> AnyView {
    let parts: Vec<_> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !step.wrong_turns.is_empty())
        .map(|(index, step)| {
            let turns = step
                .wrong_turns
                .iter()
                .map(|turn| view! { <li class="turn"><span class="turn__count">{count(turn.learners as usize, "learner")}</span><span class="turn__message">{turn.message.clone()}</span></li> })
                .collect_view();
            view! { <h3>{format!("{}. {}", index + 1, step.title)}</h3><ul class="turns" role="list">{turns}</ul> }
        })
        .collect();
    if parts.is_empty() { view! { <p class="soft">"None yet."</p> }.into_any() } else { parts.into_any() }
}

fn person_table(people: Vec<PersonReport>, all: usize) -> AnyView {
    let rows = people
        .into_iter()
        .map(|person| {
            let done = match person.completed_at {
                Some(at) => moment(at).into_any(),
                None => "—".into_any(),
            };
            view! {
                <tr>
                    <th scope="row">{person.name}</th>
                    <td>{format!("{} of {all}", person.passed)}</td>
                    <td>{person.helped}</td>
                    <td>{person.tries}</td>
                    <td>{person.hints}</td>
                    <td>{seconds(person.seconds)}</td>
                    <td>{done}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="plain-table plain-table--numbers">
            <thead><tr><th scope="col">"Learner"</th><th scope="col">"Passed"</th><th scope="col">"With help"</th><th scope="col">"Tries"</th><th scope="col">"Hints"</th><th scope="col">"Time on steps"</th><th scope="col">"All passed"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_a_sentence_for_any_class() {
        assert_eq!(sum(0, 0), "Nobody has joined yet.");
        assert_eq!(sum(1, 0), "One learner, and they have not passed all steps yet.");
        assert_eq!(sum(1, 1), "One learner, and they have passed all steps.");
        assert_eq!(sum(3, 3), "All 3 learners have passed all steps.");
        assert_eq!(sum(3, 0), "None of 3 learners has passed all steps yet.");
        assert_eq!(sum(3, 1), "1 of 3 learners has passed all steps.");
        assert_eq!(sum(3, 2), "2 of 3 learners have passed all steps.");
    }
}
