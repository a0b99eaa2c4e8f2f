//! `tdc completions`: the completion script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;
use tdc::Error;

use crate::arguments::Arguments;
use crate::stdio;

pub(crate) fn run(shell: Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tdc", &mut script);
    stdio::write(&script)
}
