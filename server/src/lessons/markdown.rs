//! Markdown to HTML that is safe to insert as it is: no HTML of the author's own, no link but to
//! the web and to other steps, commands to click, and places for interactive pieces.

mod command;
mod link;
mod piece;

use std::{cell::RefCell, ops::Range};

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

pub(super) use self::link::InternalLink;
use self::link::Target;
use super::{nearest::nearest, source::Source, text};

/// Fences other than `run`: shown as they are.
const PLAIN_FENCES: [&str; 6] = ["", "text", "console", "dockerfile", "json", "sh"];
const RUN_FENCE: &str = "run";

/// Renders the texts of one file.
pub(super) struct Markdown<'a> {
    source: &'a Source,
    /// Of the lesson, for links to its other steps.
    slug: &'a str,
    /// Links to lessons and steps, to be followed once all are known.
    links: RefCell<Vec<InternalLink>>,
}

impl<'a> Markdown<'a> {
    pub(super) fn new(source: &'a Source, slug: &'a str) -> Self {
        Self { source, slug, links: RefCell::default() }
    }

    pub(super) fn into_links(self) -> Vec<InternalLink> {
        self.links.into_inner()
    }

    /// Whole blocks; `line`: where the text begins in the file.
    pub(super) fn blocks(&self, markdown: &str, line: usize) -> String {
        let events = self.safe_events(markdown, line);
        let mut out = String::with_capacity(markdown.len() * 2);
        html::push_html(&mut out, events.into_iter());
        out
    }

    /// A text without paragraphs: for labels and options.
    pub(super) fn inline(&self, markdown: &str, line: usize) -> String {
        let html = self.blocks(markdown.trim(), line);
        match html.trim_end().strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")) {
            Some(inner) if !inner.contains("<p>") => inner.to_owned(),
            _ => {
                self.source.mistake(line, "this must be a single line of text, without lists, headings or paragraphs");
                html
            }
        }
    }

    fn safe_events<'m>(&self, markdown: &'m str, line: usize) -> Vec<Event<'m>> {
        let mut render = Render { markdown: self, text: markdown, line, depth: 0, out: Vec::new() };
        let mut events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM).into_offset_iter().peekable();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let mut code = String::new();
                    for (event, _) in events.by_ref() {
                        match event {
                            Event::Text(text) => code.push_str(&text),
                            Event::End(TagEnd::CodeBlock) => break,
                            _ => {}
                        }
                    }
                    render.code_block(&kind, &code, &range);
                }
                Event::Start(Tag::Paragraph) if render.depth == 0 && piece::is_piece(&markdown[range.clone()]) => {
                    for (event, _) in events.by_ref() {
                        if matches!(event, Event::End(TagEnd::Paragraph)) {
                            break;
                        }
                    }
                    render.piece(&range);
                }
                other => render.event(other, &range),
            }
        }
        render.out
    }
}

/// One text on its way to HTML.
struct Render<'a, 'm> {
    markdown: &'a Markdown<'a>,
    text: &'m str,
    /// Where the text begins in the file.
    line: usize,
    /// Blocks that are open around here.
    depth: usize,
    out: Vec<Event<'m>>,
}

impl<'m> Render<'_, 'm> {
    fn line(&self, range: &Range<usize>) -> usize {
        self.line + self.text[..range.start].matches('\n').count()
    }

    fn mistake(&self, range: &Range<usize>, message: impl Into<String>) {
        self.markdown.source.mistake(self.line(range), message);
    }

    fn html(&mut self, html: impl Into<CowStr<'m>>) {
        self.out.push(Event::Html(html.into()));
    }

    fn inline_html(&mut self, html: impl Into<CowStr<'m>>) {
        self.out.push(Event::InlineHtml(html.into()));
    }

    fn code_block(&mut self, kind: &CodeBlockKind<'_>, code: &str, range: &Range<usize>) {
        let language = match kind {
            CodeBlockKind::Indented => "",
            CodeBlockKind::Fenced(language) => language.trim(),
        };
        if language == RUN_FENCE {
            let commands = command::commands(code);
            if commands.is_empty() {
                self.mistake(range, "there is no command in this `run` fence");
            }
            self.html(command::html(&commands));
            return;
        }
        if !PLAIN_FENCES.contains(&language) {
            let near = nearest(language, &[&PLAIN_FENCES[1..], &[RUN_FENCE]].concat()).map(|near| format!("; did you mean `{near}`?"));
            let instead = near.unwrap_or_else(|| format!("; there are {RUN_FENCE}{}", PLAIN_FENCES.join(", ")));
            self.mistake(range, format!("no fence is called `{language}`{instead}"));
        }
        self.html(format!("<pre><code>{}</code></pre>\n", command::escape(code)));
    }

    fn piece(&mut self, range: &Range<usize>) {
        match piece::html(&self.text[range.clone()]) {
            Ok(html) => self.html(html),
            Err(message) => self.mistake(range, message),
        }
    }

    fn event(&mut self, event: Event<'m>, range: &Range<usize>) {
        match event {
            Event::Html(raw) | Event::InlineHtml(raw) => {
                self.mistake(range, format!("HTML is not allowed in a lesson; write Markdown instead of {}", raw.trim()));
                self.out.push(Event::Text(raw));
            }
            // The blocks that HTML comes in; its text is let through without them.
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(Tag::Heading { level, .. }) => {
                if level == HeadingLevel::H1 {
                    self.mistake(range, "the step's title is its first heading; begin with ## in the text");
                }
                self.depth += 1;
                self.html(format!("<h{}>", heading(level)));
            }
            Event::End(TagEnd::Heading(level)) => {
                self.depth -= 1;
                self.html(format!("</h{}>\n", heading(level)));
            }
            Event::Start(Tag::BlockQuote(kind)) => {
                self.depth += 1;
                self.html(format!("<blockquote{}>\n", kind.map(quote_class).unwrap_or_default()));
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                self.depth -= 1;
                self.html("</blockquote>\n");
            }
            Event::Start(Tag::Link { dest_url, .. }) => self.open_link(&dest_url, range),
            Event::End(TagEnd::Link) => self.inline_html("</a>"),
            Event::Start(Tag::Image { .. }) => self.mistake(range, "a lesson has no pictures of its own; let an interactive piece draw it"),
            Event::End(TagEnd::Image) => {}
            Event::Text(text) => {
                let line = self.line(range);
                if text.contains("{{") {
                    self.mistake(range, "an interactive piece stands on a line of its own, outside any list or quote");
                }
                text::advise(self.markdown.source, line, &text);
                self.out.push(Event::Text(text));
            }
            Event::Start(tag) => {
                self.depth += 1;
                self.out.push(Event::Start(tag));
            }
            Event::End(tag) => {
                self.depth -= 1;
                self.out.push(Event::End(tag));
            }
            Event::Code(text) => self.inline_html(format!("<code>{}</code>", command::code(&text))),
            other => self.out.push(other),
        }
    }

    fn open_link(&mut self, target: &str, range: &Range<usize>) {
        match Target::read(target, self.markdown.slug) {
            Ok(Target::Web(url)) => {
                // In a page of its own: the terminal stays where it is.
                self.inline_html(format!("<a href=\"{}\" target=\"_blank\" rel=\"noopener\">", command::escape(&url)));
            }
            Ok(Target::Lesson { slug, step }) => {
                let path = step.as_ref().map_or_else(|| format!("/lessons/{slug}"), |step| format!("/lessons/{slug}/{step}"));
                self.markdown.links.borrow_mut().push(InternalLink { line: self.line(range), slug, step });
                self.inline_html(format!("<a href=\"{}\">", command::escape(&path)));
            }
            Err(message) => {
                self.mistake(range, message);
                self.inline_html("<a>");
            }
        }
    }
}

/// The step's title is the page's `<h1>`; the text's own headings, `##` and below, are what they say.
fn heading(level: HeadingLevel) -> usize {
    level as usize
}

fn quote_class(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => " class=\"note\"",
        BlockQuoteKind::Tip => " class=\"tip\"",
        BlockQuoteKind::Important => " class=\"important\"",
        BlockQuoteKind::Warning => " class=\"warning\"",
        BlockQuoteKind::Caution => " class=\"caution\"",
    }
}
