//! An instruction, understood: what is told of it, and what is to be done.

/// What is to be done for an instruction beyond its own image's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    /// A folder is to be there.
    Folder(String),
    Run(Run),
    Copy(Copy),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Words of the command, the shell's among them.
    pub(crate) command: Vec<String>,
    /// `NAME=value`, arguments and all.
    pub(crate) environment: Vec<String>,
    /// What of it counts for the cache.
    pub(crate) counted: Vec<String>,
    /// There is something in it that the image doesn't have.
    pub(crate) more_than_image: bool,
    /// A script with a `#!` of its own: its name and content.
    pub(crate) script: Option<(String, String)>,
    pub(crate) network: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) sources: Vec<String>,
    /// Written in the Dockerfile: names and contents.
    pub(crate) files: Vec<(String, String)>,
    /// Absolute and clean.
    pub(crate) destination: String,
    /// It was written with a slash at its end: a folder, whether it is there or not.
    pub(crate) into_folder: bool,
    pub(crate) owner: Option<String>,
    pub(crate) mode: Option<u32>,
    /// ADD.
    pub(crate) unpacks: bool,
}

/// An instruction, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its text in the history, as BuildKit has it and as the classic builder has it.
    pub(crate) told: [String; 2],
    pub(crate) action: Action,
}

impl Copy {
    /// To take one thing.
    pub(crate) fn of_one(source: String) -> Self {
        Self {
            sources: vec![source],
            files: Vec::new(),
            destination: "/".to_owned(),
            into_folder: false,
            owner: None,
            mode: None,
            unpacks: false,
        }
    }
}

impl Step {
    /// It changes the image's configuration, and that is all.
    pub(super) fn nothing(told: String) -> Self {
        Self { told: [told.clone(), told], action: Action::Nothing }
    }
}
