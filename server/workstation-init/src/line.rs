//! Bytes into lines, with a limit.

/// Bytes of one line from the server. Its requests have less than a hundred.
pub(crate) const MAX_LINE_BYTES: usize = 4096;

/// A line had more than [`MAX_LINE_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

#[derive(Default)]
pub(crate) struct Lines {
    unread: Vec<u8>,
}

impl Lines {
    /// Takes what was read, gives the lines that are whole now, without their newlines.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.unread.len() + piece.len() > MAX_LINE_BYTES {
                return Err(TooLong);
            }
            self.unread.extend_from_slice(piece);
            if self.unread.last() == Some(&b'\n') {
                self.unread.pop();
                lines.push(std::mem::take(&mut self.unread));
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_were_cut() {
        let text = b"{\"n\":1}\n{\"n\":2}\n\n{\"n\":3";
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut got = lines.push(&text[..cut]).expect("short");
            got.extend(lines.push(&text[cut..]).expect("short"));
            assert_eq!(got, [b"{\"n\":1}".to_vec(), b"{\"n\":2}".to_vec(), b"".to_vec()]);
            assert_eq!(lines.push(b"}\n").expect("short"), [b"{\"n\":3}".to_vec()]);
        }
    }

    #[test]
    fn a_line_without_end_is_an_error_not_memory() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(&[b'x'; MAX_LINE_BYTES]), Ok(vec![]));
        assert_eq!(lines.push(b"x"), Err(TooLong));
    }
}
