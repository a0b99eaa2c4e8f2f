//! AWS's chain of credentials: variables, a web identity, a profile, a container's endpoint, the
//! instance's role. A profile that the key's URI names takes precedence.

use core::time::Duration;
use std::fs;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::profile::Profile;
use super::sts;
use crate::cache::Fresh;
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::json::{self, Secret};
use crate::services::Session;
use crate::time::until;
use crate::uri::percent_encoded;

/// The timeout for instance metadata: elsewhere, nothing answers at that address.
const PATIENCE: Duration = Duration::from_secs(1);

/// An access key.
pub(crate) struct Credentials {
    id: String,
    secret: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    is_fetched: bool,
}

impl Credentials {
    /// A permanent access key.
    pub(super) fn fixed(id: &str, secret: &str, session_token: Option<&str>) -> Self {
        Self {
            id: id.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
            session_token: session_token.map(|token| Zeroizing::new(token.to_owned())),
            is_fetched: false,
        }
    }

    /// A fetched one, valid until the time that comes with it.
    pub(super) fn fetched(
        id: &str,
        secret: &str,
        token: Option<&str>,
        expiration: Option<&str>,
    ) -> Fresh<Self> {
        let lifetime = expiration.and_then(|text| until(text, SystemTime::now()));
        Fresh { value: Self { is_fetched: true, ..Self::fixed(id, secret, token) }, lifetime }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(|token| token.as_str())
    }

    pub(super) fn can_be_fetched_again(&self) -> bool {
        self.is_fetched
    }
}

/// The credentials to sign with.
pub(super) fn current(
    session: &Session<'_>,
    profile: Option<&str>,
    region: &str,
) -> Result<Arc<Credentials>, Failure> {
    session.tokens.aws.get(profile.unwrap_or_default(), |_| chain(session, profile, region))
}

/// Drops credentials that AWS rejected.
pub(super) fn forget(session: &Session<'_>, profile: Option<&str>, refused: &Arc<Credentials>) {
    session.tokens.aws.forget(profile.unwrap_or_default(), refused);
}

fn chain(session: &Session<'_>, profile: Option<&str>, region: &str) -> Result<Fresh<Credentials>, Failure> {
    let environment = session.environment;
    let loaded = Profile::load(profile, environment)?;
    if profile.is_none() {
        if let Some(credentials) = of_environment(session) {
            return Ok(credentials);
        }
        if let (Some(file), Some(role)) =
            (environment.var("AWS_WEB_IDENTITY_TOKEN_FILE"), environment.var("AWS_ROLE_ARN"))
        {
            let name = environment.var("AWS_ROLE_SESSION_NAME");
            return sts::web_identity(
                session,
                &loaded,
                region,
                &sts::Role { arn: role, name, external_id: None },
                file,
            );
        }
    }
    if let Some(credentials) = of_profile(session, &loaded, region, 0)? {
        return Ok(credentials);
    }
    if let Some(credentials) = of_container(session)? {
        return Ok(credentials);
    }
    of_instance(session)
}

fn of_environment(session: &Session<'_>) -> Option<Fresh<Credentials>> {
    let environment = session.environment;
    let id = environment.first(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"])?;
    let secret = environment.first(&["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"])?;
    let value = Credentials::fixed(id, secret, environment.var("AWS_SESSION_TOKEN"));
    Some(Fresh { value, lifetime: None })
}

/// The contents of a profile: keys, a web identity, or a role and the credentials to assume it
/// with.
fn of_profile(
    session: &Session<'_>,
    profile: &Profile,
    region: &str,
    depth: usize,
) -> Result<Option<Fresh<Credentials>>, Failure> {
    let keys = profile.value("aws_access_key_id").zip(profile.value("aws_secret_access_key"));
    let keys = keys.map(|(id, secret)| Credentials::fixed(id, secret, profile.value("aws_session_token")));
    let Some(arn) = profile.value("role_arn") else {
        return match keys {
            Some(value) => Ok(Some(Fresh { value, lifetime: None })),
            None if profile.value("credential_process").is_some()
                || profile.value("sso_start_url").is_some()
                || profile.value("sso_session").is_some() =>
            {
                Err(Failure::refused(
                    "the AWS profile uses SSO or credential_process, which is not supported: run `aws configure export-credentials --format env` and set what it prints",
                ))
            }
            None => Ok(None),
        };
    };
    let role = sts::Role {
        arn,
        name: profile.value("role_session_name"),
        external_id: profile.value("external_id"),
    };
    if let Some(file) = profile.value("web_identity_token_file") {
        return sts::web_identity(session, profile, region, &role, file).map(Some);
    }
    let source = match (profile.value("source_profile"), profile.value("credential_source")) {
        // A profile may be its own source: then its keys are used.
        (Some(name), _) if profile.is_named(name) => keys.map(|value| Fresh { value, lifetime: None }),
        (Some(_), _) if depth == 4 => {
            return Err(Failure::refused("the AWS profiles name each other as their source"));
        }
        (Some(name), _) => {
            let source = Profile::load(Some(name), session.environment)?;
            of_profile(session, &source, region, depth + 1)?
        }
        (None, Some("Environment")) => of_environment(session),
        (None, Some("EcsContainer")) => of_container(session)?,
        (None, Some("Ec2InstanceMetadata")) => Some(of_instance(session)?),
        (None, _) => None,
    };
    let source = source
        .ok_or_else(|| Failure::refused("the AWS profile has a role and no credentials to assume it with"))?;
    sts::assume_role(session, profile, region, &role, &source.value).map(Some)
}

/// The response of containers and instances.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: Secret,
    token: Secret,
    expiration: Option<String>,
}

impl Answer {
    fn read(reply: &Reply, place: &str) -> Result<Fresh<Credentials>, Failure> {
        if !reply.is_success() {
            let reason = format!("{place} gives no credentials (status {})", reply.status);
            return Err(if reply.is_overloaded() {
                Failure::transient(reason)
            } else {
                Failure::refused(reason)
            });
        }
        let answer: Self = json::read(reply, place)?;
        let (id, secret) = (answer.access_key_id.as_str(), answer.secret_access_key.as_str());
        Ok(Credentials::fetched(id, secret, Some(answer.token.as_str()), answer.expiration.as_deref()))
    }
}

/// ECS, and EKS's Pod Identity.
fn of_container(session: &Session<'_>) -> Result<Option<Fresh<Credentials>>, Failure> {
    let environment = session.environment;
    let url = match environment.var("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        Some(path) if path.starts_with('/') => format!("http://169.254.170.2{path}"),
        Some(_) => {
            return Err(Failure::refused(
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash",
            ));
        }
        None => match environment.var("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            Some(url) => url.to_owned(),
            None => return Ok(None),
        },
    };
    let token = match environment.var("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => {
            let text = fs::read_to_string(file).map(Zeroizing::new);
            Some(text.map_err(|cause| {
                Failure::refused(format!(
                    "cannot read the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: {cause}"
                ))
            })?)
        }
        None => {
            environment.var("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(|text| Zeroizing::new(text.to_owned()))
        }
    };
    let request = Request::get(url);
    let request = match &token {
        Some(token) => request.secret_header("authorization", token.trim()),
        None => request,
    };
    Answer::read(&session.send(request)?, "the container's credentials endpoint").map(Some)
}

/// The instance's role, through an IMDSv2 session.
fn of_instance(session: &Session<'_>) -> Result<Fresh<Credentials>, Failure> {
    const NONE: &str = "no credentials for AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, or give the machine a role";
    let environment = session.environment;
    if environment.is_on("AWS_EC2_METADATA_DISABLED") {
        return Err(Failure::refused(NONE));
    }
    let place = environment
        .var("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        .unwrap_or("http://169.254.169.254")
        .trim_end_matches('/');
    let request = Request::put(format!("{place}/latest/api/token"))
        .header("x-aws-ec2-metadata-token-ttl-seconds", "300");
    // No session means that there is no instance metadata, or only IMDSv1, which is not used: it is
    // a common target of attacks on servers.
    let token = session
        .send_within(request, PATIENCE)
        .ok()
        .filter(Reply::is_success)
        .ok_or_else(|| Failure::refused(NONE))?;
    let token = core::str::from_utf8(&token.body).map_err(|_| Failure::refused(NONE))?;
    let get = |path: &str| {
        let request = Request::get(format!("{place}/latest/meta-data/iam/security-credentials/{path}"));
        session.send_within(request.secret_header("x-aws-ec2-metadata-token", token), PATIENCE)
    };
    let roles = get("")?;
    let role =
        core::str::from_utf8(&roles.body).ok().and_then(|text| text.lines().next()).unwrap_or_default();
    if !roles.is_success() || role.is_empty() {
        return Err(Failure::refused("the instance has no role: give it one, or set AWS_ACCESS_KEY_ID"));
    }
    Answer::read(&get(&percent_encoded(role))?, "the instance's metadata")
}
