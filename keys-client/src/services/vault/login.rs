//! Vault's tokens: configured, or obtained by a login and then renewed.
//!
//! | variables | what |
//! |---|---|
//! | `VAULT_TOKEN`, `VAULT_SERVER_TOKEN`, `BAO_TOKEN` | the token |
//! | `VAULT_ROLE_ID` with `VAULT_SECRET_ID` or `VAULT_SECRET_ID_FILE` | AppRole, at `VAULT_AUTH_MOUNT` |
//! | `VAULT_KUBERNETES_ROLE`, `VAULT_KUBERNETES_TOKEN_FILE` | Kubernetes, at `VAULT_AUTH_MOUNT` |
//! | none of them | `~/.vault-token` |

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{SERVICE, Server, failed};
use crate::cache::Fresh;
use crate::failure::Failure;
use crate::http::Request;
use crate::json::{self, Secret};
use crate::services::Session;
use crate::uri::percent_encoded_path;

const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// A token and its origin.
pub(crate) struct Token {
    text: Secret,
    login: Option<Login>,
}

struct Login {
    is_renewable: bool,
}

impl Token {
    pub(super) fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Whether another login would give a new token.
    pub(super) fn is_of_login(&self) -> bool {
        self.login.is_some()
    }
}

#[derive(Serialize)]
struct AppRole<'a> {
    role_id: &'a str,
    secret_id: &'a str,
}

#[derive(Serialize)]
struct Kubernetes<'a> {
    role: &'a str,
    jwt: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: Secret,
    /// Seconds; 0 is no end.
    lease_duration: u64,
    renewable: bool,
}

#[derive(Deserialize)]
struct LookUp {
    data: Lease,
}

#[derive(Deserialize)]
struct Lease {
    ttl: u64,
    renewable: bool,
}

impl Server<'_> {
    /// The token to ask with.
    pub(super) fn token(&self, session: &Session<'_>) -> Result<Arc<Token>, Failure> {
        let environment = session.environment;
        if let Some(token) = environment.first(&["VAULT_TOKEN", "VAULT_SERVER_TOKEN", "BAO_TOKEN"]) {
            return self.given(session, token);
        }
        let mount = |default| {
            let mount = environment.var("VAULT_AUTH_MOUNT").unwrap_or(default).trim_matches('/');
            format!("auth/{}/login", percent_encoded_path(mount))
        };
        if let Some(role_id) = environment.var("VAULT_ROLE_ID") {
            let secret_id =
                match (environment.var("VAULT_SECRET_ID"), environment.var("VAULT_SECRET_ID_FILE")) {
                    (Some(secret), _) => Zeroizing::new(secret.to_owned()),
                    (None, Some(file)) => read_file(file, "VAULT_SECRET_ID_FILE")?,
                    // A role may be bound to addresses only.
                    (None, None) => Zeroizing::default(),
                };
            return self.by_login(
                session,
                &mount("approle"),
                &AppRole { role_id, secret_id: &secret_id },
                &secret_id,
            );
        }
        if let Some(role) = environment.var("VAULT_KUBERNETES_ROLE") {
            let file = environment.var("VAULT_KUBERNETES_TOKEN_FILE").unwrap_or(SERVICE_ACCOUNT);
            let jwt = read_file(file, "VAULT_KUBERNETES_TOKEN_FILE")?;
            return self.by_login(session, &mount("kubernetes"), &Kubernetes { role, jwt: &jwt }, &jwt);
        }
        let file = environment.home().map(|home| home.join(".vault-token"));
        let found = file.and_then(|file| fs::read_to_string(file).ok()).map(Zeroizing::new);
        match found.as_ref().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            // Read each time, because `vault login` and Vault's agent replace it.
            Some(token) => Ok(Arc::new(Token { text: token.into(), login: None })),
            None => Err(Failure::refused(
                "no credentials for Vault: set VAULT_TOKEN, or VAULT_ROLE_ID, or VAULT_KUBERNETES_ROLE, or log in with the command line",
            )),
        }
    }

    /// A token from the environment, renewed if its lease and policy allow it: it then lives as
    /// long as it is used now and then.
    fn given(&self, session: &Session<'_>, token: &str) -> Result<Arc<Token>, Failure> {
        session.tokens.vault.get(&self.identity(), |before| {
            let lease =
                if before.is_some() { self.renew(session, token) } else { self.look_up(session, token) };
            // Without a lease, the token is used anyway until Vault refuses it.
            let lifetime = lease
                .filter(|lease| lease.renewable && lease.ttl > 0)
                .map_or(NEVER, |lease| lease.lifetime());
            Ok(Fresh { value: Token { text: token.into(), login: None }, lifetime: Some(lifetime) })
        })
    }

    fn by_login(
        &self,
        session: &Session<'_>,
        path: &str,
        body: &impl Serialize,
        secret: &str,
    ) -> Result<Arc<Token>, Failure> {
        session.tokens.vault.get(&self.identity(), |before| {
            if let Some(token) = before
                && token.login.as_ref().is_some_and(|login| login.is_renewable)
                && let Some(lease) = self.renew(session, token.as_str())
            {
                let login = Some(Login { is_renewable: lease.renewable });
                let value = Token { text: token.as_str().into(), login };
                return Ok(Fresh { value, lifetime: Some(lease.lifetime()) });
            }
            let reply = session.send(self.post(path, json::body(body)?).secret(secret))?;
            if !reply.is_success() {
                return Err(failed(&reply));
            }
            let Answer { auth } = json::read(&reply, SERVICE)?;
            let lease = Lease { ttl: auth.lease_duration, renewable: auth.renewable };
            let value =
                Token { text: auth.client_token, login: Some(Login { is_renewable: auth.renewable }) };
            Ok(Fresh { value, lifetime: Some(lease.lifetime()) })
        })
    }

    /// A renewed lease. One that reaches its maximum counts as no lease: a new login follows.
    fn renew(&self, session: &Session<'_>, token: &str) -> Option<Lease> {
        let request = self.post("auth/token/renew-self", Zeroizing::new(b"{}".to_vec()));
        let reply = self.ask_of_token(session, request, token)?;
        let Answer { auth } = json::read(&reply, SERVICE).ok()?;
        (auth.lease_duration > 1).then_some(Lease { ttl: auth.lease_duration, renewable: auth.renewable })
    }

    fn look_up(&self, session: &Session<'_>, token: &str) -> Option<Lease> {
        let reply = self.ask_of_token(session, self.get("auth/token/lookup-self"), token)?;
        json::read::<LookUp>(&reply, SERVICE).ok().map(|answer| answer.data)
    }

    fn ask_of_token(
        &self,
        session: &Session<'_>,
        request: Request,
        token: &str,
    ) -> Option<crate::http::Reply> {
        let reply = session.send(request.secret_header("x-vault-token", token)).ok()?;
        reply.is_success().then_some(reply)
    }
}

impl Lease {
    fn lifetime(&self) -> Duration {
        if self.ttl == 0 { NEVER } else { Duration::from_secs(self.ttl.min(NEVER.as_secs())) }
    }
}

/// A year: longer than a process lives.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn read_file(file: &str, variable: &str) -> Result<Zeroizing<String>, Failure> {
    let text = fs::read_to_string(file).map(Zeroizing::new);
    let text =
        text.map_err(|cause| Failure::refused(format!("cannot read the file of {variable}: {cause}")))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
