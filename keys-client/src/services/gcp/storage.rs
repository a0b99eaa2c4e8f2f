//! Objects in Google Cloud Storage.
//!
//! ```text
//! GET https://storage.googleapis.com/storage/v1/b/BUCKET/o/KEY?alt=media
//! GET https://storage.googleapis.com/storage/v1/b/BUCKET/o?prefix=…
//! ```
//! <https://cloud.google.com/storage/docs/json_api/v1/objects/get>,
//! <https://cloud.google.com/storage/docs/json_api/v1/objects/list>

mod listing;

use super::{Bearer, Session, credentials};
use crate::buckets::{MAX_PAGE_BYTES, ObjectVersion, Page, PageOf, PartOf};
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::objects::{Bytes, StoredObject};
use crate::uri::percent_encoded;

const SERVICE: &str = "Google Cloud Storage";
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_only";
const ENDPOINT: &str = "https://storage.googleapis.com";

/// Fetches an object.
pub(crate) fn get(
    session: &Session<'_>,
    object: &StoredObject<'_>,
    endpoint: Option<&str>,
) -> Result<Bytes, Failure> {
    let (bucket, key) = (object.bucket, percent_encoded(object.key));
    let path = format!("/storage/v1/b/{bucket}/o/{key}?alt=media");
    let reply = ask(session, endpoint, &path, &[], object.max_bytes)?;
    if reply.is_success() { Ok(reply.body) } else { Err(failed(&reply)) }
}

/// Fetches a part of an object, in the version that was listed.
pub(crate) fn part(
    session: &Session<'_>,
    part: &PartOf<'_>,
    endpoint: Option<&str>,
) -> Result<Bytes, Failure> {
    let (bucket, key) = (part.bucket, percent_encoded(&part.object.key));
    let ObjectVersion::Generation(number) = part.object.version else { return Err(part.foreign()) };
    let path = format!("/storage/v1/b/{bucket}/o/{key}?alt=media&generation={number}");
    // Without the second, an object that is stored compressed is sent decompressed.
    let headers = [("range", part.range()), ("accept-encoding", "gzip".to_owned())];
    let reply = ask(session, endpoint, &path, &headers, part.room())?;
    part.of(reply, |reply| match reply.status {
        404 => {
            Failure::invalid("the object was deleted or replaced after it was listed: run the command again")
        }
        _ => failed(reply),
    })
}

/// Lists objects.
pub(crate) fn list(
    session: &Session<'_>,
    page: &PageOf<'_>,
    endpoint: Option<&str>,
) -> Result<Page, Failure> {
    let token = page.token.map(|token| format!("&pageToken={}", percent_encoded(token)));
    let path = format!(
        "/storage/v1/b/{}/o?fields=items(name,size,generation,crc32c,updated),nextPageToken&maxResults={}&prefix={}{}",
        page.bucket,
        page.count,
        percent_encoded(page.prefix),
        token.unwrap_or_default()
    );
    let reply = ask(session, endpoint, &path, &[], MAX_PAGE_BYTES)?;
    Page::of(&reply, SERVICE, listing::read, not_listed)
}

/// Asks with the cached token, and with a new one if Google rejects it. An endpoint without TLS is
/// an emulator's, which is sent no credentials.
fn ask(
    session: &Session<'_>,
    endpoint: Option<&str>,
    path: &str,
    headers: &[(&str, String)],
    max_bytes: usize,
) -> Result<Reply, Failure> {
    let endpoint = place(session, endpoint);
    let url = format!("{endpoint}{path}");
    let ask = |token: Option<&Bearer>| {
        let plain = Request::get(url.as_str()).direct();
        let mut request = headers.iter().fold(plain, |request, (name, value)| request.header(name, value));
        if let Some(token) = token {
            request = request.secret_header("authorization", &token.header());
            if let Some(project) = &token.project {
                request = request.header("x-goog-user-project", project);
            }
        }
        session.receive(request, max_bytes)
    };
    if endpoint.starts_with("http://") {
        return ask(None);
    }
    let token = credentials::current(session, SCOPE)?;
    let reply = ask(Some(&token))?;
    if reply.status == 401 {
        credentials::forget(session, SCOPE, &token);
        return ask(Some(&*credentials::current(session, SCOPE)?));
    }
    Ok(reply)
}

/// The configured endpoint, that of an emulator, or Google's. Google's clients take the variable
/// with and without a scheme.
fn place(session: &Session<'_>, configured: Option<&str>) -> String {
    let endpoint =
        configured.or_else(|| session.environment.var("STORAGE_EMULATOR_HOST")).unwrap_or(ENDPOINT);
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") }
}

/// What a refusal of an object means.
fn failed(reply: &Reply) -> Failure {
    match reply.status {
        404 => Failure::invalid("the store has no such object"),
        // Also the answer for a name that is not there if the account may not list the bucket.
        403 => Failure::refused(format!(
            "{SERVICE} answered 403: the object is missing, or the account lacks storage.objects.get; \
             allow storage.objects.list to tell them apart"
        )),
        _ => refused(reply),
    }
}

/// What a refusal of a listing means.
fn not_listed(reply: &Reply) -> Failure {
    match reply.status {
        404 => Failure::refused("the store has no such bucket"),
        403 => Failure::refused(format!(
            "{SERVICE} answered 403: allow the account storage.objects.list on the bucket"
        )),
        _ => refused(reply),
    }
}

fn refused(reply: &Reply) -> Failure {
    match reply.status {
        _ if reply.is_overloaded() => reply.nonsense(SERVICE),
        status @ 400..500 => {
            Failure::refused(format!("{SERVICE} answered {status}: see what the account may read"))
        }
        _ => reply.nonsense(SERVICE),
    }
}
