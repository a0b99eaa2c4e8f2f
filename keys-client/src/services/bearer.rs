//! OAuth 2.0 tokens, which Google and Azure use.

use core::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cache::Fresh;
use crate::failure::Failure;
use crate::http::Reply;
use crate::json::{self, Secret};

/// A token, and the project that pays for its requests if Google needs to know it.
pub(crate) struct Bearer {
    token: Secret,
    pub(super) project: Option<String>,
}

/// RFC 6749, 5.1. Azure's instances write the number as a string.
#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    expires_in: Seconds,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
    #[default]
    None,
}

/// RFC 6749, 5.2.
#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Bearer {
    pub(super) fn read(reply: &Reply, place: &str) -> Result<Fresh<Self>, Failure> {
        if !reply.is_success() {
            let Ok(Refused { error, error_description }) = serde_json::from_slice(&reply.body) else {
                return Err(reply.nonsense(place));
            };
            let reason = format!("{place}: {}", reply.words(&format!("{error}: {error_description}")));
            return Err(if reply.is_overloaded() {
                Failure::transient(reason)
            } else {
                Failure::refused(reason)
            });
        }
        let answer: Answer = json::read(reply, place)?;
        let seconds = match answer.expires_in {
            Seconds::Number(seconds) => Some(seconds),
            Seconds::Text(text) => text.parse().ok(),
            Seconds::None => None,
        };
        let value = Self { token: answer.access_token, project: None };
        Ok(Fresh { value, lifetime: seconds.map(Duration::from_secs) })
    }

    pub(super) fn paid_by(self, project: Option<String>) -> Self {
        Self { project, ..self }
    }

    pub(super) fn header(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {}", self.token.as_str()))
    }
}
