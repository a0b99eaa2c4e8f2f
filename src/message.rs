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
mod merge;
mod plan;
mod special;
mod walk;
mod work;

#[cfg(test)]
mod tests;

use once_cell::sync::OnceCell;

use crate::data_converter::DataConverter;
use crate::descriptors::temporal_api;
use crate::error::Error;
use crate::limits::Usage;
use plan::Plans;
use special::unknown_type;
use walk::Walk;
use work::{Settings, Task, Work};

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
    static PLANS: OnceCell<Plans> = OnceCell::new();
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
        self.message(context, name, flags, message, Task::Encode)
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
        self.message(context, name, flags, message, Task::Decode)
    }

    fn message(
        &self,
        context: &[u8],
        name: &str,
        flags: MessageFlags,
        message: &[u8],
        task: Task,
    ) -> Result<Vec<u8>, Error> {
        let plans = plans()?;
        let plan = plans.find(name).ok_or_else(|| unknown_type(name))?;
        self.call(context, &mut Usage::default(), message.len(), |spent, profile, environment, config| {
            let budget = &mut spent.budget;
            let Some(plan) = plan else { return Ok(message.to_vec()) };
            let settings = Settings {
                chain: &profile.chain,
                environment: *environment,
                limits: &config.limits,
                headers: flags.headers,
                encode_common_attributes: config.encode_common_attributes,
                malformed: config.malformed,
            };
            if matches!(task, Task::Decode) && environment.keyring.has_host() {
                let survey = Work::new(Task::AskForKeys(Vec::new()), settings, budget);
                let ids = Walk::new(plans, survey, 0).survey(plan, message).keys();
                if !ids.is_empty() {
                    return Err(Error::key_needed(ids));
                }
            }
            let changed =
                Walk::new(plans, Work::new(task, settings, budget), message.len()).run(plan, message)?;
            Ok(changed.unwrap_or_else(|| message.to_vec()))
        })
    }
}
