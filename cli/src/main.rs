//! `tdc`, the command line. Each command has its own file.
//!
//! ```text
//! arguments, help ──> init, keygen, completions, man    files and texts to begin with
//!                     transcode   encode, decode, to-payload, from-payload   payloads in, payloads out
//!                     failure, history             the same for failures and exported histories
//!                     text                         decoded values for a person
//!                     inspect                      what payloads show from outside
//!                     config_check                 whether a configuration is valid, and what it protects
//!                     keys_used                    which keys files need
//!                     decode_histories, rewrap     many files, by way of `bulk`
//!                     keys_check                   whether key services do what a configuration needs of them
//!                     serve                        the codec server
//!                     health                       whether a codec server answers
//!                         |
//!         configuration, input, body, tree, terminal, stdio: what they read and write
//!         files, buckets                               where it is
//!         host (what a call asks of its host) ────> remote, outgoing (a codec server is asked)
//!                                             ────> objects, key_services
//! ```
//! Every failure is exit status 1, nothing on standard output, and one sentence with its code on
//! standard error.

#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod arguments;
mod body;
mod buckets;
mod bulk;
mod completions;
mod config_check;
mod configuration;
mod decode_histories;
mod documents;
mod failure;
mod files;
mod health;
mod help;
mod history;
mod host;
mod init;
mod input;
mod inspect;
mod key_counts;
mod key_services;
mod keygen;
mod keys_check;
mod keys_used;
mod man;
mod new_file;
mod objects;
mod outgoing;
mod remote;
mod rewrap;
mod serve;
mod stdio;
mod system;
mod task;
mod terminal;
mod text;
mod transcode;
mod tree;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tdc::{Code, Error};

use arguments::{Arguments, Command, ConfigCommand, FailureCommand, HistoryCommand, KeysCommand, Transcode};
use bulk::Options;
use configuration::Configuration;
use task::Task;
use transcode::Direction;

fn main() -> ExitCode {
    system::turn_core_dumps_off();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(other) => return not_a_command(&other),
    };
    match run(arguments.command) {
        Ok(status) => status,
        Err(error) => fail(&error.to_string()),
    }
}

fn run(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Init { folder, key_id } => init::run(&folder, key_id.as_deref()),
        Command::Keygen { path } => keygen::run(&path),
        Command::Encode(arguments) => payloads(Direction::Codec(Task::Encode), &arguments),
        Command::Decode { transcode: Transcode { configuration, file }, text: true, storage } => {
            transcode::decode_as_text(Task::decode(storage), &configuration, file.as_deref())
        }
        Command::Decode { transcode, text: false, storage } => {
            payloads(Direction::Codec(Task::decode(storage)), &transcode)
        }
        Command::ToPayload(arguments) => payloads(Direction::ToPayload, &arguments),
        Command::FromPayload(arguments) => payloads(Direction::FromPayload, &arguments),
        Command::Inspect { configuration, json, file } => inspect::run(&configuration, json, file.as_deref()),
        Command::Serve { config, dev, listen } => {
            serve::run(serve::Launch::new(config.resolve()?, dev, listen))
        }
        Command::Health { url } => health::run(&url),
        Command::Failure(FailureCommand::Encode(Transcode { configuration, file })) => {
            failure::run(Task::Encode, &configuration, file.as_deref())
        }
        Command::Failure(FailureCommand::Decode(Transcode { configuration, file })) => {
            failure::run(Task::Decode, &configuration, file.as_deref())
        }
        Command::History(HistoryCommand::Encode {
            transcode: Transcode { configuration, file },
            progress,
        }) => history::run(Task::Encode, &configuration, progress, file.as_deref()),
        Command::History(HistoryCommand::Decode { configuration, progress, split, storage, options }) => {
            return a_history_or_many(Task::decode(storage), &configuration, progress, split, &options);
        }
        Command::Config(ConfigCommand::Check { file, configuration }) => {
            let path = file.map_or_else(|| configuration.path(), Ok)?;
            return config_check::run(&path, &configuration.namespace);
        }
        Command::Keys(KeysCommand::Check { configuration }) => {
            return keys_check::run(&configuration.path()?, &configuration.namespace);
        }
        Command::Keys(KeysCommand::Used { json, paths }) => return keys_used::run(json, &paths),
        Command::Rewrap { configuration, to, storage, options } => {
            return rewrap::run(Task::decode(storage), &configuration, to.as_deref(), &options);
        }
        Command::Completions { shell } => completions::run(shell),
        Command::Man { folder } => man::run(&folder),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn payloads(direction: Direction, arguments: &Transcode) -> Result<(), Error> {
    transcode::run(direction, &arguments.configuration, arguments.file.as_deref())
}

/// One history goes to standard output without a report, so that standard error stays empty.
fn a_history_or_many(
    task: Task,
    configuration: &Configuration,
    progress: bool,
    split: bool,
    options: &Options,
) -> Result<ExitCode, Error> {
    match options.alone() {
        Some(file) => history::run(task, configuration, progress, file).map(|()| ExitCode::SUCCESS),
        None => decode_histories::run(task, configuration, split, options),
    }
}

/// Help and version go to standard output; everything else is a usage error, reported like any
/// other error.
fn not_a_command(other: &clap::Error) -> ExitCode {
    let text = other.render().to_string();
    match other.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match stdio::write(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string()),
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            stdio::complain(text.trim_end());
            ExitCode::FAILURE
        }
        _ => {
            let sentence = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
            stdio::complain(&format!("tdc: {}: {sentence}", Code::Argument.name()));
            ExitCode::FAILURE
        }
    }
}

fn fail(sentence: &str) -> ExitCode {
    stdio::note(sentence);
    ExitCode::FAILURE
}
