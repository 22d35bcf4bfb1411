//! What licences used.

use licentia_protocol::resource::{self, Page};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::licenses::list::missing;
use crate::paging::{Structured, cursor, limit_of, read_cursor};

/// Where a list of usage stands.
#[derive(Serialize, Deserialize)]
struct AtMeter {
    license: Uuid,
    meter: String,
}

impl Structured for AtMeter {}

impl Row for resource::Usage {
    const COLUMNS: &'static [&'static str] = &["license_id", "meter", "amount"];
}

impl Authority {
    /// A page of what was used in all, by licence and meter; of one licence or of all.
    pub async fn list_usage(
        &self,
        license_id: Option<Uuid>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page<resource::Usage>, AuthorityError> {
        let limit = limit_of(limit)?;
        self.read(move |_, tx| {
            Box::pin(async move {
                if let Some(id) = license_id {
                    tx.license(id).await?.ok_or_else(|| missing(id))?;
                }
                let after = after.as_deref().map(read_cursor::<AtMeter>).transpose()?;
                let after = after.as_ref().map(|at| (at.license, at.meter.as_str()));
                let rows = tx.walk_usage(license_id, after, limit).await?;
                let full = rows.len() == limit as usize;
                let items: Vec<_> = rows
                    .into_iter()
                    .map(|(license_id, meter, amount)| resource::Usage {
                        license_id,
                        meter,
                        amount,
                    })
                    .collect();
                let next = items.last().filter(|_| full).map(|last| {
                    cursor(&AtMeter { license: last.license_id, meter: last.meter.clone() })
                });
                Ok(Page { items, next })
            })
        })
        .await
    }
}
