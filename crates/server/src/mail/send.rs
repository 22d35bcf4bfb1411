//! Sends mails: the carrier of the jobs of the kind `mail`. A mailbox that refuses is given up at once and holds nobody
//! up; a server that is away is tried again.

use std::fs;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use licentia_authority::Authority;
use licentia_authority::jobs::{Backoff, Outcome};
use licentia_authority::mail::{Composed, KIND};
use licentia_model::Job;
use licentia_storage::BoxFuture;

use super::message::{Sender, build};
use super::template::Templates;
use crate::config::mail::{Mail, Security};
use crate::jobs::carrier::Carrier;

/// How long one step of the conversation may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends mails.
pub(crate) struct Mailer {
    authority: Authority,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
    templates: Templates,
    connections: u32,
}

impl Mailer {
    /// By the configuration; `None` where no server is named, and what is wrong with it otherwise.
    pub(crate) fn of(authority: &Authority, config: &Mail) -> Result<Option<Self>, String> {
        let Some(host) = &config.smtp_host else { return Ok(None) };
        let wrong = |problem: String| format!("[mail] {problem}");
        let from = config.from.as_deref().ok_or_else(|| wrong("`from` is missing".into()))?;
        let mailbox = |key: &str, text: &str| {
            text.parse::<Mailbox>().map_err(|_| {
                wrong(format!("{key} is no address such as `Example <licenses@example.com>`"))
            })
        };
        let sender = Sender {
            from: mailbox("from", from)?,
            reply_to: config
                .reply_to
                .as_deref()
                .map(|text| mailbox("reply_to", text))
                .transpose()?,
        };
        let mut parameters = TlsParameters::builder(host.clone());
        if let Some(path) = &config.ca_file {
            let pem =
                fs::read(path).map_err(|e| wrong(format!("ca_file {}: {e}", path.display())))?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|e| wrong(format!("ca_file {}: {e}", path.display())))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        let parameters = parameters.build().map_err(|e| wrong(format!("TLS: {e}")))?;
        let (tls, usual) = match config.security {
            Security::StartTls => (Tls::Required(parameters), 587),
            Security::Tls => (Tls::Wrapper(parameters), 465),
            Security::None => (Tls::None, 25),
        };
        let port = if config.smtp_port == 0 { usual } else { config.smtp_port };
        let connections = u32::from(config.connections.max(1));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(connections));
        match (&config.user, config.password().map_err(wrong)?) {
            (Some(user), Some(password)) => {
                let credentials = Credentials::new(user.clone(), password.expose().to_owned());
                builder = builder.credentials(credentials);
            }
            (None, None) => {}
            _ => return Err(wrong("`user` and `password` belong together".into())),
        }
        let templates = Templates::load(config.templates.as_deref(), &config.vendor);
        Ok(Some(Self {
            authority: authority.clone(),
            transport: builder.build(),
            sender,
            templates: templates.map_err(|e| wrong(e.to_string()))?,
            connections,
        }))
    }

    async fn send(&self, job: &Job) -> Outcome {
        let letter = match self.authority.compose_mail(job).await {
            Ok(Composed::Letter(letter)) => letter,
            Ok(Composed::Void(why)) => return Outcome::Done(format!("not sent: {why}")),
            Ok(Composed::Hopeless(why)) => return Outcome::Hopeless(why),
            Err(error) => return Outcome::failed(error.to_string()),
        };
        let words = match self.templates.render(letter.template, &letter.context) {
            Ok(words) => words,
            Err(error) => return Outcome::Hopeless(error.to_string()),
        };
        let id = job.id.simple().to_string();
        let message = match build(&self.sender, &letter, words, &id, self.authority.now()) {
            Ok(message) => message,
            Err(why) => return Outcome::Hopeless(why),
        };
        match self.transport.send(message).await {
            Ok(answer) => Outcome::Done(format!("{}", answer.code())),
            Err(error) => judged(&error),
        }
    }
}

/// The words of the server may repeat the address, and are not kept.
fn judged(error: &SmtpError) -> Outcome {
    let code = error.status().map(|code| code.to_string());
    match code {
        // Wrong credentials are for the operator to mend, and no fault of the mailbox.
        Some(code)
            if error.is_permanent() && !matches!(code.as_str(), "530" | "534" | "535" | "538") =>
        {
            Outcome::Hopeless(format!("the mail server refused it for good: {code}"))
        }
        Some(code) => Outcome::failed(format!("the mail server refused it for now: {code}")),
        None if error.is_timeout() => Outcome::failed("the mail server did not answer in time"),
        None if error.is_tls() => Outcome::failed("no TLS with the mail server"),
        None => Outcome::failed("the mail server cannot be reached"),
    }
}

impl Carrier for Mailer {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn at_once(&self) -> u32 {
        self.connections
    }

    fn backoff(&self) -> Backoff {
        Backoff::MAIL
    }

    fn carry<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(job))
    }
}
