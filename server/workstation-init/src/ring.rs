//! The last output of a terminal, addressed by how many bytes came before.

use std::collections::VecDeque;

/// Bytes of output kept for whoever attaches later: several screens, even coloured ones.
pub(crate) const CAPACITY: usize = 256 * 1024;

#[derive(Default)]
pub(crate) struct Ring {
    bytes: VecDeque<u8>,
    /// Bytes pushed since the beginning; the offset just after the newest.
    end: u64,
}

impl Ring {
    /// Adds output; the oldest goes where there is no room.
    pub(crate) fn push(&mut self, output: &[u8]) {
        self.end += output.len() as u64;
        let kept = &output[output.len().saturating_sub(CAPACITY)..];
        let excess = (self.bytes.len() + kept.len()).saturating_sub(CAPACITY);
        self.bytes.drain(..excess);
        self.bytes.extend(kept);
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The offset from which a newcomer is shown the screen. Where the beginning is lost, that is
    /// the start of a line: half a colour code or half a letter would spoil the rest.
    pub(crate) fn replay_from(&self) -> u64 {
        let start = self.end - self.bytes.len() as u64;
        if start == 0 {
            return 0;
        }
        start + self.bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1)
    }

    /// What follows `offset`, or the first piece of it. Empty when there is nothing more.
    pub(crate) fn after(&self, offset: u64) -> &[u8] {
        let start = self.end - self.bytes.len() as u64;
        let skip = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
        let (front, back) = self.bytes.as_slices();
        if skip < front.len() { &front[skip..] } else { back.get(skip - front.len()..).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_after(ring: &Ring, mut offset: u64) -> Vec<u8> {
        let mut read = Vec::new();
        loop {
            let piece = ring.after(offset);
            if piece.is_empty() {
                return read;
            }
            read.extend_from_slice(piece);
            offset += piece.len() as u64;
        }
    }

    #[test]
    fn a_short_output_is_replayed_whole() {
        let mut ring = Ring::default();
        ring.push(b"hello ");
        ring.push(b"there\n");
        assert_eq!(ring.replay_from(), 0);
        assert_eq!(all_after(&ring, 0), b"hello there\n");
        assert_eq!(all_after(&ring, 6), b"there\n");
        assert_eq!(all_after(&ring, 12), b"");
    }

    #[test]
    fn a_long_output_keeps_its_last_bytes_and_starts_at_a_line() {
        let mut ring = Ring::default();
        for number in 0..100_000 {
            ring.push(format!("line {number}\r\n").as_bytes());
        }
        let replay = all_after(&ring, ring.replay_from());
        assert!(replay.len() <= CAPACITY && replay.len() > CAPACITY - 20, "{}", replay.len());
        assert!(replay.starts_with(b"line "));
        assert!(replay.ends_with(b"line 99999\r\n"));
        assert_eq!(ring.end(), (0..100_000).map(|number| format!("line {number}\r\n").len() as u64).sum::<u64>());
    }

    #[test]
    fn one_push_larger_than_the_ring_leaves_its_end() {
        let mut ring = Ring::default();
        ring.push(b"before");
        ring.push(&vec![b'x'; CAPACITY + 10]);
        assert_eq!(all_after(&ring, 16).len(), CAPACITY);
        assert_eq!(ring.end(), CAPACITY as u64 + 16);
    }
}
