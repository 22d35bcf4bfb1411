//! Pull tokens: what customers put into docker, pip and scripts, so that licence keys stay out of them.

pub mod create;
pub mod list;
pub mod revoke;
