//! [`Lock`]: one daemon on one file.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{StoreError, private};

/// An exclusive lock beside the state's file. The system gives it back when the process ends, however it ends. It is a
/// file of its own as SQLite has its own locks on the state; it stays, as taking it away would let two hold one.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the state at this path, which must be there.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let failed = |path: &Path, source| StoreError::File { path: path.to_owned(), source };
        // Two names of one file are one file.
        let real = fs::canonicalize(path).map_err(|source| failed(path, source))?;
        let lock = beside(&real);
        let mut file = private().open(&lock).map_err(|source| failed(&lock, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { path: path.to_owned(), holder: holder(&mut file), lock });
            }
            Err(TryLockError::Error(source)) => return Err(failed(&lock, source)),
        }
        sign(&mut file).map_err(|source| failed(&lock, source))?;
        Ok(Self { _file: file })
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    lock.into()
}

/// Writes down who we are, for the message of the one who comes second.
fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
