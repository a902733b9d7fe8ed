//! A layer that a client sends: unpacked, with a limit, and looked through before the engine unpacks it on
//! the disk that everybody shares. What is written is what is sent, or the digest would be another.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tar::Header;

use super::archive;
use crate::{
    images::upload::Failed,
    plain_tar::{self, BLOCK_BYTES as BLOCK},
    refusal::Refusal,
};

/// Entries of one layer.
const MAX_FILES: usize = 200_000;
/// Bytes of a long name or of a file's records.
const MAX_RECORD_BYTES: u64 = 1024 * 1024;

/// `/dev/null`, `zero`, `full`, `random`, `urandom`, `tty`, `console`, `ptmx`: major and minor number. Source: Linux,
/// Documentation/admin-guide/devices.txt; OCI runtime specification, "Default Devices".
const EVERYBODYS_DEVICES: [(u64, u64); 8] = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)];

/// A layer as the engine gets it.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) file: File,
    pub(super) bytes: u64,
    /// Bytes of the files and of the links' targets in it: at least what the engine says that it has.
    pub(super) file_bytes: u64,
    /// `sha256:…` of it.
    pub(super) diff_id: String,
}

/// Takes a layer; `left` is how many bytes all that are still to come may have.
pub(super) fn take(mut source: impl Read, left: &mut u64) -> Result<Layer, Failed> {
    let mut magic = Vec::new();
    source.by_ref().take(6).read_to_end(&mut magic)?;
    let packed = archive::is_packed(&magic);
    if packed {
        archive::check_packed(&magic, "a layer")?;
    }
    let source = magic.as_slice().chain(source);
    let mut written = Hashed { to: BufWriter::new(tempfile::tempfile()?), hash: Sha256::new(), bytes: 0 };
    let most = *left;
    if packed {
        io::copy(&mut MultiGzDecoder::new(BufReader::new(source)).take(most + 1), &mut written)?;
    } else {
        io::copy(&mut source.take(most + 1), &mut written)?;
    }
    if written.bytes > most {
        return Err(Refusal::too_large("the image, unpacked,", most).into());
    }
    *left -= written.bytes;
    let mut file = written.to.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    let file_bytes = look_through(&file, written.bytes)?;
    file.rewind()?;
    Ok(Layer { file, bytes: written.bytes, file_bytes, diff_id: format!("sha256:{:x}", written.hash.finalize()) })
}

/// Refuses what would become more on the disk than it is here, and what no container may have.
///
/// The engine reads the layer with another parser than ours, and where two read differently, one can be
/// told what the other isn't. So this reads block by block, by the narrowest rules that any writer keeps to:
/// plain octal sizes, data only after a file, records of names and nothing else, zeros after the end. Returns how many
/// bytes its files and its links' targets have.
fn look_through(file: &File, bytes: u64) -> Result<u64, Failed> {
    if !bytes.is_multiple_of(BLOCK as u64) {
        return Err(unreadable().into());
    }
    let mut reader = BufReader::new(file);
    let (mut files, mut file_bytes, mut before) = (0, 0_u64, Before::default());
    loop {
        let mut block = [0; BLOCK];
        match reader.read_exact(&mut block) {
            Ok(()) => {}
            // No zeros at all at the end: some writers leave them out.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(file_bytes),
            Err(error) => return Err(error.into()),
        }
        if block == [0; BLOCK] {
            let mut rest = [0; BLOCK];
            while reader.read_exact(&mut rest).is_ok() {
                if rest != [0; BLOCK] {
                    return Err(unreadable().into());
                }
            }
            return Ok(file_bytes);
        }
        files += 1;
        if files > MAX_FILES {
            return Err(Refusal::invalid(format!("lunchbox: a layer holds more than {MAX_FILES} files")).into());
        }
        let header = Header::from_byte_slice(&block);
        let size = octal(&block[124..136]).ok_or_else(unreadable)?;
        if octal(&block[148..156]) != Some(checksum(&block)) {
            return Err(unreadable().into());
        }
        let kind = block[156];
        match kind {
            // A name that ends in a slash makes a folder of a file, whose data is then read as more headers.
            0 | b'0' | b'7' => {
                let name_ends = header.path_bytes().last() == Some(&b'/');
                if size > 0 && (before.folder || (name_ends && !before.has_name())) {
                    return Err(unreadable().into());
                }
                pass(&mut reader, size.saturating_add(plain_tar::fill(size) as u64))?;
                file_bytes += size;
            }
            // Links, folders and pipes have no data; one parser skips what it is said to be, another reads it.
            b'1' | b'2' | b'5' | b'6' => {
                if size > 0 {
                    return Err(unreadable().into());
                }
                if kind == b'2' {
                    file_bytes += before.target_bytes.max(header.link_name_bytes().map_or(0, |target| target.len() as u64));
                }
            }
            b'x' | b'g' | b'L' | b'K' => {
                let mut text = Vec::new();
                if size > MAX_RECORD_BYTES {
                    return Err(unreadable().into());
                }
                reader.by_ref().take(size).read_to_end(&mut text)?;
                pass(&mut reader, plain_tar::fill(size) as u64)?;
                match kind {
                    b'L' => {
                        let name = text.split(|byte| *byte == 0).next().unwrap_or_default();
                        before.long_name = !name.is_empty();
                        before.folder |= text.iter().rev().find(|byte| **byte != 0) == Some(&b'/');
                    }
                    b'K' => before.target_bytes = before.target_bytes.max(size),
                    _ => {
                        let said = records(&text)?;
                        before.folder |= said.folder;
                        before.target_bytes = before.target_bytes.max(said.target_bytes);
                        // The records of all that follows give no name to one: not to every reader.
                        before.name_in_records = said.name && kind == b'x';
                    }
                }
                continue;
            }
            b'3' if size == 0 && is_everybodys(&block) => {}
            b'3' | b'4' => {
                return Err(Refusal::invalid("lunchbox: a layer holds a device. Devices can't be used in this classroom.").into());
            }
            _ => return Err(Refusal::invalid("lunchbox: a layer holds something that is neither file, folder nor link").into()),
        }
        before = Before::default();
    }
}

/// Whether a character device is one that the runtime gives each container anyway. Images that are made of a Debian
/// system have them.
fn is_everybodys(block: &[u8; BLOCK]) -> bool {
    let number = octal(&block[329..337]).zip(octal(&block[337..345]));
    number.is_some_and(|number| EVERYBODYS_DEVICES.contains(&number))
}

fn unreadable() -> Refusal {
    Refusal::invalid("lunchbox: a layer is written in a way that not everybody reads alike (a sparse file, say), and so it isn't taken")
}

/// What was said of an entry before its header. Of two names the engine takes the long one; of two of a kind the last.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    /// One of the names is a folder's.
    folder: bool,
    long_name: bool,
    name_in_records: bool,
    /// Of a link's target, where it doesn't stand in the header.
    target_bytes: u64,
}

impl Before {
    /// Whether the name in the header doesn't count. It holds what is left of the true one: of `o/ä` that is `o/`.
    fn has_name(self) -> bool {
        self.long_name || self.name_in_records
    }
}

/// What the records of a PAX header say: whether they name anything, and whether that is a folder.
struct Said {
    name: bool,
    folder: bool,
    target_bytes: u64,
}

fn records(mut text: &[u8]) -> Result<Said, Failed> {
    let mut said = Said { name: false, folder: false, target_bytes: 0 };
    while !text.is_empty() {
        let space = text.iter().position(|byte| *byte == b' ').ok_or_else(unreadable)?;
        let length = std::str::from_utf8(&text[..space]).ok().and_then(|length| length.parse::<usize>().ok());
        let length = length.filter(|length| *length > space + 1 && *length <= text.len()).ok_or_else(unreadable)?;
        let record = text[space + 1..length].strip_suffix(b"\n").ok_or_else(unreadable)?;
        text = &text[length..];
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(unreadable)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        // Attributes may hold anything; names end at a zero byte for one parser and not for another.
        let is_name = [&b"path"[..], b"linkpath", b"uname", b"gname"].contains(&key);
        if key == b"size" || key.starts_with(b"GNU.") || key.starts_with(b"SCHILY.realsize") || (is_name && value.contains(&0)) {
            return Err(unreadable().into());
        }
        if key == b"linkpath" {
            said.target_bytes = value.len() as u64;
        }
        if key == b"path" {
            said.folder |= value.last() == Some(&b'/');
            // The last one counts, and an empty one leaves what the header says.
            said.name = !value.is_empty();
        }
    }
    Ok(said)
}

/// Past so many bytes, all of which must be there.
fn pass(reader: &mut impl Read, bytes: u64) -> Result<(), Failed> {
    if io::copy(&mut reader.take(bytes), &mut io::sink())? == bytes { Ok(()) } else { Err(unreadable().into()) }
}

/// A number as every writer writes it: digits, after spaces or zeros, before spaces or NULs.
fn octal(field: &[u8]) -> Option<u64> {
    let end = field.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
    let start = field[..end].iter().position(|byte| *byte != b' ').unwrap_or(end);
    field[start..end].iter().try_fold(0_u64, |number, byte| match byte {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// The sum of the header's bytes, its own field counted as spaces.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) }).sum()
}

/// Counts and hashes what is written.
struct Hashed<W> {
    to: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.to.write(data)?;
        self.hash.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use tar::EntryType;

    use super::*;

    fn tar(kind: EntryType, data: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        builder.append_data(&mut header, "x", data).unwrap();
        builder.into_inner().unwrap()
    }

    fn taken(bytes: &[u8], most: u64) -> Result<Layer, Failed> {
        take(bytes, &mut most.clone())
    }

    #[test]
    fn a_layer_is_taken_as_it_is_or_unpacked() {
        let plain = tar(EntryType::Regular, b"hello");
        let layer = taken(&plain, 1 << 20).unwrap();
        assert_eq!(layer.diff_id, format!("sha256:{:x}", Sha256::digest(&plain)));
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&plain).unwrap();
        assert_eq!(taken(&packed.finish().unwrap(), 1 << 20).unwrap().diff_id, layer.diff_id);
    }

    /// A header by hand, as no library writes it.
    fn header(name: &str, kind: u8, size: u64) -> Vec<u8> {
        let mut header = Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(EntryType::new(kind));
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        header.as_bytes().to_vec()
    }

    /// What is said before an entry.
    fn said(kind: u8, text: &[u8]) -> Vec<u8> {
        [header("././@LongLink", kind, text.len() as u64), padded(text)].concat()
    }

    fn padded(data: &[u8]) -> Vec<u8> {
        let mut data = data.to_vec();
        data.resize(data.len().next_multiple_of(BLOCK), 0);
        data
    }

    #[test]
    fn no_entry_hides_behind_another() {
        let inner = [header("sda", b'3', 0), header("big", b'S', 0)].concat();
        let end = vec![0; 2 * BLOCK];
        // A folder, a link, a pipe with data: one parser skips it, another reads it as headers.
        for kind in [b'5', b'1', b'2', b'6'] {
            let layer = [header("d", kind, inner.len() as u64), inner.clone(), end.clone()].concat();
            assert!(taken(&layer, 1 << 20).is_err(), "{}", kind as char);
        }
        // A file whose name makes it a folder, in each way to say its name.
        for before in [Vec::new(), said(b'L', b"d/\0"), said(b'x', b"11 path=d/\n")] {
            let name = if before.is_empty() { "d/" } else { "d" };
            let layer = [before, header(name, 0, inner.len() as u64), inner.clone(), end.clone()].concat();
            assert!(taken(&layer, 1 << 20).is_err());
        }
        // A name that another takes back: the header's own counts again.
        let (named, nothing) = (said(b'x', b"10 path=f\n"), said(b'x', b"11 uid=1000\n"));
        let (empty, global) = (said(b'x', b"8 path=\n"), said(b'g', b"10 path=f\n"));
        for before in [[named.clone(), nothing], [named.clone(), empty], [global, Vec::new()], [said(b'L', b"f\0"), said(b'L', b"\0")]] {
            let layer = [before.concat(), header("d/", 0, inner.len() as u64), inner.clone(), end.clone()].concat();
            assert!(taken(&layer, 1 << 20).is_err());
        }
        // One that stays: what follows is the file's data.
        for before in [named, said(b'L', b"f\0")] {
            let layer = [before, header("d/", 0, inner.len() as u64), inner.clone(), end.clone()].concat();
            assert!(taken(&layer, 1 << 20).is_ok());
        }
        // Something after the end.
        let layer = [header("f", b'0', 0), vec![0; BLOCK], inner, end].concat();
        assert!(taken(&layer, 1 << 20).is_err());
    }

    #[test]
    fn what_follows_a_record_of_any_length_is_seen() {
        for length in 12..=1600_usize {
            let long = (length.to_string() + " comment=").into_bytes();
            let record = [long.clone(), vec![b'a'; length - long.len() - 1], b"\n".to_vec()].concat();
            let name = [vec![b'n'; length - 1], vec![0]].concat();
            for record in [said(b'x', &record), said(b'g', &record), said(b'L', &name), said(b'K', &name)] {
                let file = [record.clone(), header("f", b'0', 5), padded(b"hello"), vec![0; 2 * BLOCK]].concat();
                assert!(taken(&file, 1 << 20).is_ok(), "{length}");
                let device = [record, header("d", b'4', 0), vec![0; 2 * BLOCK]].concat();
                assert!(taken(&device, 1 << 20).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn files_and_targets_of_links_are_what_a_layer_has() {
        let link = |target: &str| {
            let mut header = Header::from_byte_slice(&header("l", b'2', 0)).clone();
            header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
            header.set_cksum();
            header.as_bytes().to_vec()
        };
        let file = [header("f", b'0', 5), padded(b"hello")].concat();
        let parts = [file, link("twelve bytes"), said(b'x', b"17 linkpath=four\n"), link(""), said(b'K', b"three\0"), link("x")];
        let layer = taken(&[parts.concat(), vec![0; 2 * BLOCK]].concat(), 1 << 20).unwrap();
        assert_eq!(layer.file_bytes, 5 + 12 + 4 + 6);
    }

    #[test]
    fn of_devices_those_that_every_container_has_are_taken() {
        let device = |kind: u8, major: u32, minor: u32| {
            let mut header = Header::from_byte_slice(&header("dev/x", kind, 0)).clone();
            header.set_device_major(major).unwrap();
            header.set_device_minor(minor).unwrap();
            header.set_cksum();
            taken(&[header.as_bytes().to_vec(), vec![0; 2 * BLOCK]].concat(), 1 << 20)
        };
        assert!(EVERYBODYS_DEVICES.iter().all(|(major, minor)| device(b'3', *major as u32, *minor as u32).is_ok()));
        // The machine's memory, its first disk, and a number that belongs to a disk only as a block device.
        assert!(device(b'3', 1, 1).is_err() && device(b'4', 8, 0).is_err() && device(b'4', 1, 3).is_err());
    }

    #[test]
    fn sizes_are_read_in_one_way_only() {
        assert_eq!(octal(b"00000000017\0"), Some(15));
        assert_eq!(octal(b"         17 "), Some(15));
        assert_eq!(octal(b"\0\0\0\0"), Some(0));
        for field in [&b"\x80\0\0\0\0\0\0\x0f"[..], b"-17\0", b"0x17", b"17\x0018\0", b"99\0"] {
            assert_eq!(octal(field), None, "{field:?}");
        }
    }

    #[test]
    fn what_would_grow_on_the_disk_is_refused() {
        assert!(taken(&tar(EntryType::GNUSparse, b"x"), 1 << 20).is_err());
        assert!(taken(&tar(EntryType::XHeader, b"22 GNU.sparse.major=1\n"), 1 << 20).is_err());
        assert!(taken(&tar(EntryType::XHeader, b"20 size=99999999999\n"), 1 << 20).is_err());
        assert!(taken(&tar(EntryType::Block, b""), 1 << 20).is_err());
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![0; 4 << 20]).unwrap();
        assert!(taken(&bomb.finish().unwrap(), 1 << 20).is_err());
        assert!(taken(b"BZh91AY&SY", 1 << 20).is_err());
        assert!(taken(b"\x50\x2a\x4d\x18....", 1 << 20).is_err());
    }
}
