//! Standard input and output, and files in place of them.
//!
//! Input may be hostile and endless: it is read up to a limit. Output is written completely or not
//! at all.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::Path;

use tdc::{Code, Error};

use crate::{buckets, terminal};

/// Largest JSON body, in bytes: the library's limit for one call. Its own serialised form is
/// shorter.
const MAX_INPUT: u64 = 256 << 20;

/// Reads `file`; standard input without one, or where it is `-`.
pub(crate) fn read(file: Option<&Path>) -> Result<Vec<u8>, Error> {
    match file {
        Some(path) if path != Path::new("-") => {
            buckets::not_here(path, "this command reads local files, so copy it")?;
            let shown = path.display().to_string();
            let file = File::open(path)
                .map_err(|cause| Error::new(Code::Io, format!("cannot read {shown}: {cause}")))?;
            read_bounded(file, &shown, MAX_INPUT)
        }
        _ => {
            let input = std::io::stdin();
            if input.is_terminal() {
                note("reading JSON from the terminal; end it with Ctrl-D on a line of its own");
            }
            read_bounded(input.lock(), "standard input", MAX_INPUT)
        }
    }
}

fn read_bounded(input: impl Read, shown: &str, max: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let len = input
        .take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(|cause| Error::new(Code::Io, format!("cannot read {shown}: {cause}")))?;
    if len as u64 > max { Err(too_long(shown, max)) } else { Ok(bytes) }
}

/// The room for a document of `len` bytes that is read from elsewhere.
pub(crate) fn room(len: u64, shown: &str) -> Result<usize, Error> {
    usize::try_from(len).ok().filter(|_| len <= MAX_INPUT).ok_or_else(|| too_long(shown, MAX_INPUT))
}

#[cold]
fn too_long(shown: &str, max: u64) -> Error {
    let text = format!("{shown} has more than {max} bytes, the limit of one call: split it");
    Error::new(Code::Limit, text)
}

/// Writes a sentence to standard error, next to the output or instead of it. Names in it may come
/// from others: it stays one line, and steers no terminal.
pub(crate) fn note(sentence: &str) {
    tell(&format!("tdc: {}", terminal::escaped(sentence)));
}

/// Writes a text to standard error, line by line.
pub(crate) fn complain(text: &str) {
    let lines: Vec<String> = text.split('\n').map(terminal::escaped).collect();
    tell(&lines.join("\n"));
}

fn tell(text: &str) {
    // If standard error is closed, there is no way to report it.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes to standard output. A reader that closes the pipe early, as `head` does, is not an error.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(Code::Io, format!("cannot write to standard output: {cause}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_up_to_the_limit_is_read() {
        assert_eq!(read_bounded(&b"12345"[..], "standard input", 5).unwrap(), b"12345");
    }

    #[test]
    fn longer_input_is_a_limit_error_however_long_it_is() {
        let error = read_bounded(std::io::repeat(b' '), "standard input", 5).unwrap_err();
        assert_eq!(error.code(), Code::Limit);
        assert_eq!(error.message(), "standard input has more than 5 bytes, the limit of one call: split it");
    }
}
