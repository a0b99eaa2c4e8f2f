//! `libtdc_keys`, the clients of key services. It is loaded when a data key is first needed, so
//! that a program without key services does not need it.
//!
//! Requests and answers go from one library to the other without passing through Java: they contain
//! data keys, which the libraries erase.

use std::error::Error;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::sync::OnceLock;
use std::{ptr, slice, str};

use libloading::Library;
use tdc::ffi::{self, tdc_call, tdc_data_converter, tdc_error, tdc_status};

use crate::{Class, Env, at, at_mut, int, size, uint};

/// The clients can be asked.
const LOADED: u32 = 0;
/// The system's loader cannot load the file, and says why.
const NOT_LOADED: u32 = 1;
/// It is of another version than the caller expects, or not this library.
const OTHER_VERSION: u32 = 2;
/// It could not be opened.
const NOT_OPENED: u32 = 3;

/// The version of a library that has no such function.
const NO_VERSION: u32 = 0;

/// `TDC_KEYS_ERR_NULL`: there are no clients.
const NO_CLIENTS: u32 = 401;

type Version = unsafe extern "C" fn() -> u32;
type Open = unsafe extern "C" fn(*mut *mut c_void) -> u32;
type Answer = unsafe extern "C" fn(*const c_void, *const u8, usize, *mut *mut u8, *mut usize) -> u32;
type AnswersFree = unsafe extern "C" fn(*mut u8, usize);

/// The functions of the loaded library, and its one handle. Connections and tokens are shared, so
/// it stays loaded.
struct Clients {
    keys: *const c_void,
    answer: Answer,
    answers_free: AnswersFree,
}

// SAFETY: "Any number of threads may use one at once", says tdc_keys.h.
unsafe impl Send for Clients {}
// SAFETY: as above.
unsafe impl Sync for Clients {}

static CLIENTS: OnceLock<Clients> = OnceLock::new();

/// Why a file is not used.
enum Refusal {
    NotLoaded(String),
    Version(u32),
    Status(u32),
}

/// Loads the clients from the library of this name, or path, unless that was done before; `version`
/// is the `TDC_KEYS_ABI_VERSION` that the caller was written for.
///
/// `found` is the version that the library has instead, the status with which it does not open, or
/// how many bytes of `reason` say why it was not loaded.
///
/// # Safety
/// `name` is readable for `name_len` bytes, `found` is writable, and `reason` for `capacity` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn tdc_java_keys_load(
    name: *const u8,
    name_len: usize,
    version: u32,
    found: *mut u32,
    reason: *mut u8,
    capacity: usize,
) -> u32 {
    if CLIENTS.get().is_some() {
        return LOADED;
    }
    // SAFETY: as the caller vouches.
    let name = unsafe { slice::from_raw_parts(name, name_len) };
    let (status, number) = match load(name, version) {
        Ok(clients) => {
            // If two threads race, one wins; the other's handle stays unused.
            let _ = CLIENTS.set(clients);
            return LOADED;
        }
        Err(Refusal::Version(version)) => (OTHER_VERSION, version),
        Err(Refusal::Status(status)) => (NOT_OPENED, status),
        Err(Refusal::NotLoaded(text)) => {
            let len = text.floor_char_boundary(capacity);
            // SAFETY: no more than `capacity`; a new string and the caller's memory do not overlap.
            unsafe { ptr::copy_nonoverlapping(text.as_ptr(), reason, len) };
            (NOT_LOADED, u32::try_from(len).unwrap_or(0))
        }
    };
    // SAFETY: as the caller vouches.
    unsafe { found.write(number) };
    status
}

fn load(name: &[u8], version: u32) -> Result<Clients, Refusal> {
    let name = str::from_utf8(name).map_err(|error| Refusal::NotLoaded(error.to_string()))?;
    // SAFETY: what it runs when it is loaded is the choice of those who install or name it, as with
    // any library.
    let library = unsafe { Library::new(name) }.map_err(|error| Refusal::NotLoaded(reason(&error)))?;
    // Never unloaded: its functions are used from now on, and what is refused may run threads of
    // its own.
    open(&ManuallyDrop::new(library), version)
}

/// What the system says.
fn reason(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn open(library: &Library, version: u32) -> Result<Clients, Refusal> {
    // SAFETY: the version says that the functions are those of tdc_keys.h, whose types are above.
    unsafe {
        let found = library.get::<Version>("tdc_keys_abi_version").map_or(NO_VERSION, |version| version());
        if found != version {
            return Err(Refusal::Version(found));
        }
        let missing = |_| Refusal::Version(NO_VERSION);
        let open = library.get::<Open>("tdc_keys_open").map_err(missing)?;
        let answer = *library.get::<Answer>("tdc_keys_answer").map_err(missing)?;
        let answers_free = *library.get::<AnswersFree>("tdc_keys_answers_free").map_err(missing)?;
        let mut keys = ptr::null_mut();
        match open(&mut keys) {
            0 => Ok(Clients { keys, answer, answers_free }),
            status => Err(Refusal::Status(status)),
        }
    }
}

/// Has the clients answer the `wrap` and `unwrap` requests of a call, which blocks this thread. The
/// status is that of `tdc_call_answer`; or of `tdc_keys_answer`, then without an error.
///
/// # Safety
/// As that of `tdc_call_answer`. The clients were loaded.
#[unsafe(no_mangle)]
unsafe extern "C" fn tdc_java_keys_answer(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let Some(clients) = CLIENTS.get() else { return NO_CLIENTS };
    let (mut requests, mut requests_len) = (ptr::null(), 0);
    let (mut answers, mut answers_len) = (ptr::null_mut(), 0);
    // SAFETY: as the caller vouches; the requests live until the answers are taken.
    unsafe {
        ffi::tdc_call_requests(call, &mut requests, &mut requests_len);
        let status = (clients.answer)(clients.keys, requests, requests_len, &mut answers, &mut answers_len);
        if status != 0 {
            return status;
        }
        let status = ffi::tdc_call_answer(self_, call, answers, answers_len, error);
        (clients.answers_free)(answers, answers_len);
        status
    }
}

/// `static native int keysLoad(long name, long nameLength, int version, long found, long reason,
/// long capacity)`
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_keysLoad(
    _: Env,
    _: Class,
    name: i64,
    name_len: i64,
    version: i32,
    found: i64,
    reason: i64,
    capacity: i64,
) -> i32 {
    // SAFETY: io.tdc passes what the function asks for.
    int(unsafe {
        tdc_java_keys_load(
            at(name),
            size(name_len),
            uint(version),
            at_mut(found),
            at_mut(reason),
            size(capacity),
        )
    })
}

/// `static native int keysAnswer(long self, long call, long error)`
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_keysAnswer(
    _: Env,
    _: Class,
    this: i64,
    call: i64,
    error: i64,
) -> i32 {
    // SAFETY: io.tdc passes what the function asks for.
    int(unsafe { tdc_java_keys_answer(at(this), at_mut(call), at_mut(error)) })
}
