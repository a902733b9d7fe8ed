//! TOML tables read key by key, so that every mistake has its line, all of them are told at once,
//! and a key that nobody asked for is one.

use std::{cell::RefCell, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{nearest::nearest, source::Source};
use crate::checks::Reference;

/// A table, and which of its keys have been asked for.
pub(super) struct Table<'a> {
    source: &'a Source,
    /// Where the TOML begins in the file.
    base: usize,
    /// Line of the table's beginning.
    line: usize,
    /// What it describes: "a check".
    what: &'static str,
    entries: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

/// A value, of the key under which it was asked for.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    source: &'a Source,
    base: usize,
    key: &'static str,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Table<'a> {
    /// A file's front matter; syntax errors are noted, and what could be read is read.
    pub(super) fn read<T>(source: &Source, front: std::ops::Range<usize>, what: &'static str, read: impl FnOnce(Table<'_>) -> T) -> T {
        let base = front.start;
        let (table, errors) = DeTable::parse_recoverable(source.slice(front));
        for error in errors {
            let line = error.span().map_or(0, |span| source.line_at(base + span.start));
            source.mistake(line, format!("not TOML: {}", error.message().lines().collect::<Vec<_>>().join("; ")));
        }
        read(Table { source, base, line: 1, what, entries: table.get_ref(), asked: RefCell::default() })
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn mistake(&self, message: impl Into<String>) {
        self.source.mistake(self.line, message);
    }

    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    pub(super) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        self.asked.borrow_mut().push(key);
        let value = self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)?;
        Some(Value { source: self.source, base: self.base, key, value })
    }

    /// A value that must be there.
    pub(super) fn need(&self, key: &'static str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.mistake(format!("{} needs `{key}`", self.what));
        }
        value
    }

    /// Text that must be there, and not be empty.
    pub(super) fn need_text(&self, key: &'static str) -> Option<&'a str> {
        self.need(key)?.text()
    }

    /// The tables of `[[key]]`.
    pub(super) fn tables(&self, key: &'static str, what: &'static str) -> Vec<Table<'a>> {
        self.get(key).map(|value| value.items().into_iter().filter_map(|item| item.table(what)).collect()).unwrap_or_default()
    }

    /// Every key that nobody asked for is a mistake.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.entries.keys().filter(|name| !asked.contains(&name.get_ref().as_ref())) {
            let line = self.source.line_at(self.base + name.span().start);
            let instead = match nearest(name.get_ref(), &asked) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", asked.join(", ")),
            };
            self.source.mistake(line, format!("{} has no key `{}`; {instead}", self.what, name.get_ref()));
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn line(&self) -> usize {
        self.source.line_at(self.base + self.value.span().start)
    }

    /// The line in which the text itself begins: after the quotes' line where they stand alone.
    pub(super) fn text_line(&self) -> usize {
        let span = self.value.span();
        let raw = self.source.slice(self.base + span.start..self.base + span.end);
        let alone = ["\"\"\"\n", "'''\n"].iter().any(|quotes| raw.starts_with(quotes));
        self.line() + usize::from(alone)
    }

    pub(super) fn mistake(&self, message: impl Into<String>) {
        self.source.mistake(self.line(), message);
    }

    fn expected(&self, what: &str) {
        self.mistake(format!("`{}` is {what}, not this {}", self.key, self.value.get_ref().type_str()));
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub(super) fn is_flag(&self) -> bool {
        self.value.get_ref().is_bool()
    }

    /// Text that is not empty.
    pub(super) fn text(&self) -> Option<&'a str> {
        let Some(text) = self.value.get_ref().as_str() else {
            self.expected("a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.mistake(format!("`{}` is empty", self.key));
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&self) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.expected("true or false");
        }
        flag
    }

    /// A whole number of the type's range, from 1.
    pub(super) fn number<T: FromStr + PartialOrd + From<u8>>(&self) -> Option<T> {
        let Some(number) = self.value.get_ref().as_integer() else {
            self.expected("a whole number");
            return None;
        };
        let number = number.to_string().parse().ok().filter(|number| *number >= T::from(1));
        if number.is_none() {
            self.mistake(format!("`{}` is out of range", self.key));
        }
        number
    }

    pub(super) fn items(&self) -> Vec<Value<'a>> {
        let Some(items) = self.value.get_ref().as_array() else {
            self.expected("a list");
            return Vec::new();
        };
        items.iter().map(|value| Value { value, ..*self }).collect()
    }

    pub(super) fn table(&self, what: &'static str) -> Option<Table<'a>> {
        let Some(entries) = self.value.get_ref().as_table() else {
            self.expected("a table in braces");
            return None;
        };
        Some(Table { source: self.source, base: self.base, line: self.line(), what, entries, asked: RefCell::default() })
    }

    pub(super) fn reference(&self) -> Option<Reference> {
        let text = self.text()?;
        match Reference::parse(text) {
            Ok(reference) => Some(reference),
            Err(error) => {
                self.mistake(error.to_string());
                None
            }
        }
    }

    /// One reference, or a list of some.
    pub(super) fn references(&self) -> Option<Vec<Reference>> {
        if self.is_text() {
            return Some(vec![self.reference()?]);
        }
        let references: Vec<Reference> = self.items().iter().filter_map(Value::reference).collect();
        if references.is_empty() {
            self.mistake(format!("`{}` names no image", self.key));
            return None;
        }
        Some(references)
    }
}
