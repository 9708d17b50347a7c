//! What reads files in this room, without the file: for the fuzz targets alone.

use super::inspect::key::PublicHalf;

/// Whether there is a private key in a file's bytes; else why not.
pub fn private_key(bytes: &[u8]) -> Result<(), String> {
    PublicHalf::of_bytes(bytes).map(drop)
}
