//! The arguments of every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::bulk::Options;
use crate::configuration::{ConfigPath, Configuration};
use crate::help;

/// tdc, the Temporal Data Converter: encrypts and compresses Temporal payloads the same way in
/// every language.
#[derive(Parser)]
#[command(name = "tdc", version = version(), after_help = help::START, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start here: create a key and a commented tdc.yaml, and show which line of your program
    /// changes
    #[command(after_help = help::INIT)]
    Init {
        /// The folder to create them in
        #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// The id of the key; by default the folder's name, year and month
        #[arg(long, value_name = "ID")]
        key_id: Option<String>,
    },
    /// Create a key: 32 random bytes as base64 text, in a new file that only you can read
    #[command(after_help = help::KEYGEN)]
    Keygen {
        /// The file to create; an existing file is never overwritten
        #[arg(value_hint = ValueHint::FilePath)]
        path: PathBuf,
    },
    /// Encode payloads, as a worker does before it sends them
    #[command(after_help = help::ENCODE)]
    Encode(Transcode),
    /// Decode payloads, a failure or a history, as a worker does when it receives them
    #[command(after_help = help::DECODE)]
    Decode {
        #[command(flatten)]
        transcode: Transcode,
        /// Write the values in readable form
        #[arg(short, long)]
        text: bool,
        /// Fetch stored objects, and put them in the places of their references
        #[arg(long)]
        storage: bool,
    },
    /// Convert values to payloads with the configuration's converters; no codec is applied
    #[command(after_help = help::TO_PAYLOAD)]
    ToPayload(Transcode),
    /// Convert payloads back to values in their raw form; no codec is applied
    #[command(after_help = help::FROM_PAYLOAD)]
    FromPayload(Transcode),
    /// Show encoding, key id and sizes of payloads without decoding them
    #[command(after_help = help::INSPECT)]
    Inspect {
        #[command(flatten)]
        configuration: Configuration,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
        /// The file with the JSON; without it, or with -, standard input
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// Serve the Web UI and the temporal command: a codec server
    #[command(after_help = help::SERVE)]
    Serve {
        #[command(flatten)]
        config: ConfigPath,
        /// For a laptop: serve this machine and its Web UI only, without the configuration's rules
        #[arg(long)]
        dev: bool,
        /// Address and port, instead of server.listen in the configuration
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
    },
    /// Ask a codec server whether it runs: exit status 0 if it does
    #[command(after_help = help::HEALTH)]
    Health {
        /// Its /healthz, or its /readyz
        #[arg(default_value = "http://127.0.0.1:8081/healthz", value_hint = ValueHint::Url)]
        url: String,
    },
    /// Encode or decode a failure: its message, stack trace and payloads, and those of its causes
    #[command(subcommand)]
    Failure(FailureCommand),
    /// Encode or decode an exported history
    #[command(subcommand)]
    History(HistoryCommand),
    /// Check a configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Ask the key services of a configuration, and find out which keys files need
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Bring files from old keys to the key that encrypts now
    #[command(after_help = help::REWRAP)]
    Rewrap {
        #[command(flatten)]
        configuration: Configuration,
        /// Decode the payloads, and encode them by this configuration
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        to: Option<PathBuf>,
        /// With --to: fetch stored objects, and put them in the places of their references
        #[arg(long, requires = "to")]
        storage: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Print the completion script of a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages
    #[command(after_help = help::MAN)]
    Man {
        /// The folder to write them to; it has to exist
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct Transcode {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    /// The file with the JSON; without it, or with -, standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum FailureCommand {
    /// Encode a failure, as a worker does before it sends it
    #[command(after_help = help::FAILURE)]
    Encode(Transcode),
    /// Decode a failure, as a client does when it receives it
    #[command(after_help = help::FAILURE)]
    Decode(Transcode),
}

#[derive(Subcommand)]
pub(crate) enum HistoryCommand {
    /// Encode every payload and failure of a decoded history
    #[command(after_help = help::HISTORY_ENCODE)]
    Encode {
        #[command(flatten)]
        transcode: Transcode,
        /// Report progress on standard error; anything that takes more than a second always does,
        /// except listing and fetching from buckets
        #[arg(long)]
        progress: bool,
    },
    /// Decode every payload and failure of a history; the result can be replayed without a codec
    #[command(after_help = help::HISTORY_DECODE)]
    Decode {
        #[command(flatten)]
        configuration: Configuration,
        /// Report progress on standard error; anything that takes more than a second always does,
        /// except listing and fetching from buckets
        #[arg(long)]
        progress: bool,
        /// Write a JSON file for each run, which replayers and the Web UI's import read, into a
        /// folder for each input
        #[arg(long, requires = "output")]
        split: bool,
        /// Fetch stored objects, and put them in the places of their references
        #[arg(long)]
        storage: bool,
        #[command(flatten)]
        options: Options,
    },
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check a configuration and everything it refers to, and show what is encrypted and what stays
    /// readable
    #[command(after_help = help::CHECK)]
    Check {
        /// The configuration file, instead of --config
        #[arg(value_hint = ValueHint::FilePath, conflicts_with = "config")]
        file: Option<PathBuf>,
        #[command(flatten)]
        configuration: Configuration,
    },
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Have every key service of a configuration wrap and unwrap a random key, and say what works
    /// and what to do
    #[command(after_help = help::KEYS_CHECK)]
    Check {
        #[command(flatten)]
        configuration: Configuration,
    },
    /// Count which keys files need, as their payloads show from outside
    #[command(after_help = help::KEYS_USED)]
    Used {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
        /// Files, folders, patterns and buckets; without them, or with -, standard input
        #[arg(value_hint = ValueHint::AnyPath)]
        paths: Vec<PathBuf>,
    },
}

fn version() -> String {
    format!("{} (AES-256-GCM: {})", env!("CARGO_PKG_VERSION"), tdc::BACKEND)
}
