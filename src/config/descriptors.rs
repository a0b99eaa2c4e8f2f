//! Descriptor sets read from files.

use std::path::{Path, PathBuf};

use super::document::Problem;
use super::document::read_file;
use crate::descriptors::{MAX_SET_LEN, SHORTER, Store};
use crate::error::text;

/// Reads and links the sets; relative paths are relative to `base_dir`.
pub(super) fn load(paths: &[PathBuf], base_dir: &Path) -> Result<Store, Problem> {
    let mut sets = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        let path = base_dir.join(path);
        let shown = text::absolute_path(&path);
        let bytes = read_file(&path, MAX_SET_LEN).map_err(|cause| {
            let is_too_long = path.metadata().is_ok_and(|file| file.len() > MAX_SET_LEN as u64);
            let advice =
                if is_too_long { SHORTER } else { "protoc --include_imports --descriptor_set_out makes one" };
            let text = format!("cannot read the descriptor set {shown}: {cause} ({advice})");
            Problem::with_descriptor(text).inside(index)
        })?;
        sets.push((shown, bytes));
    }
    Store::new(&sets).map_err(|error| Problem::with_descriptor(error.message()))
}
