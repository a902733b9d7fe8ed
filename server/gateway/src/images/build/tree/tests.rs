#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::*;

/// A folder ends in a slash, a link has an arrow, a hard link an equals sign, a file its text after a colon, or its name in it.
fn tree(entries: &[&str]) -> Tree {
    let mut tar = Builder::new(BufWriter::new(tempfile::tempfile().unwrap()));
    for entry in entries {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(0);
        if let Some((name, target)) = entry.split_once(" -> ") {
            header.set_entry_type(EntryType::Symlink);
            plain_tar::append_link(&mut tar, header, Path::new(name), Path::new(target)).unwrap();
        } else if let Some((name, target)) = entry.split_once(" = ") {
            header.set_entry_type(EntryType::Link);
            plain_tar::append_link(&mut tar, header, Path::new(name), Path::new(target)).unwrap();
        } else if entry.ends_with('/') {
            folder(Path::new(entry), (0, 0), 0o755, &mut tar).unwrap();
        } else {
            let (name, text) = entry.split_once(": ").unwrap_or((entry, entry));
            header.set_size(text.len() as u64);
            plain_tar::append(&mut tar, header, Path::new(name), text.as_bytes()).unwrap();
        }
    }
    Tree::read(finish(tar).unwrap(), Path::new("")).unwrap()
}

fn names(tree: &Tree, word: &str) -> Vec<String> {
    tree.find(word).into_iter().map(|found| format!("{}={}", found.name.display(), found.path.display())).collect()
}

#[test]
fn words_are_paths_or_patterns() {
    let tree = tree(&["a.txt", "b.txt", "sub/c.txt", "sub/d/", "link -> sub/c.txt", "up -> ../../../a.txt", "loop -> loop", "abs -> /sub"]);
    for (word, found) in [
        ("a.txt", &["a.txt=a.txt"][..]),
        ("/a.txt", &["a.txt=a.txt"]),
        ("./sub/../a.txt", &["a.txt=a.txt"]),
        ("../../a.txt", &["a.txt=a.txt"]),
        ("*.txt", &["a.txt=a.txt", "b.txt=b.txt"]),
        ("sub/*", &["c.txt=sub/c.txt", "d=sub/d"]),
        ("link", &["link=sub/c.txt"]),
        ("up", &["up=a.txt"]),
        ("abs/c.txt", &["c.txt=sub/c.txt"]),
        ("loop", &[]),
        ("missing", &[]),
        ("a.txt/b", &[]),
        ("x*", &[]),
        (".", &["="]),
    ] {
        assert_eq!(names(&tree, word), found, "{word}");
    }
    assert!(tree.find("sub")[0].is_folder);
}

#[test]
fn a_digest_tells_contents_and_modes_and_not_times() {
    let digest = |tree: &Tree| {
        let mut hash = Sha256::new();
        tree.digest(&tree.find(".")[0], &mut hash).unwrap();
        format!("{:x}", hash.finalize())
    };
    let one = digest(&tree(&["a", "s/b"]));
    assert_eq!(one, digest(&tree(&["s/", "s/b", "a"])));
    for other in [&["a"][..], &["a", "s/c"], &["a", "s/b", "l -> a"]] {
        assert_ne!(one, digest(&tree(other)), "{other:?}");
    }
}

#[test]
fn a_digest_tells_which_names_are_one_file() {
    let digest = |entries: &[&str]| {
        let (tree, mut hash) = (tree(entries), Sha256::new());
        tree.digest(&tree.find("s")[0], &mut hash).unwrap();
        format!("{:x}", hash.finalize())
    };
    let one = digest(&["s/a: x", "s/b = s/a", "s/c: x"]);
    for other in [["s/a: x", "s/b: x", "s/c: x"], ["s/a: x", "s/b: x", "s/c = s/a"], ["s/a: y", "s/b = s/a", "s/c: x"]] {
        assert_ne!(one, digest(&other), "{other:?}");
    }
    // Names that are elsewhere don't count, nor in which order they came.
    assert_eq!(one, digest(&["z: x", "s/b = z", "s/a = s/b", "s/c: x"]));
}

#[test]
fn a_file_weighs_once_and_every_name_a_little() {
    let weight = |entries: &[&str], most: u64| {
        let tree = tree(entries);
        tree.weight(&tree.find("s")[0], most)
    };
    let name = 512 + 1;
    // And the folder itself.
    assert_eq!(weight(&["s/a: x"], u64::MAX), 512 + name + 4096);
    assert_eq!(weight(&["s/a: x", "s/b = s/a", "s/c -> a", "s/d"], u64::MAX), 512 + 4 * name + 2 * 4096);
    assert_eq!(weight(&["s/a: x", "s/b"], 600), 512 + name + 4096, "no further than the most");
    assert_eq!(weight_of(Path::new("a"), u64::MAX), u64::MAX);
}

#[test]
fn what_is_written_is_what_was_found() {
    let tree = tree(&["sub/c.txt", "sub/d/", "sub/l -> c.txt", "a"]);
    let mut tar = Builder::new(BufWriter::new(tempfile::tempfile().unwrap()));
    let dressing = Dressing { owner: Some((7, 8)), mode: None };
    tree.write(&tree.find("sub")[0], Path::new("to"), dressing, &mut tar).unwrap();
    tree.write(&tree.find("a")[0], Path::new("to/b"), Dressing::default(), &mut tar).unwrap();
    let again = Tree::read(finish(tar).unwrap(), Path::new("to")).unwrap();
    let mut text = String::new();
    again.open(Path::new("c.txt")).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "sub/c.txt");
    assert_eq!(again.nodes.keys().map(|path| path.display().to_string()).collect::<Vec<_>>(), ["", "b", "c.txt", "d", "l"]);
    assert_eq!((again.nodes[Path::new("c.txt")].user, again.nodes[Path::new("b")].user), (7, 0));
}
