//! Objects in Amazon S3, and in what speaks its protocol.
//!
//! ```text
//! GET https://BUCKET.s3.REGION.amazonaws.com/KEY        or ENDPOINT/BUCKET/KEY
//! ```
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use tdc_formats::ip_address;
use ureq::http::Uri;

use super::credentials::{self, Credentials};
use super::profile::Profile;
use super::sign;
use super::{Session, regional};
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::objects::{Bytes, StoredObject};
use crate::uri::percent_encoded_path;

const SERVICE: &str = "the store";

/// Fetches an object.
pub(crate) fn get(
    session: &Session<'_>,
    object: &StoredObject<'_>,
    region: &str,
    endpoint: Option<&str>,
    path_style: bool,
) -> Result<Bytes, Failure> {
    let endpoint = match endpoint {
        Some(endpoint) => endpoint.to_owned(),
        None => Profile::load(None, session.environment)?
            .endpoint("S3", session.environment)
            .unwrap_or_else(|| regional("s3", region)),
    };
    let url = url(&endpoint, path_style, object);
    let hash = sign::hex(digest(&SHA256, b"").as_ref());
    let ask = |credentials: &Credentials| {
        let scope = sign::Scope { region, service: "s3", now: SystemTime::now() };
        let headers = [("x-amz-content-sha256", hash.as_str())];
        let signed = sign::headers("GET", &url, &headers, b"", credentials, &scope)?;
        let request = signed.iter().fold(
            Request::get(url.as_str()).direct().header("x-amz-content-sha256", &hash),
            |request, (name, value)| request.secret_header(name, value),
        );
        session.receive(request.secret(credentials.secret()), object.max_bytes)
    };
    let credentials = credentials::current(session, None, region)?;
    let mut reply = ask(&credentials)?;
    if !reply.is_success() && is_expired(&reply) && credentials.can_be_fetched_again() {
        credentials::forget(session, None, &credentials);
        let fresh = credentials::current(session, None, region)?;
        reply = ask(&fresh)?;
    }
    if reply.is_success() { Ok(reply.body) } else { Err(failed(&reply)) }
}

/// A bucket with a dot has no certificate in the form with the bucket in the host, and an address
/// has no names below it.
fn url(endpoint: &str, path_style: bool, object: &StoredObject<'_>) -> String {
    let (endpoint, bucket) = (endpoint.trim_end_matches('/'), object.bucket);
    let key = percent_encoded_path(object.key);
    match endpoint.split_once("://") {
        Some((scheme, host)) if !path_style && !bucket.contains('.') && !is_address(endpoint) => {
            format!("{scheme}://{bucket}.{host}/{key}")
        }
        _ => format!("{endpoint}/{bucket}/{key}"),
    }
}

fn is_address(endpoint: &str) -> bool {
    let uri = endpoint.parse::<Uri>();
    uri.is_ok_and(|uri| uri.host().is_some_and(|host| ip_address(host).is_some()))
}

fn is_expired(reply: &Reply) -> bool {
    matches!(code(reply), Some("ExpiredToken" | "InvalidToken" | "InvalidAccessKeyId"))
}

/// The code of an error: a short document, of which nothing else is of use.
fn code(reply: &Reply) -> Option<&str> {
    let text = core::str::from_utf8(&reply.body).ok()?;
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_code = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(code)
}

/// What a refusal means.
fn failed(reply: &Reply) -> Failure {
    let status = reply.status;
    match code(reply) {
        Some("NoSuchKey") => Failure::invalid("the store has no such object"),
        None if status == 404 => Failure::invalid("the store has no such object"),
        Some(code) if reply.is_overloaded() => {
            Failure::transient(format!("the store answered {status} {code}"))
        }
        Some(code @ ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed")) => {
            Failure::refused(format!(
                "the store answered {status} {code}: see whether the bucket is in this region"
            ))
        }
        // What S3 answers for a key that is not there if the role may not list the bucket.
        Some("AccessDenied") => Failure::refused(format!(
            "the store answered {status} AccessDenied: the object is missing, or the role lacks s3:GetObject; \
             allow s3:ListBucket to tell them apart"
        )),
        Some(code) if (400..500).contains(&status) => {
            Failure::refused(format!("the store answered {status} {code}: see what the role may read"))
        }
        _ => reply.nonsense(SERVICE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_as_they_are() {
        let mut object =
            StoredObject { bucket: "orders", key: "v0/ns/a%3Ab/\u{fc} +.txt", ..StoredObject::default() };
        let escaped = "v0/ns/a%253Ab/%C3%BC%20%2B.txt";
        assert_eq!(
            url("https://s3.eu-central-1.amazonaws.com", false, &object),
            format!("https://orders.s3.eu-central-1.amazonaws.com/{escaped}")
        );
        assert_eq!(
            url("http://127.0.0.1:7070/", true, &object),
            format!("http://127.0.0.1:7070/orders/{escaped}")
        );
        for address in ["http://127.0.0.1:7070", "https://10.0.0.7", "https://[fd00::1]:9000/"] {
            let place = address.trim_end_matches('/');
            assert_eq!(url(address, false, &object), format!("{place}/orders/{escaped}"));
        }
        object.bucket = "orders.eu";
        assert_eq!(
            url("https://s3.a.amazonaws.com", false, &object),
            format!("https://s3.a.amazonaws.com/orders.eu/{escaped}")
        );
    }
}
