//! AWS's shared files: `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::environment::Environment;
use crate::failure::Failure;

/// Bytes of a file.
const MAX_BYTES: usize = 1 << 20;

/// The settings of one profile; the credentials file takes precedence.
pub(super) struct Profile {
    name: String,
    values: BTreeMap<String, String>,
    /// The `services` section that it names.
    services: BTreeMap<String, String>,
}

impl Profile {
    /// The profile with this name, or from `AWS_PROFILE`, or the default one, which need not exist.
    pub(super) fn load(name: Option<&str>, environment: &Environment) -> Result<Self, Failure> {
        let named = name.or_else(|| environment.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]));
        let config = read("AWS_CONFIG_FILE", "config", environment);
        let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials", environment);
        let name = named.unwrap_or("default");
        let mut values = section(&config, &format!("profile {name}"));
        if values.is_empty() && name == "default" {
            values = section(&config, "default");
        }
        values.extend(section(&credentials, name));
        if values.is_empty() && named.is_some() {
            return Err(Failure::refused("the AWS profile is in neither of the shared files"));
        }
        let services = values.get("services").map(|name| section(&config, &format!("services {name}")));
        Ok(Self { name: name.to_owned(), values, services: services.unwrap_or_default() })
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name == name
    }

    /// The endpoint of a service, if it is not the default.
    pub(super) fn endpoint(&self, service: &str, environment: &Environment) -> Option<String> {
        if environment.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
            return None;
        }
        let of_service = format!("AWS_ENDPOINT_URL_{service}");
        let nested = format!("{}.endpoint_url", service.to_ascii_lowercase());
        environment
            .first(&[&of_service, "AWS_ENDPOINT_URL"])
            .or_else(|| self.services.get(&nested).map(String::as_str))
            .or_else(|| self.value("endpoint_url"))
            .map(str::to_owned)
    }
}

fn read(variable: &str, name: &str, environment: &Environment) -> String {
    let usual = || environment.home().map(|home| home.join(".aws").join(name));
    let file = environment.var(variable).map(PathBuf::from).or_else(usual);
    let text = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
    if text.len() > MAX_BYTES { String::new() } else { text }
}

/// The settings of a section. Indented settings below a name become `name.setting`.
fn section(text: &str, name: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let (mut is_inside, mut parent) = (false, String::new());
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = trimmed.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default();
            is_inside = header.split_whitespace().eq(name.split_whitespace());
            continue;
        }
        let Some((key, value)) = trimmed.split_once('=').filter(|_| is_inside) else { continue };
        let (key, value) =
            (key.trim().to_ascii_lowercase(), value.split(" #").next().unwrap_or_default().trim());
        if line.starts_with([' ', '\t']) {
            values.insert(format!("{parent}.{key}"), value.to_owned());
        } else {
            parent.clone_from(&key);
            values.insert(key, value.to_owned());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
# of the test
[default]
region = eu-central-1
[profile  team]
region=us-east-1 # over there
services = local
s3 =
  endpoint_url = http://127.0.0.1:1
[services local]
kms =
  endpoint_url = http://127.0.0.1:2
";

    #[test]
    fn both_files_make_one_profile() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".aws")).unwrap();
        fs::write(folder.path().join(".aws/config"), CONFIG).unwrap();
        let credentials = folder.path().join("credentials");
        fs::write(&credentials, "[team]\naws_access_key_id = A\naws_secret_access_key = b=\n").unwrap();
        let home = folder.path().to_str().unwrap();
        let variables = [("HOME", home), ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap())];
        let environment = Environment::from_iter(variables);
        let team = Profile::load(Some("team"), &environment).unwrap();
        assert_eq!(team.value("region"), Some("us-east-1"));
        assert_eq!(team.value("aws_secret_access_key"), Some("b="));
        assert_eq!(team.endpoint("KMS", &environment).as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(team.endpoint("STS", &environment), None);
        let default = Profile::load(None, &environment).unwrap();
        assert_eq!(default.value("region"), Some("eu-central-1"));
        assert!(Profile::load(Some("other"), &environment).is_err());
        let environment =
            Environment::from_iter(variables.into_iter().chain([("AWS_ENDPOINT_URL", "http://127.0.0.1:3")]));
        assert_eq!(team.endpoint("STS", &environment).as_deref(), Some("http://127.0.0.1:3"));
    }
}
