//! Text that the document names and does not hold: in a file that others cannot read, or in a variable.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::problem::Problem;
use super::schema::Permissions;

/// Reads a file of at most `max_len` bytes; `what` is its name in errors.
pub(super) fn from_file(
    path: &Path,
    permissions: Permissions,
    what: &str,
    max_len: usize,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let shown = path.display();
    let unreadable =
        |cause: std::io::Error| Problem::with_key(format!("cannot read the {what} {shown}: {cause}"));
    // Asked before it is opened, because opening a pipe waits.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::with_key(format!("the {what} {shown} is not a file")));
    }
    #[cfg(unix)]
    if permissions == Permissions::Private {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o066 != 0 {
            return Err(Problem::with_key(format!(
                "the {what} {shown} can be read or written by others (mode {mode:03o}): run chmod 600 on it, or set permissions: any \
                 where the platform decides the mode"
            )));
        }
    }
    let mut text = Zeroizing::new(Vec::with_capacity(max_len + 1));
    let limit = max_len as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut text)).map_err(unreadable)?;
    if text.len() > max_len {
        return Err(Problem::with_key(format!(
            "the {what} {shown} is longer than {max_len} bytes: it is no {what}"
        )));
    }
    Ok(text)
}

/// Reads an environment variable; `what` says what its text is expected to be.
pub(super) fn from_variable(name: &str, what: &str) -> Result<Zeroizing<String>, Problem> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Problem::new("expected the name of an environment variable"));
    }
    std::env::var(name).map(Zeroizing::new).map_err(|cause| match cause {
        std::env::VarError::NotPresent => {
            Problem::with_key(format!("the environment variable {name} is not set"))
        }
        std::env::VarError::NotUnicode(_) => {
            Problem::with_key(format!("the environment variable {name} is not {what}"))
        }
    })
}
