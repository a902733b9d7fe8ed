//! Codes that learners type: a class's, six characters, and their own, twelve.

/// Characters of a class's code, and how many stand in a group: `K7Q-F2M`.
const CLASS: (usize, usize) = (6, 3);
/// The same of a learner's own: `K7QF-2M9X-4TRA`.
const PERSONAL: (usize, usize) = (12, 4);

/// As it is shown, however it was typed: capitals, in groups. Of a link that was pasted, its end.
pub(crate) fn shown(typed: &str) -> String {
    let characters = characters(typed);
    let (_, group) = if characters.len() > CLASS.0 { PERSONAL } else { CLASS };
    let mut code = String::new();
    for (index, character) in characters.into_iter().enumerate() {
        if index > 0 && index % group == 0 {
            code.push('-');
        }
        code.push(character);
    }
    code
}

/// The page that a whole code leads to; none as long as there is more to type.
pub(crate) fn page(typed: &str) -> Option<String> {
    let code = shown(typed);
    match characters(typed).len() {
        length if length == CLASS.0 => Some(format!("/join/{code}")),
        length if length == PERSONAL.0 => Some(format!("/join/back/{code}")),
        _ => None,
    }
}

fn characters(typed: &str) -> Vec<char> {
    let code = typed.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let kept = code.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_uppercase());
    kept.take(PERSONAL.0 + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_in_groups_however_it_was_typed() {
        for typed in ["k7qf2m", "K7Q-F2M", " k7q f2m ", "k7q--f2m", "https://lunchbox.example/join/K7Q-F2M", "/join/k7qf2m/"] {
            assert_eq!(shown(typed), "K7Q-F2M", "{typed}");
        }
        assert_eq!(shown("k7qf2m9x4tra"), "K7QF-2M9X-4TRA");
    }

    #[test]
    fn a_code_that_is_still_being_typed_ends_in_no_dash() {
        assert_eq!(shown("k7q"), "K7Q");
        assert_eq!(shown("k7q-"), "K7Q");
        assert_eq!(shown("k7qf"), "K7Q-F");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn a_classs_code_leads_in_and_a_learners_own_leads_back() {
        assert_eq!(page("k7q f2m").as_deref(), Some("/join/K7Q-F2M"));
        assert_eq!(page("K7QF-2M9X-4TRA").as_deref(), Some("/join/back/K7QF-2M9X-4TRA"));
    }

    #[test]
    fn a_code_that_is_too_short_or_too_long_leads_nowhere() {
        for typed in ["", "k7q", "k7qf2m9", "k7qf2m9x4tra9", "../../etc"] {
            assert_eq!(page(typed), None, "{typed}");
        }
    }
}
