//! Any message of Temporal's API: every payload and failure in it is encoded or decoded by one
//! call.
//!
//! ```text
//! descriptors ──> `plan`: which fields lead to payloads, once for all
//!                   |
//! message ────> `walk` ──> `work`: the codecs ──> message, of which only what changed was written anew
//!                  |
//!        `failure`, `special`, `merge`
//! ```
//!
//! What the SDKs do is the rule (`docs/FORMAT.md`, "Messages"): search attributes are never
//! touched, headers only when asked, and failures hide their text as the configuration says.

mod failure;
mod json;
mod merge;
mod plan;
mod special;
mod walk;
mod work;

#[cfg(test)]
mod tests;

use crate::codec::Budget;
use crate::descriptors::temporal_pool;
use crate::error::Error;
use crate::lock::Once;
use json::JsonWalk;
use plan::{Plan, Plans};
use special::unknown_type;
use walk::Walk;
use work::Work;
pub(crate) use work::{Progress, Settings, Task};

/// What a call on a message may be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageFlags {
    /// Headers go through the codecs as well. Decode opens encoded headers in any case; with this
    /// it also refuses plain ones where the configuration says `required`.
    pub headers: bool,
}

/// The plans of Temporal's API.
fn plans() -> Result<&'static Plans, Error> {
    static PLANS: Once<Plans> = Once::new();
    PLANS.get_or_try_init(|| temporal_pool().map(Plans::new))
}

/// A type of message that Temporal's API has.
pub(crate) struct MessageType {
    plans: &'static Plans,
    /// `None`: nothing in it leads to a payload.
    plan: Option<&'static Plan>,
}

impl MessageType {
    /// The type of this full name.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type) where no such message is known.
    pub(crate) fn find(name: &str) -> Result<Self, Error> {
        let plans = plans()?;
        let plan = plans.find(name).ok_or_else(|| unknown_type(name))?;
        Ok(Self { plans, plan })
    }

    /// Does `task` to every payload and failure of a serialised message.
    pub(crate) fn transcode(
        &self,
        message: &[u8],
        task: Task<'_>,
        settings: Settings<'_>,
        budget: &mut Budget,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let Some(plan) = self.plan else { return Ok(message.to_vec()) };
        if let Some(of) = task.asks_for(&settings) {
            let survey = Work::new(Task::AskForKeys(of, Vec::new()), settings, budget);
            ask_for_keys(Walk::new(self.plans, survey, 0).survey(plan, message))?;
        }
        let work = Work::new(task, settings, budget).with_progress(progress);
        let changed = Walk::new(self.plans, work, message.len()).run(plan, message)?;
        Ok(changed.unwrap_or_else(|| message.to_vec()))
    }

    /// The same of a message as proto3 JSON: what does not change stays as it stands in the text.
    /// `is_list`: the text is an array of such messages.
    pub(crate) fn transcode_json(
        &self,
        text: &[u8],
        is_list: bool,
        task: Task<'_>,
        settings: Settings<'_>,
        budget: &mut Budget,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let text = json::check(text)?;
        let Some(plan) = self.plan else { return Ok(text.as_bytes().to_vec()) };
        if let Some(of) = task.asks_for(&settings) {
            let survey = Work::new(Task::AskForKeys(of, Vec::new()), settings, budget);
            ask_for_keys(JsonWalk::new(self.plans, survey, text).survey(plan, is_list))?;
        }
        let work = Work::new(task, settings, budget).with_progress(progress);
        JsonWalk::new(self.plans, work, text).run(plan, is_list)
    }
}

/// Asks the host for the keys that a survey found, all at once.
fn ask_for_keys(survey: Work<'_>) -> Result<(), Error> {
    let ids = survey.keys();
    if ids.is_empty() { Ok(()) } else { Err(Error::keys_needed(ids)) }
}

/// Which of `names` is the first member of a JSON object to be called so.
///
/// # Errors
/// [`Code::Json`](crate::Code::Json).
pub(crate) fn first_member<'n>(text: &[u8], names: &[&'n str]) -> Result<Option<&'n str>, Error> {
    Ok(json::first_member(json::check(text)?, names))
}
