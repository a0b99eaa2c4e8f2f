//! The workflow of the examples, and its activity.

#![allow(unreachable_pub, reason = "the SDK's macros make public items of it")]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
};

/// The task queue of the worker.
pub const TASK_QUEUE: &str = "tdc-rust-orders";

/// The input. Only the workers may read the card.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Order {
    pub card: String,
    pub cents: u64,
}

/// Charges an order, and waits for the address to send it to.
#[workflow]
#[derive(Default)]
pub struct OrderWorkflow {
    charged: Option<String>,
    address: Option<String>,
}

#[workflow_methods]
impl OrderWorkflow {
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>, order: Order) -> WorkflowResult<String> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(10));
        let receipt = ctx.execute_activity(Till::charge, order, options).await?;
        ctx.state_mut(|state| state.charged = Some(receipt.clone()));
        ctx.wait_condition(|state| state.address.is_some()).await?;
        let address = ctx.state(|state| state.address.clone()).unwrap_or_default();
        Ok(format!("{receipt}, sent to {address}"))
    }

    #[signal]
    pub fn send_to(&mut self, _ctx: &mut SyncWorkflowContext<Self>, address: String) {
        self.address = Some(address);
    }

    #[query]
    pub fn charged(&self, _ctx: &WorkflowContextView) -> Option<String> {
        self.charged.clone()
    }
}

/// The activities.
pub struct Till;

#[activities]
impl Till {
    #[activity]
    pub async fn charge(_ctx: ActivityContext, order: Order) -> Result<String, ActivityError> {
        let Order { card, cents } = order;
        if cents == 0 {
            let why = format!("nothing to charge to {card}");
            return Err(ApplicationFailure::non_retryable(why).into());
        }
        Ok(format!("charged {cents} cents to {card}"))
    }
}
