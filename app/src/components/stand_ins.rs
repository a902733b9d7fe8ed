//! Where the course's images are not upstream's own, it is said beside the text that speaks of them:
//! what the learner sees is true of the stand-ins.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::state::Work;

/// How the server writes a command that can be clicked.
const COMMAND: &str = "data-run=\"";

#[component]
pub(super) fn StandIns(
    work: Work,
    /// The step's text.
    html: String,
    /// What the step asks for; it may leave the commands to the learner.
    goals: Vec<String>,
) -> impl IntoView {
    let mut words = words(&html);
    words.extend(goals.iter().flat_map(|goal| named(goal)));
    let names = Memo::new(move |_| {
        work.live.host.with(|host| {
            let offered = host.registry.iter().filter(|image| image.stand_in).map(|image| image.reference.trim_end_matches(":latest"));
            offered.filter(|name| words.contains(*name)).map(str::to_owned).collect::<Vec<_>>()
        })
    });
    move || names.with(|names| sentence(names)).map(|text| view! { <p class="stand-ins">{text}</p> })
}

/// Every word of the commands in the text.
fn words(html: &str) -> BTreeSet<String> {
    let commands = html.split(COMMAND).skip(1).filter_map(|rest| rest.split_once('"')).map(|(command, _)| command);
    commands.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// Every word of a goal.
fn named(goal: &str) -> Vec<String> {
    goal.split_whitespace().map(|word| word.trim_end_matches([',', '.']).to_owned()).collect()
}

fn sentence(names: &[String]) -> Option<String> {
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!(
            "In this classroom {last} is a small stand-in, built from Debian's packages. Its size, layers and version are its own; the \
             image on Docker Hub has others."
        ),
        _ => format!(
            "In this classroom {} and {last} are small stand-ins, built from Debian's packages. Their sizes, layers and versions are \
             their own; the images on Docker Hub have others.",
            others.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_the_commands_that_name_them() {
        let html = r#"<p>python</p><div class="command"><code>x</code><button data-run="docker pull alpine">Run</button></div>"#;
        assert!(words(html).contains("alpine"));
        assert!(!words(html).contains("python"), "what is only spoken of is not on the screen");
    }

    #[test]
    fn images_are_known_by_the_goals_that_name_them() {
        let names = named("ubuntu, alpine and redis are on your host");
        assert!(["ubuntu", "alpine", "redis"].iter().all(|name| names.iter().any(|word| word == name)), "{names:?}");
    }

    #[test]
    fn one_and_several_are_spoken_of_as_such() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(sentence(&[]), None);
        assert!(sentence(&names(&["alpine"])).is_some_and(|text| text.starts_with("In this classroom alpine is a small stand-in,")));
        let several = sentence(&names(&["alpine", "redis", "ubuntu"])).unwrap_or_default();
        assert!(several.starts_with("In this classroom alpine, redis and ubuntu are small stand-ins,"), "{several}");
    }
}
