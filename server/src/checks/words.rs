//! Lists in sentences.
