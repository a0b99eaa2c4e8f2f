//! The sender of a request, as far as it matters for the share of the server that one client may
//! use: its connection, and the person that its token names.

use std::sync::Arc;

/// Something that has a share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Share {
    /// A connection, by its number.
    Connection(u64),
    /// An issuer and its subject.
    Person(Arc<str>, Arc<str>),
}

/// The client of one request.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// `None` if a proxy in front sends the requests of many clients over one connection.
    pub(super) connection: Option<u64>,
    /// `None` if there are no rules.
    pub(super) person: Option<(Arc<str>, Arc<str>)>,
}

impl Client {
    pub(super) fn shares(&self) -> Vec<Share> {
        let connection = self.connection.map(Share::Connection);
        let person = self.person.clone().map(|(issuer, subject)| Share::Person(issuer, subject));
        connection.into_iter().chain(person).collect()
    }
}
