//! Questions, and answers that are worked out from the learner's own images.

use super::{Facts, Reference};

/// One question of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Unique in its step.
    pub id: String,
    /// HTML, inline.
    pub prompt: String,
    /// For the field of a typed answer: of what form it is.
    pub placeholder: String,
    pub answer: Answer,
    /// Plain text, said when the answer is right; `{answer}` stands for what was worked out.
    pub right: String,
    /// Plain text, said when it is wrong: where to look.
    pub wrong: String,
}

/// What makes an answer right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Choice {
        /// Of `options`, from 0.
        right: usize,
        /// HTML, inline.
        options: Vec<String>,
    },
    /// One of these, without regard to case and surrounding space.
    Text(Vec<String>),
    /// How many layers the image has.
    ImageLayers(Reference),
    /// How many layers both images have in common.
    SharedLayers(Reference, Reference),
    /// A port that the image exposes.
    ExposedPort(Reference),
    /// Which of them is the smallest; the options are these images.
    SmallestImage(Vec<Reference>),
    /// Its size as `docker images` shows it, roughly.
    ImageSize(Reference),
    /// How many times the second one would fit into the first, roughly.
    SizeRatio { large: Reference, small: Reference },
    /// The value of a variable in the image's configuration.
    Env { image: Reference, name: String },
    /// What a container from the image runs when nothing else is said.
    DefaultCommand(Reference),
    /// The image's ID, or its beginning.
    ImageId(Reference),
}

/// A marked answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub right: bool,
    /// Plain text.
    pub feedback: String,
}

/// Marks an answer. A choice is answered by the option's number, counted from 0.
pub fn mark(question: &Question, answer: &str, facts: &Facts<'_>) -> Marked {
    let _ = (answer, facts);
    Marked { right: false, feedback: question.wrong.clone() }
}
