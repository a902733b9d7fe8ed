//! Reads a roster: a table (CSV as in RFC 4180, or with semicolons or tabs) whose first line says where the names are,
//! or one name a line.

use super::{ClassError, limits::MAX_PLACES, names};

/// What separates a table's columns. Spreadsheets of many languages write semicolons.
const MARKS: [u8; 3] = [b',', b';', b'\t'];
/// Words by which columns are known, the surest first. `name` beside only one half of a name is its other half.
const WHOLE: [&str; 5] = ["full name", "fullname", "display name", "displayname", "vollständiger name"];
const PEOPLE: [&str; 6] = ["learner name", "student name", "learner", "student", "participant", "teilnehmer"];
const FIRST: [&str; 7] = ["first name", "firstname", "given name", "givenname", "vorname", "first", "given"];
const LAST: [&str; 8] = ["last name", "lastname", "surname", "family name", "familyname", "nachname", "familienname", "last"];

/// Where a line's name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    One(usize),
    Two(usize, usize),
    /// There is no first line that says so: the first, where that can't be half a name.
    Unsaid,
    /// The same, and every line is as in `Lovelace, Ada`.
    LastFirst,
}

/// A line's number with the name in it, or why there is none.
pub(super) type Line = (u64, Result<String, String>);

/// Names with a comma that are shown as examples.
const MOST_EXAMPLES: usize = 3;

/// A roster as it was understood.
#[derive(Debug)]
pub(super) struct Roster {
    /// Where the names were found, in a sentence.
    pub(super) how: String,
    /// Every line that has something in it.
    pub(super) lines: Vec<Line>,
}

/// Said of names that were taken whole although they may be two halves, so that nobody finds it out on the day.
pub(super) fn with_commas<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.filter(|name| name.contains(',')).collect();
    let examples: Vec<String> = names.iter().take(MOST_EXAMPLES).map(|name| format!("“{name}”")).collect();
    let (count, examples) = (names.len(), examples.join("; "));
    let said = match count {
        0 => return None,
        1 => format!("1 name has a comma in it and was taken whole: {examples}."),
        2..=MOST_EXAMPLES => format!("{count} names have a comma in them and were taken whole: {examples}."),
        _ => format!("{count} names have a comma in them and were taken whole: {examples} and {} more.", count - MOST_EXAMPLES),
    };
    Some(format!("{said} To have the first name first, give two columns, with “last name, first name” in the first line."))
}

/// Reads it.
///
/// # Errors
/// Where it can't be told which lines there are, there is none, or there are more than a class has places.
pub(super) fn read(text: &str) -> Result<Roster, ClassError> {
    let text = text.trim_start_matches('\u{feff}');
    // Before any work is done on it: the first may say what the columns are.
    let lines = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).count();
    if i64::try_from(lines).unwrap_or(i64::MAX) > MAX_PLACES + 1 {
        return ClassError::refused(format!(
            "The roster has {lines} lines, and a class has {MAX_PLACES} places at most. Nobody was added: give fewer."
        ));
    }
    if text.contains('\0') {
        return ClassError::refused(
            "That is no text in UTF-8: a picture, or a spreadsheet's own file. Save the list as CSV in UTF-8, or paste the names.",
        );
    }
    let (mark, header) = table(text);
    if let Some(quote) = unclosed(text, char::from(mark)) {
        let line = Lines::of(text).at(quote as u64);
        return ClassError::refused(format!(
            "On line {line} of the roster begins a quote (\") that nothing ends, so that it can't be told where the next line is. \
             Nobody was added: take it away, or end it."
        ));
    }
    let mut records = Vec::with_capacity(lines);
    let mut lines = Lines::of(text);
    for record in reader(text, mark).records() {
        let record =
            record.map_err(|error| ClassError::Refused(format!("The roster could not be read: {error}. Save it as CSV in UTF-8.")))?;
        if record.iter().any(|field| !field.is_empty()) || header.is_some() {
            records.push((record.position().map_or(0, |position| lines.at(position.byte())), record));
        }
    }
    let unsaid = if mark == b',' && records.iter().all(|(_, record)| record.len() == 2 && may_be_halves(record)) {
        Columns::LastFirst
    } else {
        Columns::Unsaid
    };
    let columns = header.unwrap_or(unsaid);
    let how = how(columns, records.first().map(|(_, record)| record).filter(|_| header.is_some()));
    let found: Vec<Line> =
        records.iter().skip(usize::from(header.is_some())).map(|(line, record)| (*line, name(record, columns))).collect();
    if found.is_empty() {
        return ClassError::refused("There is no name in the roster. Give one name a line, or CSV with a column named \"name\".");
    }
    Ok(Roster { how, lines: found })
}

/// Numbers of lines as an editor has them, whatever ends them; asked for from the first to the last. (The csv crate counts a
/// record that comes after CR and LF to the line before.)
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// Of a record that begins there, or after the empty lines that are there.
    fn at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(letter) = self.text.get(self.at).filter(|letter| self.at < byte || matches!(letter, b'\r' | b'\n')) {
            let ends_line = *letter == b'\n' || (*letter == b'\r' && self.text.get(self.at + 1) != Some(&b'\n'));
            self.line += u64::from(ends_line);
            self.at += 1;
        }
        self.line
    }
}

/// Where the names are, in a sentence. `header`: the first line, where it says so.
fn how(columns: Columns, header: Option<&csv::StringRecord>) -> String {
    let called = |index: usize| header.and_then(|header| header.get(index)).unwrap_or_default();
    match columns {
        Columns::One(index) => format!("The names are those of the column “{}”.", called(index)),
        Columns::Two(first, last) => format!("The names are put together from the columns “{}” and “{}”.", called(first), called(last)),
        Columns::LastFirst => "Each line is one name, with a comma in it.".to_owned(),
        Columns::Unsaid => "Each line is one name; what stands in further columns is left out.".to_owned(),
    }
}

fn reader(text: &str, mark: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).delimiter(mark).from_reader(text.as_bytes())
}

/// What separates the columns, and what the first line says about them, where it does.
fn table(text: &str) -> (u8, Option<Columns>) {
    for mark in MARKS {
        let first = reader(text, mark).records().next().and_then(Result::ok);
        if let Some(columns) = first.and_then(|first| said(&first)) {
            return (mark, Some(columns));
        }
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().as_bytes();
    (MARKS.into_iter().rev().find(|mark| first.contains(mark)).unwrap_or(b','), None)
}

/// The best match, wherever it stands.
fn said(first: &csv::StringRecord) -> Option<Columns> {
    let words =
        |field: &str| field.to_lowercase().split([' ', '_', '-', '\u{a0}']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let fields: Vec<String> = first.iter().map(words).collect();
    let find = |known: &[&str]| known.iter().find_map(|word| fields.iter().position(|field| field == word));
    let half = |index: usize| fields[index].contains("name");
    if let Some(whole) = find(&WHOLE) {
        return Some(Columns::One(whole));
    }
    match (find(&FIRST), find(&LAST), find(&["name"])) {
        (Some(first), Some(last), _) | (Some(first), None, Some(last)) | (None, Some(last), Some(first)) => Some(Columns::Two(first, last)),
        (None, None, Some(name)) => Some(Columns::One(name)),
        // "Last, Ada" may be somebody; a column of surnames alone is called so in more than a word.
        (Some(only), None, None) | (None, Some(only), None) => find(&PEOPLE).or(Some(only).filter(|only| half(*only))).map(Columns::One),
        (None, None, None) => find(&PEOPLE).map(Columns::One),
    }
}

/// Whether the first two fields may be two halves of a name: neither is empty, a number, or an address.
fn may_be_halves(record: &csv::StringRecord) -> bool {
    let is_word =
        |field: Option<&str>| field.is_some_and(|field| !field.is_empty() && !field.contains(|c: char| c == '@' || c.is_numeric()));
    is_word(record.get(0)) && is_word(record.get(1))
}

/// The byte at which a quoted field begins that has no end.
fn unclosed(text: &str, mark: char) -> Option<usize> {
    let (mut opened, mut begins) = (None, true);
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '"' && opened.is_some() {
            // Two are one that is meant.
            if letters.next_if(|(_, next)| *next == '"').is_none() {
                opened = None;
            }
            begins = false;
        } else if letter == '"' && begins {
            opened = Some(at);
        } else {
            begins = opened.is_none() && (letter == mark || letter == '\n' || letter == '\r');
        }
    }
    opened
}

fn name(record: &csv::StringRecord, columns: Columns) -> Result<String, String> {
    let field = |index: usize| record.get(index).unwrap_or_default();
    let text = match columns {
        Columns::One(index) => field(index).to_owned(),
        Columns::Two(first, last) => format!("{} {}", field(first), field(last)),
        Columns::LastFirst => format!("{}, {}", field(0), field(1)),
        Columns::Unsaid if may_be_halves(record) => {
            return Err(format!(
                "It can't be told whether the name is \"{}\" or goes on after it. Say what the columns are in a first line, or put the \
                 name in quotes.",
                field(0)
            ));
        }
        Columns::Unsaid => field(0).to_owned(),
    };
    if text.contains(['\n', '\r']) {
        return Err("The name goes over several lines: a quote (\") is missing, or one too many.".to_owned());
    }
    names::person(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<Line>, ClassError> {
        super::read(text).map(|roster| roster.lines)
    }

    fn read(text: &str) -> Vec<String> {
        names(text).expect("it can be read").into_iter().map(|(_, name)| name.unwrap_or_else(|why| format!("! {why}"))).collect()
    }

    fn refusal(text: &str) -> String {
        names(text).expect_err("it is refused").to_string()
    }

    #[test]
    fn one_name_a_line_is_a_roster() {
        assert_eq!(read("Ada Lovelace\r\nGrace Hopper\n\n  Edsger  Dijkstra \n"), ["Ada Lovelace", "Grace Hopper", "Edsger Dijkstra"]);
        assert_eq!(read("\"Lovelace, Ada\"\n\"Duke\" Ellington\n"), ["Lovelace, Ada", "Duke Ellington"]);
    }

    #[test]
    fn a_spreadsheet_with_a_column_of_names_is_a_roster() {
        assert_eq!(read("id,Name,mail\n1,\"Lovelace, Ada\",a@x\n2,Grace,g@x\n"), ["Lovelace, Ada", "Grace"]);
        assert_eq!(read("\u{feff}First name;Last name\nAda;Lovelace\n"), ["Ada Lovelace"]);
    }

    #[test]
    fn the_column_of_names_is_the_one_that_says_so_best_and_halves_of_names_are_joined() {
        for (text, name) in [
            ("Student,Name\n4711,Ada Lovelace\n", "Ada Lovelace"),
            ("Name,Student,Full name\nx,4711,Ada Lovelace\n", "Ada Lovelace"),
            ("Student\tID\tSection\nAda Lovelace\t7\tA\n", "Ada Lovelace"),
            ("Last Name,First Name,Student\nLovelace,Ada,4711\n", "Ada Lovelace"),
            ("ID;Vorname;Nachname\n7;Ada;Lovelace\n", "Ada Lovelace"),
            ("Name;Vorname;E-Mail\nLovelace;Ada;a@x\n", "Ada Lovelace"),
            ("Name\tSurname\nAda\tLovelace\n", "Ada Lovelace"),
            ("first_name,last_name\nAda,Lovelace\n", "Ada Lovelace"),
            ("Surname,Mail\nLovelace,a@x\n", "Lovelace"),
            ("DISPLAY-NAME,Mail\nAda Lovelace,a@x\n", "Ada Lovelace"),
        ] {
            assert_eq!(read(text), [name], "{text}");
        }
    }

    #[test]
    fn without_a_header_no_half_of_a_name_is_lost() {
        assert_eq!(read("Lovelace, Ada\nHopper, Grace\n"), ["Lovelace, Ada", "Hopper, Grace"]);
        assert_eq!(read("Last, Ada\n"), ["Last, Ada"]);
        assert_eq!(read("Ada Lovelace,ada@example.com\nGrace Hopper,g@example.com\n"), ["Ada Lovelace", "Grace Hopper"]);
        let mixed = read("Plato\nLovelace, Ada\n");
        assert_eq!(mixed[0], "Plato");
        assert!(mixed[1].starts_with("! It can't be told whether the name is \"Lovelace\""), "{mixed:?}");
        assert!(read("Lovelace;Ada\n")[0].contains("what the columns are"), "nor with semicolons");
    }

    #[test]
    fn a_quote_that_nothing_ends_swallows_nobody() {
        assert!(refusal("name\nAda\n\"Grace\nEdsger\n").contains("On line 3 "));
        assert!(refusal("id;name\r\n1;\"Ada\r\n2;Grace\r\n").contains("On line 2 "));
        assert!(refusal("\u{feff}\"Ada\nGrace\n").contains("On line 1 "), "as Excel begins a file");
        let both = names("name,group\n\"Ada,x\nGrace,y\nBob\",x\nEdsger,y\n").expect("it can be read");
        assert_eq!(both.len(), 2);
        assert!(both[0].1.as_ref().is_err_and(|why| why.contains("several lines")), "{both:?}");
        assert_eq!(read("name,seat\n\"Ada \"\"Duke\"\" L.\",\"a\nb\"\n"), ["Ada \"Duke\" L."]);
    }

    #[test]
    fn a_list_of_more_than_a_class_takes_is_not_worked_on() {
        let list = |lines: usize| format!("name\n{}", "Ada\n".repeat(lines));
        assert_eq!(read(&list(500)).len(), 500);
        assert!(refusal(&list(8000)).contains("8001 lines"));
    }

    #[test]
    fn lines_are_counted_as_an_editor_does_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["name", "Aa", "Bb", "", "Cc", "\"D", "d\"", "Ee"].join(end);
            let numbers: Vec<u64> = names(&text).expect("a list").iter().map(|(line, _)| *line).collect();
            assert_eq!(numbers, [2, 3, 5, 6, 8], "{end:?}");
        }
    }

    #[test]
    fn a_picture_is_no_list() {
        assert!(refusal("\u{fffd}PNG\r\n\u{1a}\n\0\0\0\rIHDR").contains("no text"));
    }

    #[test]
    fn a_line_without_a_name_is_told_by_its_number_and_the_others_are_read() {
        let found = names("name,mail\nAda,a\n,b\nGrace,c\n").expect("it can be read");
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].0, 3);
        assert!(found[1].1.as_ref().is_err_and(|why| why.contains("missing")), "{found:?}");
        assert!(matches!(names("name\n"), Err(ClassError::Refused(_))));
    }

    #[test]
    fn where_the_names_were_found_is_said() {
        for (text, how) in [
            ("id,Full Name\n1,Ada\n", "The names are those of the column “Full Name”."),
            ("Nachname;Vorname\nLovelace;Ada\n", "The names are put together from the columns “Vorname” and “Nachname”."),
            ("Lovelace, Ada\n", "Each line is one name, with a comma in it."),
            ("Ada\n", "Each line is one name; what stands in further columns is left out."),
        ] {
            assert_eq!(super::read(text).expect("it can be read").how, how);
        }
    }

    #[test]
    fn names_that_have_a_comma_and_were_taken_whole_are_counted_and_shown() {
        let said = |names: &[&str]| with_commas(names.iter().copied());
        assert_eq!(said(&["Ada Lovelace"]), None);
        let one = said(&["Lovelace, Ada", "Grace"]).expect("one has");
        assert!(one.starts_with("1 name has a comma in it and was taken whole: “Lovelace, Ada”. "), "{one}");
        let four = said(&["A, a", "B, b", "C, c", "D, d"]).expect("four have");
        assert!(four.starts_with("4 names have a comma in them and were taken whole: “A, a”; “B, b”; “C, c” and 1 more. "), "{four}");
    }
}
