//! The guard as a product uses it, against an authority on a real socket, on a clock that the test moves.

#[cfg(test)]
mod airgap;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod inspection;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod network;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod online;
#[cfg(test)]
mod panics;
#[cfg(test)]
mod record;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod state;
#[cfg(test)]
mod support;
#[cfg(test)]
mod switch;
#[cfg(test)]
mod time;
#[cfg(test)]
mod usage;
