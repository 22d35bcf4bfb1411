//! Customers from before there were words to find them by have their address alone in the search. Their words are put in
//! once, a few hundred customers at a time, beside everything else that goes on.

use licentia_storage::Place;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::paging::{cursor, read_cursor};

/// How far it came: a place, or the end.
const DONE_TO: &str = "customer_terms";
const END: &str = "end";
/// Customers of one transaction.
const PART: u32 = 200;

impl Authority {
    /// Puts the words of all customers into the search, where that was not done; how many customers it looked at. Cut
    /// short, it goes on where it ended.
    pub async fn mend_customers(&self) -> Result<u64, AuthorityError> {
        let mut count = 0;
        loop {
            let part = self
                .write(|_, tx| {
                    Box::pin(async move {
                        let done_to = tx.setting(DONE_TO).await?;
                        if done_to.as_deref() == Some(END) {
                            return Ok(0);
                        }
                        let after = match &done_to {
                            Some(place) => read_cursor(place)?,
                            None => Place::start(false),
                        };
                        let customers = tx.walk_customers(false, after, PART).await?;
                        // Under the locks of their addresses, so that nobody renames one meanwhile.
                        let emails: Vec<_> =
                            customers.iter().map(|customer| customer.email.clone()).collect();
                        tx.customers_by_email(&emails).await?;
                        for customer in &customers {
                            if let Some(customer) = tx.customer(customer.id).await? {
                                tx.update_customer(&customer).await?;
                            }
                        }
                        let place = match customers.last() {
                            Some(last) => cursor(&Place { at: last.created_at, id: last.id }),
                            None => END.to_owned(),
                        };
                        tx.put_setting(DONE_TO, &place).await?;
                        Ok(customers.len() as u64)
                    })
                })
                .await?;
            if part == 0 {
                return Ok(count);
            }
            count += part;
        }
    }
}
