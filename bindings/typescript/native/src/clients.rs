//! The clients of key services in `libtdc_keys` (`include/tdc_keys.h`), which is loaded when a data
//! key is first needed, so that no program has to have it.
//!
//! What *valid* means here: the functions have the types that version 1 of that header declares,
//! and the library stays loaded and its one handle open until the process ends, which shares
//! connections and tokens.

use std::ffi::OsStr;
use std::ptr::null_mut;
use std::sync::{Mutex, OnceLock, PoisonError};

use libloading::Library;
use napi_derive::napi;
use tdc::{Call, Code, DataConverter, Error};

/// The version of the header that this code is written for.
const ABI_VERSION: u32 = 1;

/// `TDC_KEYS_OK`.
const OK: u32 = 0;

/// The library's handle, of which nothing is known here.
#[repr(C)]
struct TdcKeys {
    private: [u8; 0],
}

type Version = unsafe extern "C" fn() -> u32;
type Open = unsafe extern "C" fn(*mut *mut TdcKeys) -> u32;
type Answer = unsafe extern "C" fn(*const TdcKeys, *const u8, usize, *mut *mut u8, *mut usize) -> u32;
type Free = unsafe extern "C" fn(*mut u8, usize);

/// The loaded library.
pub(crate) struct Clients {
    keys: *const TdcKeys,
    answer: Answer,
    free: Free,
}

// SAFETY: any number of threads may use the handle at once, and nothing ever frees it.
unsafe impl Send for Clients {}
// SAFETY: as above.
unsafe impl Sync for Clients {}

static CLIENTS: OnceLock<Clients> = OnceLock::new();

/// Loads the first of these files that exists, unless the library is loaded already. If none can be
/// loaded, returns the reason for the one that exists, or an empty string. A failure is not cached:
/// the library may be installed later.
#[napi]
#[must_use]
pub fn load_clients(files: Vec<String>) -> Option<String> {
    static LOADING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if CLIENTS.get().is_some() {
        return None;
    }
    for file in files {
        // SAFETY: a shared library runs code of its own when it is loaded. The file is one that
        // this package, the system or the program's environment names, as for every other library
        // of the process.
        let Ok(library) = (unsafe { Library::new(OsStr::new(&file)) }) else { continue };
        return match Clients::open(library) {
            Ok(clients) => CLIENTS.set(clients).err().map(|_| String::new()),
            Err(problem) => Some(format!("{file} {problem}")),
        };
    }
    Some(String::new())
}

impl Clients {
    /// What [`load_clients`] loaded.
    pub(crate) fn loaded() -> Result<&'static Self, Error> {
        let missing = || Error::new(Code::Argument, "the clients of key services were not loaded");
        CLIENTS.get().ok_or_else(missing)
    }

    fn open(library: Library) -> Result<Self, String> {
        // SAFETY: every version of the library exports this function with this type.
        let found = unsafe { library.get::<Version>("tdc_keys_abi_version").map(|version| version()) };
        if found.as_ref().ok() != Some(&ABI_VERSION) {
            return Err(format!(
                "has version {} of its C ABI, this package needs version {ABI_VERSION}: use the library and the package of one release",
                found.unwrap_or_default()
            ));
        }
        let missing =
            |error: libloading::Error| format!("has not all functions of version {ABI_VERSION}: {error}");
        // SAFETY: the library is of the version that has these functions with these types.
        let (open, answer, free) = unsafe {
            (
                *library.get::<Open>("tdc_keys_open").map_err(missing)?,
                *library.get::<Answer>("tdc_keys_answer").map_err(missing)?,
                *library.get::<Free>("tdc_keys_answers_free").map_err(missing)?,
            )
        };
        let mut keys = null_mut();
        // SAFETY: `keys` is a slot of this function.
        let status = unsafe { open(&raw mut keys) };
        if status != OK {
            return Err(format!("could not be opened, status {status}"));
        }
        core::mem::forget(library);
        Ok(Self { keys, answer, free })
    }

    /// Has the services wrap and unwrap the keys of a call's requests. Blocks until all have
    /// answered, for each at most twice its timeout.
    pub(crate) fn answer(&self, converter: &DataConverter, call: &mut Call) -> Result<(), Error> {
        let answers = self.ask(call.requests_message())?;
        converter.answer_message(call, answers.bytes())
    }

    fn ask(&self, requests: &[u8]) -> Result<Answers<'_>, Error> {
        let mut answers = Answers { clients: self, start: null_mut(), len: 0 };
        // SAFETY: the handle is valid, `requests` are valid bytes, and the slots are those of
        // `answers`.
        let status = unsafe {
            (self.answer)(
                self.keys,
                requests.as_ptr(),
                requests.len(),
                &raw mut answers.start,
                &raw mut answers.len,
            )
        };
        if status != OK {
            let message = format!("libtdc_keys did not take the requests, status {status}");
            return Err(Error::new(Code::KeyService, message));
        }
        Ok(answers)
    }
}

/// Answers that contain data keys, in the library's memory, which is erased and freed on drop.
struct Answers<'a> {
    clients: &'a Clients,
    start: *mut u8,
    len: usize,
}

impl Answers<'_> {
    fn bytes(&self) -> &[u8] {
        match self.len {
            0 => &[],
            // SAFETY: the library gave this address and this length together, and writes there no
            // more.
            len => unsafe { core::slice::from_raw_parts(self.start, len) },
        }
    }
}

impl Drop for Answers<'_> {
    fn drop(&mut self) {
        // SAFETY: NULL, or what the library gave, which nobody else frees.
        unsafe { (self.clients.free)(self.start, self.len) };
    }
}
