//! The key with which Lunchbox signs what it asks of platforms (RS256). Made once, when it is first needed, and kept
//! in the database: a backup holds it, an export or the log never does.

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use crate::{
    classroom::{ClassError, Classroom},
    clock::now,
};

/// The one there is.
const NAME: &str = "signing";
/// RFC 7517, section 8.5.2.
pub(crate) const JWKS_TYPE: &str = "application/jwk-set+json";

/// A key to sign with. It has no `Debug`: nobody prints it.
pub(super) struct Signing {
    kid: String,
    pair: RsaKeyPair,
}

impl Signing {
    /// The public half, as platforms read it (RFC 7517).
    fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let coded = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": coded(public.modulus().big_endian_without_leading_zero()),
            "e": coded(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// The claims as a JWT (RFC 7519, in the compact form of RFC 7515). `None`: the system gives no chance.
    pub(super) fn signed(&self, claims: &Value) -> Option<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid });
        let coded = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", coded(&header), coded(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).ok()?;
        Some(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Classroom {
    /// The key set: what platforms look up to know that it is us.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn lti_key_set(&self) -> Result<Value, ClassError> {
        Ok(json!({ "keys": [self.signing_key().await?.jwk()] }))
    }

    pub(super) async fn signing_key(&self) -> Result<Signing, ClassError> {
        if let Some(key) = self.stored_key().await? {
            return Ok(key);
        }
        // Half a second of work.
        let made = tokio::task::spawn_blocking(make).await.ok().flatten();
        let Some((kid, der)) = made else { return ClassError::refused("No key could be made just now. Try again.") };
        // Whoever was first at it keeps theirs.
        sqlx::query("INSERT INTO lti_keys (name, kid, private, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING")
            .bind(NAME)
            .bind(kid)
            .bind(BASE64_STANDARD.encode(der))
            .bind(now())
            .execute(&self.pool)
            .await?;
        self.stored_key().await?.ok_or(ClassError::NotFound)
    }

    async fn stored_key(&self) -> Result<Option<Signing>, ClassError> {
        let row = sqlx::query("SELECT kid, private FROM lti_keys WHERE name = $1").bind(NAME).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let (kid, private): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let pair = BASE64_STANDARD.decode(private).ok().and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        match pair {
            Some(pair) => Ok(Some(Signing { kid, pair })),
            None => ClassError::refused("The key that is stored can't be read. Restore the database from a backup."),
        }
    }
}

/// 2048 bits are what every platform takes (Security Framework 1.0, section 6.1). `None`: the system gives no chance.
fn make() -> Option<(String, Vec<u8>)> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let der = pair.as_der().ok()?.as_ref().to_vec();
    let kid = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(pair.public_key().as_ref()));
    Some((kid, der))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn what_others_are_shown_has_no_private_part() {
        let (kid, der) = make().unwrap();
        let jwk = Signing { kid, pair: RsaKeyPair::from_pkcs8(&der).unwrap() }.jwk();
        let names: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(jwk["e"], "AQAB");
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap().len(), 256);
    }
}
