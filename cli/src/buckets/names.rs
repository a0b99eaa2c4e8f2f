//! The name of an output, from the key of an object. A key is any text of another party: it must
//! not lead out of the output folder, nor mean something else on another system.

use std::path::{Component, Path, PathBuf};

use tdc::{Code, Error};

/// What a name may not contain on Windows, where it would be a drive or another stream of a file.
const ELSEWHERE: [char; 7] = [':', '<', '>', '"', '|', '?', '*'];

/// Devices of Windows.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Devices with a number.
const PORTS: [&str; 2] = ["COM", "LPT"];

/// Windows reads superscript digits as digits.
const NUMBERS: [&str; 13] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"];

/// The path of a key below the folder that was named.
///
/// # Errors
/// [`Code::Argument`] if it would be another path, or none.
pub(crate) fn of(key: &str) -> Result<PathBuf, Error> {
    let reason = if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "its key has a part that is empty, . or .."
    } else if key.contains('\\') {
        "its key has a backslash"
    } else if key.chars().any(char::is_control) {
        "its key has a control character"
    } else if cfg!(windows) && key.split('/').any(is_special_on_windows) {
        "its key cannot be the name of a file on Windows"
    } else {
        let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
        if Path::new(key).components().all(is_name) {
            return Ok(PathBuf::from(key));
        }
        "its key is not the name of a file"
    };
    let text = format!("the object is not read, because {reason}: copy it to another key");
    Err(Error::new(Code::Argument, text))
}

fn is_special_on_windows(part: &str) -> bool {
    part.contains(ELSEWHERE) || part.ends_with(['.', ' ']) || is_device(part)
}

/// Whether Windows takes it for a device, in any folder and with any ending.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let is_number = |rest: &str| NUMBERS.contains(&rest);
    DEVICES.contains(&&*stem) || PORTS.iter().any(|port| stem.strip_prefix(port).is_some_and(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_path_below_the_folder_or_nothing() {
        for key in ["a", "a/b c/\u{fc}.proto", ".hidden/a", "a..b/...c"] {
            assert_eq!(of(key).unwrap(), Path::new(key));
        }
        for key in [
            "",
            "/a",
            "/etc/passwd",
            "a/",
            "a//b",
            "../a",
            "a/../../b",
            "..",
            "a/./b",
            "a\\b",
            "..\\a",
            "a\0b",
            "a\nb",
            "a\u{1b}[31m",
        ] {
            assert_eq!(of(key).unwrap_err().code(), Code::Argument, "{key:?}");
        }
    }

    #[test]
    fn windows_reads_more_into_names() {
        for part in ["C:", "a:b", "a.", "a ", "x?"] {
            assert!(is_special_on_windows(part), "{part}");
        }
        for part in [
            "CON",
            "prn",
            "Aux.proto",
            "nul .a.b",
            "CONIN$",
            "conout$.x",
            "COM0",
            "com9.proto",
            "lpt1",
            "LPT\u{b3}.x",
        ] {
            assert!(is_special_on_windows(part), "{part}");
        }
        for part in ["a.proto", "console", "com", "COM10", "COMA", "a.con", "lpt\u{2074}", "auxiliary.json"] {
            assert!(!is_special_on_windows(part), "{part}");
        }
    }
}
