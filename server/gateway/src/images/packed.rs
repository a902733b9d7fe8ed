//! How an archive may be packed, and how it is unpacked: as it is read, with memory that has a limit. All of it by
//! parsers in safe Rust, since what they read is anybody's. How long the outcome may be is its reader's to say.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Bytes of what was unpacked last that may be looked back at. `xz -9` has 64 MiB, `zstd -19` has 8.
const MAX_WINDOW_BYTES: u64 = 64 * 1024 * 1024;
/// What xz keeps beside that.
const XZ_BESIDE_BYTES: u64 = 1024 * 1024;
/// As many bytes tell how a file is packed.
pub(crate) const MAGIC_BYTES: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Packing {
    /// By a file's first bytes, as the engine has it.
    pub(crate) fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [kind, 0x2a, 0x4d, 0x18, ..] if is_skipped(*kind) => Self::Zstd,
            _ => Self::Plain,
        }
    }

    pub(crate) fn unpack<'a>(self, from: impl Read + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::Plain => Box::new(from),
            Self::Gzip => Box::new(MultiGzDecoder::new(from)),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(from)),
            Self::Xz => {
                let most = u32::try_from((MAX_WINDOW_BYTES + XZ_BESIDE_BYTES) / 1024).unwrap_or(u32::MAX);
                Box::new(XzReader::new_mem_limit(BufReader::new(from), true, most))
            }
            Self::Zstd => Box::new(Zstd::Between(BufReader::new(from))),
        }
    }
}

/// The first byte of a frame of zstd's that holds nothing.
fn is_skipped(kind: u8) -> bool {
    (0x50..=0x5f).contains(&kind)
}

/// Frames of zstd's, one after the other. (RFC 8878, section 3.1.)
enum Zstd<R: Read> {
    Between(BufReader<R>),
    Within(Box<StreamingDecoder<BufReader<R>, FrameDecoder>>),
    /// At its end, or broken.
    Over,
}

impl<R: Read> Zstd<R> {
    /// The next frame that holds something.
    fn begin(mut from: BufReader<R>) -> io::Result<Self> {
        while let [kind, ..] = *from.fill_buf()? {
            if !is_skipped(kind) {
                let decoder = StreamingDecoder::new_with_max_window_size(from, MAX_WINDOW_BYTES).map_err(io::Error::other)?;
                return Ok(Self::Within(Box::new(decoder)));
            }
            let mut head = [0; 8];
            from.read_exact(&mut head)?;
            let [.., a, b, c, d] = head;
            let bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
            if io::copy(&mut from.by_ref().take(bytes), &mut io::sink())? < bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Self::Over)
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            *self = match std::mem::replace(self, Self::Over) {
                Self::Over => return Ok(0),
                Self::Between(from) => Self::begin(from)?,
                Self::Within(mut decoder) => match decoder.read(buffer)? {
                    0 if !buffer.is_empty() => Self::Between(decoder.into_inner()),
                    read => {
                        *self = Self::Within(decoder);
                        return Ok(read);
                    }
                },
            };
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use base64::Engine as _;

    use super::*;

    /// `echo lunchbox`, packed by each program.
    const GZIP: &str = "H4sIAAAAAAAAA8spzUvOSMqv4AIAXybSkQkAAAA=";
    const BZIP2: &str = "QlpoOTFBWSZTWV4iCsgAAAJBgAAQGEWCQCAAIgNNPUIMmIE9Q+PF3JFOFCQXiIKyAA==";
    const XZ: &str = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAIbHVuY2hib3gKAAAAAMMEOlODK7RyAAEhCWwYxdUftvN9AQAAAAAEWVo=";
    const ZSTD: &str = "KLUv/QRYSQAAbHVuY2hib3gKAtgmfw==";
    /// The first with a window of 512 MiB (`xz --lzma2=dict=512MiB`), the second of 128 (`zstd --long=27`).
    const WIDE: [&str; 2] = [
        "/Td6WFoAAATm1rRGAgAhASIAAACCQKzcAQAIbHVuY2hib3gKAAAAAMMEOlODK7RyAAEhCWwYxdUftvN9AQAAAAAEWVo=",
        "KLUv/QSISQAAbHVuY2hib3gKAtgmfw==",
    ];

    fn bytes(text: &str) -> Vec<u8> {
        base64::engine::general_purpose::STANDARD.decode(text).unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Packing::of(packed).unpack(packed).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn what_is_packed_is_told_by_its_first_bytes_and_unpacked() {
        for (text, packing) in [(GZIP, Packing::Gzip), (BZIP2, Packing::Bzip2), (XZ, Packing::Xz), (ZSTD, Packing::Zstd)] {
            let packed = bytes(text);
            assert_eq!(Packing::of(&packed), packing);
            assert_eq!(unpacked(&packed).unwrap(), "lunchbox\n", "{packing:?}");
            // One after the other are one, too.
            assert_eq!(unpacked(&[packed.clone(), packed.clone()].concat()).unwrap(), "lunchbox\nlunchbox\n", "{packing:?}");
            assert!(unpacked(&packed[..packed.len() - 6]).is_err(), "{packing:?} that is cut off");
        }
        assert_eq!(unpacked(b"lunchbox\n").unwrap(), "lunchbox\n");
        assert_eq!(Packing::of(b"BZ"), Packing::Plain);
    }

    #[test]
    fn frames_that_hold_nothing_are_skipped() {
        let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        let packed = [skipped.as_slice(), &bytes(ZSTD), skipped].concat();
        assert_eq!(unpacked(&packed).unwrap(), "lunchbox\n");
        assert!(unpacked(&skipped[..9]).is_err());
    }

    #[test]
    fn what_needs_more_memory_than_there_may_be_is_an_error() {
        for text in WIDE {
            assert!(unpacked(&bytes(text)).is_err(), "{text}");
        }
    }
}
