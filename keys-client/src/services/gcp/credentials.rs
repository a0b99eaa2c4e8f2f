//! Google's application default credentials: a file that `GOOGLE_APPLICATION_CREDENTIALS` or
//! `gcloud auth application-default login` names, else the metadata server.

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::cache::Fresh;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::http::Request;
use crate::json::{self, Secret};
use crate::services::{Bearer, Session};
use crate::time::unix;
use crate::uri::form;

const PLACE: &str = "Google's token endpoint";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const FORM: &str = "application/x-www-form-urlencoded";
/// How long an assertion is valid. Google accepts at most an hour.
const ASSERTION_SECONDS: u64 = 3600;
/// The timeout for the metadata server: elsewhere, nothing answers at that address.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file of credentials.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum File {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: Secret,
    #[serde(default)]
    private_key_id: String,
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct AuthorizedUser {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
    token_uri: Option<String>,
    quota_project_id: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

/// The token for a scope, which is what it is cached by.
pub(super) fn current(session: &Session<'_>, scope: &str) -> Result<Arc<Bearer>, Failure> {
    session.tokens.bearer.get(scope, |_| fetch(session, scope))
}

/// Drops a token that Google rejected.
pub(super) fn forget(session: &Session<'_>, scope: &str, refused: &Arc<Bearer>) {
    session.tokens.bearer.forget(scope, refused);
}

fn fetch(session: &Session<'_>, scope: &str) -> Result<Fresh<Bearer>, Failure> {
    let Some(text) = file(session.environment)? else { return of_metadata(session) };
    let file = serde_json::from_str(&text).map_err(|_| {
        Failure::refused(
            "Google's credentials file cannot be read: expected the JSON of a service account or of gcloud",
        )
    })?;
    match file {
        File::ServiceAccount(account) => {
            let url = account.token_uri.as_deref().unwrap_or(TOKEN_URI);
            let assertion = assertion(&account, scope, url, SystemTime::now())?;
            let pairs =
                [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
            let body = Zeroizing::new(form(&pairs).into_bytes());
            Bearer::read(&session.send(Request::post(url, FORM, body).secret(&assertion))?, PLACE)
        }
        File::AuthorizedUser(user) => {
            let (secret, token) = (user.client_secret.as_str(), user.refresh_token.as_str());
            let pairs = [
                ("grant_type", "refresh_token"),
                ("client_id", &user.client_id),
                ("client_secret", secret),
                ("refresh_token", token),
            ];
            let body = Zeroizing::new(form(&pairs).into_bytes());
            let request = Request::post(user.token_uri.as_deref().unwrap_or(TOKEN_URI), FORM, body);
            let fresh = Bearer::read(&session.send(request.secret(secret).secret(token))?, PLACE)?;
            Ok(Fresh { value: fresh.value.paid_by(user.quota_project_id), ..fresh })
        }
        File::Other => Err(Failure::refused(
            "Google's credentials file is of a type that is not supported: expected service_account or authorized_user",
        )),
    }
}

/// The text of the file; `None` if it does not exist and was not named explicitly.
fn file(environment: &Environment) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(file) = environment.var("GOOGLE_APPLICATION_CREDENTIALS") {
        let text = fs::read_to_string(file).map(Zeroizing::new);
        let unread = |cause| {
            Failure::refused(format!("cannot read the file of GOOGLE_APPLICATION_CREDENTIALS: {cause}"))
        };
        return text.map(Some).map_err(unread);
    }
    let folder =
        environment.var("CLOUDSDK_CONFIG").map(PathBuf::from).or_else(|| match environment.var("APPDATA") {
            Some(folder) => Some(PathBuf::from(folder).join("gcloud")),
            None => environment.home().map(|home| home.join(".config/gcloud")),
        });
    let text = folder
        .and_then(|folder| fs::read_to_string(folder.join("application_default_credentials.json")).ok());
    Ok(text.map(Zeroizing::new))
}

/// A signed statement of a service account about itself (RFC 7523).
fn assertion(
    account: &ServiceAccount,
    scope: &str,
    audience: &str,
    now: SystemTime,
) -> Result<Zeroizing<String>, Failure> {
    let no_key = || {
        Failure::refused(
            "the private key in Google's credentials file cannot be read: expected an RSA key as PKCS #8 PEM",
        )
    };
    let key =
        PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_str().as_bytes()).map_err(|_| no_key())?;
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| no_key())?;
    let header = Header { alg: "RS256", typ: "JWT", kid: &account.private_key_id };
    let (iat, exp) = (unix(now), unix(now).saturating_add(ASSERTION_SECONDS));
    let claims = Claims { iss: &account.client_email, scope, aud: audience, iat, exp };
    let (header, claims) = (json::base64url(&json::body(&header)?), json::base64url(&json::body(&claims)?));
    let text = format!("{}.{}", header.as_str(), claims.as_str());
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| no_key())?;
    Ok(Zeroizing::new(format!("{text}.{}", json::base64url(&signature).as_str())))
}

fn of_metadata(session: &Session<'_>) -> Result<Fresh<Bearer>, Failure> {
    let host = session.environment.var("GCE_METADATA_HOST").unwrap_or("169.254.169.254");
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let request = Request::get(url).header("metadata-flavor", "Google");
    let reply = session.send_within(request, PATIENCE).map_err(|_| {
        Failure::refused("no credentials for Google Cloud: set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login")
    })?;
    Bearer::read(&reply, "Google's metadata server")
}
