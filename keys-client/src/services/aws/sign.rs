//! AWS Signature Version 4.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use super::Credentials;
use crate::failure::Failure;
use crate::time::compact;

/// What a signature is for.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) now: SystemTime,
}

/// The additional headers of a signed request; names in `headers` are lower case, and path and
/// query of `url` are as they are sent: encoded, each parameter with its `=`.
pub(super) fn headers(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    credentials: &Credentials,
    scope: &Scope<'_>,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let time = compact(scope.now);
    let (host, path) =
        host_and_path(url).ok_or_else(|| Failure::refused("the endpoint of AWS is not a URL"))?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters: Vec<&str> = query.split('&').collect();
    parameters.sort_unstable();
    let query = parameters.join("&");
    let mut out = vec![("x-amz-date", time.clone())];
    if let Some(token) = credentials.session_token() {
        out.push(("x-amz-security-token", token.to_owned()));
    }
    let mut signed: Vec<(&str, &str)> = headers.to_vec();
    signed.push(("host", host));
    signed.extend(out.iter().map(|(name, value)| (*name, value.as_str())));
    signed.sort_unstable();
    let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical: String = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let request =
        format!("{method}\n{path}\n{query}\n{canonical}\n{names}\n{}", hex(digest(&SHA256, body).as_ref()));

    let day = time.get(..8).unwrap_or_default();
    let Scope { region, service, .. } = scope;
    let range = format!("{day}/{region}/{service}/aws4_request");
    let text =
        format!("AWS4-HMAC-SHA256\n{time}\n{range}\n{}", hex(digest(&SHA256, request.as_bytes()).as_ref()));
    let secret = zeroize::Zeroizing::new(format!("AWS4{}", credentials.secret()));
    let key = [day, region, service, "aws4_request"]
        .iter()
        .fold(Key::new(HMAC_SHA256, secret.as_bytes()), |key, part| {
            Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref())
        });
    let signature = hex(sign(&key, text.as_bytes()).as_ref());
    let id = credentials.id();
    let header =
        format!("AWS4-HMAC-SHA256 Credential={id}/{range}, SignedHeaders={names}, Signature={signature}");
    out.push(("authorization", header));
    Ok(out)
}

/// The host in the form that the client will send, and the path with its query.
fn host_and_path(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let default = if scheme == "https" { ":443" } else { ":80" };
    Some((host.strip_suffix(default).unwrap_or(host), path))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// `post-vanilla` and `post-sts-header-before` of AWS's own suite of test vectors.
    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let id = "AKIDEXAMPLE";
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let scope = Scope {
            region: "us-east-1",
            service: "service",
            now: UNIX_EPOCH + Duration::from_secs(1_440_938_160),
        };
        let credentials = Credentials::fixed(id, secret, None);
        let signed =
            headers("POST", "https://example.amazonaws.com/", &[], b"", &credentials, &scope).unwrap();
        assert_eq!(
            signed.last().unwrap().1,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        let with_type = [("content-type", "application/x-www-form-urlencoded")];
        let url = "https://example.amazonaws.com:443/";
        let signed = headers("POST", url, &with_type, b"Param1=value1", &credentials, &scope).unwrap();
        assert!(
            signed
                .last()
                .unwrap()
                .1
                .ends_with("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")
        );
        // `get-vanilla-query-order-key-case`
        let url = "https://example.amazonaws.com/?Param2=value2&Param1=value1";
        let signed = headers("GET", url, &[], b"", &credentials, &scope).unwrap();
        let expected = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        assert!(signed.last().unwrap().1.ends_with(expected), "{signed:?}");
    }
}
