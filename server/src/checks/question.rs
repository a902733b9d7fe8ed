//! Questions, and answers that are worked out from the learner's own images.

mod answer;

use gateway::host::Image;

use self::answer::plain;
use super::{Facts, Reference, known};

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

/// How far off a size may be: a learner rounds, and `docker images` does too.
const SIZE_TOLERANCE: f64 = 0.1;
/// How far off a quotient of two rounded sizes may be.
const RATIO_TOLERANCE: f64 = 0.25;
/// Hex digits of an image's ID that are enough; `docker images` shows twelve.
const MIN_ID_DIGITS: usize = 8;

/// Marks an answer. A choice is answered by the option's number, counted from 0.
pub fn mark(question: &Question, answer: &str, facts: &Facts<'_>) -> Marked {
    if answer.trim().is_empty() {
        return wrong("There is no answer yet: give one, then check it");
    }
    if let Some(missing) = question.answer.images().into_iter().find(|image| known::on_host(image, facts).is_none()) {
        return wrong(format!(
            "{missing} is not on your host, and the answer is worked out from your own copy of it: `docker pull {}` first",
            missing.spoken()
        ));
    }
    match question.answer.compare(answer, facts) {
        Comparison::Right(answer) => Marked { right: true, feedback: question.right.replace("{answer}", &answer) },
        Comparison::Wrong => wrong(question.wrong.clone()),
        Comparison::Unreadable(what) => wrong(format!("{what}. {}", question.wrong)),
    }
}

fn wrong(feedback: impl Into<String>) -> Marked {
    Marked { right: false, feedback: feedback.into() }
}

enum Comparison {
    /// With the answer as it was worked out.
    Right(String),
    Wrong,
    /// What it isn't: "That is not a number".
    Unreadable(&'static str),
}

impl Comparison {
    fn when(right: bool, answer: impl ToString) -> Self {
        if right { Self::Right(answer.to_string()) } else { Self::Wrong }
    }
}

impl Answer {
    /// The images that must be on the host for the answer to be worked out.
    fn images(&self) -> Vec<&Reference> {
        match self {
            Self::Choice { .. } | Self::Text(_) => Vec::new(),
            Self::ImageLayers(image)
            | Self::ExposedPort(image)
            | Self::ImageSize(image)
            | Self::DefaultCommand(image)
            | Self::ImageId(image)
            | Self::Env { image, .. } => vec![image],
            Self::SharedLayers(one, other) | Self::SizeRatio { large: one, small: other } => vec![one, other],
            Self::SmallestImage(images) => images.iter().collect(),
        }
    }

    fn compare(&self, answer: &str, facts: &Facts<'_>) -> Comparison {
        let found: Vec<&Image> = self.images().into_iter().filter_map(|image| known::on_host(image, facts)).collect();
        match (self, found.as_slice()) {
            (Self::Choice { right, options }, _) => {
                Comparison::when(answer.trim().parse() == Ok(*right), options.get(*right).map_or("", String::as_str))
            }
            (Self::Text(accepted), _) => {
                Comparison::when(accepted.iter().any(|text| plain(text) == plain(answer)), accepted.first().map_or("", String::as_str))
            }
            (Self::ImageLayers(_), [image]) => whole_number(answer, image.layers.len()),
            (Self::SharedLayers(..), [one, other]) => {
                whole_number(answer, one.layers.iter().filter(|layer| other.layers.iter().any(|its| its.digest == layer.digest)).count())
            }
            (Self::ExposedPort(_), [image]) => {
                let port = image.exposed_ports.iter().find(|port| {
                    let answer = plain(answer);
                    answer == **port || Some(answer.as_str()) == port.split('/').next()
                });
                port.map_or(Comparison::Wrong, |port| Comparison::Right(port.clone()))
            }
            (Self::SmallestImage(references), images) => {
                let smallest = (0..images.len()).min_by_key(|index| images[*index].size);
                let name = smallest.and_then(|index| references.get(index)).map(Reference::short).unwrap_or_default();
                Comparison::when(answer.trim().parse().ok() == smallest, name)
            }
            (Self::ImageSize(_), [image]) => match answer::bytes(answer) {
                Some(bytes) => Comparison::when(near(bytes, image.size as f64, SIZE_TOLERANCE), answer::megabytes(image.size)),
                None => Comparison::Unreadable("That is not a size"),
            },
            (Self::SizeRatio { .. }, [large, small]) => match answer::number(answer) {
                Some(number) => {
                    let ratio = large.size as f64 / (small.size as f64).max(1.0);
                    Comparison::when(near(number, ratio, RATIO_TOLERANCE), format!("{ratio:.0}"))
                }
                None => Comparison::Unreadable("That is not a number"),
            },
            (Self::Env { name, .. }, [image]) => {
                let prefix = format!("{name}=");
                let value = image.env.iter().find_map(|variable| variable.strip_prefix(&prefix)).unwrap_or_default();
                let given = answer.trim().trim_matches('"');
                Comparison::when(given.strip_prefix(&prefix).unwrap_or(given) == value, value)
            }
            (Self::DefaultCommand(_), [image]) => {
                answer::is_command(answer, &image.entrypoint, &image.cmd).map_or(Comparison::Wrong, Comparison::Right)
            }
            (Self::ImageId(_), [image]) => {
                let digits = plain(answer).trim_start_matches("sha256:").to_owned();
                let id = image.id.trim_start_matches("sha256:");
                let right = digits.len() >= MIN_ID_DIGITS && id.starts_with(&digits);
                Comparison::when(right, id.get(..12).unwrap_or(id))
            }
            // `mark` has seen to it that every image is there.
            _ => Comparison::Wrong,
        }
    }
}

fn whole_number(answer: &str, right: usize) -> Comparison {
    match answer::number(answer) {
        Some(number) => Comparison::when(number == right as f64, right),
        None => Comparison::Unreadable("That is not a number"),
    }
}

fn near(given: f64, right: f64, tolerance: f64) -> bool {
    (given - right).abs() <= right * tolerance
}
