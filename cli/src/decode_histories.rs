//! `tdc history decode` of many files: exports of Temporal Cloud, and histories in every other
//! form.

use std::process::ExitCode;

use tdc::{DataConverter, Error, Limits};

use crate::bulk::{self, Counts, Made, Options};
use crate::configuration::Configuration;
use crate::documents::Viewer;
use crate::key_counts::KeyCounts;
use crate::task::Task;
use crate::{history, stdio};

pub(crate) fn run(
    task: Task,
    configuration: &Configuration,
    split: bool,
    options: &Options,
) -> Result<ExitCode, Error> {
    let converter = configuration.open()?;
    let viewer = Viewer::new(&converter.limits())?;
    let report = bulk::run(options, split, &Decode { task, converter, viewer })?;
    if options.output.is_some() {
        stdio::write(report.before.table().as_bytes())?;
    }
    let (payloads, histories, files) = (report.before.payloads, report.histories, report.files);
    report.note(&format!("decoded {payloads} payloads of {histories} histories in {files} file(s)"));
    Ok(report.status())
}

struct Decode {
    task: Task,
    converter: DataConverter,
    viewer: Viewer,
}

impl bulk::Work for Decode {
    fn convert(&self, context: &[u8], document: &mut Vec<u8>, say: &dyn Fn(usize)) -> Result<Made, Error> {
        // Before there is an output, so that both are never in memory with what this needs.
        let mut before = KeyCounts::default();
        let counted = self.viewer.visit(document, |payload| before.add(payload));
        let decoded = history::convert(self.task, &self.converter, context, document, say)?;
        counted?;
        let counts = Counts { before, ..Counts::default() };
        Ok(Made { document: decoded, counts, is_history: true })
    }

    fn limits(&self) -> Limits {
        self.converter.limits()
    }
}
