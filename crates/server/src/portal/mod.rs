//! The customers' portal, `/portal`: a customer shows his licence key, or opens a link that he was mailed, and sees what belongs to it: seats, which he can
//! free, usage, key and licence file, and his data. Made as the console is (`console`), with the vendor's name, logo and
//! colour from `[portal]` of the configuration.

mod brand;
mod link;
mod offline;
mod pages;
mod visitor;

pub(crate) use brand::Brand;
pub(crate) use pages::routes;
