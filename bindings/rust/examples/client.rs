//! Starts orders for the worker of `worker.rs`, and shows that the server has none of their
//! contents: `client ADDRESS tdc.yaml`.

mod order;

use std::error::Error;

use order::{Order, OrderWorkflow, TASK_QUEUE};
use prost::Message as _;
use temporal_tdc::Tdc;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, Url, WorkflowFetchHistoryOptions,
    WorkflowGetResultOptions, WorkflowHandle, WorkflowQueryOptions, WorkflowSignalOptions,
    WorkflowStartOptions,
};
use temporalio_common::HasWorkflowDefinition;

const CARD: &str = "4929-1234-5678-9012";
const ADDRESS: &str = "12 Rose Lane";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(config)) = (arguments.next(), arguments.next()) else {
        return Err("usage: client ADDRESS tdc.yaml".into());
    };
    let tdc = Tdc::open(config)?;
    let connection = Connection::connect(ConnectionOptions::new(Url::parse(&address)?).build()).await?;
    let client =
        Client::new(connection, ClientOptions::new("default").data_converter(tdc.data_converter()).build())?;

    let handle = client.start_workflow(OrderWorkflow::run, order(4200), options("one")).await?;
    while handle.query(OrderWorkflow::charged, (), WorkflowQueryOptions::default()).await?.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    handle.signal(OrderWorkflow::send_to, ADDRESS.to_owned(), WorkflowSignalOptions::default()).await?;
    let result = handle.get_result(WorkflowGetResultOptions::default()).await?;
    expect(&result, &format!("charged 4200 cents to {CARD}, sent to {ADDRESS}"))?;
    let payloads = hidden(&handle).await?;
    println!("client: {result}; {payloads} encrypted payloads in the history, and nothing to read");

    let handle = client.start_workflow(OrderWorkflow::run, order(0), options("free")).await?;
    let Err(error) = handle.get_result(WorkflowGetResultOptions::default()).await else {
        return Err("the order without a price did not fail".into());
    };
    let last = last(&error).to_string();
    expect(&last, &format!("nothing to charge to {CARD}"))?;
    let payloads = hidden(&handle).await?;
    println!(
        "client: failed with {last:?}; {payloads} encrypted payloads in the history, and nothing to read"
    );
    Ok(())
}

fn order(cents: u64) -> Order {
    Order { card: CARD.to_owned(), cents }
}

fn options(name: &str) -> WorkflowStartOptions {
    WorkflowStartOptions::new(TASK_QUEUE, format!("tdc-rust-{name}-{}", std::process::id())).build()
}

/// Reads the history as the server has it, and counts the encrypted payloads.
async fn hidden<W: HasWorkflowDefinition>(
    handle: &WorkflowHandle<Client, W>,
) -> Result<usize, Box<dyn Error>> {
    let events = handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?;
    let bytes: Vec<u8> = events.iter().flat_map(|event| event.encode_to_vec()).collect();
    let count = |text: &str| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
    for secret in [CARD, ADDRESS, "nothing to charge", "charged 42"] {
        if count(secret) > 0 {
            return Err(format!("the server can read {secret:?}").into());
        }
    }
    match count("binary/encrypted") {
        0 => Err("the history has no encrypted payload".into()),
        some => Ok(some),
    }
}

/// The error at the end of the chain: what the activity failed with.
fn last<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

fn expect(found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}
