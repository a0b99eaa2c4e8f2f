//! Messages of Temporal's API: one call encodes or decodes every payload and failure in a message.
//!
//! ```text
//! descriptors ──> `plan`: which fields lead to payloads, once for all
//!                   |
//! message ────> `walk` ──> `work`: the codecs ──> message, of which only what changed was written anew
//!                  |
//!        `failure`, `special`, `merge`
//! ```
//!
//! It follows the SDKs (`docs/FORMAT.md`, "Messages"): search attributes are never touched, headers
//! only on request, and failures hide their text as the configuration says.

mod failure;
mod json;
mod merge;
mod plain;
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
pub use plain::PlainPlaces;
use plan::{Plan, Plans};
use special::unknown_type;
use walk::Walk;
use work::Work;
pub(crate) use work::{Progress, Settings, Task};

/// The options of a call on a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageFlags {
    /// Headers go through the codecs as well. Decode always decodes encoded headers; with this it
    /// also refuses plain ones if the configuration says `required`.
    pub headers: bool,
}

/// The plans of the messages of Temporal's API.
fn plans() -> Result<&'static Plans, Error> {
    static PLANS: Once<Plans> = Once::new();
    PLANS.get_or_try_init(|| temporal_pool().map(Plans::new))
}

/// A message type of Temporal's API.
pub(crate) struct MessageType {
    plans: &'static Plans,
    /// `None`: nothing in it leads to a payload.
    plan: Option<&'static Plan>,
}

impl MessageType {
    /// The type with this full name.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type) if no such message is known.
    pub(crate) fn find(name: &str) -> Result<Self, Error> {
        let plans = plans()?;
        let plan = plans.find(name).ok_or_else(|| unknown_type(name))?;
        Ok(Self { plans, plan })
    }

    /// Applies `task` to every payload and failure of a serialised message.
    pub(crate) fn transcode(
        &self,
        message: &[u8],
        task: Task<'_>,
        settings: Settings<'_>,
        budget: &mut Budget,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let Some(plan) = self.plan else { return Ok(message.to_vec()) };
        if let Some(survey) = Work::survey(&task, settings, budget) {
            Walk::new(self.plans, survey, 0).survey(plan, message).request_keys()?;
        }
        let work = Work::new(task, settings, budget).with_progress(progress);
        let changed = Walk::new(self.plans, work, message.len()).run(plan, message)?;
        Ok(changed.unwrap_or_else(|| message.to_vec()))
    }

    /// The same for a message as proto3 JSON: text that does not change is kept as it is.
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
        if let Some(survey) = Work::survey(&task, settings, budget) {
            JsonWalk::new(self.plans, survey, text).survey(plan, is_list).request_keys()?;
        }
        let work = Work::new(task, settings, budget).with_progress(progress);
        JsonWalk::new(self.plans, work, text).run(plan, is_list)
    }
}

/// The first of `names` that occurs as a member of a JSON object.
///
/// # Errors
/// [`Code::Json`](crate::Code::Json).
pub(crate) fn first_member<'n>(text: &[u8], names: &[&'n str]) -> Result<Option<&'n str>, Error> {
    Ok(json::first_member(json::check(text)?, names))
}
