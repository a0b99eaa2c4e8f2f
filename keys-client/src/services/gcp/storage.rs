//! Objects in Google Cloud Storage.
//!
//! ```text
//! GET https://storage.googleapis.com/storage/v1/b/BUCKET/o/KEY?alt=media
//! ```
//! <https://cloud.google.com/storage/docs/json_api/v1/objects/get>

use super::{Bearer, Session, credentials};
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::objects::{Bytes, StoredObject};
use crate::uri::percent_encoded;

const SERVICE: &str = "Google Cloud Storage";
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_only";
const ENDPOINT: &str = "https://storage.googleapis.com";

/// Fetches an object. An endpoint without TLS is an emulator's, which is sent no credentials.
pub(crate) fn get(
    session: &Session<'_>,
    object: &StoredObject<'_>,
    endpoint: Option<&str>,
) -> Result<Bytes, Failure> {
    let endpoint = endpoint.unwrap_or(ENDPOINT).trim_end_matches('/');
    let (bucket, key) = (object.bucket, percent_encoded(object.key));
    let url = format!("{endpoint}/storage/v1/b/{bucket}/o/{key}?alt=media");
    let ask = |token: Option<&Bearer>| {
        let mut request = Request::get(url.as_str()).direct();
        if let Some(token) = token {
            request = request.secret_header("authorization", &token.header());
            if let Some(project) = &token.project {
                request = request.header("x-goog-user-project", project);
            }
        }
        session.receive(request, object.max_bytes)
    };
    if endpoint.starts_with("http://") {
        return read(ask(None)?);
    }
    let token = credentials::current(session, SCOPE)?;
    let mut reply = ask(Some(&token))?;
    if reply.status == 401 {
        credentials::forget(session, SCOPE, &token);
        let fresh = credentials::current(session, SCOPE)?;
        reply = ask(Some(&fresh))?;
    }
    read(reply)
}

fn read(reply: Reply) -> Result<Bytes, Failure> {
    match reply.status {
        200 => Ok(reply.body),
        404 => Err(Failure::invalid("the store has no such object")),
        _ if reply.is_overloaded() => Err(reply.nonsense(SERVICE)),
        // Also the answer for a name that is not there if the account may not list the bucket.
        403 => Err(Failure::refused(format!(
            "{SERVICE} answered 403: the object is missing, or the account lacks storage.objects.get; \
             allow storage.objects.list to tell them apart"
        ))),
        status @ 400..500 => {
            Err(Failure::refused(format!("{SERVICE} answered {status}: see what the account may read")))
        }
        _ => Err(reply.nonsense(SERVICE)),
    }
}
