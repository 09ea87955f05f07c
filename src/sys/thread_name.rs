//! Names of threads where libc is musl: its pthread_setname_np(3) formats a path in /proc, and brings printf along, 10 KB
//! for a thing that nobody asks for. The standard library names a thread from within only, for which prctl(2) is enough.

use std::ffi::{CStr, c_char, c_int};

/// Takes the place of musl's function of this name. Names the calling thread, whatever `_thread` says; gives back 0 or an
/// error number.
///
/// # Safety
///
/// `name` points to a text that ends with a NUL byte.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setname_np(_thread: libc::pthread_t, name: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    rustix::thread::set_name(name).map_or_else(|error| error.raw_os_error(), |()| 0)
}
