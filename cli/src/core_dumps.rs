//! Keys and plaintext must not reach a core file.

/// Turns core dumps off for this process. Where the system refuses, the command goes on: it is one
/// guard among several.
pub(crate) fn turn_off() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // The limit does not bind a core pattern that is a pipe; this does.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
