//! `tdc init`: creates a key and a commented configuration, and prints the line to change in a
//! program, for each language.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tdc::{Code, DataConverter, Error};

use crate::new_file::{self, Readers};
use crate::{keygen, stdio, terminal};

/// The name of the configuration file.
const CONFIGURATION: &str = "tdc.yaml";
/// Why an existing file is not overwritten.
const WHY_NOT: &str =
    "init does not change it: run `tdc config check` to check it, or `tdc keygen` to create another key";

pub(crate) fn run(folder: &Path, key_id: Option<&str>) -> Result<(), Error> {
    let id = match key_id {
        Some(id) if keygen::is_plain_id(id) => id.to_owned(),
        Some(id) => {
            return Err(Error::new(
                Code::Argument,
                format!(
                    "--key-id ({} bytes) is not valid: expected a letter, then at most 127 of A-Z a-z 0-9 . _ -",
                    id.len()
                ),
            ));
        }
        None => default_id(folder, SystemTime::now()),
    };
    let in_folder =
        |name: &str| if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
    let configuration = in_folder(CONFIGURATION);
    // Nothing is created if the command is bound to fail.
    if configuration.symlink_metadata().is_ok() {
        return Err(Error::new(
            Code::Io,
            format!("{} already exists, and {WHY_NOT}", configuration.display()),
        ));
    }
    std::fs::create_dir_all(folder)
        .map_err(|cause| Error::new(Code::Io, format!("cannot create {}: {cause}", folder.display())))?;

    let mut said = Vec::new();
    let key = in_folder(&format!("keys/{id}.key"));
    // An earlier run may have stopped after this step.
    if key.is_file() {
        said.push((key, "the existing key, unchanged"));
    } else {
        keygen::create(&key)?;
        said.push((key, "the key: 32 random bytes as base64, readable only by you"));
    }
    let ignore = in_folder("keys/.gitignore");
    if ignore.symlink_metadata().is_err() {
        new_file::create(&ignore, b"*\n", Readers::Umask, "it stays")?;
        said.push((ignore, "keeps the keys out of git"));
    }
    new_file::create(&configuration, document(&id).as_bytes(), Readers::Umask, WHY_NOT)?;
    DataConverter::open(&configuration, "")?;
    said.push((configuration.clone(), "the configuration, with comments"));
    stdio::write(advice(&said, &configuration).as_bytes())
}

/// The folder's name with year and month, such as `orders-2026-11`: keys of other teams, and later
/// keys, get other names.
fn default_id(folder: &Path, now: SystemTime) -> String {
    let whole = std::path::absolute(folder).unwrap_or_default();
    let name = whole.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = if keygen::is_plain_id(name) && name.len() <= 64 { name } else { "payloads" };
    let (year, month) = year_and_month(now);
    format!("{name}-{year}-{month:02}")
}

/// The civil date of a time, in UTC.
fn year_and_month(time: SystemTime) -> (u64, u64) {
    let days = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400;
    // Years begin in March here, so that a leap day is the last day of its year. The calendar
    // repeats every 400 years.
    let since_0000_03_01 = days + 719_468;
    let era = since_0000_03_01 / 146_097;
    let day_of_era = since_0000_03_01 % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month)
}

/// A configuration that encrypts everything that can be encrypted.
fn document(id: &str) -> String {
    format!(
        "\
# One configuration for the workers, the clients, the codec server and the command line, in every language.
# Paths are relative to this file. `tdc config check` says what is encrypted and what stays readable.
version: 1

keys:
  primary: {id}          # encrypts; every other key of the ring only decrypts
  ring:
    {id}: {{ file: keys/{id}.key }}
# To rotate: `tdc keygen keys/NEW.key`, add it to `ring` everywhere, and only then make it `primary`.
# Keep the old key until nothing that it encrypted is retained any more.

codecs:                         # in the order in which encode applies them; decode follows each payload
  - zstd: {{ min_size: 512 }}     # compress what is worth it
  - encrypt                     # AES-256-GCM; `- encrypt: {{ required: true }}` also refuses payloads that are not encrypted

# Without this, messages and stack traces of failures are stored in the clear.
failures: {{ encode_common_attributes: true }}

# Keys of their own for some namespaces (then every namespace needs an entry):
# namespaces:
#   - {{ match: \"orders-*\", keys: {{ primary: {id} }} }}

# `tdc serve` for other people's machines needs rules: see docs/SERVER.md.
# server: {{ listen: \"0.0.0.0:8443\", tls: …, auth: … }}
"
    )
}

fn advice(said: &[(PathBuf, &str)], configuration: &Path) -> String {
    let shown: Vec<(String, &str)> = said.iter().map(|(path, what)| (terminal::path(path), *what)).collect();
    let width = shown.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    let made: Vec<String> = shown.iter().map(|(path, what)| format!("  {path:<width$}  {what}")).collect();
    let made = made.join("\n");
    let path = configuration.display();
    let text = serde_json::Value::from(path.to_string());
    let argument = if configuration == Path::new(CONFIGURATION) {
        String::new()
    } else {
        format!(" --config {}", shell(&path.to_string()))
    };
    format!(
        "\
{made}

The changed line in each language:

  Go          t, err := tdc.Open({text})
              c, err := client.Dial(client.Options{{DataConverter: t.DataConverter(), FailureConverter: t.FailureConverter()}})
  Python      t = temporal_tdc.open({text})
              client = await Client.connect(\"localhost:7233\", data_converter=t.data_converter)
  Java        Tdc tdc = Tdc.open(Path.of({text}));
              WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build();
  TypeScript  const {{ dataConverter }} = open({text});
              const client = new Client({{ connection, dataConverter }});

Next:
  tdc config check{argument}   # what is encrypted, and what stays readable
  tdc serve --dev{argument}    # the Web UI and the temporal command show what workers write

Every worker and client needs these files. Back up the key: without it, nothing that it encrypted can ever be decrypted.
"
    )
}

/// A text quoted for a POSIX shell.
fn shell(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte)) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, (1970, 1)),
            (951_782_399, (2000, 2)),
            (951_868_799, (2000, 2)),
            (951_868_800, (2000, 3)),
            (1_798_761_599, (2026, 12)),
            (1_798_761_600, (2027, 1)),
            (4_107_542_399, (2100, 2)),
            (4_107_542_400, (2100, 3)),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(year_and_month(time), expected, "{seconds}");
        }
    }

    #[test]
    fn the_key_is_named_after_the_folder_where_that_is_a_key_id() {
        for (folder, expected) in [
            ("/services/orders", "orders-1970-01"),
            ("/services/2 words", "payloads-1970-01"),
            ("/", "payloads-1970-01"),
        ] {
            assert_eq!(default_id(Path::new(folder), UNIX_EPOCH), expected);
        }
    }

    #[test]
    fn paths_are_quoted_for_a_shell() {
        assert_eq!(shell("a/tdc.yaml"), "a/tdc.yaml");
        assert_eq!(shell("it's here/tdc.yaml"), r"'it'\''s here/tdc.yaml'");
    }
}
