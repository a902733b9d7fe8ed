//! What a build tells, in the words of the client that it was asked for by: the classic builder's lines, or
//! BuildKit's vertices.

use crate::{
    buildkit::vertices::Vertices,
    images::{
        message::{Aux, Message, Messages},
        view::short,
    },
    limits,
    reference::Reference,
};

/// Bytes of output that a quiet build keeps, to tell when it fails.
const MAX_HELD_BYTES: usize = 256 * 1024;
const STDERR: i64 = 2;

/// What the learner reads.
pub(super) enum Output {
    /// Of the Engine API's own build: lines of text.
    Text(Text),
    /// Of BuildKit's.
    Vertices {
        vertices: Vertices,
        /// Bytes that the step has printed.
        printed: usize,
    },
}

/// A quiet build (`-q`) tells only its end.
pub(super) struct Text {
    messages: Messages,
    held: Option<String>,
    /// Build arguments that no ARG asked for.
    unused: Vec<String>,
    /// Containers of steps are told to have been removed.
    removes: bool,
}

impl Output {
    pub(super) fn text(messages: Messages, quiet: bool, removes: bool) -> Self {
        Self::Text(Text { messages, held: quiet.then(String::new), unused: Vec::new(), removes })
    }

    pub(super) fn vertices(vertices: Vertices) -> Self {
        Self::Vertices { vertices, printed: 0 }
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

    async fn line(&mut self, line: String) {
        if let Self::Text(output) = self {
            output.tell(Message::stream(line)).await;
        }
    }

    /// Another build runs. A BuildKit client was told before.
    pub(super) async fn waits(&mut self) {
        self.line("lunchbox: another build runs on this host. This one begins when it has ended.\n".to_owned()).await;
    }

    /// An image is looked for, and pulled where it isn't there.
    pub(super) async fn find(&mut self, reference: &str) {
        if let Self::Vertices { vertices, .. } = self {
            vertices.begin(format!("[internal] load metadata for {reference}")).await;
        }
    }

    /// `Step 1/5 : FROM python`
    pub(super) async fn announce(&mut self, number: usize, of: usize, text: &str) {
        self.line(format!("Step {number}/{of} : {text}")).await;
        self.line("\n".to_owned()).await;
    }

    /// A base's triggers come next.
    pub(super) async fn triggers(&mut self, count: usize) {
        self.line(format!("# Executing {count} build trigger{}", if count == 1 { "" } else { "s" })).await;
        self.line("\n".to_owned()).await;
    }

    /// To be told at the end, if that is a good one.
    pub(super) fn unused(&mut self, arguments: &[String]) {
        if let Self::Text(output) = self {
            output.unused = arguments.to_vec();
        }
    }

    /// A step begins that BuildKit calls `name`; without one, it doesn't tell of it.
    pub(super) async fn begin(&mut self, name: Option<&str>) {
        if let Self::Vertices { vertices, printed } = self {
            *printed = 0;
            match name {
                Some(name) => vertices.begin(name).await,
                None => vertices.done().await,
            }
        }
    }

    pub(super) async fn running(&mut self, container: &str) {
        self.line(format!(" ---> Running in {}\n", short(container))).await;
    }

    pub(super) async fn removed(&mut self, container: &str) {
        if matches!(self, Self::Text(Text { removes: true, .. })) {
            self.line(format!(" ---> Removed intermediate container {}\n", short(container))).await;
        }
    }

    pub(super) async fn cached(&mut self) {
        match self {
            Self::Text(output) => output.tell(Message::stream(" ---> Using cache\n")).await,
            Self::Vertices { vertices, .. } => vertices.cached(),
        }
    }

    /// The image as it is after a step.
    pub(super) async fn made(&mut self, image_id: &str) {
        self.line(format!(" ---> {}\n", short(image_id))).await;
    }

    /// What a step prints, on standard output (1) or standard error (2).
    pub(super) async fn printed(&mut self, stream: i64, text: &str) {
        match self {
            Self::Text(output) if stream == STDERR => output.tell(Message::stream(format!("\x1b[91m{text}\x1b[0m"))).await,
            Self::Text(output) => output.tell(Message::stream(text)).await,
            Self::Vertices { vertices, printed } => {
                let before = *printed;
                *printed = before.saturating_add(text.len());
                if *printed <= limits::MAX_STEP_LOG_BYTES {
                    vertices.log(stream, text).await;
                } else if before <= limits::MAX_STEP_LOG_BYTES {
                    vertices.log(stream, "[output clipped, log limit 2MiB reached]\n").await;
                }
            }
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
            Self::Vertices { vertices, .. } => vertices.failed(error).await,
        }
    }

    /// The last words of a build that succeeded; a quiet one says its image's ID only.
    pub(super) async fn succeeded(&mut self, image_id: &str, names: &[Reference]) {
        match self {
            Self::Text(Text { messages, held: Some(_), .. }) => messages.tell(Message::stream(format!("{image_id}\n"))).await,
            Self::Text(output) => {
                let aux = Aux { id: Some(image_id.to_owned()), ..Aux::default() };
                output.tell(Message { aux: Some(aux), ..Message::default() }).await;
                if !output.unused.is_empty() {
                    let names = output.unused.join(" ");
                    output.tell(Message::stream(format!("[Warning] One or more build-args [{names}] were not consumed\n"))).await;
                }
                output.tell(Message::stream(format!("Successfully built {}\n", short(image_id)))).await;
                for name in names {
                    output.tell(Message::stream(format!("Successfully tagged {}\n", name.familiar()))).await;
                }
            }
            Self::Vertices { vertices, .. } => {
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
