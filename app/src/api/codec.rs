//! JSON over POST, as `server_fn`'s own, but read from text. Resources are read from text too, so the
//! browser's wasm holds the code that reads each type once instead of twice (a tenth of its size).

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

pub struct JsonText;

/// To be given as `output` to a server function.
pub type PostJsonText = Post<JsonText>;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = String;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
        // The error is what was sent: it may be a refusal ([`super::ApiError`]).
        serde_json::from_str(text).map_err(|_| text.to_owned())
    }
}
