//! What Windows does for this module.
//!
//! Few functions are needed, and each is declared here as Microsoft documents it.

use core::ffi::c_void;
use core::{ptr, slice};
use std::fs::{File, OpenOptions};
use std::io::Error;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn VirtualAlloc(address: *mut c_void, len: usize, kind: u32, protection: u32) -> *mut c_void;
    fn VirtualFree(address: *mut c_void, len: usize, kind: u32) -> i32;
    fn VirtualLock(address: *mut c_void, len: usize) -> i32;
    fn LocalFree(memory: *mut c_void) -> *mut c_void;
}

#[link(name = "bcrypt")]
unsafe extern "system" {
    fn BCryptGenRandom(algorithm: *mut c_void, out: *mut u8, len: u32, flags: u32) -> i32;
}

#[link(name = "advapi32")]
unsafe extern "system" {
    fn GetSecurityInfo(
        handle: *mut c_void,
        kind: i32,
        parts: u32,
        owner: *mut *mut c_void,
        group: *mut *mut c_void,
        access: *mut *mut c_void,
        audit: *mut *mut c_void,
        descriptor: *mut *mut c_void,
    ) -> i32;
    fn SetSecurityInfo(
        handle: *mut c_void,
        kind: i32,
        parts: u32,
        owner: *mut c_void,
        group: *mut c_void,
        access: *mut c_void,
        audit: *mut c_void,
    ) -> i32;
    fn GetAce(list: *mut c_void, index: u32, entry: *mut *mut c_void) -> i32;
    fn InitializeAcl(list: *mut c_void, len: u32, revision: u32) -> i32;
    fn AddAccessAllowedAce(list: *mut c_void, revision: u32, mask: u32, who: *mut c_void) -> i32;
}

const MEM_COMMIT_AND_RESERVE: u32 = 0x3000;
const MEM_RELEASE: u32 = 0x8000;
const PAGE_READWRITE: u32 = 4;
const BCRYPT_USE_SYSTEM_PREFERRED_RNG: u32 = 2;

const GENERIC_READ_AND_WRITE: u32 = 0xc000_0000;
const WRITE_DAC: u32 = 0x4_0000;
const FILE_SHARE_DELETE: u32 = 4;
const FILE_ALL_ACCESS: u32 = 0x1f_01ff;
/// To read or write the contents, or to give oneself the right to.
const TOUCHES_CONTENTS: u32 = 0xd00c_0007;

const SE_FILE_OBJECT: i32 = 1;
const OWNER_AND_DACL: u32 = 5;
const PROTECTED_DACL: u32 = 0x8000_0004;
const ACL_REVISION: u32 = 2;

/// A page of memory that is only ours, locked if the system allows it.
pub(super) fn map_page(len: usize) -> Option<*mut c_void> {
    // SAFETY: the system chooses an address where nothing is. Locking is a request that changes no
    // byte, and may fail.
    unsafe {
        let memory = VirtualAlloc(ptr::null_mut(), len, MEM_COMMIT_AND_RESERVE, PAGE_READWRITE);
        if memory.is_null() {
            return None;
        }
        VirtualLock(memory, len);
        Some(memory)
    }
}

/// Gives a page back, which also unlocks it.
///
/// # Safety
/// `memory` is from [`map_page`], and nobody can reach it any more.
pub(super) unsafe fn unmap_page(memory: *mut c_void, _len: usize) {
    // SAFETY: as the caller promises; the length must be 0 to release what VirtualAlloc gave.
    unsafe { VirtualFree(memory, 0, MEM_RELEASE) };
}

/// Fills `out` with random bytes of the system's generator.
pub(super) fn random(out: &mut [u8]) -> Result<(), Error> {
    for part in out.chunks_mut(1 << 20) {
        let len = u32::try_from(part.len()).unwrap_or_default();
        // SAFETY: `part` is valid for writes of its length, which is all that the call touches.
        let status = unsafe {
            BCryptGenRandom(ptr::null_mut(), part.as_mut_ptr(), len, BCRYPT_USE_SYSTEM_PREFERRED_RNG)
        };
        if status != 0 {
            return Err(Error::other(format!("status {status:#x}")));
        }
    }
    Ok(())
}

/// Windows has no fork.
pub(super) fn on_fork(_: extern "C" fn()) -> bool {
    true
}

/// Creates a file that only its owner can read and write. Nobody else can open it before that is
/// set: it is not shared for reading while it is open.
pub(super) fn create_private(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .access_mode(GENERIC_READ_AND_WRITE | WRITE_DAC)
        .share_mode(FILE_SHARE_DELETE)
        .open(path)?;
    Security::of(&file).and_then(|security| security.restrict_to_owner(&file)).inspect_err(|_| {
        let _ = std::fs::remove_file(path);
    })?;
    Ok(file)
}

/// Which group that everybody is in can read or write a file, and what to run so that it cannot.
pub(super) fn others_with_access(file: &File) -> Result<Option<(String, &'static str)>, Error> {
    let group = Security::of(file)?.open_to();
    let remedy = r#"icacls on it with /inheritance:r /grant:r "%USERNAME%:F""#;
    Ok(group.map(|group| (group.to_owned(), remedy)))
}

/// A file's owner and its access control list.
struct Security {
    /// What the two others point into.
    descriptor: *mut c_void,
    owner: *mut c_void,
    access: *mut c_void,
}

impl Security {
    fn of(file: &File) -> Result<Self, Error> {
        let mut security =
            Self { descriptor: ptr::null_mut(), owner: ptr::null_mut(), access: ptr::null_mut() };
        // SAFETY: the handle is open, and each place is valid for a pointer.
        let status = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_AND_DACL,
                &raw mut security.owner,
                ptr::null_mut(),
                &raw mut security.access,
                ptr::null_mut(),
                &raw mut security.descriptor,
            )
        };
        if status == 0 { Ok(security) } else { Err(Error::from_raw_os_error(status)) }
    }

    /// The first group of [`group_of_everybody`] that has access.
    fn open_to(&self) -> Option<&'static str> {
        if self.access.is_null() {
            // Without a list, everybody has every right.
            return Some("Everyone");
        }
        let mut index = 0;
        loop {
            let mut entry = ptr::null_mut();
            // SAFETY: the list is as the system gave it, and stays until `self` is dropped.
            if unsafe { GetAce(self.access, index, &raw mut entry) } == 0 {
                return None;
            }
            // SAFETY: an entry begins with its kind, flags and length, and has that many bytes.
            let entry = unsafe {
                let len = entry.cast::<u8>().add(2).cast::<u16>().read_unaligned();
                slice::from_raw_parts(entry.cast::<u8>(), usize::from(len))
            };
            if let Some(group) = open_to(entry) {
                return Some(group);
            }
            index += 1;
        }
    }

    /// Replaces the list by one with a single entry, and has nothing inherited.
    fn restrict_to_owner(&self, file: &File) -> Result<(), Error> {
        let mut list = [0_u32; 64];
        let place = list.as_mut_ptr().cast();
        // SAFETY: the list has room for an entry with the longest name (76 bytes); the owner is as
        // the system gave it; the handle is open, with the right to do this.
        let status = unsafe {
            if InitializeAcl(place, 256, ACL_REVISION) == 0
                || AddAccessAllowedAce(place, ACL_REVISION, FILE_ALL_ACCESS, self.owner) == 0
            {
                return Err(Error::last_os_error());
            }
            SetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                PROTECTED_DACL,
                ptr::null_mut(),
                ptr::null_mut(),
                place,
                ptr::null_mut(),
            )
        };
        if status == 0 { Ok(()) } else { Err(Error::from_raw_os_error(status)) }
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: the system gave it, to be freed by this function.
        unsafe { LocalFree(self.descriptor) };
    }
}

/// The group of everybody that an entry of an access control list lets read or write.
fn open_to(entry: &[u8]) -> Option<&'static str> {
    const INHERIT_ONLY: u8 = 8;
    let (head, rest) = entry.split_first_chunk::<4>()?;
    let (mask, who) = rest.split_first_chunk::<4>()?;
    let [kind, flags, ..] = *head;
    // ACCESS_ALLOWED_ACE, and the same with a condition.
    let allows = matches!(kind, 0 | 9) && flags & INHERIT_ONLY == 0;
    let touches = u32::from_le_bytes(*mask) & TOUCHES_CONTENTS != 0;
    if allows && touches { group_of_everybody(who) } else { None }
}

/// The name of a group, if every user of the machine or domain is in it.
fn group_of_everybody(sid: &[u8]) -> Option<&'static str> {
    let ([1, count, 0, 0, 0, 0, 0, authority], rest) = sid.split_first_chunk::<8>()? else { return None };
    let mut parts = rest.chunks_exact(4).take(usize::from(*count));
    let mut next = || parts.next().and_then(|part| part.try_into().ok()).map(u32::from_le_bytes);
    match (*authority, next()?, next()) {
        (1, 0, None) => Some("Everyone"),
        (5, 2, None) => Some("Network"),
        (5, 4, None) => Some("Interactive"),
        (5, 7, None) => Some("Anonymous Logon"),
        (5, 11, None) => Some("Authenticated Users"),
        (5, 32, Some(545)) => Some("Users"),
        (5, 32, Some(546)) => Some("Guests"),
        // S-1-5-21-A-B-C-513, in which A, B and C name the domain.
        (5, 21, Some(_)) => {
            let (_, _, group) = (next()?, next()?, next()?);
            (group == 513).then_some("Domain Users")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_open_to_nobody_else() {
        let path = std::env::temp_dir().join(format!("tdc-private-{}", std::process::id()));
        let file = create_private(&path).unwrap();
        assert_eq!(others_with_access(&file).unwrap(), None);
        assert!(File::open(&path).is_err(), "it is not shared");
        drop(file);
        let _ = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn groups_of_everybody_are_known() {
        let entry = |kind: u8, flags: u8, mask: u32, authority: u8, parts: &[u32]| {
            let mut bytes = vec![kind, flags, 0, 0];
            bytes.extend(mask.to_le_bytes());
            bytes.extend([1, u8::try_from(parts.len()).unwrap(), 0, 0, 0, 0, 0, authority]);
            bytes.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
            bytes
        };
        assert_eq!(open_to(&entry(0, 0, FILE_ALL_ACCESS, 1, &[0])), Some("Everyone"));
        assert_eq!(open_to(&entry(0, 0x10, 1, 5, &[32, 545])), Some("Users"));
        assert_eq!(open_to(&entry(0, 0, 1, 5, &[21, 1, 2, 3, 513])), Some("Domain Users"));
        let others = [
            entry(1, 0, FILE_ALL_ACCESS, 1, &[0]),
            entry(0, 8, FILE_ALL_ACCESS, 1, &[0]),
            entry(0, 0, 0x12_0088, 1, &[0]),
            entry(0, 0, FILE_ALL_ACCESS, 5, &[18]),
            entry(0, 0, FILE_ALL_ACCESS, 5, &[32, 544]),
            entry(0, 0, FILE_ALL_ACCESS, 5, &[21, 1, 2, 3, 1001]),
            vec![0; 7],
        ];
        for other in others {
            assert_eq!(open_to(&other), None, "{other:?}");
        }
    }
}
