//! Free space of a disk.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes an ordinary user may still write on the file system that holds `path` (statvfs(3)).
///
/// # Errors
/// Whatever the system says.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut out = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` is a string that ends in a zero byte, `out` is writable and of the type the call fills.
    let code = unsafe { libc::statvfs(path.as_ptr(), out.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it filled `out`.
    let out = unsafe { out.assume_init() };
    Ok(out.f_bavail.saturating_mul(out.f_frsize))
}
