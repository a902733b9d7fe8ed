//! Reads a roster: CSV (RFC 4180) with a header line that has a column `name`, or one name a line.

use super::{ClassError, names};

/// Words by which a column of names is known.
const NAME_COLUMNS: [&str; 5] = ["name", "full name", "learner", "student", "display name"];
const FIRST_COLUMNS: [&str; 4] = ["first name", "firstname", "given name", "first"];
const LAST_COLUMNS: [&str; 5] = ["last name", "lastname", "surname", "family name", "last"];

/// Where a line's name stands.
enum Columns {
    One(usize),
    Two(usize, usize),
}

/// A line's number with the name in it, or why there is none.
type Line = (u64, Result<String, String>);

/// Every line that has something in it.
pub(super) fn names(text: &str) -> Result<Vec<Line>, ClassError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut columns = None;
    let mut found = Vec::new();
    for record in reader.records() {
        let record =
            record.map_err(|error| ClassError::Refused(format!("The roster could not be read: {error}. Save it as CSV in UTF-8.")))?;
        let line = record.position().map_or(0, csv::Position::line);
        let Some(columns) = &columns else {
            let (known, is_header) = head(&record);
            if !is_header {
                found.push((line, name(&record, &known)));
            }
            columns = Some(known);
            continue;
        };
        found.push((line, name(&record, columns)));
    }
    if found.is_empty() {
        return ClassError::refused("There is no name in the roster. Give one name a line, or CSV with a column named \"name\".");
    }
    Ok(found)
}

/// Spreadsheets of many languages write semicolons.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    [b';', b'\t'].into_iter().find(|mark| first.as_bytes().contains(mark) && !first.contains(',')).unwrap_or(b',')
}

fn head(record: &csv::StringRecord) -> (Columns, bool) {
    let position = |words: &[&str]| record.iter().position(|field| words.contains(&field.to_lowercase().as_str()));
    match (position(&NAME_COLUMNS), position(&FIRST_COLUMNS), position(&LAST_COLUMNS)) {
        (Some(name), ..) => (Columns::One(name), true),
        (None, Some(first), Some(last)) => (Columns::Two(first, last), true),
        _ => (Columns::One(0), false),
    }
}

fn name(record: &csv::StringRecord, columns: &Columns) -> Result<String, String> {
    let field = |index: usize| record.get(index).unwrap_or_default();
    let text = match *columns {
        Columns::One(index) => field(index).to_owned(),
        Columns::Two(first, last) => format!("{} {}", field(first), field(last)),
    };
    names::person(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        names(text).expect("it can be read").into_iter().map(|(_, name)| name.unwrap_or_else(|why| format!("! {why}"))).collect()
    }

    #[test]
    fn one_name_a_line_is_a_roster() {
        assert_eq!(read("Ada Lovelace\r\nGrace Hopper\n\n  Edsger  Dijkstra \n"), ["Ada Lovelace", "Grace Hopper", "Edsger Dijkstra"]);
    }

    #[test]
    fn a_spreadsheet_with_a_column_of_names_is_a_roster() {
        assert_eq!(read("id,Name,mail\n1,\"Lovelace, Ada\",a@x\n2,Grace,g@x\n"), ["Lovelace, Ada", "Grace"]);
        assert_eq!(read("\u{feff}First name;Last name\nAda;Lovelace\n"), ["Ada Lovelace"]);
    }

    #[test]
    fn a_line_without_a_name_is_told_by_its_number_and_the_others_are_read() {
        let found = names("name,mail\nAda,a\n,b\nGrace,c\n").expect("it can be read");
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].0, 3);
        assert!(found[1].1.as_ref().is_err_and(|why| why.contains("missing")), "{found:?}");
        assert!(matches!(names("name\n"), Err(ClassError::Refused(_))));
    }
}
