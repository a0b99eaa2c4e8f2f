//! A chain under construction: checks which codec may follow which.

use super::Encoder;
use super::chain::Chain;
use super::encrypt::binding::Fields;
use super::list::Stage;
use super::remote::Remote;
use crate::config::document::Problem;

/// The codecs so far.
#[derive(Default)]
pub(super) struct Draft {
    encoders: Vec<Box<dyn Encoder>>,
    /// The stage of the codec that was added last.
    last: Option<Stage>,
    encrypts: bool,
    required: bool,
    /// What payloads are bound to, and whether decode refuses others.
    binding: Option<(Fields, bool)>,
    remote: Option<Remote>,
}

impl Draft {
    /// Starts the entry of a codec of this stage.
    pub(super) fn enter(&mut self, stage: Stage) -> Result<(), Problem> {
        let is_json = matches!(self.last, None | Some(Stage::Json));
        let problem = match stage {
            _ if self.last == Some(Stage::Remote) => {
                Some("remote must be the last codec; move it to the end of the list")
            }
            Stage::Encrypt if self.encrypts => Some("encrypt is listed twice; remove one"),
            Stage::Json | Stage::Convert if !is_json => Some(
                "msgpack and json work on JSON, so no other codec may come before them; move it to the front of the list",
            ),
            Stage::Compress if self.encrypts => {
                Some("encrypted data does not compress; move this codec before encrypt")
            }
            _ => None,
        };
        self.last = Some(stage);
        self.encrypts |= stage == Stage::Encrypt;
        problem.map_or(Ok(()), |problem| Err(Problem::new(problem)))
    }

    pub(super) fn push(&mut self, encoder: impl Encoder + 'static) {
        self.encoders.push(Box::new(encoder));
    }

    /// Sets whether decode refuses a payload in which no encrypted layer was opened.
    pub(super) fn require_encrypted(&mut self, required: bool) {
        self.required = required;
    }

    /// Sets what payloads are bound to, and whether decode refuses those that are not bound.
    pub(super) fn bind(&mut self, fields: Fields, required: bool) {
        self.binding = Some((fields, required));
    }

    pub(super) fn set_remote(&mut self, remote: Remote) {
        self.remote = Some(remote);
    }

    pub(super) fn finish(self) -> Chain {
        Chain::new(self.encoders, self.encrypts, self.required)
            .with_binding(self.binding)
            .with_remote(self.remote)
    }
}
