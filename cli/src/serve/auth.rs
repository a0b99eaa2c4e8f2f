//! Who may do what: a token identifies the caller, rules say what the caller may do.
//!
//! ```text
//! Authorization: Bearer …  ──token──> claims of an issuer  ──rules──> done · given back as it came · refused
//!                             |
//!                           jwks      the issuer's keys, from the place that the configuration names
//! ```
//! `Authorization-Extras`, in which the Web UI sends an ID token, is never read: it is not a
//! credential for this server.

mod jwks;
mod rules;
mod token;

use std::sync::Arc;

use axum::http::HeaderMap;
use tdc::{Code, Error};

use super::options::{self, Operation};
use super::refusal::Refusal;
use jwks::Jwks;
pub(super) use rules::Decision;
pub(super) use token::Caller;

/// Longest name of a rule, in characters.
const MAX_NAME: usize = 64;

/// The issuers and rules of a configuration.
#[derive(Debug)]
pub(super) struct Auth {
    options: options::AuthOptions,
    issuers: Vec<Arc<Jwks>>,
}

impl Auth {
    /// Takes over what `before` knows about the issuers that did not change.
    pub(super) fn open(options: &options::AuthOptions, before: Option<&Self>) -> Result<Self, Error> {
        check(options)?;
        let open = |(index, issuer): (usize, &options::Issuer)| {
            let same = |known: &&Arc<Jwks>| known.issuer == *issuer;
            let known = before.and_then(|before| before.issuers.iter().find(same));
            // Files are read again; fetched keys are kept.
            if let Some(known) = known.filter(|known| !known.is_file()) {
                return Ok(Arc::clone(known));
            }
            Jwks::open(issuer, known.map(Arc::as_ref))
                .map(Arc::new)
                .map_err(|why| Error::new(Code::Config, format!("server.auth.issuers[{index}].jwks: {why}")))
        };
        let issuers = options.issuers.iter().enumerate().map(open).collect::<Result<_, _>>()?;
        Ok(Self { options: options.clone(), issuers })
    }

    /// Whose token the request carries.
    pub(super) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        token::verify(token::bearer(headers)?, &self.issuers).await
    }

    /// What the caller may do with this request: the first matching rule decides.
    pub(super) fn decide(&self, caller: &Caller, namespace: &str, operation: Operation) -> Option<Decision> {
        rules::decide(&self.options.rules, caller, namespace, operation)
    }

    /// Whether a rule would match the caller's request if that named a namespace.
    pub(super) fn asks_for_namespace(&self, caller: &Caller, operation: Operation) -> bool {
        rules::asks_for_namespace(&self.options.rules, caller, operation)
    }

    /// Starts to fetch the keys of issuers that publish them at a URL.
    pub(super) fn start(&self) {
        for issuer in &self.issuers {
            issuer.start();
        }
    }

    /// Whether the tokens of every issuer can be verified.
    pub(super) fn is_ready(&self) -> bool {
        self.issuers.iter().all(|issuer| issuer.is_ready())
    }

    /// The files that it was read from.
    pub(super) fn files(&self) -> impl Iterator<Item = &std::path::Path> {
        self.issuers.iter().filter_map(|issuer| issuer.file())
    }
}

fn check(options: &options::AuthOptions) -> Result<(), Error> {
    let problem =
        |place: String, text: &str| Err(Error::new(Code::Config, format!("server.auth.{place}: {text}")));
    if options.issuers.is_empty() {
        return problem("issuers".to_owned(), "expected at least one issuer: without one, no token is valid");
    }
    for (index, issuer) in options.issuers.iter().enumerate() {
        let place = format!("issuers[{index}]");
        if issuer.issuer.is_empty() || issuer.audience.is_empty() {
            return problem(place, "issuer and audience cannot be empty");
        }
        if options.issuers.iter().take(index).any(|other| other.issuer == issuer.issuer) {
            return problem(place, "this issuer is listed twice; remove one");
        }
        if issuer.algorithms.as_ref().is_some_and(Vec::is_empty) {
            return problem(
                place + ".algorithms",
                "expected at least one entry; leave the field out to allow all",
            );
        }
    }
    if options.rules.is_empty() {
        return problem(
            "rules".to_owned(),
            "expected at least one rule: without one, every request is refused",
        );
    }
    for (index, rule) in options.rules.iter().enumerate() {
        let place = format!("rules[{index}]");
        if let Some(name) = &rule.name {
            if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > MAX_NAME {
                let text = format!("expected 1 to {MAX_NAME} characters");
                return problem(place + ".name", &text);
            }
            if options.rules.iter().take(index).any(|other| other.name == rule.name) {
                return problem(place + ".name", "another rule has the same name: choose a different one");
            }
        }
        if rule.allow.is_empty() && rule.pass_through.is_empty() {
            return problem(place, "expected allow, pass_through or both");
        }
        if rule.pass_through.contains(&Operation::Download) {
            return problem(
                place + ".pass_through",
                "only decode may pass payloads through: without download in allow, references are returned as they are",
            );
        }
        if rule.pass_through.contains(&Operation::Encode) {
            return problem(
                place + ".pass_through",
                "only decode may pass payloads through: what encode returned unchanged would be stored unencrypted",
            );
        }
        if rule.pass_through.iter().any(|operation| rule.allow.contains(operation)) {
            return problem(place, "decode is in both allow and pass_through: remove it from one");
        }
        if rule.namespaces.as_ref().is_some_and(Vec::is_empty) {
            return problem(
                place + ".namespaces",
                "expected at least one entry; leave the field out to allow all",
            );
        }
        if let Some((name, _)) = rule.claims.iter().find(|(_, claim)| claim.0.is_empty()) {
            return problem(format!("{place}.claims.{name}"), "expected at least one pattern");
        }
        match &rule.issuer {
            None if options.issuers.len() > 1 => {
                return problem(place, "with several issuers, every rule must name one: set issuer");
            }
            Some(issuer) if options.issuers.iter().all(|known| known.issuer != *issuer) => {
                return problem(place + ".issuer", "it is not in server.auth.issuers");
            }
            _ => {}
        }
    }
    Ok(())
}
