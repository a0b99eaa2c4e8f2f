//! AWS STS: exchanges a token, or other credentials, for a role's credentials. Its responses are
//! XML, from which four values are read.

use std::fs;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::profile::Profile;
use super::{regional, sign};
use crate::cache::Fresh;
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::services::Session;
use crate::uri::form;

const SERVICE: &str = "AWS STS";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A role, and the name of its sessions.
pub(super) struct Role<'a> {
    pub(super) arn: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
}

impl<'a> Role<'a> {
    fn pairs(&self, action: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut pairs = vec![("Action", action), ("Version", "2011-06-15"), ("RoleArn", self.arn)];
        pairs.push(("RoleSessionName", self.name.unwrap_or("tdc")));
        pairs.extend(self.external_id.map(|id| ("ExternalId", id)));
        pairs
    }
}

/// The role for the token in a file, which Kubernetes replaces now and then.
pub(super) fn web_identity(
    session: &Session<'_>,
    profile: &Profile,
    region: &str,
    role: &Role<'_>,
    file: &str,
) -> Result<Fresh<Credentials>, Failure> {
    let token = fs::read_to_string(file).map(Zeroizing::new);
    let token = token
        .map_err(|cause| Failure::refused(format!("cannot read the web identity's token file: {cause}")))?;
    let mut pairs = role.pairs("AssumeRoleWithWebIdentity");
    pairs.push(("WebIdentityToken", token.trim()));
    let body = Zeroizing::new(form(&pairs).into_bytes());
    let url = endpoint(session, profile, region);
    read(&session.send(Request::post(url, FORM, body).secret(token.trim()))?)
}

/// The role for other credentials.
pub(super) fn assume_role(
    session: &Session<'_>,
    profile: &Profile,
    region: &str,
    role: &Role<'_>,
    source: &Credentials,
) -> Result<Fresh<Credentials>, Failure> {
    let body = Zeroizing::new(form(&role.pairs("AssumeRole")).into_bytes());
    let url = endpoint(session, profile, region);
    let scope = sign::Scope { region, service: "sts", now: SystemTime::now() };
    let signed = sign::headers("POST", &url, &[("content-type", FORM)], &body, source, &scope)?;
    let request = Request::post(url, FORM, body).secret(source.secret());
    let request = signed.iter().fold(request, |request, (name, value)| request.secret_header(name, value));
    read(&session.send(request)?)
}

fn endpoint(session: &Session<'_>, profile: &Profile, region: &str) -> String {
    let configured = profile.endpoint("STS", session.environment);
    let url = configured.unwrap_or_else(|| regional("sts", region));
    format!("{}/", url.trim_end_matches('/'))
}

fn read(reply: &Reply) -> Result<Fresh<Credentials>, Failure> {
    let text = core::str::from_utf8(&reply.body).map_err(|_| reply.nonsense(SERVICE))?;
    if !reply.is_success() {
        let Some(code) = element(text, "Code") else { return Err(reply.nonsense(SERVICE)) };
        let message = match code {
            "SignatureDoesNotMatch" | "IncompleteSignature" => "the signature was not accepted",
            _ => element(text, "Message").unwrap_or("no reason"),
        };
        let reason = format!("AWS STS: {code}: {}", reply.words(message));
        let is_transient = reply.is_overloaded() || code == "Throttling" || code == "IDPCommunicationError";
        return Err(if is_transient { Failure::transient(reason) } else { Failure::refused(reason) });
    }
    let value = |name| element(text, name).ok_or_else(|| reply.nonsense(SERVICE));
    let (id, secret, token) = (value("AccessKeyId")?, value("SecretAccessKey")?, value("SessionToken")?);
    Ok(Credentials::fetched(id, secret, Some(token), element(text, "Expiration")))
}

/// The text of the first element with this name. None of the values read here contains escapes.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    Some(value.trim()).filter(|value| !value.is_empty() && !value.contains('<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_a_text() {
        let text = "<a><Code> x </Code><Empty></Empty><Nested><b>1</b></Nested><Open>1";
        for (name, expected) in
            [("Code", Some("x")), ("Empty", None), ("Nested", None), ("Open", None), ("None", None)]
        {
            assert_eq!(element(text, name), expected, "{name}");
        }
    }
}
