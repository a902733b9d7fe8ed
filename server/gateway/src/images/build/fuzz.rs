//! Dockerfiles and contexts that nobody would write.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::BTreeMap,
    io::{Seek, Write},
    path::Path,
};

use proptest::prelude::*;

use super::{
    context, dockerfile,
    image::Image,
    plan::{self, Source},
    stage::{Action, Given, Stage},
    tree::{Dressing, Tree},
    words::Variables,
};
use crate::tests::fuzz::{
    holds, pieces,
    tars::{entries_of, stays_below, tars},
};

const WORDS: &[&str] = &[
    "FROM ",
    "from ",
    "FROM\t",
    "COPY ",
    "ADD ",
    "add ",
    "RUN ",
    "ARG ",
    "ENV ",
    "LABEL ",
    "ONBUILD ",
    "WORKDIR ",
    "CMD ",
    "\n",
    "\n",
    "\n",
    "\n",
    "\\\n",
    "`\n",
    "# escape=`\n",
    "# escape=\\\n",
    "# syntax=evil/x\n",
    "#\n",
    "--from=",
    "--FROM=",
    "--from ",
    "--platform=",
    "--mount=",
    "--chown=0:0 ",
    "--link ",
    "-- ",
    "--",
    "busybox",
    "evil.com/x",
    "127.0.0.1:9/x",
    "scratch",
    " AS a",
    " as B",
    "a",
    "b",
    "0",
    "1",
    "http://x/y",
    "HTTPS://x",
    "git@x:y",
    "$X",
    "${X}",
    "${X:-evil.com/x}",
    "${X:-http://x}",
    "X=http:",
    "X=evil.com/x",
    "X",
    " / /x",
    " ",
    " ",
    "\t",
    "\"",
    "'",
    "\\",
    "`",
    "[\"",
    "\", \"",
    "\"]",
    "<<EOF",
    "EOF",
    "io.lunchbox.sandbox=b",
    "io.lunch\"box\".sandbox=b",
    "\u{a0}",
    "\u{2028}",
    "\r",
    "\u{b}",
    "\u{85}",
    ";",
    "=",
];

#[test]
fn fuzz_no_image_is_built_upon_or_copied_from_that_was_not_found_first() {
    holds(file!(), "Dockerfiles", &("FROM busybox\n|", pieces(WORDS, 26)), |(first, rest)| {
        let text = format!("{first}{rest}");
        let Ok(file) = dockerfile::parse(&text) else { return Ok(()) };
        let arguments = BTreeMap::new();
        let Ok(plan) = plan::judge(file, &arguments, "") else { return Ok(()) };
        // Every name that it needs is asked for by itself, before any step is done.
        let asked: Vec<&str> = plan.images(&[]).into_iter().map(|(_, name)| name).collect();
        let outside = Variables::new();
        let given = Given { arguments: &arguments, outside: &outside, escape: plan.escape };
        let (mut stage, mut stages) = (Stage::outside(), Vec::new());
        for part in &plan.parts {
            let is_from = part.instruction.keyword == "FROM";
            prop_assert_eq!(is_from, part.source.is_some() && part.instruction.keyword != "COPY");
            for source in part.sources() {
                match source {
                    Source::Nothing => prop_assert!(is_from),
                    Source::Image(name) => prop_assert!(!name.is_empty() && asked.contains(&name.as_str())),
                    Source::Stage(name) => prop_assert!(super::names::stage_of(name, &stages).is_some(), "{name}"),
                }
            }
            if is_from {
                stages.push(part.stage_name.clone());
                let Ok(begun) = Stage::begin(Image::scratch()) else { return Ok(()) };
                stage = begun;
                continue;
            }
            let Ok(step) = stage.take(&part.instruction, given) else { return Ok(()) };
            prop_assert!(!stage.image.config.labels.iter().flatten().any(|(name, _)| name.starts_with("io.lunchbox.")));
            let folder = &stage.image.config.working_dir;
            prop_assert!(!["/proc", "/sys"].iter().any(|kernels| Path::new(folder).starts_with(kernels)), "{folder}");
            if let Action::Copy(copy) = step.action {
                let fetched = |word: &String| ["http://", "https://", "git@"].iter().any(|scheme| word.to_lowercase().starts_with(scheme));
                prop_assert!(!copy.unpacks || !copy.sources.iter().any(fetched), "{:?}", copy.sources);
                prop_assert!(copy.destination.starts_with('/') && !copy.destination.split('/').any(|part| part == ".."));
            }
        }
        Ok(())
    });
}

/// What `COPY . /` writes.
fn all_of(tree: &Tree) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for found in tree.find(".") {
        tree.write(&found, Path::new(""), Dressing::default(), &mut tar)?;
    }
    tar.into_inner()
}

#[test]
fn fuzz_what_goes_into_a_build_stays_below_the_context() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    holds(file!(), "contexts of builds", &tars(), |bytes| {
        let out = runtime.block_on(async {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            file.rewind().unwrap();
            let files = context::of_archive(file, "", 1 << 20).await.ok()?;
            // And what COPY would make of all of it.
            all_of(&files.tree().await.ok()?).ok()
        });
        if let Some(out) = out {
            let entries = entries_of(&out);
            entries.iter().for_each(stays_below);
        }
        Ok(())
    });
}
