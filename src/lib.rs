//! `notafter` watches custom domains whose TLS certificate their owner manages.
