//! `tdc keys check`: sends one request to every key service of a configuration, and reports what
//! works and what to do.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use tdc::{DataConverter, Error};
use tdc_keys::KeyService;

use crate::key_services::KEY_SERVICES;
use crate::stdio;

pub(crate) fn run(file: &Path, namespace: &str) -> Result<ExitCode, Error> {
    let converter = DataConverter::open(file, namespace)?;
    let keys = converter.key_services();
    if keys.is_empty() {
        stdio::write(b"keys.ring names no key of a key service\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = keys.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut all_work = true;
    for (name, service) in keys {
        let key = KeyService {
            uri: service.uri.to_string(),
            earlier: service.earlier.to_vec(),
            timeout_ms: u64::try_from(service.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        let check = KEY_SERVICES.check(&key);
        all_work &= check.works();
        let mut text = format!("{name:width$}  ");
        // Writing to a string cannot fail, here and below.
        let _ = match (&check.wrap, &check.unwrap) {
            (Ok(()), Some(Ok(()))) => {
                writeln!(text, "{} wraps and unwraps", check.service.unwrap_or("the service"))
            }
            (Err(failure), _) => writeln!(text, "does not wrap: {failure}"),
            (Ok(()), Some(Err(failure))) => writeln!(text, "wraps, and does not unwrap: {failure}"),
            (Ok(()), None) => writeln!(text, "wraps"),
        };
        if let Some(remedy) = &check.remedy {
            let _ = writeln!(text, "{:width$}  {remedy}", "");
        }
        stdio::write(text.as_bytes())?;
    }
    Ok(if all_work { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
