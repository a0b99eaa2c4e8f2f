//! A worker on a real server, whose address `TDC_TEST_TEMPORAL` gives: an error that passes costs
//! workflow tasks, never the workflow.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

#[path = "../examples/order/mod.rs"]
mod order;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use order::{Order, OrderWorkflow, TASK_QUEUE, Till};
use prost::Message as _;
use temporal_tdc::{KeyService, KeyServiceKey, Options, Tdc};
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, Url, WorkflowFetchHistoryOptions,
    WorkflowGetResultOptions, WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};

fn with_provider(failing: usize) -> Tdc {
    let asked = AtomicUsize::new(0);
    Options::new()
        .key_provider(move |_| {
            let fails = asked.fetch_add(1, Ordering::SeqCst) < failing;
            async move { if fails { Err("the vault is sealed") } else { Ok(Some([1; 32])) } }
        })
        .parse("version: 1\nkeys: { primary: one, host: true }\ncodecs: [encrypt]\n", "")
        .unwrap()
}

/// Fails as often as it says.
struct Service(AtomicUsize);

type Wrapped = Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

impl KeyService for Service {
    async fn wrap(&self, _: &KeyServiceKey, data_key: &[u8; 32]) -> Wrapped {
        Ok(data_key.iter().map(|byte| byte ^ 7).collect())
    }

    async fn unwrap(&self, _: &KeyServiceKey, wrapped: &[u8]) -> Wrapped {
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |failing| failing.checked_sub(1)) {
            Ok(_) => Err("the vault is sealed".into()),
            Err(_) => Ok(wrapped.iter().map(|byte| byte ^ 7).collect()),
        }
    }
}

fn with_service(failing: usize) -> Tdc {
    let config =
        "version: 1\nkeys: { primary: one, ring: { one: { service: \"own://one\" } } }\ncodecs: [encrypt]\n";
    Options::new().key_service(Service(AtomicUsize::new(failing))).parse(config, "").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_key_provider_costs_workflow_tasks_and_not_the_workflow() {
    costs_workflow_tasks("provider", with_provider, "TDC_ERR_KEY_PROVIDER").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_key_service_costs_workflow_tasks_and_not_the_workflow() {
    costs_workflow_tasks("service", with_service, "TDC_ERR_KEY_SERVICE").await;
}

/// Runs a workflow whose worker fails twice, and its client never.
async fn costs_workflow_tasks(name: &str, open: fn(failing: usize) -> Tdc, code: &str) {
    let Ok(address) = std::env::var("TDC_TEST_TEMPORAL") else {
        println!("skipped, because TDC_TEST_TEMPORAL does not name a server");
        return;
    };
    let connection =
        Connection::connect(ConnectionOptions::new(Url::parse(&address).unwrap()).build()).await.unwrap();
    let client = |tdc: Tdc| {
        let options = ClientOptions::new("default").data_converter(tdc.data_converter()).build();
        Client::new(connection.clone(), options).unwrap()
    };
    let starter = client(open(0));
    let queue = format!("{TASK_QUEUE}-{name}-{}", std::process::id());
    let order = Order { card: "4929".to_owned(), cents: 5 };
    let id = format!("tdc-rust-{name}-{}", std::process::id());
    let handle = starter
        .start_workflow(OrderWorkflow::run, order, WorkflowStartOptions::new(&queue, id).build())
        .await
        .unwrap();
    handle
        .signal(OrderWorkflow::send_to, "12 Rose Lane".to_owned(), WorkflowSignalOptions::default())
        .await
        .unwrap();

    let runtime = Runtime::from_current_tokio(Default::default()).unwrap();
    let options = WorkerOptions::new(queue)
        .register_workflow::<OrderWorkflow>()
        .unwrap()
        .register_activities(Till)
        .build();
    let mut worker = Worker::new(&runtime, client(open(2)), options).unwrap();
    let result = tokio::select! {
        ended = worker.run() => panic!("the worker ended: {ended:?}"),
        result = handle.get_result(WorkflowGetResultOptions::default()) => result.unwrap(),
        () = tokio::time::sleep(Duration::from_secs(60)) => panic!("no result within a minute"),
    };
    assert_eq!(result, "charged 5 cents to 4929, sent to 12 Rose Lane");

    let events = handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await.unwrap();
    let failed: Vec<_> =
        events.iter().filter(|it| it.event_type() == EventType::WorkflowTaskFailed).collect();
    assert!(!failed.is_empty(), "no workflow task failed");
    for event in failed {
        let text = String::from_utf8_lossy(&event.encode_to_vec()).into_owned();
        assert!(text.contains(code), "{text}");
    }
}
