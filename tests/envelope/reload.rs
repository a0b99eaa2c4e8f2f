//! What a reload of the files does to data keys, and which payloads ask for one.

use std::path::PathBuf;

use tdc::{Call, Code, DataConverter, Request};

use super::service::{Payload, Service, URI, converter, list, plain};
use super::{key, sealed_elsewhere};

const OTHER: &str = "hashivault://other";

#[test]
fn data_keys_go_on_over_a_reload() {
    let (service, converter) = (Service::default(), converter(""));
    let one = service.encode(&converter, &[plain("1")]).unwrap();
    converter.reload().unwrap();
    let two = service.encode(&converter, &[plain("1")]).unwrap();
    assert_eq!(one[0].text("encryption-dek"), two[0].text("encryption-dek"));
    assert_eq!(service.decode(&converter, &one).unwrap(), [plain("1")]);
    assert_eq!(service.counts(), (1, 0));
}

/// A configuration in a file, which is removed with it.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("tdc-{}-{name}.yaml", std::process::id())));
        file.write("");
        file
    }

    fn write(&self, more: &str) {
        let ring = format!("orders: {{ service: \"{URI}\" }}{more}");
        let text =
            format!("version: 1\nkeys: {{ primary: orders, ring: {{ {ring} }} }}\ncodecs: [encrypt]\n");
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn reloads(call: &Call) -> usize {
    call.requests().filter(|(_, request)| matches!(request, Request::Reload)).count()
}

/// A new KEK is added everywhere before it is used, and a process may not have read it yet.
#[test]
fn a_kek_that_is_not_named_is_looked_for_in_the_files() {
    let file = File::new("unknown-kek");
    let (service, converter) = (Service::default(), DataConverter::open(&file.0, "").unwrap());
    let foreign: Payload = sealed_elsewhere(OTHER, &key(1), &plain("1"));
    file.write(&format!(", other: {{ service: \"{OTHER}\" }}"));
    let mut call = Call::default();
    let before = list(std::slice::from_ref(&foreign));
    assert_eq!(converter.decode(call.at(b""), &before).unwrap_err().code(), Code::Requests);
    assert_eq!((reloads(&call), call.requests().len()), (1, 1));
    drop(call);
    assert_eq!(service.decode(&converter, &[foreign]).unwrap(), [plain("1")]);
    assert_eq!(service.counts(), (0, 1));
}

#[test]
fn a_kek_that_the_files_do_not_name_either_is_looked_for_once() {
    let file = File::new("foreign-kek");
    let (service, converter) = (Service::default(), DataConverter::open(&file.0, "").unwrap());
    let foreign = [sealed_elsewhere(OTHER, &key(1), &plain("1"))];
    assert_eq!(service.decode(&converter, &foreign).unwrap(), foreign);
    assert_eq!(service.tries.get(), 1);
    // The files were read less than a second ago.
    assert_eq!(service.decode(&converter, &foreign).unwrap(), foreign);
    assert_eq!(service.tries.get(), 1);
    // Who cannot ask gets the payload as it is.
    let list = list(&foreign);
    assert_eq!(converter.decode(b"", &list).unwrap(), list);
}
