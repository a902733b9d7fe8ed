//! `docs/attacks.md` says what is tried: every number has its row, every test that it names exists, and every attack
//! that is tested has a number.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

struct Row {
    number: usize,
    tests: Vec<String>,
    outcome: String,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("docs/attacks.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        let tests = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Row { number: cells[0].parse().unwrap(), tests, outcome: cells[3].to_owned() }
    })
    .collect()
}

/// The file of a test with such a full name, as cargo prints it, after its crate's.
fn exists(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split("::").collect();
    let function = format!("fn {}(", parts.pop().unwrap_or_default());
    let folder = match parts.first() {
        Some(&"gateway") => root().join("server/gateway/src"),
        Some(&"server") => root().join("server/src"),
        _ => return false,
    };
    let modules = &parts[1..];
    let file = |modules: &[&str]| std::fs::read_to_string(folder.join(modules.join("/")).with_extension("rs")).unwrap_or_default();
    // In a file of its module's name, or in the one that the module of tests stands in.
    file(modules).contains(&function) || modules.last() == Some(&"tests") && file(&modules[..modules.len() - 1]).contains(&function)
}

#[test]
fn every_attack_of_the_list_has_one_row_and_tests_that_exist() {
    let rows = rows();
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "each number once, in order");
    assert!(numbers.len() >= 108);
    for row in &rows {
        assert!(!row.outcome.is_empty(), "{}", row.number);
        assert!(!row.tests.is_empty() || row.outcome.starts_with("not there yet: "), "{} has no test", row.number);
        for test in &row.tests {
            assert!(exists(test), "{}: there is no test {test}", row.number);
        }
    }
}

#[test]
fn every_attack_that_is_tested_is_on_the_list_under_its_numbers() {
    let rows = rows();
    let folder = root().join("server/gateway/src/tests/attacks");
    let mut tested = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let names = text.split("fn ").skip(1).map(|rest| rest.split('(').next().unwrap_or_default());
        tested.extend(names.filter(|name| name.starts_with("attack_") || name.starts_with("fuzz_attack_")).map(str::to_owned));
    }
    assert!(tested.len() > 40);
    for name in tested {
        let numbers =
            name.trim_start_matches("fuzz_").trim_start_matches("attack_").split('_').map_while(|part| part.parse::<usize>().ok());
        let numbers: Vec<usize> = numbers.collect();
        assert!(!numbers.is_empty(), "{name} has no number");
        for number in numbers {
            let row = rows.iter().find(|row| row.number == number).unwrap_or_else(|| panic!("{number} of {name} is not on the list"));
            assert!(row.tests.iter().any(|test| test.ends_with(&format!("::{name}"))), "the row of {number} doesn't name {name}");
        }
    }
}
