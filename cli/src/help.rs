//! The examples that `--help` adds to each command.

pub(crate) const START: &str = "\
Start here:
  tdc init                                    a key, a commented tdc.yaml, and the changed line of your program
  tdc config check                            what is encrypted, with which key, and what stays readable
  tdc encode payloads.json > encoded.json
  tdc inspect encoded.json
  tdc decode --text encoded.json
  tdc serve --dev                             a codec server for the Web UI
  tdc keygen keys/orders-2026-12.key          the next key

Every command has its own help: tdc encode --help
The configuration is the file given by --config, else by TDC_CONFIG, else tdc.yaml in this folder.
On failure the exit status is 1, standard output stays empty, and standard error has an error code
and what to do.";

pub(crate) const INIT: &str = "\
Examples:
  tdc init
  tdc init services/orders
  tdc init --key-id orders-2026-11

Creates tdc.yaml and keys/, and shows which line of your program changes. Existing files are not
overwritten; an existing key is used.";

pub(crate) const KEYGEN: &str = "\
Example:
  tdc keygen keys/orders-2026-11.key

The key itself is never printed. Every worker that shares payloads needs the same file; to rotate,
add the new key everywhere, then make it primary.";

pub(crate) const ENCODE: &str = "\
Reads and writes the JSON body of a Temporal codec server; metadata and data are base64:
  {\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"IlRlc3Rpbmci\"}]}
It also reads a single payload or a JSON array of payloads, and writes the same form.

Examples:
  tdc encode payloads.json
  tdc encode --config tdc.yaml < payloads.json > encoded.json";

pub(crate) const DECODE: &str = "\
Reads the JSON body of a codec server, a single payload, a JSON array of payloads, a failure, or
an exported history, and writes the same form. With --text it writes the values in readable form.
Each payload names its codecs, so old payloads still decode after the configuration's codecs have
changed; a payload with an unknown encoding is returned unchanged.

Examples:
  tdc decode encoded.json
  tdc decode --text encoded.json
  tdc decode --config tdc.yaml --namespace orders-eu < encoded.json
  temporal workflow show -w order-42 --output json | tdc decode --text";

pub(crate) const FAILURE: &str = "\
Reads and writes a temporal.api.failure.v1.Failure as JSON:
  {\"message\":\"out of stock\",\"source\":\"GoSDK\",\"applicationFailureInfo\":{\"type\":\"OutOfStock\"}}

Message and stack trace are encoded if the configuration sets failures.encode_common_attributes,
and are always decoded.

Examples:
  tdc failure encode failure.json > encoded.json
  tdc failure decode encoded.json";

pub(crate) const HISTORY_DECODE: &str = "\
Reads the output of temporal workflow show --output json, the Web UI's download, and
temporal.api.export.v1 as JSON or binary; writes the same form.

One history goes to standard output. With --output, files and folders such as Temporal Cloud's
exports go to new files that only you can read, or with --split to a JSON file for each run. Exports
are processed one history at a time, and the limits of the configuration count for each. Run the
same command again after an interruption: files that exist are skipped. A file that fails is
reported and the others go on; then the exit status is 1.
s3://BUCKET/FOLDER and gs://BUCKET/FOLDER are read with the credentials of the environment.

Examples:
  temporal workflow show -w order-42 --output json | tdc history decode > order-42.json
  tdc history decode --config tdc.yaml events.json > decoded.json
  tdc history decode --namespace-from-path --output decoded/ --jobs 4 temporal-workflow-history/
  tdc history decode --output decoded/ \"s3://BUCKET/temporal-workflow-history/export/*/2026/**\"
  tdc history decode --output runs/ --split --report report.json exports/";

pub(crate) const HISTORY_ENCODE: &str = "\
The inverse of tdc history decode: it encodes a decoded history for a replayer with this
configuration. Do not encode a history that is already encoded: its payloads would be encoded
twice.

Example:
  tdc history encode decoded.json > events.json";

pub(crate) const INSPECT: &str = "\
Reads the same input as tdc decode. Nothing is decoded and no key is needed; with a
configuration it also shows which keys are available.

Examples:
  tdc inspect encoded.json
  tdc inspect --config tdc.yaml encoded.json
  tdc inspect --json < encoded.json
  temporal workflow show -w order-42 --output json | tdc inspect";

pub(crate) const TO_PAYLOAD: &str = "\
A value is a payload in a raw form: binary/null, binary/plain, json/plain, or binary/protobuf with
its messageType. The first converter of the configuration that accepts the value converts it.

Examples:
  tdc to-payload values.json
  tdc to-payload values.json | tdc encode";

pub(crate) const FROM_PAYLOAD: &str = "\
Reads every built-in encoding, whichever converters the configuration lists. Decode payloads first
if a codec encoded them.

Examples:
  tdc from-payload payloads.json
  tdc decode encoded.json | tdc from-payload";

pub(crate) const SERVE: &str = "\
The Web UI and temporal --codec-endpoint send payloads to POST …/encode and …/decode. Without
rules it serves this machine only; docs/SERVER.md says how to serve others.

Examples:
  tdc serve --dev
  tdc serve --config /etc/tdc/tdc.yaml";

pub(crate) const HEALTH: &str = "\
For containers and scripts without an HTTP client; Kubernetes asks by itself. It waits 5 seconds.
http is only for this machine.

Examples:
  tdc health
  tdc health https://codec.example.com/readyz";

pub(crate) const CHECK: &str = "\
Opens everything that the library and tdc serve would open, encodes and decodes a test payload for
every namespace, and prints what is encrypted, with which key, and what stays readable.
The exit status is 0 if it is valid, 1 if not, and 2 if it is valid but there are warnings.

Examples:
  tdc config check
  tdc config check /etc/tdc/tdc.yaml
  tdc config check --namespace orders-eu";

pub(crate) const KEYS_CHECK: &str = "\
Each key of a key service wraps and unwraps a random data key, with the credentials of this
environment. Nothing that is encrypted is touched. The exit status is 1 if one of them fails.

Examples:
  tdc keys check
  tdc keys check --config /etc/tdc/tdc.yaml";

pub(crate) const KEYS_USED: &str = "\
Reads the same input as tdc decode, files, whole folders, patterns and buckets. No configuration
is needed, and nothing is decoded: of a payload with several layers the outermost one counts.
Histories on a server cannot be changed. Before you destroy a key, wait until the retention of
every namespace that used it, and the longest running workflow, have ended.

Examples:
  tdc keys used exports/
  tdc keys used s3://BUCKET/temporal-workflow-history
  temporal workflow show -w order-42 --output json | tdc keys used --json";

pub(crate) const REWRAP: &str = "\
Without --to, the data key of every envelope is unwrapped and wrapped again by keys.primary, the
key of a key service. No payload is decrypted, and all other payloads stay as they are.
This does not help against anyone who already has a data key.
With --to, payloads are decoded by --config and encoded by that configuration, with new keys.

It reads the same input as tdc decode and writes the same form: one document to standard output,
files, folders and buckets (s3://, gs://) to new files below --output that only you can read. Run
the same command again after an interruption: files that exist are skipped. A file that fails is
reported and the others go on; then the exit status is 1.
Histories on a server cannot be changed: a key must outlive retention and the longest run.

Examples:
  tdc rewrap --output rewrapped/ exports/
  tdc rewrap --config old.yaml --to new.yaml --output new/ --report report.json --jobs 4 exports/
  tdc rewrap < order-42.json > rewrapped.json";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  tdc completions bash > ~/.local/share/bash-completion/completions/tdc
  tdc completions zsh > \"${fpath[1]}/_tdc\"
  tdc completions fish > ~/.config/fish/completions/tdc.fish";

pub(crate) const MAN: &str = "\
Examples:
  tdc man ~/.local/share/man/man1
  tdc man /tmp && man /tmp/tdc-decode.1

A page for tdc and one for each command. Pages that are there are overwritten.";
