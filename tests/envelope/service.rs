//! The key service of these tests, and the payloads that they send through it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

use aes_gcm::aead::{AeadInOut, KeyInit};
use prost::Message;
use tdc::{Answer, Call, Code, DataConverter, Error, Fault, Request};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    pub(crate) metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payloads {
    #[prost(message, repeated, tag = "1")]
    pub(crate) payloads: Vec<Payload>,
}

impl Payload {
    pub(crate) fn new(entries: &[(&str, &str)], data: &[u8]) -> Self {
        let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Self { metadata: entries.collect(), data: data.to_vec() }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        core::str::from_utf8(&self.metadata[name]).unwrap()
    }
}

pub(crate) fn list(payloads: &[Payload]) -> Vec<u8> {
    Payloads { payloads: payloads.to_vec() }.encode_to_vec()
}

pub(crate) fn payloads(bytes: &[u8]) -> Vec<Payload> {
    Payloads::decode(bytes).unwrap().payloads
}

pub(crate) fn plain(text: &str) -> Payload {
    Payload::new(&[("encoding", "json/plain")], text.as_bytes())
}

/// AES-256-GCM with the nonce in front.
pub(crate) fn seal(key: &[u8; 32], plaintext: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    tdc::random(&mut nonce).unwrap();
    let mut bytes = plaintext.to_vec();
    let tag = aes_gcm::Aes256Gcm::new(key.into())
        .encrypt_inout_detached(&nonce.into(), &[], bytes.as_mut_slice().into())
        .unwrap();
    [&nonce[..], &bytes, &tag].concat()
}

pub(crate) fn open(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_first_chunk::<12>()?;
    let (ciphertext, tag) = rest.split_last_chunk::<16>()?;
    let mut bytes = ciphertext.to_vec();
    aes_gcm::Aes256Gcm::new(key.into())
        .decrypt_inout_detached(&(*nonce).into(), &[], bytes.as_mut_slice().into(), &(*tag).into())
        .ok()?;
    Some(bytes)
}

/// A key service with one key for each URI.
#[derive(Default)]
pub(crate) struct Service {
    pub(crate) wraps: Cell<usize>,
    pub(crate) unwraps: Cell<usize>,
    pub(crate) tries: Cell<usize>,
    pub(crate) fault: Cell<Option<Fault>>,
    /// What is answered for a data key, where it is not the data key.
    pub(crate) nonsense: RefCell<Option<Vec<u8>>>,
}

pub(crate) fn kek(uri: &str) -> [u8; 32] {
    let mut key = [7; 32];
    for (at, byte) in uri.bytes().enumerate() {
        key[at % 32] ^= byte;
    }
    key
}

impl Service {
    pub(crate) fn answer(&self, converter: &DataConverter, call: &mut Call) -> Result<(), Error> {
        self.tries.set(self.tries.get() + 1);
        let requests: Vec<(u64, Request)> =
            call.requests().map(|(id, request)| (id, request.clone())).collect();
        assert!(requests.len() <= 16, "{} requests in one try", requests.len());
        for (id, request) in requests {
            let done = |bytes: Option<Vec<u8>>, wrapped: bool, call: &mut Call| {
                let answer = match (&bytes, self.fault.get()) {
                    (_, Some(fault)) => Answer::KeyServiceFailed { fault, reason: "as the test says" },
                    (None, _) => Answer::KeyServiceFailed { fault: Fault::Invalid, reason: "not mine" },
                    (Some(bytes), _) if wrapped => Answer::Wrapped(bytes),
                    (Some(bytes), _) => Answer::DataKey(bytes),
                };
                converter.answer(call, &[(id, answer)])
            };
            match request {
                Request::Wrap(wrap) => {
                    self.wraps.set(self.wraps.get() + 1);
                    let uri = &wrap.service().unwrap().uri;
                    done(Some(seal(&kek(uri), wrap.data_key())), true, call)?;
                }
                Request::Unwrap(unwrap) => {
                    self.unwraps.set(self.unwraps.get() + 1);
                    let uri = &unwrap.service().unwrap().uri;
                    let nonsense = self.nonsense.borrow().clone();
                    done(nonsense.or_else(|| open(&kek(uri), unwrap.wrapped())), false, call)?;
                }
                Request::Reload => {
                    let _ = converter.reload();
                    converter.answer(call, &[(id, Answer::Done)])?;
                }
                other => panic!("{other:?}"),
            }
        }
        Ok(())
    }

    pub(crate) fn run(
        &self,
        converter: &DataConverter,
        mut attempt: impl FnMut(&mut Call) -> Result<Vec<u8>, Error>,
    ) -> Result<Vec<u8>, Error> {
        let mut call = Call::default();
        loop {
            match attempt(&mut call) {
                Err(error) if error.code() == Code::Requests => self.answer(converter, &mut call)?,
                result => {
                    if result.is_ok() && call.requests().len() > 0 {
                        self.answer(converter, &mut call)?;
                    }
                    return result;
                }
            }
        }
    }

    pub(crate) fn encode(
        &self,
        converter: &DataConverter,
        payloads: &[Payload],
    ) -> Result<Vec<Payload>, Error> {
        let list = list(payloads);
        self.run(converter, |call| converter.encode(call.at(b""), &list)).map(|bytes| self::payloads(&bytes))
    }

    pub(crate) fn decode(
        &self,
        converter: &DataConverter,
        payloads: &[Payload],
    ) -> Result<Vec<Payload>, Error> {
        let list = list(payloads);
        self.run(converter, |call| converter.decode(call.at(b""), &list)).map(|bytes| self::payloads(&bytes))
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.wraps.get(), self.unwraps.get())
    }
}

pub(crate) const URI: &str = "awskms://alias/orders?region=eu-central-1";

pub(crate) fn converter_with(keys: &str, rest: &str, namespace: &str) -> DataConverter {
    let document = format!("version: 1\nkeys:\n  primary: orders\n{keys}codecs: [encrypt]\n{rest}");
    DataConverter::parse(&document, Path::new(""), namespace).unwrap()
}

pub(crate) fn converter(options: &str) -> DataConverter {
    converter_with(&format!("  ring:\n    orders: {{ service: \"{URI}\"{options} }}\n"), "", "ns")
}
