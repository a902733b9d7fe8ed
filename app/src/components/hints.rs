//! Help, a little at a time: hints one by one, then the solution.

use leptos::prelude::*;

use super::prose::run_clicked;
use crate::state::{Ask, Work};

#[component]
pub(super) fn Hints(work: Work, step: String, hints: u32, has_solution: bool) -> impl IntoView {
    let step = StoredValue::new(step);
    let shown = Memo::new(move |_| step.with_value(|step| work.step(step).hints));
    let solution = Memo::new(move |_| step.with_value(|step| work.step(step).solution));
    let count = Memo::new(move |_| u32::try_from(shown.with(Vec::len)).unwrap_or(u32::MAX));
    let waiting = move || work.awaits(|ask| matches!(ask, Ask::Hint { .. } | Ask::Solution { .. }));
    let button = move || {
        let text = match count.get() {
            _ if waiting() => "One moment…".to_owned(),
            0 => "Show a hint".to_owned(),
            count if count < hints => format!("Show another hint ({} left)", hints - count),
            _ if has_solution && solution.with(Option::is_none) => "Show the solution".to_owned(),
            _ => return None,
        };
        Some(view! {
            <button
                type="button"
                class="button button--quiet"
                on:click=move |_| {
                    let step = step.get_value();
                    work.ask(if count.get_untracked() < hints { Ask::Hint { step } } else { Ask::Solution { step } });
                }
            >
                {text}
            </button>
        })
    };
    view! {
        <section class="hints" aria-labelledby="hints-title">
            <h2 class="hints__title" id="hints-title">"Stuck?"</h2>
            <div aria-live="polite" on:click=move |event| run_clicked(work, &event)>
                <ol class="hints__list" role="list">
                    {move || {
                        shown
                            .get()
                            .into_iter()
                            .enumerate()
                            .map(|(index, html)| {
                                view! {
                                    <li class="hint">
                                        <h3 class="hint__title">{format!("Hint {}", index + 1)}</h3>
                                        <div class="prose" inner_html=html></div>
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ol>
                {move || {
                    solution
                        .get()
                        .map(|html| {
                            view! {
                                <div class="hint hint--solution">
                                    <h3 class="hint__title">"Solution"</h3>
                                    <div class="prose" inner_html=html></div>
                                </div>
                            }
                        })
                }}
            </div>
            {button}
        </section>
    }
    .into_any()
}
