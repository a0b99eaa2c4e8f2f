//! The kernel's `getrandom` in the vDSO. We look it up ourselves: glibc calls it only from 2.41 on,
//! and a system call costs more than sealing 2 KiB.
//!
//! The kernel names the size, protection and flags of an opaque state (`vgetrandom(2)` in
//! `Documentation/`, Linux 6.11 and above); each thread maps one, and unmaps it when it ends. The
//! kernel's code erases it on `fork()` and reseeds after a snapshot.

use core::ffi::{CStr, c_void};
use core::mem::size_of;
use core::ptr;

use once_cell::race::OnceBox;

type GetRandom = unsafe extern "C" fn(*mut c_void, usize, u32, *mut c_void, usize) -> isize;

/// `struct vgetrandom_opaque_params` of `include/uapi/linux/random.h`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Parameters {
    size: u32,
    protection: u32,
    flags: u32,
    reserved: [u32; 13],
}

#[derive(Clone, Copy)]
struct Source {
    get_random: GetRandom,
    parameters: Parameters,
}

/// One thread's opaque state.
struct State {
    source: Source,
    memory: *mut c_void,
}

/// A page: the kernel requires that a state does not cross a page boundary, so each gets its own.
const STATE_SPACE: usize = 4096;

thread_local! {
    static STATE: Option<State> = State::new();
}

/// Fills `out`; `false` if the kernel has no such function, or declines.
pub(super) fn random(out: &mut [u8]) -> bool {
    STATE.try_with(|state| state.as_ref().is_some_and(|state| state.fill(out))).unwrap_or(false)
}

impl State {
    fn new() -> Option<Self> {
        // The first threads each look it up for themselves: a thread that waited for another would
        // wait forever in a child that was forked in the meantime.
        static SOURCE: OnceBox<Option<Source>> = OnceBox::new();
        let source = (*SOURCE.get_or_init(|| Box::new(Source::find())))?;
        // SAFETY: an anonymous mapping touches no memory that exists; size, protection and flags
        // are the kernel's own.
        let memory = unsafe {
            libc::mmap(
                ptr::null_mut(),
                STATE_SPACE,
                source.parameters.protection.cast_signed(),
                source.parameters.flags.cast_signed(),
                -1,
                0,
            )
        };
        (memory != libc::MAP_FAILED).then_some(Self { source, memory })
    }

    fn fill(&self, mut out: &mut [u8]) -> bool {
        while !out.is_empty() {
            // SAFETY: `get_random` is the kernel's function; `out` is valid for writes of its
            // length; the state was mapped as the kernel asked and belongs to this thread alone.
            let written = unsafe {
                (self.source.get_random)(
                    out.as_mut_ptr().cast(),
                    out.len(),
                    0,
                    self.memory,
                    self.source.parameters.size as usize,
                )
            };
            match usize::try_from(written) {
                Ok(written @ 1..) => out = out.get_mut(written..).unwrap_or_default(),
                _ => return false,
            }
        }
        true
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the thread that used it is ending.
        unsafe { libc::munmap(self.memory, STATE_SPACE) };
    }
}

impl Source {
    fn find() -> Option<Self> {
        let name = if cfg!(target_arch = "x86_64") { c"__vdso_getrandom" } else { c"__kernel_getrandom" };
        // SAFETY: getauxval only reads what the kernel gave the process at its start.
        let image = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) } as *const u8;
        if image.is_null() {
            return None;
        }
        // SAFETY: AT_SYSINFO_EHDR is the address of the vDSO, a complete ELF image that stays
        // mapped for the process's life.
        let function = unsafe { symbol(image, name) }?;
        // SAFETY: the symbol of this name has this signature (the kernel's ABI).
        let get_random = unsafe { core::mem::transmute::<*const u8, GetRandom>(function) };
        let mut parameters = Parameters::default();
        // SAFETY: with a length of all ones the function only writes the parameters.
        let answer =
            unsafe { get_random(ptr::null_mut(), 0, 0, ptr::from_mut(&mut parameters).cast(), usize::MAX) };
        (answer == 0 && (1..=STATE_SPACE).contains(&(parameters.size as usize)))
            .then_some(Self { get_random, parameters })
    }
}

/// The address of a function in an ELF image.
///
/// # Safety
/// `image` is a complete, well-formed ELF-64 image in memory that stays there.
unsafe fn symbol(image: *const u8, name: &CStr) -> Option<*const u8> {
    const PT_LOAD: u32 = 1;
    const PT_DYNAMIC: u32 = 2;
    const DT_STRTAB: isize = 5;
    const DT_SYMTAB: isize = 6;
    const DT_GNU_HASH: isize = 0x6fff_fef5;
    // SAFETY: every read below is of a field that the ELF-64 format places there, in an image that
    // the caller vouches for; reads are unaligned-safe, and walks end at the format's own
    // terminators.
    unsafe {
        let read = |offset: usize| image.add(offset).cast::<usize>().read_unaligned();
        let headers = read(0x20);
        let count = image.add(0x38).cast::<u16>().read_unaligned() as usize;
        let (mut bias, mut dynamic) = (None, None);
        for index in 0..count {
            let header = headers + index * 56;
            let kind = image.add(header).cast::<u32>().read_unaligned();
            let (offset, address) = (read(header + 8), read(header + 16));
            match kind {
                PT_LOAD if bias.is_none() => bias = Some((image as usize + offset).wrapping_sub(address)),
                PT_DYNAMIC => dynamic = Some(offset),
                _ => {}
            }
        }
        let (bias, mut entry) = (bias?, dynamic?);
        let (mut strings, mut symbols, mut hash) = (None, None, None);
        loop {
            let (tag, value) = (read(entry).cast_signed(), read(entry + 8));
            let address = bias.wrapping_add(value) as *const u8;
            match tag {
                0 => break,
                DT_STRTAB => strings = Some(address),
                DT_SYMTAB => symbols = Some(address),
                DT_GNU_HASH => hash = Some(address),
                _ => {}
            }
            entry += 16;
        }
        let (strings, symbols, hash) = (strings?, symbols?, hash?.cast::<u32>());

        // The GNU hash table: four words, the Bloom filter, the buckets, then the chains, one word
        // a symbol; the lowest bit ends one.
        let wanted = name
            .to_bytes()
            .iter()
            .fold(5381_u32, |sum, byte| sum.wrapping_mul(33).wrapping_add(u32::from(*byte)));
        let word = |index: usize| hash.add(index).read_unaligned();
        let (buckets, first, bloom) = (word(0) as usize, word(1) as usize, word(2) as usize);
        let table = 4 + bloom * (size_of::<usize>() / size_of::<u32>());
        let mut index = word(table + (wanted as usize).checked_rem(buckets)?) as usize;
        while index >= first {
            let hashed = word(table + buckets + index - first);
            if hashed | 1 == wanted | 1 {
                let entry = symbols.add(index * 24);
                let text = strings.add(entry.cast::<u32>().read_unaligned() as usize);
                if CStr::from_ptr(text.cast()) == name {
                    let value = entry.add(8).cast::<usize>().read_unaligned();
                    return Some(bias.wrapping_add(value) as *const u8);
                }
            }
            if hashed & 1 == 1 {
                break;
            }
            index += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_ends_gives_its_state_back() {
        for _ in 0..100 {
            std::thread::spawn(|| random(&mut [0; 12])).join().unwrap();
        }
    }

    #[test]
    fn kernels_that_have_it_are_found() {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if version >= (6, 11) && cfg!(target_arch = "x86_64") {
            assert!(Source::find().is_some(), "Linux {release} has __vdso_getrandom");
        }
    }
}
