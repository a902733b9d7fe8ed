//! A layer that a client sends: unpacked, with a limit, and looked through before the engine unpacks it on
//! the disk that everybody shares. What is written is what is sent, or the digest would be another.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tar::{Archive, EntryType};

use super::archive::{self, Failed};
use crate::refusal::Refusal;

/// Files of one layer.
const MAX_FILES: usize = 200_000;

/// A layer as the engine gets it.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) file: File,
    pub(super) bytes: u64,
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
    look_through(&file, written.bytes)?;
    file.rewind()?;
    Ok(Layer { file, bytes: written.bytes, diff_id: format!("sha256:{:x}", written.hash.finalize()) })
}

/// Refuses what would become more on the disk than it is here, and what no container may have.
fn look_through(file: &File, bytes: u64) -> Result<(), Failed> {
    // What begins like a compression would be unpacked by the engine, and be something else then.
    let mut archive = Archive::new(BufReader::new(file));
    let mut sum = 0_u64;
    for (number, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if number >= MAX_FILES {
            return Err(Refusal::invalid(format!("lunchbox: a layer holds more than {MAX_FILES} files")).into());
        }
        sum = sum.saturating_add(entry.size());
        match entry.header().entry_type() {
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::Link
            | EntryType::Symlink
            | EntryType::Directory
            | EntryType::Fifo
            | EntryType::GNULongName
            | EntryType::GNULongLink => {}
            // A file's true size may hide in such a record.
            EntryType::XHeader | EntryType::XGlobalHeader => {
                let mut text = Vec::new();
                entry.by_ref().take(1024 * 1024).read_to_end(&mut text)?;
                if [&b"GNU.sparse"[..], b" size=", b"SCHILY.realsize"].iter().any(|name| text.windows(name.len()).any(|part| part == *name))
                {
                    return Err(Refusal::invalid("lunchbox: a layer holds a sparse file, or one of another size than it says").into());
                }
            }
            EntryType::Block | EntryType::Char => {
                return Err(Refusal::invalid("lunchbox: a layer holds a device. Devices can't be used in this classroom.").into());
            }
            _ => return Err(Refusal::invalid("lunchbox: a layer holds something that is neither file, folder nor link").into()),
        }
    }
    if sum > bytes {
        return Err(Refusal::invalid("lunchbox: a layer is shorter than it says").into());
    }
    Ok(())
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
