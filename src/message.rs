//! Any message of Temporal's API: every payload and failure in it is encoded or decoded by one call.
//!
//! ```text
//! descriptors ──> `plan`: which fields lead to payloads, once for all
//!                   |
//! message ────> `walk` ──> `work`: the codecs ──> message, of which only what changed was written anew
//!                  |
//!        `failure`, `special`, `merge`
//! ```
//!
//! What the SDKs do is the rule (`docs/FORMAT.md`, "Messages"): search attributes are never touched,
//! headers only when asked, and failures hide their text as the configuration says.

mod failure;
mod json;
mod merge;
mod plan;
mod special;
mod walk;
mod work;

#[cfg(test)]
mod tests;

use crate::data_converter::DataConverter;
use crate::descriptors::temporal_api;
use crate::error::Error;
use crate::limits::Usage;
use crate::lock::Once;
use json::JsonWalk;
use plan::Plans;
use special::unknown_type;
use walk::Walk;
pub(crate) use work::{Progress, Task};
use work::{Settings, Work};

/// What a call on a message may be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageFlags {
    /// Headers go through the codecs as well. Decode opens encoded headers in any case; with this it also
    /// refuses plain ones where the configuration says `required`.
    pub headers: bool,
}

/// The plans of Temporal's API.
fn plans() -> Result<&'static Plans, Error> {
    static PLANS: Once<Plans> = Once::new();
    PLANS.get_or_try_init(|| temporal_api().map(Plans::new))
}

impl DataConverter {
    /// Encodes every payload and failure of a serialised message, whose type is given by its full name.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type) where no such message is known, and what the codecs say, with the
    /// path of the field.
    pub fn encode_message(
        &self,
        context: &[u8],
        name: &str,
        flags: MessageFlags,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message(context, name, flags, message, Task::Encode, None)
    }

    /// Decodes every payload and failure of a serialised message, whose type is given by its full name.
    ///
    /// # Errors
    /// As [`DataConverter::encode_message`].
    pub fn decode_message(
        &self,
        context: &[u8],
        name: &str,
        flags: MessageFlags,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message(context, name, flags, message, Task::Decode, None)
    }

    pub(crate) fn message(
        &self,
        context: &[u8],
        name: &str,
        flags: MessageFlags,
        message: &[u8],
        task: Task,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let plans = plans()?;
        let plan = plans.find(name).ok_or_else(|| unknown_type(name))?;
        self.call(context, &mut Usage::default(), message.len(), |spent, profile, environment, config| {
            let budget = &mut spent.budget;
            let Some(plan) = plan else { return Ok(message.to_vec()) };
            let settings = Settings::new(profile, environment, config, flags);
            if matches!(task, Task::Decode) && environment.keyring.has_host() {
                let survey = Work::new(Task::AskForKeys(Vec::new()), settings, budget);
                ask_for_keys(Walk::new(plans, survey, 0).survey(plan, message))?;
            }
            let work = Work::new(task, settings, budget).with_progress(progress);
            let changed = Walk::new(plans, work, message.len()).run(plan, message)?;
            Ok(changed.unwrap_or_else(|| message.to_vec()))
        })
    }

    /// The same of a message as proto3 JSON: what does not change stays as it stands in the text.
    /// `is_list`: the text is an array of such messages.
    pub(crate) fn message_json(
        &self,
        context: &[u8],
        name: &str,
        is_list: bool,
        text: &[u8],
        task: Task,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let plans = plans()?;
        let plan = plans.find(name).ok_or_else(|| unknown_type(name))?;
        self.call(context, &mut Usage::default(), text.len(), |spent, profile, environment, config| {
            let budget = &mut spent.budget;
            let text = json::check(text)?;
            let Some(plan) = plan else { return Ok(text.as_bytes().to_vec()) };
            let settings = Settings::new(profile, environment, config, MessageFlags::default());
            if matches!(task, Task::Decode) && environment.keyring.has_host() {
                let survey = Work::new(Task::AskForKeys(Vec::new()), settings, budget);
                ask_for_keys(JsonWalk::new(plans, survey, text).survey(plan, is_list))?;
            }
            let work = Work::new(task, settings, budget).with_progress(progress);
            JsonWalk::new(plans, work, text).run(plan, is_list)
        })
    }
}

/// Asks the host for the keys that a survey found, all at once.
fn ask_for_keys(survey: Work<'_>) -> Result<(), Error> {
    let ids = survey.keys();
    if ids.is_empty() { Ok(()) } else { Err(Error::key_needed(ids)) }
}

/// Which of `names` is the first member of a JSON object to be called so.
///
/// # Errors
/// [`Code::Json`](crate::Code::Json).
pub(crate) fn first_member<'n>(text: &[u8], names: &[&'n str]) -> Result<Option<&'n str>, Error> {
    Ok(json::first_member(json::check(text)?, names))
}
