//! [`Folder`]: a temporary folder of our own, which goes when we do.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A folder that nobody else may read; gone when the value is.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes one. Its name cannot be guessed, and one that is there already is not taken, for who knows whose it is.
    pub(super) fn make() -> Result<Self, String> {
        let mut bytes = [0; 8];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "the system has no randomness to give".to_owned())?;
        let name = format!("notafter-demo-{:016x}", u64::from_be_bytes(bytes));
        let path = std::env::temp_dir().join(name);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| told(&path, &error))?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file and says where it is.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, String> {
        let path = self.path.join(name);
        fs::write(&path, content).map_err(|error| told(&path, &error))?;
        Ok(path)
    }

    /// Removes it with all that is in it, and says so if that cannot be done.
    pub(super) fn remove(self) -> Result<(), String> {
        fs::remove_dir_all(&self.path).map_err(|error| told(&self.path, &error))
    }
}

impl Drop for Folder {
    /// Also when something went wrong.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn told(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_ours_alone_and_goes() {
        let folder = Folder::make().unwrap();
        let path = folder.path().to_owned();
        folder.write("file", b"text").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        folder.remove().unwrap();
        assert!(!path.exists());
    }
}
