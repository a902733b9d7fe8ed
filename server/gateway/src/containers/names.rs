//! Names for containers that were given none.

const HOW: &str = "amber brisk bright calm cheerful clever cosy crisp curious eager fearless fond gentle golden happy honest jolly keen \
                   kind lively lucid mellow merry mighty nimble patient playful polite proud quick quiet ready serene silver sincere \
                   sparkling steady sturdy sunny swift tidy trusty vivid warm wise witty zesty";

/// People to whom computing owes something.
const WHO: &str = "aiken allen atanasoff babbage backus bartik boole borg cerf church clarke codd cray dijkstra easley engelbart feinler \
                   floyd goldberg hamilton hamming hoare holberton hopper iverson jennings johnson kay keller kilburn kleene knuth \
                   lamport lampson liskov lovelace mccarthy milner naur noether perlman ritchie rosen sammet shannon shaw strachey \
                   thompson turing vaughan wilkes wirth zuse";

/// `swift_hopper`; from the second try on with a digit, as Docker does where names run out.
pub(crate) fn random(attempt: u32) -> String {
    let digit = if attempt == 0 { String::new() } else { rand::random_range(0..10).to_string() };
    format!("{}_{}{digit}", pick(HOW), pick(WHO))
}

fn pick(words: &'static str) -> &'static str {
    let at = rand::random_range(0..words.split_whitespace().count());
    words.split_whitespace().nth(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_name_is_one_that_docker_takes() {
        for attempt in [0, 1] {
            assert!(crate::scope::is_name(&random(attempt)));
        }
    }
}
