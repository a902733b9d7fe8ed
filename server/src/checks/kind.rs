//! The kinds of checks a lesson can ask for.

use super::Reference;

/// One thing that must be so for a step to be passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Unique in its step; progress is kept under it.
    pub id: String,
    /// Plain text: what must be so.
    pub goal: String,
    pub kind: CheckKind,
}

/// What is looked at. State counts, not spelling: an image is the same under every way to write its
/// reference, and a container belongs to its image also when it was started by the image's ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckKind {
    /// On the host, now.
    Image(Reference),
    /// All of them on the host, now.
    Images(Vec<Reference>),
    /// Came from a registry at least once.
    Pulled(Reference),
    /// The learner listed images and saw all of these, in one list.
    Listed(Vec<Reference>),
    Inspected(Reference),
    /// `docker history`.
    HistoryViewed(Reference),
    /// An image bears a second name.
    Tagged(TagCheck),
    Built {
        image: Reference,
        /// At least one step of the build must have come from the cache.
        from_cache: bool,
    },
    Pushed(TagCheck),
    Container(ContainerCheck),
    /// A container was started; it may have ended or been removed since.
    WasRun(ContainerOf),
    /// There was such a container, and there is none now.
    RemovedContainer(ContainerOf),
    /// The image was on the host, and isn't now.
    RemovedImage(Reference),
    LogsRead(ContainerOf),
    ExecUsed(ContainerOf),
    /// `docker diff`.
    Diffed(ContainerOf),
}

/// Which image, and which other name it must bear or be pushed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCheck {
    /// The image that is named or pushed, by a reference that it has or had.
    pub image: Reference,
    /// Host of the registry that the name must begin with: `registry.lunchbox`. `None`: any.
    pub registry: Option<String>,
    /// The very name. `None`: any that isn't `image` itself.
    pub name: Option<Reference>,
}

/// A container, by its image, its name, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerOf {
    pub image: Option<Reference>,
    /// Exactly this name: `app-1` is not `app-10`.
    pub name: Option<String>,
}

/// A container as it must be now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerCheck {
    pub of: ContainerOf,
    pub state: StateWanted,
    pub publishes: Option<Publishes>,
    /// The published port must answer HTTP.
    pub answers: Option<Answers>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateWanted {
    Running,
    /// Has run and has ended.
    Exited,
    Any,
}

/// A port of the container (TCP) under a port of the learner's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publishes {
    pub host: u16,
    pub container: u16,
}

/// What the answer to `GET /` must be like; that it isn't a server error is always asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Text that the beginning of the page must contain.
    pub containing: Option<String>,
}
