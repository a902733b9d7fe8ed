//! Lessons from files.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Lesson, Library, Mistake, Step, markdown::InternalLink, markdown::Markdown, source::Source, step_file, table::Table, text};

/// Bytes of one file at most; a longer one is not a step that anybody reads.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Where the lesson speaks of itself.
const LESSON_FILE: &str = "lesson.md";

/// A lesson as read; what it links to has not been looked for yet.
struct Draft {
    slug: String,
    /// `None`: it can't be served.
    lesson: Option<Lesson>,
    /// IDs of all its steps, also of those with mistakes.
    steps: Vec<String>,
    links: Vec<(PathBuf, InternalLink)>,
    mistakes: Vec<Mistake>,
}

pub(super) fn library(dir: &Path) -> (Library, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let mut drafts: Vec<Draft> = Vec::new();
    for entry in entries(dir, &mut mistakes) {
        if !entry.is_dir() {
            continue;
        }
        let Some((slug, _)) = numbered(&entry, &mut mistakes) else { continue };
        if drafts.iter().any(|draft| draft.slug == slug) {
            mistakes.push(mistake(&entry, format!("there is another lesson with the slug {slug}")));
            continue;
        }
        drafts.push(lesson(&entry, slug));
    }
    follow_links(&mut drafts);
    let mut lessons = Vec::new();
    for draft in drafts {
        let whole = draft.mistakes.iter().all(|mistake| mistake.warning);
        lessons.extend(draft.lesson.filter(|_| whole).map(Arc::new));
        mistakes.extend(draft.mistakes);
    }
    mistakes.sort();
    (Library { lessons }, mistakes)
}

fn lesson(dir: &Path, slug: String) -> Draft {
    let mut draft = Draft { slug, lesson: None, steps: Vec::new(), links: Vec::new(), mistakes: Vec::new() };
    let mut about = None;
    let mut steps: Vec<Step> = Vec::new();
    for path in entries(dir, &mut draft.mistakes) {
        if path.file_name().is_some_and(|name| name == LESSON_FILE) {
            about = read(&path, &mut draft, about_lesson);
            continue;
        }
        let Some((id, kind)) = numbered(&path, &mut draft.mistakes) else { continue };
        if kind != "md" {
            draft.mistakes.push(mistake(&path, format!("a lesson's folder holds {LESSON_FILE} and its steps, NN-step-id.md")));
            continue;
        }
        if draft.steps.contains(&id) {
            draft.mistakes.push(mistake(&path, format!("there is another step with the ID {id}")));
        }
        draft.steps.push(id.clone());
        let step = read(&path, &mut draft, |source, markdown| step_file::step(source, markdown, id));
        steps.extend(step);
    }
    if draft.steps.is_empty() {
        draft.mistakes.push(mistake(dir, "the lesson has no steps: each is a file NN-step-id.md".to_owned()));
    }
    if !dir.join(LESSON_FILE).is_file() {
        draft.mistakes.push(mistake(dir, format!("the lesson has no {LESSON_FILE} with its title, summary and minutes")));
    }
    draft.lesson = about.map(|about: About| {
        if let Some(first) = steps.first_mut() {
            first.html.insert_str(0, &about.introduction);
        }
        Lesson { slug: draft.slug.clone(), title: about.title, summary: about.summary, minutes: about.minutes, steps }
    });
    draft
}

/// The front matter of `lesson.md`, and its body.
struct About {
    title: String,
    summary: String,
    minutes: u32,
    /// HTML; stands before the first step's.
    introduction: String,
}

fn about_lesson(source: &Source, markdown: &Markdown<'_>) -> Option<About> {
    let (front, body) = source.parts()?;
    let body_line = source.line_at(body.start);
    let introduction = markdown.blocks(source.slice(body), body_line);
    Table::read(source, front, "a lesson", |table| {
        let title = table.need_text("title").map(str::to_owned);
        let summary = table.need_text("summary").map(str::to_owned);
        let minutes = table.need("minutes").and_then(|minutes| minutes.number());
        table.finish();
        Some(About { title: title?, summary: summary?, minutes: minutes?, introduction })
    })
}

/// Reads a file and hands it over; its mistakes and links end up in the draft.
fn read<T>(path: &Path, draft: &mut Draft, use_it: impl FnOnce(&Source, &Markdown<'_>) -> Option<T>) -> Option<T> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) => {
            draft.mistakes.push(mistake(path, format!("the file could not be read: {error}")));
            return None;
        }
    };
    let source = Source::new(path.to_owned(), text);
    let slug = draft.slug.clone();
    let markdown = Markdown::new(&source, &slug);
    let result = use_it(&source, &markdown);
    draft.links.extend(markdown.into_links().into_iter().map(|link| (path.to_owned(), link)));
    draft.mistakes.extend(source.into_mistakes());
    result
}

fn read_text(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(fs::read_to_string(path)?.replace("\r\n", "\n"))
}

/// What is in a folder, in order; hidden files and a README are nobody's business.
fn entries(dir: &Path, mistakes: &mut Vec<Mistake>) -> Vec<PathBuf> {
    let read = fs::read_dir(dir).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>());
    let mut paths = read.unwrap_or_else(|error| {
        mistakes.push(mistake(dir, format!("the folder of lessons could not be read: {error}")));
        Vec::new()
    });
    paths.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.') && name != "README.md"));
    paths.sort();
    paths
}

/// `NN-name.ending` taken apart: the name, which must be an ID, and the ending.
fn numbered(path: &Path, mistakes: &mut Vec<Mistake>) -> Option<(String, String)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let parts =
        stem.split_once('-').filter(|(number, id)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) && text::is_id(id));
    let Some((_, id)) = parts else {
        let shape = if path.is_dir() { "NN-slug" } else { "NN-step-id.md" };
        mistakes
            .push(mistake(path, format!("its name must be of the form {shape}: a number, a hyphen, then lowercase words with hyphens")));
        return None;
    };
    Some((id.to_owned(), ending.to_owned()))
}

/// About a file or folder as a whole.
fn mistake(file: &Path, message: String) -> Mistake {
    Mistake { file: file.to_owned(), line: 0, message, warning: false }
}

/// Links to steps and lessons that there are none of.
fn follow_links(drafts: &mut [Draft]) {
    let known: BTreeMap<String, Vec<String>> = drafts.iter().map(|draft| (draft.slug.clone(), draft.steps.clone())).collect();
    for draft in drafts {
        for (file, link) in &draft.links {
            let message = match (known.get(&link.slug), &link.step) {
                (None, _) => format!("there is no lesson {}", link.slug),
                (Some(steps), Some(step)) if !steps.contains(step) => {
                    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
                    let near = super::nearest::nearest(step, &steps).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                    format!("the lesson {} has no step {step}{near}", link.slug)
                }
                (Some(_), _) => continue,
            };
            draft.mistakes.push(Mistake { file: file.clone(), line: link.line, message, warning: false });
        }
    }
}
