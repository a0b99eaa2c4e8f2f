//! `tdc serve --dev`: one command on a laptop. The person who starts it has the keys already, so
//! rules add nothing. The server accepts only this machine and the Web UI on it.

use std::net::SocketAddr;

use tdc::Error;

use crate::stdio;

use super::options::ServerOptions;

/// The origins of the Web UI: of `temporal server start-dev`, and of Temporal's containers.
const LOCAL_WEB_UI: [&str; 4] =
    ["http://localhost:8233", "http://127.0.0.1:8233", "http://localhost:8080", "http://127.0.0.1:8080"];

/// Removes the options that are for other machines.
pub(super) fn set_aside(options: &mut ServerOptions) {
    options.auth = None;
    options.tls = None;
    options.behind_proxy = false;
    for listen in [&mut options.listen, &mut options.metrics.listen] {
        *listen = listen.filter(|address| address.ip().is_loopback());
    }
    options.cors.origins.extend(LOCAL_WEB_UI.map(str::to_owned));
}

/// Says what to do next. The `temporal` command names no namespace unless it is told one, not even
/// `default`; `needs_namespace` says that the configuration decodes nothing without one.
pub(super) fn greet(address: SocketAddr, needs_namespace: bool) -> Result<(), Error> {
    let url = format!("http://{address}");
    let namespace = if needs_namespace { "NAMESPACE" } else { "default" };
    let text = format!(
        "\
codec server for this machine: {url}

Web UI      the glasses at the top right, \"Codec Server browser endpoint\": {url}
            or for all users: temporal server start-dev --ui-codec-endpoint {url}
temporal    temporal workflow show -n {namespace} -w WORKFLOW --codec-endpoint {url}
            or for all commands: export TEMPORAL_CODEC_ENDPOINT={url} TEMPORAL_NAMESPACE={namespace}

Press Ctrl-C to stop it. To serve other machines, it needs rules: see docs/SERVER.md
"
    );
    stdio::write(text.as_bytes())
}
