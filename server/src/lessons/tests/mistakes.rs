//! What is wrong in a lesson's files is told with file and line, and hurts no other lesson.

use super::{Folder, LESSON, READ};
use crate::lessons::{markdown::Markdown, source::Source, step_file};

/// A lab step; what stands for CHECK begins in line 4.
const LAB: &str = "+++
title = \"Pull\"
kind = \"lab\"
CHECK
[[hint]]
text = \"Think\"
[[hint]]
text = \"Think again\"
[solution]
text = \"Do it\"
+++
Some text.
";

/// A lab step whose only check could not be read.
const NO_CHECK: &str = "1: a step of the lab or the practice needs a check: hands-on work is looked at";

#[track_caller]
fn step_fails(text: &str, expected: &[&str]) {
    let (library, mistakes) = Folder::new().with_lesson("01-broken").with("01-broken/02-step.md", text).with_lesson("02-fine").load();
    let expected: Vec<String> = expected.iter().map(|mistake| format!("01-broken/02-step.md:{mistake}")).collect();
    assert_eq!(mistakes, expected);
    assert!(library.lesson("broken").is_none(), "a lesson with mistakes is not served");
    assert!(library.lesson("fine").is_some(), "the other lesson is");
}

#[track_caller]
fn check_fails(check: &str, expected: &[&str]) {
    step_fails(&LAB.replace("CHECK", check), expected);
}

#[test]
fn a_sound_lesson_is_loaded_whole() {
    let step = LAB.replace("CHECK", "[[check]]\nid = \"image\"\ngoal = \"nginx is there\"\nimage = \"nginx\"");
    let (library, mistakes) = Folder::new().with_lesson("01-fine").with("01-fine/02-pull.md", &step).load();
    assert_eq!(mistakes, [""; 0]);
    let lesson = library.lesson("fine").expect("the lesson is there");
    assert_eq!((lesson.title.as_str(), lesson.minutes, lesson.steps.len()), ("A lesson", 5, 2));
    let pull = lesson.step("pull").expect("the step is there");
    assert!(pull.is_checked() && pull.check("image").is_some() && pull.hints.len() == 2 && pull.solution.is_some());
}

#[test]
fn lessons_come_in_the_order_of_their_numbers() {
    let (library, _) = Folder::new().with_lesson("02-a").with_lesson("10-b").with_lesson("01-c").load();
    let slugs: Vec<String> = library.lessons().iter().map(|lesson| lesson.slug.clone()).collect();
    assert_eq!(slugs, ["c", "a", "b"]);
}

#[test]
fn the_introduction_stands_before_the_first_step() {
    let (library, _) = Folder::new().with_lesson("01-x").with("01-x/lesson.md", &format!("{LESSON}Welcome.\n")).load();
    let lesson = library.lesson("x").expect("the lesson is there");
    assert_eq!(lesson.steps[0].html, "<p>Welcome.</p>\n<p>Some text.</p>\n");
}

#[test]
fn front_matter_must_be_there_and_be_toml() {
    step_fails("Just text\n", &["1: a lesson's file begins with a line of +++, the front matter in TOML, and another line of +++"]);
    step_fails("+++\ntitle = \"x\"\n", &["1: the front matter has no end: a second line of +++ is missing"]);
    let (_, mistakes) = Folder::new().with_lesson("01-x").with("01-x/02-y.md", "+++\ntitle = \"x\"\nkind = lab\n+++\nText\n").load();
    assert!(mistakes.iter().any(|mistake| mistake.starts_with("01-x/02-y.md:3: not TOML: ")), "{mistakes:?}");
}

#[test]
fn unknown_keys_are_mistakes_with_a_suggestion() {
    step_fails(
        "+++\ntitle = \"x\"\nkind = \"foundation\"\ntitel = \"y\"\n+++\nText\n",
        &["4: a step has no key `titel`; did you mean `title`?"],
    );
    check_fails(
        "[[check]]\nid = \"a\"\ngoal = \"It is so\"\nimages = [\"nginx\"]\ncontainr = 1",
        &["8: a check has no key `containr`; did you mean `container`?"],
    );
    check_fails(
        "[[check]]\nid = \"a\"\ngoal = \"It is so\"\ncontainer = { image = \"nginx\", publish = { host = 1, container = 1 } }",
        &["7: `container` has no key `publish`; did you mean `publishes`?"],
    );
}

#[test]
fn what_is_needed_is_named() {
    step_fails("+++\n+++\nText\n", &["1: a step needs `kind`", "1: a step needs `title`"]);
    step_fails(
        "+++\ntitle = \"x\"\nkind = \"labb\"\n+++\n\n",
        &["3: no kind of step is called \"labb\"; did you mean \"lab\"?", "5: the step has no text"],
    );
    check_fails("[[check]]\nid = \"a\"\nimage = \"nginx\"", &[NO_CHECK, "4: a check needs `goal`"]);
}

#[test]
fn values_must_be_of_their_kind() {
    for (line, message) in [
        ("image = 1", "7: `image` is a text in quotes, not this integer"),
        ("image = \"\"", "7: `image` is empty"),
        ("image = \"Nginx\"", "7: \"Nginx\" is not an image name: a repository is written in lowercase letters, digits and . _ - /"),
        ("images = []", "7: `images` names no image"),
        ("container = \"nginx\"", "7: `container` is a table in braces, not this string"),
        ("container = {}", "7: a container is told by its `image`, its `name`, or both"),
        ("container = { image = \"nginx\", state = \"up\" }", "7: \"up\" is no state; there are running, exited, any"),
        ("container = { image = \"nginx\", publishes = { host = 0, container = 80 } }", "7: `host` is out of range"),
        ("container = { image = \"nginx\", publishes = { host = 70000, container = 80 } }", "7: `host` is out of range"),
        ("container = { image = \"nginx\", publishes = { host = 80 } }", "7: `publishes` needs `container`"),
        ("container = { image = \"nginx\", answers_http = 1 }", "7: `answers_http` is a table in braces, not this integer"),
        ("removed = {}", "7: `removed` is about one of `image` and `container`"),
        ("tagged = { registry = \"registry.lunchbox\" }", "7: `tagged` needs `image`"),
    ] {
        let check = format!("[[check]]\nid = \"a\"\ngoal = \"It is so\"\n{line}");
        check_fails(&check, &[NO_CHECK, message]);
    }
}

#[test]
fn a_check_looks_at_exactly_one_thing_at_one_time() {
    let kinds =
        "image, images, pulled, listed, inspected, history_viewed, tagged, built, pushed, container, removed, logs_read, exec_used, diffed";
    check_fails(
        "[[check]]\nid = \"a\"\ngoal = \"It is so\"",
        &[NO_CHECK, &format!("4: a check needs one thing to look at: one of {kinds}")],
    );
    check_fails(
        "[[check]]\nid = \"a\"\ngoal = \"It is so\"\nimage = \"a\"\nlisted = \"a\"",
        &[NO_CHECK, "8: a check looks at one thing; make two checks of it"],
    );
    check_fails(
        "[[check]]\nid = \"a\"\ngoal = \"It is so\"\ncontainer = { image = \"a\", was_run = true, state = \"running\" }",
        &["7: `was_run` is about the past; state, publishes and answers_http are about now: make two checks of it"],
    );
    check_fails(
        "[[check]]\nid = \"a\"\ngoal = \"It is so\"\ncontainer = { image = \"a\", state = \"exited\", answers_http = true }",
        &["7: only a running container answers HTTP"],
    );
}

#[test]
fn checks_must_be_told_apart() {
    let check = |id: &str, goal: &str, image: &str| format!("[[check]]\nid = \"{id}\"\ngoal = \"{goal}\"\nimage = \"{image}\"\n");
    let two = |one: String, other: String| one + &other;
    check_fails(&two(check("a", "A", "a"), check("a", "B", "b")), &["1: two checks or questions of this step have the ID a"]);
    check_fails(
        &two(check("a", "A", "a"), check("b", "A", "b")),
        &["1: two checks have the goal \"A\"; a learner could not tell which one failed"],
    );
    check_fails(
        &two(check("a", "A", "nginx"), check("b", "B", "docker.io/library/nginx:latest")),
        &["1: two checks of this step look at the very same thing"],
    );
    check_fails(
        &check("An ID", "A", "a"),
        &[NO_CHECK, "5: \"An ID\" is no ID: IDs are lowercase letters and digits, with hyphens between words"],
    );
}

#[test]
fn a_checked_step_must_not_leave_the_learner_alone() {
    step_fails(
        "+++\ntitle = \"x\"\nkind = \"lab\"\n[[check]]\nid = \"a\"\ngoal = \"A\"\nimage = \"a\"\n[[hint]]\ntext = \"Think\"\n+++\nText\n",
        &["1: a step with checks needs 2 hints or more; this one has 1", "1: a step with checks needs a [solution]"],
    );
}

const QUESTION: &str = "+++
title = \"x\"
kind = \"recap\"
[[question]]
id = \"q\"
prompt = \"Why?\"
right = \"Yes\"
wrong = \"No\"
ANSWER
+++
Text
";

#[test]
fn questions_need_an_answer_that_can_be_right() {
    let no_question = "1: a recap needs a question or more";
    let kinds =
        "choice, text, image_layers, shared_layers, exposed_port, smaller_image, image_size, size_ratio, env, default_command, image_id";
    let fails = |answer: &str, expected: &[&str]| step_fails(&QUESTION.replace("ANSWER", answer), expected);
    fails("answer = {}", &[no_question, &format!("9: an answer is exactly one of {kinds}")]);
    fails("answer = { text = \"a\", image_layers = \"a\" }", &[no_question, &format!("9: an answer is exactly one of {kinds}")]);
    fails(
        "answer = { chioce = 1 }",
        &[no_question, "9: an answer has no key `chioce`; did you mean `choice`?", &format!("9: an answer is exactly one of {kinds}")],
    );
    fails("answer = { choice = 3, options = [\"a\", \"b\"] }", &["9: `choice` is 3, but there are only 2 options (counted from 1)"]);
    fails("answer = { choice = 0, options = [\"a\", \"b\"] }", &[no_question, "9: `choice` is out of range"]);
    fails("answer = { choice = 1, options = [\"a\"] }", &["9: a choice needs two options or more"]);
    fails("answer = { choice = 1, options = [\"a\", \"a\"] }", &["9: two options say the same"]);
    fails("answer = { text = [] }", &[no_question, "9: `text` accepts no answer at all"]);
    fails("answer = { smaller_image = \"a\" }", &["9: the smaller one of a single image is no question"]);
    fails("answer = { shared_layers = [\"a\"] }", &[no_question, "9: two images are compared, no more and no fewer"]);
    fails("answer = { env = { image = \"a\" } }", &[no_question, "9: `env` needs `name`"]);
}

#[test]
fn a_label_is_a_single_line() {
    step_fails(
        &QUESTION.replace("ANSWER", "answer = { text = \"a\" }").replace("\"Why?\"", "\"\"\"\nWhy?\n\n- so\n\"\"\""),
        &["7: this must be a single line of text, without lists, headings or paragraphs"],
    );
}

#[test]
fn mistakes_in_texts_of_the_front_matter_have_their_line() {
    let text = LAB
        .replace("CHECK", "[[check]]\nid = \"a\"\ngoal = \"A\"\nimage = \"a\"")
        .replace("text = \"Do it\"", "text = \"\"\"\nDo:\n\n```rnu\nls\n```\n\"\"\"");
    step_fails(&text, &["16: no fence is called `rnu`; did you mean `run`?"]);
}

#[test]
fn links_must_lead_somewhere() {
    step_fails(&format!("{READ}\n[a](raed) and [b](read)\n"), &["7: the lesson broken has no step raed; did you mean read?"]);
    step_fails(&format!("{READ}\n[a](/lessons/nowhere)\n"), &["7: there is no lesson nowhere"]);
    let (library, mistakes) =
        Folder::new().with_lesson("01-a").with_lesson("02-b").with("02-b/02-c.md", &format!("{READ}[a](/lessons/a/read)\n")).load();
    assert_eq!((library.lessons().len(), mistakes), (2, Vec::new()));
}

#[test]
fn names_of_files_and_folders_make_addresses() {
    let load = |path: &str| Folder::new().with_lesson("01-x").with(path, READ).load().1;
    for (path, expected) in [
        (
            "01-x/Read More.md",
            "01-x/Read More.md: its name must be of the form NN-step-id.md: a number, a hyphen, then lowercase words with hyphens",
        ),
        (
            "01-x/02-Two.md",
            "01-x/02-Two.md: its name must be of the form NN-step-id.md: a number, a hyphen, then lowercase words with hyphens",
        ),
        ("01-x/02-two.txt", "01-x/02-two.txt: a lesson's folder holds lesson.md and its steps, NN-step-id.md"),
        ("01-x/02-read.md", "01-x/02-read.md: there is another step with the ID read"),
    ] {
        assert_eq!(load(path), [expected]);
    }
    assert_eq!(load("x/lesson.md"), ["x: its name must be of the form NN-slug: a number, a hyphen, then lowercase words with hyphens"]);
    assert_eq!(load("02-x/lesson.md"), ["02-x: there is another lesson with the slug x"]);
    assert_eq!(load("README.md"), [""; 0]);
}

#[test]
fn a_lesson_needs_to_say_what_it_is_and_to_have_steps() {
    let (library, mistakes) = Folder::new().with("01-x/lesson.md", "+++\ntitle = \"x\"\nminutes = 0\nauthor = \"me\"\n+++\n").load();
    assert_eq!(
        mistakes,
        [
            "01-x: the lesson has no steps: each is a file NN-step-id.md",
            "01-x/lesson.md:1: a lesson needs `summary`",
            "01-x/lesson.md:3: `minutes` is out of range",
            "01-x/lesson.md:4: a lesson has no key `author`; there are title, summary, minutes",
        ]
    );
    assert!(library.lessons().is_empty());
    let (_, mistakes) = Folder::new().with("01-x/01-read.md", READ).load();
    assert_eq!(mistakes, ["01-x: the lesson has no lesson.md with its title, summary and minutes"]);
}

#[test]
fn a_missing_folder_is_told_and_no_reason_to_fall_over() {
    let (library, mistakes) = super::Library::load(std::path::Path::new("/nowhere/at/all"));
    assert!(library.lessons().is_empty());
    assert!(mistakes.len() == 1 && mistakes[0].to_string().starts_with("/nowhere/at/all: the folder of lessons could not be read: "));
}

#[test]
fn a_warning_does_not_keep_a_lesson_from_being_served() {
    let (library, mistakes) = Folder::new().with_lesson("01-x").with("01-x/02-y.md", &READ.replace("Some text", "It has 7 MB")).load();
    assert!(mistakes.len() == 1 && mistakes[0].starts_with("01-x/02-y.md:5: warning: the text names a size (7 MB)"), "{mistakes:?}");
    assert_eq!(library.lesson("x").map(|lesson| lesson.steps.len()), Some(2));
}

#[test]
fn a_file_cut_off_anywhere_is_no_reason_to_fall_over() {
    let whole = include_str!("../../../../lessons/01-docker-images/02-layers.md");
    for (end, _) in whole.char_indices().step_by(5) {
        let source = Source::new("02-cut.md".into(), whole[..end].to_owned());
        let step = step_file::step(&source, &Markdown::new(&source, "cut"), "cut".to_owned());
        let mistakes = source.into_mistakes();
        assert!(step.is_some() || mistakes.iter().any(|mistake| !mistake.warning), "cut off at {end}, and nobody says why");
    }
}
