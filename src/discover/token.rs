//! [`Token`]: what the Management API is read with, for as long as it holds.

use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::UnixTime;

/// Seconds that a token lives unless the answer says so (Auth0's default for its Management API).
const DEFAULT_LIFE: i64 = 86_400;

/// An access token.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    /// When another is to be asked for: with a tenth of its life left.
    pub(super) until: UnixTime,
}

/// RFC 6749, 5.1.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<i64>,
}

impl Token {
    /// Reads the token endpoint's answer. The error must not carry any of it: it may hold the token.
    pub(super) fn read(body: &[u8], at: UnixTime) -> Result<Self, &'static str> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| "no access token in the answer")?;
        let life = answer.expires_in.unwrap_or(DEFAULT_LIFE).clamp(0, DEFAULT_LIFE * 30);
        Ok(Self { secret: answer.access_token.into(), until: at.plus(life - life / 10) })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let token =
            Token::read(br#"{"access_token":"t","expires_in":1000,"token_type":"Bearer"}"#, UnixTime(0)).unwrap();
        assert_eq!((token.secret.expose_secret(), token.until), ("t", UnixTime(900)));
        assert_eq!(Token::read(br#"{"access_token":"t"}"#, UnixTime(0)).unwrap().until, UnixTime(77_760));
        assert!(!format!("{token:?}").contains("\"t\""));
    }

    #[test]
    fn nonsense_is_no_token() {
        for body in ["", "{}", r#"{"access_token":7}"#, "<html>"] {
            assert!(Token::read(body.as_bytes(), UnixTime(0)).is_err(), "{body}");
        }
        let far = Token::read(br#"{"access_token":"t","expires_in":9223372036854775807}"#, UnixTime(i64::MAX - 10));
        assert!(far.is_ok());
    }
}
