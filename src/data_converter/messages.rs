//! Messages of Temporal's API: every payload and failure in them goes through the codecs.

use super::DataConverter;
use crate::call::Scope;
use crate::codec::Environment;
use crate::config::{Config, Profile};
use crate::error::Error;
use crate::history;
use crate::message::{MessageFlags, MessageType, PlainPlaces, Progress, Settings, Task};

impl DataConverter {
    /// Encodes every payload and failure of a serialised message, whose type is given by its full
    /// name.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type) if no such message is known, and the errors of the codecs,
    /// with the path of the field.
    pub fn encode_message<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        name: &str,
        flags: MessageFlags,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message(scope.into(), name, flags, message, Task::Encode, None)
    }

    /// Decodes every payload and failure of a serialised message, whose type is given by its full
    /// name.
    ///
    /// # Errors
    /// As [`DataConverter::encode_message`].
    pub fn decode_message<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        name: &str,
        flags: MessageFlags,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message(scope.into(), name, flags, message, Task::Decode, None)
    }

    /// [`DataConverter::encode_message`] for a message that was decoded, and `before` is what it
    /// was then: in headers, and in other places where the SDKs write payloads plain, it encodes
    /// what was not plain before.
    ///
    /// # Errors
    /// As [`DataConverter::encode_message`].
    pub fn encode_message_again<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        name: &str,
        before: &[u8],
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let message_type = MessageType::find(name)?;
        let longest = before.len().max(message.len());
        self.call(scope.into(), longest, |spent, profile, environment, config| {
            let settings = settings(name, profile, environment, config, MessageFlags::default());
            let before = PlainPlaces::seen_by(|visit| {
                message_type.transcode(before, Task::Visit(visit), settings, &mut spent.budget, None)
            })?;
            message_type.transcode(message, Task::EncodeAgain(&before), settings, &mut spent.budget, None)
        })
    }

    pub(crate) fn message(
        &self,
        scope: Scope<'_>,
        name: &str,
        flags: MessageFlags,
        message: &[u8],
        task: Task<'_>,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let message_type = MessageType::find(name)?;
        self.call(scope, message.len(), |spent, profile, environment, config| {
            let settings = settings(name, profile, environment, config, flags);
            message_type.transcode(message, task, settings, &mut spent.budget, progress)
        })
    }

    /// The same for a message as proto3 JSON: text that does not change is kept as it is.
    /// `is_list`: the text is an array of such messages.
    pub(crate) fn message_json(
        &self,
        scope: Scope<'_>,
        name: &str,
        is_list: bool,
        text: &[u8],
        task: Task<'_>,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let message_type = MessageType::find(name)?;
        self.call(scope, text.len(), |spent, profile, environment, config| {
            let settings = settings(name, profile, environment, config, MessageFlags::default());
            message_type.transcode_json(text, is_list, task, settings, &mut spent.budget, progress)
        })
    }
}

fn settings<'c>(
    name: &str,
    profile: &'c Profile,
    environment: &Environment<'c>,
    config: &'c Config,
    flags: MessageFlags,
) -> Settings<'c> {
    let leaves_references =
        environment.leaves_references || history::is_history(name) && !config.stores.sealed_after_storing;
    Settings {
        chain: &profile.chain,
        environment: Environment { leaves_references, ..*environment },
        limits: &config.limits,
        headers: flags.headers,
        encode_common_attributes: config.encode_common_attributes,
        keeps_malformed: config.keeps_malformed,
    }
}
