//! Personal links that were just made: shown once, so they can be copied, printed or kept as a file here.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    components::CopyField,
    model::PersonalLink,
    teach::{
        live::click,
        words::{is_of_this_machine_alone, port},
    },
};

/// What takes the links along: to copy, to save and to print them.
const TAKES: &str = "a, button";

#[component]
pub(crate) fn Links(
    links: Vec<PersonalLink>,
    /// They have been taken along, all of them.
    taken: RwSignal<bool>,
) -> impl IntoView {
    let warning = links.first().and_then(|link| for_this_machine_alone(&link.link));
    let table = tabbed(&links);
    let file = format!("data:text/csv;charset=utf-8,{}", percent(&csv(&links)));
    let place = NodeRef::new();
    ask_before_leaving(taken, place);
    let take = move |event: ev::MouseEvent| {
        let pressed = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if pressed.is_some_and(|pressed| pressed.closest(TAKES).ok().flatten().is_some()) {
            taken.set(true);
        }
    };
    let rows = links
        .into_iter()
        .map(|link| {
            view! {
                <tr>
                    <th scope="row">{link.name}</th>
                    <td><code class="links__code">{link.code}</code></td>
                    <td><code class="links__link">{link.link}</code></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="links" node_ref=place on:copy=move |_| taken.set(true)>
            <p class="links__warn">
                "These are shown once, here and now. Copy, save or print them before you leave this page; whoever has a link is that learner. A learner whose link is lost gets a new one from you, and the old one ends."
            </p>
            {warning}
            <div class="form__row no-print" on:click=click(take)>
                <CopyField label="All, to paste into a table" text=table />
                <a class="button" href=file download="personal-links.csv">"Save as CSV"</a>
                <button type="button" class="button" on:click=click(move |_| { let _ = window().print(); })>"Print"</button>
            </div>
            <table class="plain-table links__table">
                <thead><tr><th scope="col">"Learner"</th><th scope="col">"Code"</th><th scope="col">"Link"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// For as long as nobody has taken the links along, the browser asks before they are lost with the page.
fn ask_before_leaving(taken: RwSignal<bool>, place: NodeRef<html::Div>) {
    let asking = window_event_listener(ev::beforeunload, move |event| {
        // Those of a class that was deleted meanwhile are hidden, and no loss.
        let is_shown = place.get_untracked().is_some_and(|place| place.closest("[hidden]").ok().flatten().is_none());
        if is_shown && !taken.get_untracked() {
            event.prevent_default();
            // Older browsers ask only where there is something to return; none shows it.
            event.set_return_value("Personal links");
        }
    });
    on_cleanup(move || asking.remove());
}

/// Said beside a link that only this machine can open.
pub(crate) fn for_this_machine_alone(link: &str) -> Option<AnyView> {
    is_of_this_machine_alone(link).then(|| {
        let port = port(link);
        view! {
            <p class="notice">
                "Learners on other computers can't open this address. Start Lunchbox with "<code>{format!("--listen 0.0.0.0:{port}")}</code>" and open it by this machine's IP address, such as "<code>{format!("http://192.168.1.20:{port}")}</code>", or put a proxy in front and set "<code>"public_url"</code>": “Letting a class in” in docs/running.md."
            </p>
        }
        .into_any()
    })
}

fn tabbed(links: &[PersonalLink]) -> String {
    links.iter().map(|link| format!("{}\t{}\t{}", link.name, link.code, link.link)).collect::<Vec<_>>().join("\n")
}

/// By RFC 4180, with the mark that Excel knows UTF-8 by; what a spreadsheet would take for a formula is led by an apostrophe.
fn csv(links: &[PersonalLink]) -> String {
    let field = |text: &str| {
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let mut lines = vec!["\u{feff}name,code,link".to_owned()];
    lines.extend(links.iter().map(|link| format!("{},{},{}", field(&link.name), field(&link.code), field(&link.link))));
    lines.join("\r\n") + "\r\n"
}

/// As part of an address: all but letters, digits and a few signs as UTF-8 in hexadecimal.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_no_formula_and_break_no_line() {
        let links = [PersonalLink { name: "=HYPERLINK(\"x\")".into(), link: "https://l/1".into(), code: "K7QF".into() }];
        assert_eq!(csv(&links), "\u{feff}name,code,link\r\n\"'=HYPERLINK(\"\"x\"\")\",\"K7QF\",\"https://l/1\"\r\n");
    }

    #[test]
    fn an_address_carries_any_name() {
        assert_eq!(percent("Zoë,\r\n"), "Zo%C3%AB%2C%0D%0A");
    }
}
