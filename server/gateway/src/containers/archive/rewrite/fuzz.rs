//! The writer of tars, fed with hostile ones.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::Write;

use proptest::prelude::*;

use super::{Limited, pass};
use crate::tests::fuzz::{
    holds,
    tars::{entries_of, stays_below, tars},
};

#[test]
fn fuzz_what_goes_into_a_container_stays_below_where_it_is_put() {
    holds(file!(), "tars into containers", &(tars(), any::<bool>()), |(bytes, packed)| {
        let bytes = if packed {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(&bytes).unwrap();
            packer.finish().unwrap()
        } else {
            bytes
        };
        let mut out = Vec::new();
        let passed = pass(Limited { from: &bytes[..], left: 1 << 20 }, &mut out, 1 << 20);
        // What was written before it broke off is whole entries, and as harmless.
        if passed.is_ok() {
            entries_of(&out).iter().for_each(stays_below);
            prop_assert!(out.is_empty() || out.len().is_multiple_of(512));
            // The other parser has the same names.
            let mut archive = tar::Archive::new(&out[..]);
            let names: Vec<Vec<u8>> = archive.entries().unwrap().map(|entry| entry.unwrap().path_bytes().into_owned()).collect();
            prop_assert_eq!(names, entries_of(&out).into_iter().map(|entry| entry.name).collect::<Vec<_>>());
        }
        Ok(())
    });
}
