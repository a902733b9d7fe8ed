//! Secrets that people type or follow: join codes, personal codes, one-time links; and IDs.
//!
//! Letters and digits are Douglas Crockford's base 32, in which none is taken for another.

use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a join code: 30 bits, guessed at a pace that `web::pace` sets, good for a place in a class.
const JOIN: usize = 6;
/// Characters of a personal code: 60 bits, good for one learner's work.
const PERSONAL: usize = 12;
/// Characters of a secret in a link that nobody types, and of an ID: 130 bits.
const LONG: usize = 26;

/// A new join code.
pub(super) fn join() -> String {
    random(JOIN)
}

/// A new personal code.
pub(super) fn personal() -> String {
    random(PERSONAL)
}

/// A new secret of a one-time link or a certificate.
pub(super) fn secret() -> String {
    random(LONG).to_ascii_lowercase()
}

/// A new ID, which is no secret.
pub(super) fn id() -> String {
    secret()
}

fn random(characters: usize) -> String {
    let mut bytes = vec![0; characters];
    // Linux gives them once it has started; there is nothing else to do without.
    OsRng.try_fill_bytes(&mut bytes).expect("the system gives random bytes");
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// As it was given out, whatever was typed: in any case, with or without dashes, O for 0, I and L for 1.
/// `None` where it can't be one of ours.
pub(super) fn typed_join(text: &str) -> Option<String> {
    typed(text, JOIN)
}

/// As [`typed_join`].
pub(super) fn typed_personal(text: &str) -> Option<String> {
    typed(text, PERSONAL)
}

fn typed(text: &str, characters: usize) -> Option<String> {
    let mut code = String::with_capacity(characters);
    for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        };
        if code.len() == characters || !u8::try_from(letter).is_ok_and(|letter| ALPHABET.contains(&letter)) {
            return None;
        }
        code.push(letter);
    }
    (code.len() == characters).then_some(code)
}

/// In groups, as it is shown: `K7Q-F2M`, `K7QF-2M9X-4TRA`.
pub(super) fn grouped(code: &str) -> String {
    let size = if code.len() == JOIN { 3 } else { 4 };
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(size).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What is stored instead of a secret, for each `purpose` another.
pub(super) fn hashed(purpose: &str, secret: &str) -> String {
    format!("{:x}", Sha256::new().chain_update(purpose).chain_update(" ").chain_update(secret).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for text in ["K7QF2M", "k7q-f2m", " k7q f2m ", "K7Q—F2M".replace('—', "-").as_str()] {
            assert_eq!(typed_join(text).as_deref(), Some("K7QF2M"), "{text}");
        }
        assert_eq!(typed_join("o1lI00").as_deref(), Some("011100"));
        for text in ["", "K7QF2", "K7QF2MM", "K7QF2U", "K7QF2é", "K7QF2\u{0}"] {
            assert_eq!(typed_join(text), None, "{text:?}");
        }
    }

    #[test]
    fn codes_are_shown_in_groups_and_read_back() {
        let (join, personal) = (join(), personal());
        assert_eq!(grouped("K7QF2M"), "K7Q-F2M");
        assert_eq!(grouped("K7QF2M9X4TRA"), "K7QF-2M9X-4TRA");
        assert_eq!(typed_join(&grouped(&join)), Some(join));
        assert_eq!(typed_personal(&grouped(&personal)), Some(personal));
    }

    #[test]
    fn a_secret_is_stored_as_something_else_for_each_purpose() {
        assert_ne!(hashed("way back", "x"), hashed("invitation", "x"));
        assert_ne!(secret(), secret());
        assert!(!hashed("way back", "K7QF2M9X4TRA").contains("K7QF"));
    }
}
