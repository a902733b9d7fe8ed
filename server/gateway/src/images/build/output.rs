//! What a build tells, as the learner would have it: their lines, their numbers, nothing of ours.

use crate::{
    buildkit::vertices::Vertices,
    images::message::{Aux, Message, Messages},
    reference::Reference,
    scope::Scope,
};

use super::written::Step;

/// Bytes of output that a quiet build keeps, to tell when it fails.
const MAX_HELD_BYTES: usize = 256 * 1024;
const CACHED: &str = " ---> Using cache\n";

/// What the learner reads, in the words of the client that they use.
pub(super) enum Output {
    /// Of the Engine API's own build: lines of text.
    Text(Text),
    /// Of BuildKit's.
    Vertices(Vertices),
}

/// A quiet build (`-q`) tells only its end.
pub(super) struct Text {
    messages: Messages,
    held: Option<String>,
}

impl Output {
    pub(super) fn text(messages: Messages, quiet: bool) -> Self {
        Self::Text(Text { messages, held: quiet.then(String::new) })
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Where a pull in the middle of a build tells how it goes.
    pub(super) fn messages(&self) -> Messages {
        match self {
            Self::Text(text) if text.held.is_none() => text.messages.clone(),
            _ => Messages::silent(),
        }
    }

    /// An image is looked for, and pulled where it isn't there.
    pub(super) async fn find(&mut self, reference: &str) {
        if let Self::Vertices(vertices) = self {
            vertices.begin(format!("[internal] load metadata for {reference}")).await;
        }
    }

    /// `Step 1/5 : FROM python`, told before the engine begins.
    pub(super) async fn announce(&mut self, number: usize, of: usize, text: &str) {
        if let Self::Text(output) = self {
            output.tell(Message::stream(format!("Step {number}/{of} : {text}"))).await;
            output.tell(Message::stream("\n")).await;
        }
    }

    /// The engine begins a step of the learner's. Its newline comes from the engine.
    async fn step(&mut self, number: usize, of: usize, text: &str, step: Option<&Step>) {
        match self {
            Self::Text(output) => output.tell(Message::stream(format!("Step {number}/{of} : {text}"))).await,
            Self::Vertices(vertices) => match step.and_then(|step| step.vertex.as_deref()) {
                Some(name) => vertices.begin(name).await,
                // It changes no files: BuildKit doesn't tell of it.
                None => vertices.done().await,
            },
        }
    }

    /// What the engine prints below a step.
    async fn printed(&mut self, text: &str) {
        match self {
            Self::Text(output) => output.tell(Message::stream(text)).await,
            Self::Vertices(vertices) if text == CACHED => vertices.cached(),
            Self::Vertices(vertices) => {
                if !is_builders_own(text) {
                    // The engine colours what came on standard error.
                    match text.strip_prefix("\x1b[91m") {
                        Some(text) => vertices.log(2, text.strip_suffix("\x1b[0m").unwrap_or(text)).await,
                        None if text != "\x1b[0m" => vertices.log(1, text.strip_suffix("\x1b[0m").unwrap_or(text)).await,
                        None => {}
                    }
                }
            }
        }
    }

    /// The image's ID, for programs.
    pub(super) async fn made(&mut self, aux: Option<Aux>) {
        if let Self::Text(output) = self {
            output.tell(Message { aux, ..Message::default() }).await;
        }
    }

    /// Whatever was kept back comes now, since the build has failed.
    pub(super) async fn failed(&mut self, error: &str) {
        match self {
            Self::Text(output) => {
                if let Some(held) = output.held.take().filter(|held| !held.is_empty()) {
                    output.messages.tell(Message::stream(held)).await;
                }
            }
            Self::Vertices(vertices) => vertices.failed(error).await,
        }
    }

    /// The last words of a build that succeeded; a quiet one says its image's ID only.
    pub(super) async fn succeeded(&mut self, image_id: &str, names: &[Reference]) {
        match self {
            Self::Text(Text { messages, held: Some(_) }) => messages.tell(Message::stream(format!("{image_id}\n"))).await,
            Self::Text(output) => {
                for name in names {
                    output.tell(Message::stream(format!("Successfully tagged {}\n", name.familiar()))).await;
                }
            }
            Self::Vertices(vertices) => {
                vertices.begin("exporting to image").await;
                vertices.did("exporting layers", 0).await;
                vertices.did(&format!("writing image {image_id}"), 0).await;
                for name in names {
                    vertices.did(&format!("naming to {}", name.canonical()), 0).await;
                }
                vertices.done().await;
            }
        }
    }
}

impl Text {
    async fn tell(&mut self, message: Message) {
        match &mut self.held {
            None => self.messages.tell(message).await,
            Some(held) => {
                if let Some(text) = message.stream.filter(|text| held.len() + text.len() <= MAX_HELD_BYTES) {
                    held.push_str(&text);
                }
            }
        }
    }
}

/// The classic builder's remarks about itself: ` ---> 5f70bf18a086`, ` ---> Running in …` and their like.
fn is_builders_own(text: &str) -> bool {
    let is_id = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let line = text.trim_end_matches('\n');
    [" ---> ", " ---> Running in ", " ---> Removed intermediate container ", "Successfully built "]
        .iter()
        .any(|words| line.strip_prefix(words).is_some_and(is_id))
        || line.is_empty()
}

/// Follows the engine's stream from step to step.
pub(super) struct Progress<'a> {
    steps: &'a [Step],
    lines_before: usize,
    /// Steps that the engine has begun.
    begun: usize,
    hiding: bool,
    /// The next piece is the newline of a step that was told with one.
    skip_newline: bool,
    /// Steps told before the engine began, while a base was pulled.
    told_before: usize,
    /// Of the learner's steps.
    pub(super) total: usize,
    pub(super) cached: usize,
}

impl<'a> Progress<'a> {
    /// `extra`: steps that the engine adds at the end.
    pub(super) fn new(steps: &'a [Step], lines_before: usize, extra: usize, told_before: usize) -> Self {
        let total = steps.iter().filter(|step| !step.hidden).count() + extra;
        Self { steps, lines_before, begun: 0, hiding: false, skip_newline: false, told_before, total, cached: 0 }
    }

    /// Passes one piece of output on.
    pub(super) async fn take(&mut self, text: &str, output: &mut Output) {
        if let Some(added) = self.next_step(text) {
            let step = self.steps.get(self.begun);
            self.begun += 1;
            self.hiding = step.is_some_and(|step| step.hidden);
            let hidden = self.steps.iter().take(self.begun).filter(|step| step.hidden).count();
            let number = self.begun - hidden;
            if !self.hiding && number > self.told_before {
                // The newline comes from the engine.
                let text = step.map_or(added.as_str(), |step| &step.text);
                output.step(number, self.total, text, step).await;
            } else if !self.hiding {
                self.skip_newline = true;
            }
            return;
        }
        if self.hiding || (std::mem::take(&mut self.skip_newline) && text == "\n") {
            return;
        }
        if text == CACHED {
            self.cached += 1;
        }
        output.printed(text).await;
    }

    /// The engine announces a step in a piece of its own, without a newline, and in order: what a RUN
    /// prints is never taken for it.
    fn next_step(&self, text: &str) -> Option<String> {
        let (number, rest) = text.strip_prefix("Step ")?.split_once('/')?;
        let (_, instruction) = rest.split_once(" : ")?;
        (number.parse() == Ok(self.begun + 1) && !text.ends_with('\n')).then(|| instruction.to_owned())
    }

    /// An error with the engine's line numbers as one with the learner's.
    pub(super) fn error(&self, scope: &Scope, message: &str) -> String {
        let message = scope.scrub(message);
        for words in ["dockerfile parse error line ", "dockerfile parse error on line "] {
            let Some((before, rest)) = message.split_once(words) else { continue };
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let line = rest[..digits].parse::<usize>().ok().and_then(|line| line.checked_sub(1 + self.lines_before));
            if let Some(step) = line.and_then(|index| self.steps.get(index)) {
                return format!("{before}{words}{}{}", step.line, &rest[digits..]);
            }
        }
        message
    }
}
