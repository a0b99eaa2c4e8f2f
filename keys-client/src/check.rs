//! `tdc keys check`: what works with a key, and how to fix what does not.

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::key_services::KeyServices;
use crate::requests::KeyService;
use crate::services;
use crate::uri::KeyUri;

/// The result of wrapping a fresh random key with a service.
#[derive(Clone, Debug)]
pub struct Check {
    /// The service's name; `None` if the URI names none.
    pub service: Option<&'static str>,
    /// Whether the key was wrapped.
    pub wrap: Result<(), Failure>,
    /// Whether it was unwrapped again; `None` if there was nothing to unwrap.
    pub unwrap: Option<Result<(), Failure>>,
    /// What to do about the first failure.
    pub remedy: Option<String>,
}

impl Check {
    /// Whether the key both wraps and unwraps.
    #[must_use]
    pub fn works(&self) -> bool {
        self.wrap.is_ok() && matches!(self.unwrap, Some(Ok(())))
    }

    pub(crate) fn run(keys: &KeyServices, service: &KeyService) -> Self {
        let known = KeyUri::parse(&service.uri).and_then(|uri| services::of(&uri));
        let (wrap, unwrap) = match ask(keys, service) {
            Ok(unwrap) => (Ok(()), Some(unwrap)),
            Err(failure) => (Err(failure), None),
        };
        let failed = wrap.as_ref().err().or_else(|| unwrap.as_ref()?.as_ref().err());
        let remedy = failed.map(|failure| match &known {
            Ok(known) => (known.remedy)(failure.kind()).to_owned(),
            Err(_) => "name the key by its service's URI (docs/KEY_SERVICES.md)".to_owned(),
        });
        Self { service: known.ok().map(|known| known.name), wrap, unwrap, remedy }
    }
}

fn ask(keys: &KeyServices, service: &KeyService) -> Result<Result<(), Failure>, Failure> {
    let mut key = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *key)
        .map_err(|_| Failure::unavailable("this machine gives no random bytes"))?;
    let wrapped = keys.wrap(service, &key)?;
    Ok(match keys.unwrap(service, &wrapped) {
        Ok(back) if back.as_slice() == key.as_slice() => Ok(()),
        Ok(_) => {
            Err(Failure::unavailable("the service unwrapped the test key to other bytes than it had wrapped"))
        }
        Err(failure) => Err(failure),
    })
}
