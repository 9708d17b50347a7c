//! Telling people: a [`Mail`](crate::incident::Mail) rendered (pure) and delivered (I/O).

pub mod email;
