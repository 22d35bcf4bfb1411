//! A mail as it goes over the wire (RFC 5322, MIME).

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use licentia_authority::mail::Letter;

use super::template::Words;

/// Who sends.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Option<Mailbox>,
}

/// Builds it. `id` is the same whenever the mail is sent, so that a copy is recognised as one.
pub(crate) fn build(
    sender: &Sender,
    letter: &Letter,
    words: Words,
    id: &str,
    now: i64,
) -> Result<Message, String> {
    let address =
        letter.email.parse().map_err(|_| "the address of the customer is none".to_owned())?;
    let to = Mailbox::new(letter.name.clone().filter(|name| !name.is_empty()), address);
    let seconds = Duration::from_secs(now.max(0).unsigned_abs());
    let mut builder = Message::builder()
        .from(sender.from.clone())
        .to(to)
        .subject(words.subject)
        .message_id(Some(format!("<{id}@{}>", sender.from.email.domain())))
        .date(UNIX_EPOCH + seconds)
        // No out-of-office answers, and no loops (RFC 3834).
        .raw_header(lettre::message::header::HeaderValue::new(
            lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        ));
    if let Some(reply_to) = &sender.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let both = MultiPart::alternative()
        .singlepart(SinglePart::plain(words.text))
        .singlepart(SinglePart::html(words.html));
    let message = match &letter.file {
        None => builder.multipart(both),
        Some((name, text)) => {
            let file = Attachment::new(name.clone()).body(
                text.clone().into_bytes(),
                ContentType::parse("application/octet-stream").map_err(|e| e.to_string())?,
            );
            builder.multipart(MultiPart::mixed().multipart(both).singlepart(file))
        }
    };
    message.map_err(|error| error.to_string())
}
