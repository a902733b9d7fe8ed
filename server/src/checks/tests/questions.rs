use gateway::host::{Image, Layer};

use super::{World, id, reference};
use crate::checks::{Answer, Marked, Question, mark};

fn question(answer: Answer) -> Question {
    Question {
        id: "question".to_owned(),
        prompt: "?".to_owned(),
        placeholder: String::new(),
        answer,
        right: "Yes: {answer}".to_owned(),
        wrong: "Look again".to_owned(),
    }
}

fn layers(digests: &[&str]) -> Vec<Layer> {
    digests.iter().map(|digest| Layer { digest: id(digest), size: 1, instruction: String::new() }).collect()
}

fn world() -> World {
    let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    World::empty()
        .image("nginx:latest")
        .last_image(|image: &mut Image| {
            image.size = 212_400_000;
            image.layers = layers(&["base", "nginx", "page"]);
            image.exposed_ports = list(&["80/tcp"]);
            image.env = list(&["PATH=/bin", "NGINX_VERSION=1.2.3"]);
            image.entrypoint = list(&["/docker-entrypoint.sh"]);
            image.cmd = list(&["nginx", "-g", "daemon off;"]);
        })
        .image("alpine:latest")
        .last_image(|image| {
            image.size = 7_800_000;
            image.layers = layers(&["base"]);
            image.cmd = list(&["/bin/sh"]);
        })
}

#[track_caller]
fn marks(answer: Answer, right: &[&str], feedback: &str, wrong: &[&str]) {
    let question = question(answer);
    let world = world();
    for text in right {
        assert_eq!(mark(&question, text, &world.facts()), Marked { right: true, feedback: format!("Yes: {feedback}") }, "{text:?}");
    }
    for text in wrong {
        assert_eq!(mark(&question, text, &world.facts()), Marked { right: false, feedback: "Look again".to_owned() }, "{text:?}");
    }
}

#[test]
fn a_choice_is_right_by_its_number() {
    let options = ["a", "b", "c"].map(str::to_owned).to_vec();
    marks(Answer::Choice { right: 1, options }, &["1", " 1 "], "b", &["0", "2", "3", "b", "-1"]);
}

#[test]
fn a_text_is_right_without_regard_to_case_space_and_quotes() {
    let accepted = ["docker.io", "Docker Hub"].map(str::to_owned).to_vec();
    marks(Answer::Text(accepted), &["docker.io", " Docker.IO. ", "`docker.io`", "docker  hub"], "docker.io", &["docker", "hub.io"]);
}

#[test]
fn layers_are_counted_in_the_learners_own_image() {
    let nginx = || Answer::ImageLayers(reference("nginx"));
    marks(nginx(), &["3", "three", "3 layers", "It has 3."], "3", &["4", "0", "33"]);
    let marked = mark(&question(nginx()), "a few", &world().facts());
    assert_eq!(marked, Marked { right: false, feedback: "That is not a number. Look again".to_owned() });
}

#[test]
fn shared_layers_are_those_with_the_same_digest() {
    marks(Answer::SharedLayers(reference("nginx"), reference("alpine")), &["1", "one"], "1", &["3", "0"]);
}

#[test]
fn an_exposed_port_is_right_with_and_without_its_protocol() {
    marks(Answer::ExposedPort(reference("nginx")), &["80", "80/tcp", " 80/TCP "], "80/tcp", &["8080", "8", "80/udp", "tcp"]);
    marks(Answer::ExposedPort(reference("alpine")), &[], "", &["80"]);
}

#[test]
fn the_smallest_image_is_found_by_its_size() {
    marks(Answer::SmallestImage(vec![reference("nginx"), reference("alpine")]), &["1"], "alpine", &["0", "2", "alpine"]);
}

#[test]
fn a_size_may_be_rounded_and_in_any_unit() {
    marks(
        Answer::ImageSize(reference("nginx")),
        &["212MB", "212", "about 210 mb", "0.21 GB", "0,21gb", "203 MiB", "212400 kB"],
        "212 MB",
        &["21 MB", "212 kB", "240MB"],
    );
    marks(Answer::ImageSize(reference("alpine")), &["7.8MB"], "7.8 MB", &["78MB"]);
    let marked = mark(&question(Answer::ImageSize(reference("nginx"))), "large", &world().facts());
    assert_eq!(marked.feedback, "That is not a size. Look again");
}

#[test]
fn a_quotient_of_sizes_may_be_rough() {
    let answer = Answer::SizeRatio { large: reference("nginx"), small: reference("alpine") };
    marks(answer, &["27", "30", "about 25", "25x", "27.2"], "27", &["10", "40", "0"]);
}

#[test]
fn a_variable_is_right_by_its_value() {
    let answer = Answer::Env { image: reference("nginx"), name: "NGINX_VERSION".to_owned() };
    marks(answer, &["1.2.3", " 1.2.3 ", "NGINX_VERSION=1.2.3"], "1.2.3", &["1.2", "NGINX_VERSION", "/bin"]);
}

#[test]
fn a_command_is_right_however_it_is_written() {
    marks(Answer::DefaultCommand(reference("alpine")), &["/bin/sh", "sh", "[\"/bin/sh\"]", "\"/bin/sh\""], "/bin/sh", &["bash", "bin"]);
    marks(
        Answer::DefaultCommand(reference("nginx")),
        &["nginx -g 'daemon off;'", "nginx", "/docker-entrypoint.sh nginx -g \"daemon off;\""],
        "/docker-entrypoint.sh nginx -g daemon off;",
        &["/docker-entrypoint.sh", "nginx -g"],
    );
}

#[test]
fn an_image_id_is_right_by_its_beginning() {
    let whole = id("nginx:latest");
    let short = whole[7..19].to_owned();
    let upper = short.to_uppercase();
    marks(Answer::ImageId(reference("nginx")), &[&whole, &short, &upper], &short, &[&short[..4], &id("alpine:latest")[7..19]]);
}

#[test]
fn without_the_image_the_learner_is_told_to_pull_it() {
    for answer in [
        Answer::ImageLayers(reference("redis")),
        Answer::ExposedPort(reference("redis")),
        Answer::SmallestImage(vec![reference("alpine"), reference("redis")]),
        Answer::SizeRatio { large: reference("redis"), small: reference("alpine") },
        Answer::SharedLayers(reference("alpine"), reference("redis")),
        Answer::Env { image: reference("redis"), name: "PATH".to_owned() },
    ] {
        let marked = mark(&question(answer), "0", &world().facts());
        let feedback = "redis:latest is not on your host, and the answer is worked out from your own copy of it: `docker pull redis` first";
        assert_eq!(marked, Marked { right: false, feedback: feedback.to_owned() });
    }
}

#[test]
fn an_empty_answer_is_no_answer() {
    let marked = mark(&question(Answer::Text(vec![String::new()])), "  ", &world().facts());
    assert_eq!(marked, Marked { right: false, feedback: "There is no answer yet: give one, then check it".to_owned() });
}
