//! The guard as a product uses it, against an authority on a real socket, on a clock that the test moves.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod online;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod support;
