//! Mails by SMTP. What is to be told comes from the authority, the words are templates that the vendor may replace.

mod message;
mod send;
pub mod template;

pub(crate) use send::Mailer;
