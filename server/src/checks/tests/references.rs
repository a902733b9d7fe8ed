use super::{super::Reference, reference};

#[test]
fn every_way_to_write_a_reference_means_the_same_image() {
    for text in
        ["nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "docker.io/library/nginx:latest", "index.docker.io/library/nginx"]
    {
        assert_eq!(reference(text), reference("nginx"), "{text}");
        assert!(reference("nginx").is(text), "{text}");
    }
}

#[test]
fn another_tag_namespace_or_registry_is_another_image() {
    for text in ["nginx:1", "me/nginx", "registry.lunchbox/nginx", "localhost/nginx", "host:5000/nginx", "nginx1", "ngin", "<none>:<none>"]
    {
        assert!(!reference("nginx").is(text), "{text}");
    }
}

#[test]
fn a_reference_is_shown_as_docker_images_shows_it_and_spoken_without_what_goes_without_saying() {
    for (text, shown, spoken) in [
        ("docker.io/library/nginx", "nginx:latest", "nginx"),
        ("nginx:1", "nginx:1", "nginx:1"),
        ("me/app", "me/app:latest", "me/app"),
        ("registry.lunchbox/hello:1", "registry.lunchbox/hello:1", "registry.lunchbox/hello:1"),
        ("host:5000/a/b", "host:5000/a/b:latest", "host:5000/a/b"),
    ] {
        assert_eq!((reference(text).to_string().as_str(), reference(text).spoken().as_str()), (shown, spoken));
    }
}

#[test]
fn what_docker_refuses_is_no_reference_and_says_why() {
    for (text, why) in [
        ("", "an image name can't be empty"),
        ("Nginx", "\"Nginx\" is not an image name: a repository is written in lowercase letters, digits and . _ - /"),
        ("a//b", "\"a//b\" is not an image name: a repository is written in lowercase letters, digits and . _ - /"),
        ("nginx:", "\"\" is not a tag: tags are letters, digits and . _ -, and don't start with . or -"),
        ("nginx:-x", "\"-x\" is not a tag: tags are letters, digits and . _ -, and don't start with . or -"),
        ("nginx@sha256:12", "\"sha256:12\" is not a digest: one looks like sha256: and 64 hex digits"),
    ] {
        let error = Reference::parse(text).expect_err("it is no reference").to_string();
        assert_eq!(error, why, "{text}");
    }
}
