//! `tdc history decode`: an exported history in, the same form of it out.
//!
//! Work that takes more than a second says on standard error how far it is.

use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use tdc::{DataConverter, Error};

use crate::{rounds, stdio};

/// How often the command says how far it is.
const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) fn decode(
    config: &Path,
    namespace: &str,
    always_say: bool,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = DataConverter::open(config, namespace)?;
    let history = stdio::read(file)?;
    let last = Cell::new(Instant::now());
    let say = |payloads: usize| {
        if last.get().elapsed() >= INTERVAL {
            last.set(Instant::now());
            tell(&format!("{payloads} payloads so far"));
        }
    };
    let answer =
        rounds::settle(&converter, |converter| converter.decode_history_and_say(&[], &history, &say))?;
    if always_say {
        tell(&format!("{} bytes became {}", history.len(), answer.len()));
    }
    stdio::write(&answer)
}

fn tell(sentence: &str) {
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "tdc: {sentence}");
}
