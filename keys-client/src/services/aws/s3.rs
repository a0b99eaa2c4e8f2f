//! Objects in Amazon S3, and in what speaks its protocol.
//!
//! ```text
//! GET https://BUCKET.s3.REGION.amazonaws.com/KEY        or ENDPOINT/BUCKET/KEY
//! GET https://BUCKET.s3.REGION.amazonaws.com/?list-type=2&prefix=…
//! ```
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

mod listing;

use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use tdc_formats::ip_address;
use ureq::http::Uri;

use super::credentials::{self, Credentials};
use super::profile::Profile;
use super::sign;
use super::{Session, regional};
use crate::buckets::{FoundStore, MAX_PAGE_BYTES, ObjectVersion, Page, PageOf, PartOf};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::objects::{Bytes, StoredObject};
use crate::uri::{percent_encoded, percent_encoded_path};

const SERVICE: &str = "the store";

/// What a store that is not Amazon's takes for a region.
const ANY_REGION: &str = "us-east-1";

/// Fetches an object.
pub(crate) fn get(
    session: &Session<'_>,
    object: &StoredObject<'_>,
    region: &str,
    endpoint: Option<&str>,
    path_style: bool,
) -> Result<Bytes, Failure> {
    let s3 = S3Endpoint::new(session, region, endpoint, path_style)?;
    let url = s3.url(object.bucket, object.key);
    let reply = s3.ask(session, &url, &[], object.max_bytes)?;
    if reply.is_success() { Ok(reply.body) } else { Err(failed(&reply)) }
}

/// Fetches a part of an object, in the version that was listed.
pub(crate) fn part(
    session: &Session<'_>,
    part: &PartOf<'_>,
    region: &str,
    endpoint: Option<&str>,
    path_style: bool,
) -> Result<Bytes, Failure> {
    let s3 = S3Endpoint::new(session, region, endpoint, path_style)?;
    let range = part.range();
    let ObjectVersion::ETag(tag) = &part.object.version else { return Err(part.foreign()) };
    let headers = [("range", range.as_str()), ("if-match", tag)];
    let reply = s3.ask(session, &s3.url(part.bucket, &part.object.key), &headers, part.room())?;
    part.of(reply, |reply| match reply.status {
        412 => Failure::invalid("the object was replaced after it was listed: run the command again"),
        _ => failed(reply),
    })
}

/// Lists objects.
pub(crate) fn list(
    session: &Session<'_>,
    page: &PageOf<'_>,
    region: &str,
    endpoint: Option<&str>,
    path_style: bool,
) -> Result<Page, Failure> {
    let s3 = S3Endpoint::new(session, region, endpoint, path_style)?;
    let token = page.token.map(|token| format!("continuation-token={}&", percent_encoded(token)));
    let url = format!(
        "{}?{}encoding-type=url&list-type=2&max-keys={}&prefix={}",
        s3.url(page.bucket, ""),
        token.unwrap_or_default(),
        page.count,
        percent_encoded(page.prefix)
    );
    let reply = s3.ask(session, &url, &[], MAX_PAGE_BYTES)?;
    Page::of(&reply, SERVICE, listing::read, not_listed)
}

/// The store that the environment names. Buckets of another endpoint than Amazon's are in the path,
/// as for the `aws` command.
pub(crate) fn find(environment: &Environment) -> Result<FoundStore, Failure> {
    let profile = Profile::load(None, environment)?;
    let named = profile.endpoint("S3", environment);
    let path_style = named.is_some();
    let region = super::region(environment, &profile)
        .or_else(|| path_style.then_some(ANY_REGION))
        .ok_or_else(|| Failure::refused("no region for the bucket: set AWS_REGION"))?;
    if !super::is_region(region) {
        return Err(Failure::refused("the region is not one of AWS: expected one such as eu-central-1"));
    }
    let endpoint = named.unwrap_or_else(|| regional("s3", region));
    Ok(FoundStore::S3 { region: region.to_owned(), endpoint, path_style })
}

/// Where buckets are.
struct S3Endpoint<'a> {
    region: &'a str,
    endpoint: String,
    path_style: bool,
}

impl<'a> S3Endpoint<'a> {
    fn new(
        session: &Session<'_>,
        region: &'a str,
        endpoint: Option<&str>,
        path_style: bool,
    ) -> Result<Self, Failure> {
        let endpoint = match endpoint {
            Some(endpoint) => endpoint.to_owned(),
            None => Profile::load(None, session.environment)?
                .endpoint("S3", session.environment)
                .unwrap_or_else(|| regional("s3", region)),
        };
        Ok(Self { region, endpoint, path_style })
    }

    /// A bucket with a dot has no certificate in the form with the bucket in the host, and an
    /// address has no names below it.
    fn url(&self, bucket: &str, key: &str) -> String {
        let endpoint = self.endpoint.trim_end_matches('/');
        let key = percent_encoded_path(key);
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style && !bucket.contains('.') && !is_address(endpoint) => {
                format!("{scheme}://{bucket}.{host}/{key}")
            }
            _ => format!("{endpoint}/{bucket}/{key}"),
        }
    }

    /// Asks with the cached credentials, and with new ones if those have expired.
    fn ask(
        &self,
        session: &Session<'_>,
        url: &str,
        headers: &[(&str, &str)],
        max_bytes: usize,
    ) -> Result<Reply, Failure> {
        let region = self.region;
        let hash = sign::hex(digest(&SHA256, b"").as_ref());
        let ask = |credentials: &Credentials| {
            let scope = sign::Scope { region, service: "s3", now: SystemTime::now() };
            let signed_headers = [("x-amz-content-sha256", hash.as_str())];
            let signed = sign::headers("GET", url, &signed_headers, b"", credentials, &scope)?;
            let plain = Request::get(url).direct().header("x-amz-content-sha256", &hash);
            let plain = headers.iter().fold(plain, |request, (name, value)| request.header(name, value));
            let request =
                signed.iter().fold(plain, |request, (name, value)| request.secret_header(name, value));
            session.receive(request.secret(credentials.secret()), max_bytes)
        };
        let credentials = credentials::current(session, None, region)?;
        let reply = ask(&credentials)?;
        if is_expired(&reply) && credentials.can_be_fetched_again() {
            credentials::forget(session, None, &credentials);
            return ask(&*credentials::current(session, None, region)?);
        }
        Ok(reply)
    }
}

fn is_address(endpoint: &str) -> bool {
    let uri = endpoint.parse::<Uri>();
    uri.is_ok_and(|uri| uri.host().is_some_and(|host| ip_address(host).is_some()))
}

/// An object may look like an error; a refusal has another status.
fn is_expired(reply: &Reply) -> bool {
    reply.status >= 400 && matches!(code(reply), Some("ExpiredToken" | "InvalidToken" | "InvalidAccessKeyId"))
}

/// The code of an error: a short document, of which nothing else is of use.
fn code(reply: &Reply) -> Option<&str> {
    let text = core::str::from_utf8(&reply.body).ok()?;
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_code = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(code)
}

/// What a refusal of an object means.
fn failed(reply: &Reply) -> Failure {
    let status = reply.status;
    match code(reply) {
        Some("NoSuchKey") => Failure::invalid("the store has no such object"),
        None if status == 404 => Failure::invalid("the store has no such object"),
        // What S3 answers for a key that is not there if the role may not list the bucket.
        Some("AccessDenied") => Failure::refused(format!(
            "the store answered {status} AccessDenied: the object is missing, or the role lacks s3:GetObject; \
             allow s3:ListBucket to tell them apart"
        )),
        _ => refused(reply),
    }
}

/// What a refusal of a listing means.
fn not_listed(reply: &Reply) -> Failure {
    let status = reply.status;
    match code(reply) {
        Some("NoSuchBucket") => Failure::refused("the store has no such bucket"),
        None if status == 404 => Failure::refused("the store has no such bucket"),
        Some("AccessDenied") => Failure::refused(format!(
            "the store answered {status} AccessDenied: allow the role s3:ListBucket on the bucket"
        )),
        None if status == 403 => {
            Failure::refused("the store answered 403: allow the role s3:ListBucket on the bucket")
        }
        _ => refused(reply),
    }
}

fn refused(reply: &Reply) -> Failure {
    let status = reply.status;
    match code(reply) {
        Some(code) if reply.is_overloaded() => {
            Failure::transient(format!("the store answered {status} {code}"))
        }
        Some(code @ ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed")) => {
            Failure::refused(format!(
                "the store answered {status} {code}: check that the bucket is in this region"
            ))
        }
        Some(code) if (400..500).contains(&status) => {
            Failure::refused(format!("the store answered {status} {code}: {}", remedy(code)))
        }
        _ => reply.nonsense(SERVICE),
    }
}

/// What an operator does about a code of S3's.
fn remedy(code: &str) -> &'static str {
    match code {
        "ExpiredToken" => "the credentials have expired: get new ones",
        "InvalidAccessKeyId" => {
            "the store does not know the access key: check AWS_ACCESS_KEY_ID or the profile"
        }
        "InvalidObjectState" => "the object is archived: restore it first",
        "RequestTimeTooSkewed" => "set the clock of this machine",
        "SignatureDoesNotMatch" => "check AWS_SECRET_ACCESS_KEY or the profile",
        _ => "check the permissions of the role",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_as_they_are() {
        let key = "v0/ns/a%3Ab/\u{fc} +.txt";
        let url = |endpoint: &str, path_style, bucket| {
            S3Endpoint { region: "r", endpoint: endpoint.to_owned(), path_style }.url(bucket, key)
        };
        let escaped = "v0/ns/a%253Ab/%C3%BC%20%2B.txt";
        assert_eq!(
            url("https://s3.eu-central-1.amazonaws.com", false, "orders"),
            format!("https://orders.s3.eu-central-1.amazonaws.com/{escaped}")
        );
        assert_eq!(
            url("http://127.0.0.1:7070/", true, "orders"),
            format!("http://127.0.0.1:7070/orders/{escaped}")
        );
        for address in ["http://127.0.0.1:7070", "https://10.0.0.7", "https://[fd00::1]:9000/"] {
            let place = address.trim_end_matches('/');
            assert_eq!(url(address, false, "orders"), format!("{place}/orders/{escaped}"));
        }
        assert_eq!(
            url("https://s3.a.amazonaws.com", false, "orders.eu"),
            format!("https://s3.a.amazonaws.com/orders.eu/{escaped}")
        );
    }

    #[test]
    fn the_environment_names_region_and_endpoint() {
        let find = |variables: &[(&str, &str)]| find(&variables.iter().copied().collect());
        let found = |region: &str, endpoint: &str, path_style| {
            let (region, endpoint) = (region.to_owned(), endpoint.to_owned());
            Ok(FoundStore::S3 { region, endpoint, path_style })
        };
        let local = ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:7070");
        assert_eq!(
            find(&[("AWS_REGION", "eu-central-1")]),
            found("eu-central-1", "https://s3.eu-central-1.amazonaws.com", false)
        );
        assert_eq!(find(&[local]), found(ANY_REGION, local.1, true));
        assert_eq!(find(&[local, ("AWS_DEFAULT_REGION", "a")]), found("a", local.1, true));
        assert!(find(&[]).unwrap_err().reason().contains("set AWS_REGION"));
        assert!(find(&[("AWS_REGION", "a.example.com/")]).is_err());
    }
}
