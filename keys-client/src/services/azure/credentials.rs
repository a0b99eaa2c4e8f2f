//! Azure's credentials: a client secret, a workload identity, or else the machine's managed
//! identity.

use core::time::Duration;
use std::fs;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::cache::Fresh;
use crate::failure::Failure;
use crate::http::Request;
use crate::services::{Bearer, Session};
use crate::uri::{form, percent_encoded};

const FORM: &str = "application/x-www-form-urlencoded";
const PLACE: &str = "Azure's login";
/// The timeout for instance metadata: elsewhere, nothing answers at that address.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn current(session: &Session<'_>, resource: &str) -> Result<Arc<Bearer>, Failure> {
    session.tokens.bearer.get(resource, |_| fetch(session, resource))
}

pub(super) fn forget(session: &Session<'_>, resource: &str, refused: &Arc<Bearer>) {
    session.tokens.bearer.forget(resource, refused);
}

fn fetch(session: &Session<'_>, resource: &str) -> Result<Fresh<Bearer>, Failure> {
    let environment = session.environment;
    let client = environment.var("AZURE_TENANT_ID").zip(environment.var("AZURE_CLIENT_ID"));
    let Some((tenant, client_id)) = client else { return of_machine(session, resource) };
    let scope = format!("{resource}/.default");
    let host = environment.var("AZURE_AUTHORITY_HOST").unwrap_or("https://login.microsoftonline.com");
    let url = format!("{}/{}/oauth2/v2.0/token", host.trim_end_matches('/'), percent_encoded(tenant));
    let mut pairs = vec![("grant_type", "client_credentials"), ("client_id", client_id), ("scope", &scope)];
    let secret = if let Some(secret) = environment.var("AZURE_CLIENT_SECRET") {
        Zeroizing::new(secret.to_owned())
    } else if let Some(file) = environment.var("AZURE_FEDERATED_TOKEN_FILE") {
        let text = fs::read_to_string(file).map(Zeroizing::new);
        let unread =
            |cause| Failure::refused(format!("cannot read the file of AZURE_FEDERATED_TOKEN_FILE: {cause}"));
        pairs.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        Zeroizing::new(text.map_err(unread)?.trim().to_owned())
    } else {
        return of_machine(session, resource);
    };
    let name = if pairs.len() == 3 { "client_secret" } else { "client_assertion" };
    pairs.push((name, &secret));
    let body = Zeroizing::new(form(&pairs).into_bytes());
    Bearer::read(&session.send(Request::post(url, FORM, body).secret(&secret))?, PLACE)
}

/// The managed identity, in the form of App Service and Functions, or of virtual machines.
fn of_machine(session: &Session<'_>, resource: &str) -> Result<Fresh<Bearer>, Failure> {
    let environment = session.environment;
    let mut query = vec![("resource", resource)];
    query.extend(environment.var("AZURE_CLIENT_ID").map(|id| ("client_id", id)));
    let query = form(&query);
    if let (Some(place), Some(header)) =
        (environment.var("IDENTITY_ENDPOINT"), environment.var("IDENTITY_HEADER"))
    {
        let request = Request::get(format!("{place}?api-version=2019-08-01&{query}"));
        return Bearer::read(
            &session.send(request.secret_header("x-identity-header", header))?,
            "the managed identity",
        );
    }
    let host = environment.var("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or("http://169.254.169.254");
    let host = host.trim_end_matches('/');
    let request =
        Request::get(format!("{host}/metadata/identity/oauth2/token?api-version=2018-02-01&{query}"));
    let reply = session.send_within(request.header("metadata", "true"), PATIENCE).map_err(|_| {
        Failure::refused("no credentials for Azure: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give the machine an identity")
    })?;
    Bearer::read(&reply, "the managed identity")
}
