//! Files that a configuration is, or names.

use std::fs;
use std::path::Path;

use tdc::{DataConverter, Error};

use super::{KEY, Texts, payloads};

pub(super) fn raise(texts: &mut Texts) {
    let folder = texts.folder.clone();
    let open = |name: &str, text: &[u8]| -> Result<DataConverter, Error> {
        fs::write(folder.join(name), text).unwrap();
        DataConverter::open(&folder.join(name), "")
    };
    texts.add("no such file", DataConverter::open(&folder.join("none.yaml"), ""));
    texts.add("no such relative file", DataConverter::open(Path::new("tests/none.yaml"), ""));
    texts.add("a directory", DataConverter::open(&folder, ""));
    texts.add("a device", DataConverter::open(Path::new("/dev/null"), ""));
    texts.add("text that is not UTF-8", open("tdc.yaml", b"version: \xff"));
    texts.add("a long file", open("tdc.yaml", &vec![b'#'; 2 << 20]));
    texts.add("a malformed file", open("tdc.yaml", b"version: 1\na: b\n"));

    let mut key_file = |what: &str, contents: Option<(&[u8], u32)>| {
        let path = folder.join("key");
        let _ = fs::remove_file(&path);
        if let Some((contents, mode)) = contents {
            fs::write(&path, contents).unwrap();
            set_mode(&path, mode);
        }
        let keys = open(
            "tdc.yaml",
            b"version: 1\nkeys: { primary: one, ring: { one: { file: key } } }\ncodecs: [encrypt]\n",
        );
        texts.add(&format!("a key file {what}"), keys);
        let header =
            b"version: 1\ncodecs: [remote: { url: 'https://a.example', headers: { a: { file: key } } }]\n";
        if !matches!(what, "of 3 bytes" | "that is not base64" | "that is longer than a key") {
            texts.add(&format!("a header file {what}"), open("tdc.yaml", header));
        }
    };
    key_file("that is not there", None);
    key_file("that others can read", Some((KEY.as_bytes(), 0o644)));
    key_file("of 3 bytes", Some((b"MTEx", 0o600)));
    key_file("that is not base64", Some((b"???", 0o600)));
    key_file("that is longer than a key", Some((&[b'M'; 100], 0o600)));
    key_file("that is long", Some((&[b'M'; 20_000], 0o600)));
    key_file("that is not text", Some((b"\xff", 0o600)));

    texts
        .add("a descriptor set that is not there", open("tdc.yaml", b"version: 1\ndescriptors: [none.pb]\n"));

    // A key that is not known, while a file has changed since it was read.
    let path = folder.join("key");
    fs::write(&path, KEY).unwrap();
    set_mode(&path, 0o600);
    let document = b"version: 1\nkeys: { primary: one, ring: { one: { file: key } } }\ncodecs: [encrypt]\n";
    let converter = open("reload.yaml", document).unwrap();
    let metadata = [("encoding", "binary/encrypted"), ("encryption-key-id", "two")];
    texts.add("a key that may be in a file by now", converter.decode(b"", &payloads(&metadata, [0; 40])));
    fs::write(folder.join("reload.yaml"), "version: 2\n").unwrap();
    texts.add("a reload that fails", converter.reload());
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
