//! The binary `tdc` as its users meet it: arguments, files, standard input and output, exit status.

#![allow(missing_docs)]

mod arguments;
mod bad_exports;
mod bad_objects;
mod buckets;
mod bulk;
mod config_check;
mod documentation;
mod exports;
mod folder;
mod foreign_text;
mod forms;
mod init;
mod inspect;
mod keygen;
mod keys_check;
mod memory;
mod pages;
#[path = "../../../tests/foreign_text/places.rs"]
mod places;
mod process;
mod references;
mod remote;
mod rewrap;
mod storage;
mod store;
mod texts;
mod transcode;
mod whole;
