//! The guard as a product uses it, against an authority on a real socket, on a clock that the test moves.

mod hostile;
mod offline;
mod online;
mod restart;
mod support;
