//! `[[question]]` in a step's front matter.

use super::{
    markdown::Markdown,
    table::{Table, Value},
    text,
};
use crate::checks::{Answer, Question, Reference};

type ReadAnswer = fn(&Markdown<'_>, &Table<'_>, Value<'_>) -> Option<(Answer, &'static str)>;

/// What an answer can be, by its key; with what the empty field of a typed answer says.
const ANSWERS: [(&str, ReadAnswer); 11] = [
    ("choice", |markdown, table, value| Some((choice(markdown, table, value)?, ""))),
    ("text", |_, _, value| Some((Answer::Text(texts(value)?), "your answer"))),
    ("image_layers", |_, _, value| Some((Answer::ImageLayers(value.reference()?), "a number"))),
    ("shared_layers", |_, _, value| {
        let [one, other] = two(value)?;
        Some((Answer::SharedLayers(one, other), "a number"))
    }),
    ("exposed_port", |_, _, value| Some((Answer::ExposedPort(value.reference()?), "a port"))),
    ("smaller_image", |_, _, value| {
        let images = value.references()?;
        if images.len() < 2 {
            value.mistake("the smaller one of a single image is no question");
        }
        Some((Answer::SmallestImage(images), ""))
    }),
    ("image_size", |_, _, value| Some((Answer::ImageSize(value.reference()?), "a size, such as MB"))),
    ("size_ratio", |_, _, value| Some((size_ratio(value)?, "a number"))),
    ("env", |_, _, value| Some((env(value)?, "its value"))),
    ("default_command", |_, _, value| Some((Answer::DefaultCommand(value.reference()?), "a command"))),
    ("image_id", |_, _, value| Some((Answer::ImageId(value.reference()?), "letters and digits"))),
];

/// `None`, with mistakes noted, where the question can't be used.
pub(super) fn question(markdown: &Markdown<'_>, table: Table<'_>) -> Option<Question> {
    let id = text::id(&table, "id");
    let prompt = table.need("prompt").and_then(|prompt| Some(markdown.inline(prompt.text()?, prompt.text_line())));
    let placeholder = table.get("placeholder").and_then(|placeholder| placeholder.text());
    let said = |key: &'static str| {
        let text = table.need_text(key)?;
        text::advise(table.source(), table.line(), text);
        Some(text.to_owned())
    };
    let right = said("right");
    let wrong = said("wrong");
    let answer = table.need("answer").and_then(|value| answer(markdown, value));
    table.finish();
    let (answer, usual_placeholder) = answer?;
    Some(Question {
        id: id?,
        prompt: prompt?,
        placeholder: placeholder.unwrap_or(usual_placeholder).to_owned(),
        answer,
        right: right?,
        wrong: wrong?,
    })
}

fn answer(markdown: &Markdown<'_>, value: Value<'_>) -> Option<(Answer, &'static str)> {
    let table = value.table("an answer")?;
    let present: Vec<(Value<'_>, ReadAnswer)> = ANSWERS.iter().filter_map(|(key, read)| Some((table.get(key)?, *read))).collect();
    let answer = match present.as_slice() {
        [(value, read)] => read(markdown, &table, *value),
        _ => {
            let kinds: Vec<&str> = ANSWERS.iter().map(|(key, _)| *key).collect();
            table.mistake(format!("an answer is exactly one of {}", kinds.join(", ")));
            None
        }
    };
    table.finish();
    answer
}

/// The right option is counted from 1 in the file, from 0 ever after.
fn choice(markdown: &Markdown<'_>, table: &Table<'_>, value: Value<'_>) -> Option<Answer> {
    let options: Vec<String> =
        table.need("options")?.items().iter().filter_map(|option| Some(markdown.inline(option.text()?, option.text_line()))).collect();
    let right = value.number::<u32>()? as usize;
    if options.len() < 2 {
        value.mistake("a choice needs two options or more");
    } else if right > options.len() {
        value.mistake(format!("`choice` is {right}, but there are only {} options (counted from 1)", options.len()));
    }
    if (1..options.len()).any(|index| options[..index].contains(&options[index])) {
        value.mistake("two options say the same");
    }
    Some(Answer::Choice { right: right - 1, options })
}

fn texts(value: Value<'_>) -> Option<Vec<String>> {
    if value.is_text() {
        return Some(vec![value.text()?.to_owned()]);
    }
    let texts: Vec<String> = value.items().iter().filter_map(Value::text).map(str::to_owned).collect();
    if texts.is_empty() {
        value.mistake("`text` accepts no answer at all");
        return None;
    }
    Some(texts)
}

fn two(value: Value<'_>) -> Option<[Reference; 2]> {
    let images = value.references()?;
    let two = <[Reference; 2]>::try_from(images).ok();
    if two.is_none() {
        value.mistake("two images are compared, no more and no fewer");
    }
    two
}

fn size_ratio(value: Value<'_>) -> Option<Answer> {
    let table = value.table("`size_ratio`")?;
    let large = table.need("large").and_then(|image| image.reference());
    let small = table.need("small").and_then(|image| image.reference());
    table.finish();
    Some(Answer::SizeRatio { large: large?, small: small? })
}

fn env(value: Value<'_>) -> Option<Answer> {
    let table = value.table("`env`")?;
    let image = table.need("image").and_then(|image| image.reference());
    let name = table.need_text("name");
    table.finish();
    Some(Answer::Env { image: image?, name: name?.to_owned() })
}
