//! The picture, looked at without eyes.

use super::{Arrival, Rect, Scene, Space, announce, container_texts, human_size, image_texts, instruction};
use crate::model::{
    ContainerState, ContainerView, HostView, ImageView, LayerTransferView, LayerView, PortView, RegistryImage, TransferView,
};

const SPACE: Space = Space { width: 840.0, height: 240.0 };

fn layers(sizes: &[(&str, u64)]) -> Vec<LayerView> {
    sizes
        .iter()
        .map(|(digest, size)| LayerView { digest: (*digest).to_owned(), size: *size, instruction: format!("RUN {digest}") })
        .collect()
}

fn image(name: &str, sizes: &[(&str, u64)]) -> ImageView {
    ImageView {
        id: format!("sha256:{name}"),
        references: vec![format!("{name}:latest")],
        size: sizes.iter().map(|(_, size)| size).sum(),
        layers: layers(sizes),
        exposed_ports: Vec::new(),
        env: Vec::new(),
        entrypoint: Vec::new(),
        cmd: Vec::new(),
        stand_in: false,
    }
}

fn container(name: &str, image: &str, state: ContainerState) -> ContainerView {
    ContainerView {
        id: format!("id-{name}"),
        name: name.to_owned(),
        image: image.to_owned(),
        image_id: format!("sha256:{image}"),
        state,
        exit_code: (state == ContainerState::Exited).then_some(0),
        command: "sh".to_owned(),
        ports: Vec::new(),
        writable_bytes: None,
        start_ms: None,
    }
}

fn in_registry(name: &str) -> RegistryImage {
    RegistryImage { reference: format!("{name}:latest"), stand_in: false, pushed: false }
}

/// nginx and python on one base; alpine by itself.
fn host() -> HostView {
    HostView {
        seq: 1,
        registry: ["nginx", "python", "alpine", "redis"].map(in_registry).to_vec(),
        images: vec![
            image("nginx", &[("base", 80_000_000), ("nginx", 60_000_000), ("conf", 1_200)]),
            image("alpine", &[("tiny", 8_000_000)]),
            image("python", &[("base", 80_000_000), ("python", 45_000_000)]),
        ],
        containers: vec![container("web", "nginx", ContainerState::Running), container("sh", "alpine", ContainerState::Exited)],
        transfers: Vec::new(),
    }
}

fn scene(host: &HostView) -> Scene {
    Scene::next(None, host, true, SPACE, 0.0)
}

fn overlap(one: Rect, other: Rect) -> bool {
    const ROUNDING: f64 = 0.01;
    one.x + ROUNDING < other.right()
        && other.x + ROUNDING < one.right()
        && one.y + ROUNDING < other.bottom()
        && other.y + ROUNDING < one.bottom()
}

fn assert_nothing_overlaps(scene: &Scene) {
    let mut rects: Vec<(String, Rect)> = Vec::new();
    rects.extend(scene.blocks.iter().map(|block| (block.key.clone(), block.rect)));
    rects.extend(scene.plates.iter().map(|plate| (plate.key.clone(), plate.rect)));
    rects.extend(scene.dishes.iter().flat_map(|dish| [(dish.key.clone(), dish.rect), (format!("{} writable", dish.key), dish.writable)]));
    for (index, (name, rect)) in rects.iter().enumerate() {
        assert!(rect.width > 0.0 && rect.height > 0.0, "{name} can't be seen: {rect:?}");
        assert!(rect.x >= scene.host.x && rect.right() <= scene.host.right(), "{name} stands outside the host: {rect:?}");
        assert!(rect.y >= 0.0 && rect.bottom() <= scene.height, "{name} stands above or below: {rect:?} of {}", scene.height);
        for (other, there) in &rects[index + 1..] {
            assert!(!overlap(*rect, *there), "{name} {rect:?} stands in {other} {there:?}");
        }
    }
}

#[test]
fn a_shared_layer_is_one_block_under_all_its_images() {
    let scene = scene(&host());
    let base: Vec<_> = scene.blocks.iter().filter(|block| block.key == "/base").collect();
    assert_eq!(base.len(), 1);
    assert_eq!(base[0].hue, None);
    for name in ["nginx", "python"] {
        let plate = scene.plates.iter().find(|plate| plate.key == format!("sha256:{name}")).expect("the image is drawn");
        let (x, _) = plate.rect.middle();
        assert!(base[0].rect.x < x && x < base[0].rect.right(), "{name} stands beside its base");
    }
    assert!(base[0].detail.contains("shared by nginx:latest, python:latest"), "{}", base[0].detail);
}

#[test]
fn an_image_that_others_are_built_from_keeps_a_column_of_its_own() {
    let mut host = host();
    host.images = vec![image("base", &[("base", 1_000)]), image("app", &[("base", 1_000), ("app", 1_000)])];
    host.containers = vec![container("one", "base", ContainerState::Running), container("two", "app", ContainerState::Running)];
    let scene = scene(&host);
    assert_eq!(scene.blocks.len(), 2);
    assert_nothing_overlaps(&scene);
    assert!(scene.dishes[0].rect.y > scene.dishes[1].rect.y, "a container stands on its own image's top layer");
}

#[test]
fn layers_are_drawn_to_one_scale_and_none_is_too_low_to_see() {
    let scene = scene(&host());
    let height = |key: &str| scene.blocks.iter().find(|block| block.key == key).expect("is drawn").rect.height;
    assert!((height("/base") / height("/base/nginx") - 80.0 / 60.0).abs() < 0.01);
    assert!(height("/base/nginx/conf") >= 4.0);
    assert!(height("/tiny") < height("/base"));
}

#[test]
fn a_container_stands_on_its_image_with_its_writable_layer_between() {
    let scene = scene(&host());
    let web = &scene.dishes[0];
    let top = scene.blocks.iter().find(|block| block.key == "/base/nginx/conf").expect("is drawn");
    assert!(web.rect.bottom() <= web.writable.y + 0.01 && web.writable.bottom() <= top.rect.y);
    assert!(top.rect.y - web.writable.bottom() < 4.0);
}

#[test]
fn nothing_overlaps_with_as_much_as_a_learner_may_have() {
    let mut host = host();
    host.images = (0..12_u64)
        .map(|at| {
            let own: Vec<(String, u64)> = (0..at).map(|layer| (format!("own-{at}-{layer}"), 9_000_000 * layer)).collect();
            let mut sizes: Vec<(&str, u64)> = if at % 2 == 0 { vec![("base", 80_000_000)] } else { vec![("other", 5_000)] };
            sizes.extend(own.iter().map(|(name, size)| (name.as_str(), *size)));
            image(&format!("image-{at}"), &sizes)
        })
        .collect();
    host.containers =
        (0..12).map(|at| container(&format!("c{at}"), if at < 6 { "image-0" } else { "image-3" }, ContainerState::Running)).collect();
    for space in [SPACE, Space { width: 600.0, height: 150.0 }, Space { width: 1400.0, height: 400.0 }] {
        let scene = Scene::next(None, &host, true, space, 0.0);
        assert_eq!((scene.plates.len(), scene.dishes.len()), (12, 12));
        assert_nothing_overlaps(&scene);
    }
}

#[test]
fn an_empty_host_fills_the_space_there_is() {
    let scene = scene(&HostView::default());
    assert_eq!((scene.width, scene.height), (SPACE.width, SPACE.height));
}

#[test]
fn a_container_whose_image_is_gone_is_still_shown() {
    let mut host = host();
    host.containers.push(container("orphan", "removed", ContainerState::Exited));
    let scene = scene(&host);
    assert_eq!(scene.dishes.len(), 3);
    assert_nothing_overlaps(&scene);
}

#[test]
fn an_image_without_layers_or_name_is_still_shown() {
    let mut host = host();
    let mut bare = image("bare", &[]);
    bare.references.clear();
    host.images.push(bare);
    let scene = scene(&host);
    assert!(scene.plates.iter().any(|plate| plate.name.starts_with("<none>")));
    assert_nothing_overlaps(&scene);
}

#[test]
fn an_image_that_lost_its_name_says_why_and_what_to_do() {
    let mut host = host();
    host.images[1].references.clear();
    let plate = scene(&host).plates.into_iter().find(|plate| plate.name.starts_with("<none>")).expect("the image is drawn");
    assert!(plate.note.ends_with("no name"), "{}", plate.note);
    assert!(plate.detail.contains("went to a newer image") && plate.detail.contains("docker image prune"), "{}", plate.detail);
    assert!(image_texts(&host)[1].text.contains("docker image prune"));
}

#[test]
fn one_layer_is_not_spoken_of_as_several() {
    let scene = scene(&host());
    let detail = |key: &str| scene.plates.iter().find(|plate| plate.key == key).expect("is drawn").detail.clone();
    assert_eq!(detail("sha256:alpine"), "alpine:latest, 8MB in 1 layer");
    assert_eq!(detail("sha256:nginx"), "nginx:latest, 140MB in 3 layers");
}

#[test]
fn what_is_built_from_a_stand_in_stands_in_for_nothing() {
    let mut host = host();
    host.registry[2].stand_in = true;
    host.images[1].stand_in = true;
    let soup = ImageView { stand_in: true, ..image("soup", &[("tiny", 8_000_000), ("soup", 10)]) };
    host.images.push(soup);
    let texts = image_texts(&host);
    assert!(texts[1].text.starts_with("alpine:latest, 8MB, 1 layer, shared with soup:latest"), "{}", texts[1].text);
    assert!(texts[1].text.contains("a stand-in"), "{}", texts[1].text);
    assert!(!texts[3].text.contains("stand-in"), "{}", texts[3].text);
}

#[test]
fn the_lessons_own_images_are_told_apart_by_colour() {
    let names = ["alpine", "nginx", "python", "redis", "soup", "hello"];
    let images = names.map(|name| image(name, &[(name, 1_000)])).to_vec();
    let mut hues: Vec<usize> = scene(&HostView { images, ..HostView::default() }).plates.iter().map(|plate| plate.hue).collect();
    hues.sort_unstable();
    hues.dedup();
    assert_eq!(hues.len(), names.len());
}

#[test]
fn what_was_there_from_the_beginning_does_not_arrive() {
    let unknown = Scene::next(None, &HostView::default(), false, SPACE, 0.0);
    let first = Scene::next(Some(&unknown), &host(), true, SPACE, 0.0);
    assert!(first.blocks.iter().all(|block| block.arrival == Arrival::Still));
}

#[test]
fn a_pulled_image_comes_from_the_registry_and_shared_layers_stay_where_they_are() {
    let mut before = host();
    let python = before.images.remove(2);
    let first = scene(&before);
    let mut now = before.clone();
    now.images.push(python);
    let scene = Scene::next(Some(&first), &now, true, SPACE, 10.0);
    let arrival = |key: &str| scene.blocks.iter().find(|block| block.key == key).expect("is drawn").arrival;
    assert!(matches!(arrival("/base/python"), Arrival::FromRegistry { dx, .. } if dx < 0.0));
    assert_eq!(arrival("/base"), Arrival::Still);
}

#[test]
fn an_image_built_here_appears_here() {
    let first = scene(&host());
    let mut now = host();
    now.images.push(image("mine", &[("base", 80_000_000), ("mine", 10)]));
    let scene = Scene::next(Some(&first), &now, true, SPACE, 10.0);
    let block = scene.blocks.iter().find(|block| block.key == "/base/mine").expect("is drawn");
    assert_eq!(block.arrival, Arrival::Here);
}

fn pulling(done: bool) -> HostView {
    let layer = |id: &str, done| LayerTransferView { id: id.to_owned(), size: 30_000_000, done };
    let transfer = TransferView { push: false, reference: "redis:latest".to_owned(), layers: vec![layer("a", true), layer("b", done)] };
    HostView { transfers: vec![transfer], ..host() }
}

#[test]
fn layers_being_pulled_wait_at_the_shelf_and_move_to_the_host_as_they_are_done() {
    let scene = scene(&pulling(false));
    let shelf = scene.shelf.iter().find(|item| item.reference == "redis:latest").expect("is on the shelf");
    assert!(shelf.busy);
    let [done, waiting] = &scene.parcels[..] else { panic!("two layers are on their way: {:?}", scene.parcels) };
    assert!(done.rect.x >= scene.host.x);
    assert!(waiting.rect.x > shelf.rect.right() && waiting.rect.right() < scene.host.x, "it waits beside its image");
    assert!(waiting.slot.x >= scene.host.x);
    assert!(scene.plates.iter().any(|plate| plate.name == "redis:latest" && plate.note == "1 of 2 layers"));
}

#[test]
fn a_pull_that_was_watched_is_not_shown_twice() {
    let first = scene(&host());
    let second = Scene::next(Some(&first), &pulling(false), true, SPACE, 100.0);
    let third = Scene::next(Some(&second), &pulling(true), true, SPACE, 900.0);
    let mut arrived = host();
    arrived.images.push(image("redis", &[("redis", 60_000_000)]));
    let arrival = |before: &Scene, at: f64| {
        let scene = Scene::next(Some(before), &arrived, true, SPACE, at);
        scene.blocks.iter().find(|block| block.key == "/redis").expect("is drawn").arrival
    };
    assert_eq!(arrival(&third, 1_000.0), Arrival::Here);
    assert!(matches!(arrival(&second, 200.0), Arrival::FromRegistry { .. }), "a pull that was over at once must be seen");
}

#[test]
fn images_stay_in_their_place_when_others_come() {
    let first = scene(&host());
    let mut now = host();
    now.images.insert(0, image("busybox", &[("busybox", 2_000_000)]));
    let second = Scene::next(Some(&first), &now, true, SPACE, 0.0);
    let place =
        |scene: &Scene, name: &str| scene.plates.iter().find(|plate| plate.key == format!("sha256:{name}")).expect("is drawn").rect.x;
    assert!(place(&second, "nginx") < place(&second, "python") && place(&second, "alpine") < place(&second, "busybox"));
}

#[test]
fn a_pushed_image_goes_to_the_shelf() {
    let mut host = host();
    host.registry.push(RegistryImage { reference: "registry.lunchbox/mine:1".to_owned(), stand_in: false, pushed: true });
    host.images[0].references.push("registry.lunchbox/mine:1".to_owned());
    let layer = |id: &str, done| LayerTransferView { id: id.to_owned(), size: 1, done };
    host.transfers = vec![TransferView {
        push: true,
        reference: "registry.lunchbox/mine:1".to_owned(),
        layers: vec![layer("a", true), layer("b", false)],
    }];
    let scene = scene(&host);
    assert!(scene.parcels[0].rect.x < scene.host.x && scene.parcels[1].rect.x > scene.host.x);
}

#[test]
fn the_text_says_what_the_picture_shows() {
    let mut host = host();
    host.containers[0].ports =
        vec![PortView { host_port: 8080, container_port: 80, protocol: "tcp".to_owned(), preview_url: String::new() }];
    let images = image_texts(&host);
    assert_eq!(images[0].text, "nginx:latest, 140MB, 3 layers, 1 of them shared with python:latest");
    assert_eq!(images[1].text, "alpine:latest, 8MB, 1 layer");
    assert_eq!(images[0].layers[2], "Layer 3 of 3: RUN conf, 1.2kB");
    let containers = container_texts(&host);
    assert_eq!(containers[0].text, "Container web from nginx: running, port 8080 to 80");
    assert_eq!(containers[1].text, "Container sh from alpine: exited (0)");
}

#[test]
fn changes_are_announced_and_sameness_is_not() {
    let before = host();
    assert_eq!(announce(&before, &before), None);
    let mut now = host();
    now.images.remove(1);
    now.containers[0].state = ContainerState::Exited;
    now.containers[0].exit_code = Some(137);
    now.containers.remove(1);
    assert_eq!(
        announce(&before, &now).as_deref(),
        Some("Image alpine:latest is gone. Container web from nginx: exited (137). Container sh is removed.")
    );
}

#[test]
fn sizes_read_as_docker_prints_them() {
    let cases = [
        (0, "0B"),
        (999, "999B"),
        (1_020, "1.02kB"),
        (7_830_000, "7.83MB"),
        (78_300_000, "78.3MB"),
        (187_400_000, "187MB"),
        (2_000_000_000, "2GB"),
    ];
    for (bytes, text) in cases {
        assert_eq!(human_size(bytes), text);
    }
    let edges = [
        (999_999, "1000kB"),
        (9_999_999, "10MB"),
        (99_960_000, "100MB"),
        (1_050_000, "1.05MB"),
        (1_500_000, "1.5MB"),
        (u64::MAX, "18446744TB"),
    ];
    for (bytes, text) in edges {
        assert_eq!(human_size(bytes), text);
    }
}

#[test]
fn instructions_read_as_in_the_dockerfile() {
    assert_eq!(instruction("/bin/sh -c #(nop)  CMD [\"nginx\"]"), "CMD [\"nginx\"]");
    assert_eq!(instruction("/bin/sh -c apt-get update"), "RUN apt-get update");
    assert_eq!(instruction("COPY conf /etc/nginx # buildkit"), "COPY conf /etc/nginx");
    assert_eq!(instruction("/bin/sh -c #(nop) COPY file:237ff6e05 in /etc/nginx/nginx.conf "), "COPY … /etc/nginx/nginx.conf");
    assert_eq!(instruction("COPY dir:d9c26 in /usr/share/nginx/html/"), "COPY … /usr/share/nginx/html/");
    assert_eq!(instruction("RUN put it in place"), "RUN put it in place");
    assert_eq!(instruction("base system"), "base system");
    assert_eq!(instruction(""), "no instruction recorded");
}
