//! Keys and plaintext must not reach a core file.

/// Turns core dumps off for this process. If the system refuses, the command continues: this is one
/// safeguard among several.
pub(crate) fn turn_off() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // A core pattern that is a pipe ignores the limit, but not this.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
