//! A worker whose payloads are encrypted: `worker ADDRESS tdc.yaml`.

mod order;

use order::{OrderWorkflow, TASK_QUEUE, Till};
use temporal_tdc::Tdc;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(config)) = (arguments.next(), arguments.next()) else {
        return Err("usage: worker ADDRESS tdc.yaml".into());
    };
    let tdc = Tdc::open(config)?;
    let connection = Connection::connect(ConnectionOptions::new(Url::parse(&address)?).build()).await?;
    let client = Client::new(
        connection,
        // The one line.
        ClientOptions::new("default").data_converter(tdc.data_converter()).build(),
    )?;

    let runtime = Runtime::from_current_tokio(Default::default())?;
    let options = WorkerOptions::new(TASK_QUEUE)
        .register_workflow::<OrderWorkflow>()?
        .register_activities(Till)
        .build();
    println!("worker: ready");
    Worker::new(&runtime, client, options)?.run().await?;
    Ok(())
}
