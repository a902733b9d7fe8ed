//! What a build tells, as the learner would have it: their lines, their numbers, nothing of ours.

use crate::{
    images::message::{Message, Messages},
    scope::Scope,
};

use super::written::Step;

/// Bytes of output that a quiet build keeps, to tell when it fails.
const MAX_HELD_BYTES: usize = 256 * 1024;
const CACHED: &str = " ---> Using cache\n";

/// What the learner reads. A quiet build (`-q`) tells only its end.
pub(super) struct Output {
    messages: Messages,
    held: Option<String>,
}

impl Output {
    pub(super) fn new(messages: Messages, quiet: bool) -> Self {
        Self { messages, held: quiet.then(String::new) }
    }

    /// Where a pull in the middle of a build tells how it goes.
    pub(super) fn messages(&self) -> Messages {
        if self.held.is_some() { Messages::silent() } else { self.messages.clone() }
    }

    pub(super) async fn tell(&mut self, message: Message) {
        match &mut self.held {
            None => self.messages.tell(message).await,
            Some(held) => {
                if let Some(text) = message.stream.filter(|text| held.len() + text.len() <= MAX_HELD_BYTES) {
                    held.push_str(&text);
                }
            }
        }
    }

    /// `Step 1/5 : FROM python`
    pub(super) async fn step(&mut self, number: usize, of: usize, text: &str) {
        self.tell(Message::stream(format!("Step {number}/{of} : {text}"))).await;
        self.tell(Message::stream("\n")).await;
    }

    /// Whatever was kept back comes now, since the build has failed.
    pub(super) async fn failed(&mut self) {
        if let Some(held) = self.held.take().filter(|held| !held.is_empty()) {
            self.messages.tell(Message::stream(held)).await;
        }
    }

    /// The last words of a build that succeeded; a quiet one says its image's ID only.
    pub(super) async fn succeeded(&mut self, image_id: &str, names: &[String]) {
        if self.held.is_some() {
            self.messages.tell(Message::stream(format!("{image_id}\n"))).await;
            return;
        }
        for name in names {
            self.messages.tell(Message::stream(format!("Successfully tagged {name}\n"))).await;
        }
    }
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
                output.tell(Message::stream(format!("Step {number}/{} : {text}", self.total))).await;
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
        output.tell(Message::stream(text)).await;
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
