//! Descriptor sets out of files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::problem::Problem;
use crate::descriptors::{MAX_SET_LEN, Store};

/// Reads and links the sets; relative paths are relative to `base_dir`.
pub(super) fn load(paths: &[PathBuf], base_dir: &Path) -> Result<Store, Problem> {
    let mut sets = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        let path = base_dir.join(path);
        let bytes = read(&path).map_err(|cause| {
            let advice = "protoc --include_imports --descriptor_set_out makes one";
            let text = format!("cannot read the descriptor set {}: {cause} ({advice})", path.display());
            Problem::with_descriptor(text).inside(index)
        })?;
        sets.push((path.display().to_string(), bytes));
    }
    Store::new(&sets).map_err(|error| Problem::with_descriptor(error.message()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    // Asked before it is opened, because opening a pipe waits.
    if !std::fs::metadata(path).map_err(|cause| cause.to_string())?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let limit = MAX_SET_LEN as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    match read.map_err(|cause| cause.to_string())? {
        len if len > MAX_SET_LEN => Err(format!("it is longer than {MAX_SET_LEN} bytes")),
        _ => Ok(bytes),
    }
}
