//! `tdc man`: the manual pages.

use std::path::Path;

use clap::CommandFactory;
use tdc::{Code, Error};

use crate::arguments::Arguments;

pub(crate) fn run(folder: &Path) -> Result<(), Error> {
    clap_mangen::generate_to(Arguments::command(), folder).map_err(|cause| {
        let shown = folder.display();
        Error::new(Code::Io, format!("cannot write the manual pages to {shown}: {cause}"))
    })
}
