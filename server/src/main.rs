//! `tdc`, the command line: arguments only. Each command is a file of its own.
//!
//! ```text
//! arguments ──> keygen                       a new key file
//!               transcode   encode, decode, to-payload, from-payload   codec-server JSON in, codec-server JSON out
//!               failure, history             the same for failures and exported histories
//!               inspect                      what payloads show from outside
//!               config_check                 whether a configuration holds
//!               serve                        the codec server
//!                   |
//!               body, stdio, rounds (what a call's status asks for) ──> remote, outgoing (a codec server is asked)
//! ```
//! Every failure is exit status 1, nothing on standard output, and one sentence with its code on standard error.

#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod body;
mod config_check;
mod core_dumps;
mod failure;
mod history;
mod inspect;
mod keygen;
mod outgoing;
mod remote;
mod rounds;
mod serve;
mod stdio;
mod transcode;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use tdc::{Code, Error};

use transcode::Direction;

/// tdc, the Temporal Data Converter: encrypts and compresses Temporal payloads the same way in every language.
#[derive(Parser)]
#[command(name = "tdc", version = version(), after_help = EXAMPLES, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key: 32 random bytes as base64 text, in a new file that you alone can read
    #[command(after_help = KEYGEN_HELP)]
    Keygen {
        /// The file to make; one that exists is never overwritten
        path: PathBuf,
    },
    /// Encode payloads: what a worker does before it sends them
    #[command(after_help = ENCODE_HELP)]
    Encode(Transcode),
    /// Decode payloads: what a worker does when it receives them
    #[command(after_help = DECODE_HELP)]
    Decode(Transcode),
    /// Make payloads of values by the configuration's converters; no codec is applied
    #[command(after_help = TO_PAYLOAD_HELP)]
    ToPayload(Transcode),
    /// Give the values of payloads back, each in its raw form; no codec is applied
    #[command(after_help = FROM_PAYLOAD_HELP)]
    FromPayload(Transcode),
    /// Show encoding, key id and sizes of payloads, without opening them
    #[command(after_help = INSPECT_HELP)]
    Inspect {
        /// Also say whether this configuration has the keys
        #[arg(short, long, value_name = "CONFIG")]
        config: Option<PathBuf>,
        /// The Temporal namespace of the payloads, where the configuration has namespaces
        #[arg(short, long, default_value = "", hide_default_value = true, requires = "config")]
        namespace: String,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
        /// The file that holds the JSON body; without it, or with -, standard input
        file: Option<PathBuf>,
    },
    /// Serve the Web UI and the temporal command: a codec server
    #[command(after_help = SERVE_HELP)]
    Serve {
        /// The configuration file, the same one that the workers use
        #[arg(short, long, value_name = "CONFIG", default_value = "tdc.yaml")]
        config: PathBuf,
        /// For a laptop: this machine and its Web UI only, without the rules of the configuration
        #[arg(long)]
        dev: bool,
        /// Address and port, instead of the configuration's server.listen
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
    },
    /// Encode or decode a failure: its message, stack trace and payloads, and those of its causes
    #[command(subcommand)]
    Failure(FailureCommand),
    /// Decode an exported history
    #[command(subcommand)]
    History(HistoryCommand),
    /// Check a configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Args)]
struct Transcode {
    /// The configuration file, the same one that the workers use
    #[arg(short, long, value_name = "CONFIG")]
    config: PathBuf,
    /// The Temporal namespace of the payloads, where the configuration has namespaces
    #[arg(short, long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// The file that holds the JSON body; without it, or with -, standard input
    file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum FailureCommand {
    /// Encode a failure: what a worker does before it sends it
    #[command(after_help = FAILURE_HELP)]
    Encode(Transcode),
    /// Decode a failure: what a client does when it receives it
    #[command(after_help = FAILURE_HELP)]
    Decode(Transcode),
}

#[derive(Subcommand)]
enum HistoryCommand {
    /// Decode every payload and failure of a history; what comes out can be replayed without a codec
    #[command(after_help = HISTORY_HELP)]
    Decode {
        #[command(flatten)]
        transcode: Transcode,
        /// Say on standard error what was done; work of more than a second does so in any case
        #[arg(long)]
        progress: bool,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Open a configuration with its keys, send a test payload through it, and say what was found
    #[command(after_help = CHECK_HELP)]
    Check {
        /// The configuration file
        file: PathBuf,
        /// The Temporal namespace to check it for
        #[arg(short, long, default_value = "", hide_default_value = true)]
        namespace: String,
    },
}

const EXAMPLES: &str = "\
Start here:
  tdc keygen keys/orders-2026-11.key
  tdc config check tdc.yaml
  tdc encode --config tdc.yaml payloads.json > encoded.json
  tdc inspect encoded.json
  tdc decode --config tdc.yaml encoded.json
  tdc serve --dev

Each command explains itself: tdc encode --help
On failure the exit status is 1, standard output stays empty, and standard error has the code and what to do.";

const KEYGEN_HELP: &str = "\
Example:
  tdc keygen keys/orders-2026-11.key

The key itself is never shown. Every worker that shares payloads needs the same file; to rotate, add the new key everywhere, then make it primary.";

const ENCODE_HELP: &str = "\
Reads and writes the JSON body of a Temporal codec server; metadata and data are base64:
  {\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"IlRlc3Rpbmci\"}]}

Examples:
  tdc encode --config tdc.yaml payloads.json
  tdc encode --config tdc.yaml < payloads.json > encoded.json";

const DECODE_HELP: &str = "\
Reads and writes the JSON body of a Temporal codec server. Each payload says what it was encoded with, so that old ones open after the
configuration's codecs have changed; what carries an unknown encoding comes back as it is.

Examples:
  tdc decode --config tdc.yaml encoded.json
  tdc decode --config tdc.yaml --namespace orders-eu < encoded.json";

const FAILURE_HELP: &str = "\
Reads and writes a temporal.api.failure.v1.Failure as JSON:
  {\"message\":\"out of stock\",\"source\":\"GoSDK\",\"applicationFailureInfo\":{\"type\":\"OutOfStock\"}}

Message and stack trace are hidden where the configuration says failures.encode_common_attributes, and come back in any case.

Examples:
  tdc failure encode --config tdc.yaml failure.json > encoded.json
  tdc failure decode --config tdc.yaml encoded.json";

const HISTORY_HELP: &str = "\
Reads what temporal workflow show --output json and the Web UI's download give, and temporal.api.export.v1 as JSON or binary; writes the same form.

Examples:
  temporal workflow show -w order-42 --output json | tdc history decode --config tdc.yaml > order-42.json
  tdc history decode --config tdc.yaml events.json > decoded.json";

const INSPECT_HELP: &str = "\
Nothing is opened, and no key is needed.

Examples:
  tdc inspect encoded.json
  tdc inspect --config tdc.yaml encoded.json     also says whether the keys are there
  tdc inspect --json < encoded.json";

const TO_PAYLOAD_HELP: &str = "\
A value is a payload in a raw form: binary/null, binary/plain, json/plain, or binary/protobuf with its messageType. The first converter of the
configuration that accepts it makes its payload.

Examples:
  tdc to-payload --config tdc.yaml values.json
  tdc to-payload --config tdc.yaml values.json | tdc encode --config tdc.yaml";

const FROM_PAYLOAD_HELP: &str = "\
Every encoding that a converter knows is read, whatever the configuration says. Payloads that a codec made are decoded first.

Examples:
  tdc from-payload --config tdc.yaml payloads.json
  tdc decode --config tdc.yaml encoded.json | tdc from-payload --config tdc.yaml";

const SERVE_HELP: &str = "\
Web pages send payloads to POST …/encode and …/decode, and so does temporal --codec-endpoint. Without rules it serves this machine only;
docs/SERVER.md says how to serve others.

Examples:
  tdc serve --dev
  tdc serve --config /etc/tdc/tdc.yaml";

const CHECK_HELP: &str = "\
Examples:
  tdc config check tdc.yaml
  tdc config check --namespace orders-eu tdc.yaml";

fn version() -> String {
    format!("{} (AES-256-GCM: {})", env!("CARGO_PKG_VERSION"), tdc::BACKEND)
}

fn main() -> ExitCode {
    core_dumps::turn_off();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(other) => return not_a_command(&other),
    };
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("tdc: {error}")),
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Keygen { path } => keygen::run(&path),
        Command::Encode(Transcode { config, namespace, file }) => {
            transcode::run(Direction::Encode, &config, &namespace, file.as_deref())
        }
        Command::Decode(Transcode { config, namespace, file }) => {
            transcode::run(Direction::Decode, &config, &namespace, file.as_deref())
        }
        Command::ToPayload(Transcode { config, namespace, file }) => {
            transcode::run(Direction::ToPayload, &config, &namespace, file.as_deref())
        }
        Command::FromPayload(Transcode { config, namespace, file }) => {
            transcode::run(Direction::FromPayload, &config, &namespace, file.as_deref())
        }
        Command::Inspect { config, namespace, json, file } => {
            inspect::run(config.as_deref(), &namespace, json, file.as_deref())
        }
        Command::Serve { config, dev, listen } => serve::run(serve::Launch { config, dev, listen }),
        Command::Failure(FailureCommand::Encode(Transcode { config, namespace, file })) => {
            failure::run(failure::Direction::Encode, &config, &namespace, file.as_deref())
        }
        Command::Failure(FailureCommand::Decode(Transcode { config, namespace, file })) => {
            failure::run(failure::Direction::Decode, &config, &namespace, file.as_deref())
        }
        Command::History(HistoryCommand::Decode {
            transcode: Transcode { config, namespace, file },
            progress,
        }) => history::decode(&config, &namespace, progress, file.as_deref()),
        Command::Config(ConfigCommand::Check { file, namespace }) => config_check::run(&file, &namespace),
    }
}

/// Help and version go to standard output; everything else is a usage error, said in the form of every other error.
fn not_a_command(other: &clap::Error) -> ExitCode {
    let text = other.render().to_string();
    match other.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match stdio::write(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format!("tdc: {error}")),
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => fail(text.trim_end()),
        _ => {
            let sentence = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
            fail(&format!("tdc: {}: {sentence}", Code::Argument.name()))
        }
    }
}

fn fail(sentence: &str) -> ExitCode {
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{sentence}");
    ExitCode::FAILURE
}
