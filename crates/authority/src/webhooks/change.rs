//! Makes, changes, tries and removes a webhook, and gives it another secret.

use licentia_model::Webhook;
use licentia_model::webhook::Signing;
use licentia_protocol::resource;
use licentia_storage::{BoxFuture, Transaction};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::jobs::NewJob;
use crate::webhooks::KIND;
use crate::webhooks::events::{self, TEST, is_known};
use crate::webhooks::list::{missing, seal_name, subject};
use crate::webhooks::sign::SECRET_BYTES;

/// How many there may be: each change makes a call to each.
const MOST: usize = 50;
/// How long both secrets sign after a rotation, in seconds.
const OVERLAP_S: i64 = 24 * 3_600;

/// What a webhook is to be.
#[derive(Debug, Clone, Default)]
pub struct NewWebhook {
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events; none: all of them.
    pub events: Vec<String>,
    /// `v1` or `v1a`; `None`: `v1`.
    pub signing: Option<String>,
}

/// What is to be changed; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Where to.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Which events; none: all of them.
    pub events: Option<Vec<String>>,
    /// Whether anything is sent.
    pub enabled: Option<bool>,
}

impl Authority {
    /// Makes a webhook. Its secret is shown this once.
    pub async fn create_webhook(
        &self,
        new: NewWebhook,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Webhook, AuthorityError> {
        let signing = match new.signing.as_deref().map(str::parse).transpose() {
            Ok(signing) => signing.unwrap_or(Signing::V1),
            Err(_) => return Err(invalid("signing", "it must be `v1` or `v1a`")),
        };
        check_url(&new.url)?;
        check_description(new.description.as_deref())?;
        check_events(&new.events)?;
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    if tx.webhooks().await?.len() >= MOST {
                        return Err(invalid(
                            "url",
                            "there are 50 webhooks already; remove one first",
                        ));
                    }
                    let (id, now) = (this.uuid(), this.clock().now());
                    let webhook = Webhook {
                        id,
                        url: new.url,
                        description: new.description,
                        events: new.events,
                        signing,
                        secret: this.draw_webhook_secret(id)?,
                        former: None,
                        former_until: None,
                        disabled_at: None,
                        disabled_why: None,
                        created_at: now,
                        updated_at: now,
                    };
                    tx.insert_webhook(&webhook).await?;
                    let entry = Entry::change(Value::Null, facts(&webhook))
                        .fact("signing", signing.as_str());
                    this.record(tx, &ask.actor, "webhook.create", subject(id), entry).await?;
                    Ok((id, this.webhook_view_once(&webhook)?))
                })
            },
            |this, tx, id| {
                Box::pin(async move {
                    this.webhook_view_once(&tx.webhook(id).await?.ok_or_else(|| missing(id))?)
                })
            },
        )
        .await
    }

    /// Changes a webhook. One that is switched on again is told what happens from then on.
    pub async fn update_webhook(
        &self,
        id: Uuid,
        changes: Changes,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Webhook, AuthorityError> {
        changes.url.as_deref().map_or(Ok(()), check_url)?;
        check_description(changes.description.as_deref())?;
        changes.events.as_deref().map_or(Ok(()), check_events)?;
        self.change_webhook(id, ask.into(), "webhook.update", move |this, tx, webhook| {
            Box::pin(async move {
                let now = this.clock().now();
                webhook.url = changes.url.unwrap_or_else(|| webhook.url.clone());
                webhook.events = changes.events.unwrap_or_else(|| webhook.events.clone());
                webhook.description = changes.description.or_else(|| webhook.description.clone());
                match changes.enabled {
                    Some(true) => (webhook.disabled_at, webhook.disabled_why) = (None, None),
                    Some(false) if webhook.disabled_at.is_none() => {
                        this.stop_webhook(tx, webhook, "an operator switched it off", now).await?;
                    }
                    _ => {}
                }
                Ok(false)
            })
        })
        .await
    }

    /// Gives a webhook another secret, shown this once. For a day the former one signs beside it.
    pub async fn rotate_webhook(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Webhook, AuthorityError> {
        self.change_webhook(id, ask.into(), "webhook.rotate", move |this, _, webhook| {
            Box::pin(async move {
                let drawn = this.draw_webhook_secret(id)?;
                webhook.former = Some(std::mem::replace(&mut webhook.secret, drawn));
                webhook.former_until = Some(this.clock().now().saturating_add(OVERLAP_S));
                Ok(true)
            })
        })
        .await
    }

    /// Sends an event to try it.
    pub async fn test_webhook(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Job, AuthorityError> {
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.webhook(id).await?.ok_or_else(|| missing(id))?;
                    let now = this.clock().now();
                    let job = this.uuid();
                    let new = NewJob {
                        id: Some(job),
                        kind: KIND,
                        target: Some(id),
                        event: TEST.into(),
                        payload: events::body(TEST, now, None, json!({ "webhook_id": id })),
                        due_at: Some(now - 1),
                        ..NewJob::default()
                    };
                    this.queue(tx, new).await?;
                    // What changes is what is to be sent.
                    let entry = Entry::change(Value::Null, json!({ "job": job }));
                    this.record(tx, &ask.actor, "webhook.test", subject(id), entry).await?;
                    Ok((job, this.job_in(tx, job).await?))
                })
            },
            |this, tx, job| Box::pin(async move { this.job_in(tx, job).await }),
        )
        .await
    }

    /// Removes a webhook, and gives up what waits for it.
    pub async fn delete_webhook(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<(), AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let webhook = tx.webhook(id).await?.ok_or_else(|| missing(id))?;
                ask.check(&this.webhook_view(&webhook)?)?;
                tx.bury_jobs(id, "the webhook was removed", this.clock().now()).await?;
                tx.delete_webhook(id).await?;
                let entry = Entry::change(facts(&webhook), Value::Null);
                this.record(tx, &ask.actor, "webhook.delete", subject(id), entry).await
            })
        })
        .await
    }

    /// The receiver answered that nobody is there any more: nothing is sent from now on.
    pub async fn webhook_is_gone(&self, id: Uuid) -> Result<(), AuthorityError> {
        let actor = crate::Actor::new("system", "local");
        self.change_webhook(id, actor.into(), "webhook.disable", |this, tx, webhook| {
            Box::pin(async move {
                let now = this.clock().now();
                this.stop_webhook(tx, webhook, "its receiver answered 410 Gone", now).await?;
                Ok(false)
            })
        })
        .await
        .map(drop)
    }

    async fn stop_webhook(
        &self,
        tx: &mut dyn Transaction,
        webhook: &mut Webhook,
        why: &str,
        now: i64,
    ) -> Result<(), AuthorityError> {
        webhook.disabled_at = Some(now);
        webhook.disabled_why = Some(why.to_owned());
        tx.bury_jobs(webhook.id, why, now).await?;
        Ok(())
    }

    /// `work` changes it and says whether its secret is to be shown.
    async fn change_webhook<F>(
        &self,
        id: Uuid,
        ask: Ask,
        action: &'static str,
        work: F,
    ) -> Result<resource::Webhook, AuthorityError>
    where
        F: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
                &'t mut Webhook,
            ) -> BoxFuture<'t, Result<bool, AuthorityError>>
            + Send
            + 'static,
    {
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move {
                    // One after the other: of two changes neither is lost.
                    tx.lock_audit_head().await?;
                    let mut webhook = tx.webhook(id).await?.ok_or_else(|| missing(id))?;
                    ask.check(&this.webhook_view(&webhook)?)?;
                    let before = webhook.clone();
                    let shown = work(this.clone(), tx, &mut webhook).await?;
                    if webhook != before {
                        webhook.updated_at = this.clock().now();
                        tx.update_webhook(&webhook).await?;
                        let entry = Entry::change(facts(&before), facts(&webhook));
                        this.record(tx, &ask.actor, action, subject(id), entry).await?;
                    }
                    let view = match shown {
                        true => this.webhook_view_once(&webhook)?,
                        false => this.webhook_view(&webhook)?,
                    };
                    Ok((id, view))
                })
            },
            move |this, tx, id| {
                Box::pin(async move {
                    let webhook = tx.webhook(id).await?.ok_or_else(|| missing(id))?;
                    match action {
                        "webhook.rotate" => this.webhook_view_once(&webhook),
                        _ => this.webhook_view(&webhook),
                    }
                })
            },
        )
        .await
    }

    fn draw_webhook_secret(&self, id: Uuid) -> Result<Vec<u8>, AuthorityError> {
        let secret = licentia_issue::Secret::new(self.random().bytes::<SECRET_BYTES>());
        Ok(self.master().seal(&seal_name(id), secret.expose(), self.random().bytes())?)
    }
}

/// What the trail says of it. The path of a URL may hold a token, so only the host is told.
fn facts(webhook: &Webhook) -> Value {
    let host = webhook.url.split('/').nth(2).unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    json!({
        "host": host,
        "events": webhook.events,
        "enabled": webhook.disabled_at.is_none(),
        "described": webhook.description.is_some(),
        "former_secret_until": webhook.former_until,
        "changed_at": webhook.updated_at,
    })
}

/// Its shape alone: what it leads to is looked at with each call.
fn check_url(url: &str) -> Result<(), AuthorityError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let printable = url.chars().all(|c| c.is_ascii_graphic());
    match host {
        Some(host)
            if !host.is_empty() && !host.contains('@') && printable && url.len() <= 2_000 =>
        {
            Ok(())
        }
        _ => Err(invalid(
            "url",
            "it must be an address such as https://example.com/hook, without user or password, in at most 2,000 characters",
        )),
    }
}

fn check_description(text: Option<&str>) -> Result<(), AuthorityError> {
    match text {
        Some(text) if text.chars().count() > 200 || text.chars().any(char::is_control) => Err(
            invalid("description", "it must be at most 200 characters without control characters"),
        ),
        _ => Ok(()),
    }
}

fn check_events(events: &[String]) -> Result<(), AuthorityError> {
    match events.iter().find(|name| !is_known(name)) {
        Some(name) => Err(AuthorityError::Invalid {
            field: "events",
            problem: format!("there is no event `{name}`; docs/webhooks.md lists them"),
        }),
        None => Ok(()),
    }
}

fn invalid(field: &'static str, problem: &str) -> AuthorityError {
    AuthorityError::Invalid { field, problem: problem.to_owned() }
}
