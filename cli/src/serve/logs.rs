//! The server's own log, JSON lines on standard error, about events of the server, not of requests.
//! If standard error is not read in time, lines are dropped and counted, and the server continues.

use std::io::{Error, Write};
use std::sync::OnceLock;
use std::time::Duration;

use tdc::Code;
use tracing_subscriber::fmt::MakeWriter;

use super::lines::{Lines, Sink};

/// How long the last lines may take.
const FLUSH: Duration = Duration::from_secs(1);

static LINES: OnceLock<Lines> = OnceLock::new();

/// Starts logging, of panics too.
pub(super) fn install() -> Result<(), tdc::Error> {
    let lines = Lines::to(Sink::stderr(), "log")
        .map_err(|cause| tdc::Error::new(Code::Io, format!("cannot start: {cause}")))?;
    if LINES.set(lines).is_ok() {
        tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_writer(Queue).init();
        // The default hook writes to standard error itself, and blocks on it.
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic: this is a bug in tdc")));
    }
    Ok(())
}

/// Waits for the last lines.
pub(super) fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush(FLUSH);
    }
}

/// One event: the subscriber writes it as one text.
struct Queue;

impl MakeWriter<'_> for Queue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> Result<usize, Error> {
        let text = line.to_vec();
        if LINES.get().is_none_or(|lines| lines.push(move || text).is_err()) {
            metrics::counter!("tdc_log_lines_dropped_total").increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
