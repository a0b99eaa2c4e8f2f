//! The codec server as its clients meet it: the real process on a port of its own, real
//! connections, real keys that the tests make.

#![allow(missing_docs)]

mod audit;
mod auth;
mod bad_input;
mod client;
mod cors;
mod descriptors;
mod http2;
mod key_services;
mod namespaces;
mod operation;
mod pressure;
mod process;
mod protocol;
mod provider;
mod reload;
mod safety;
mod shares;
mod storage;
mod texts;
mod tls;
mod traces;
