//! `licentia customer …`.

use clap::Subcommand;
use licentia_protocol::licenses::{EditCustomer, NewCustomer};
use licentia_protocol::privacy::{CustomerData, Erase, ErasureReceipt};
use licentia_protocol::resource::Customer;
use reqwest::Method;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::{Office, escaped};
use crate::output::{Output, facts, more};

/// Customers.
#[derive(Subcommand)]
pub enum Command {
    /// Make a customer before the first licence does.
    #[command(
        after_help = "Example:\n  licentia customer create --email ada@example.com --name \"Ada Lovelace\""
    )]
    Create {
        /// E-mail address.
        #[arg(long)]
        email: String,
        /// Personal name.
        #[arg(long)]
        name: Option<String>,
        /// Organisation.
        #[arg(long)]
        organization: Option<String>,
    },
    /// Customers, newest first.
    #[command(after_help = "Example:\n  licentia customer list --search lovelace")]
    List {
        /// Words that begin words of the address, the name or the organisation.
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One customer.
    #[command(after_help = "Example:\n  licentia customer show ada@example.com")]
    Show {
        /// The customer: id or e-mail address.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// All that is kept of a customer, as JSON: for himself.
    #[command(after_help = "Example:\n  licentia customer data ada@example.com > ada.json")]
    Data {
        /// The customer: id or e-mail address.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Forget a customer; what happened stays on record under ids. Prints a signed receipt.
    #[command(
        after_help = "Example:\n  licentia customer erase ada@example.com --end-licenses --json > receipt.json"
    )]
    Erase {
        /// The customer: id or e-mail address.
        #[arg(value_name = "ID")]
        id: String,
        /// Cancel his licences that are still in force.
        #[arg(long)]
        end_licenses: bool,
    },
    /// Change how a customer is named. Licences say what they said until they are issued anew.
    #[command(
        after_help = "Example:\n  licentia customer update ada@example.com --organization \"Analytical Engines\""
    )]
    Update {
        /// The customer: id or e-mail address.
        #[arg(value_name = "ID")]
        id: String,
        /// Another e-mail address.
        #[arg(long)]
        email: Option<String>,
        /// Another personal name; empty: none.
        #[arg(long)]
        name: Option<String>,
        /// Another organisation; empty: none.
        #[arg(long)]
        organization: Option<String>,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let customer: Customer = match command {
        Command::List { search, after, limit } => {
            let parameters = vec![("search", search.clone())];
            let page =
                office.list("/v1/admin/customers", &parameters, after.clone(), *limit).await?;
            more(page.next.as_deref());
            return out.list(
                &page.items,
                ["ID", "EMAIL", "NAME", "ORGANIZATION"],
                |customer: &Customer| {
                    [
                        customer.id.to_string(),
                        customer.email.clone(),
                        customer.name.clone().unwrap_or_default(),
                        customer.organization.clone().unwrap_or_default(),
                    ]
                },
            );
        }
        Command::Create { email, name, organization } => {
            let new = NewCustomer {
                email: email.clone(),
                name: name.clone(),
                organization: organization.clone(),
            };
            office.send(Method::POST, "/v1/admin/customers", &new).await?
        }
        Command::Data { id } => {
            let path = format!("/v1/admin/customers/{}/data", escaped(id));
            let data: CustomerData = office.get(&path, &Vec::new()).await?;
            let text = serde_json::to_string_pretty(&data)
                .map_err(|e| Failure::undone(&e, "report this defect"))?;
            return out.line(&text);
        }
        Command::Erase { id, end_licenses } => {
            let id = show(&office, id).await?.id;
            let path = format!("/v1/admin/customers/{id}/erase");
            let erase = Erase { end_licenses: *end_licenses };
            let receipt: ErasureReceipt = office.send(Method::POST, &path, &erase).await?;
            return out.one(&receipt, |receipt| {
                facts(&[
                    ("customer", receipt.customer_id.to_string()),
                    ("erased", receipt.erased_at.to_string()),
                    ("licences", receipt.licenses.to_string()),
                    ("texts of keys", receipt.keys.to_string()),
                    ("installations", receipt.activations.to_string()),
                    ("payments", receipt.payments.to_string()),
                    ("values of the trail", receipt.audit_values.to_string()),
                    ("receipt", receipt.receipt.clone()),
                ])
            });
        }
        Command::Show { id } => show(&office, id).await?,
        Command::Update { id, email, name, organization } => {
            let or_none = |text: &Option<String>| {
                text.clone().map(|text| Some(text).filter(|text| !text.is_empty()))
            };
            let edit = EditCustomer {
                email: email.clone(),
                name: or_none(name),
                organization: or_none(organization),
            };
            let id = show(&office, id).await?.id;
            office.send(Method::PATCH, &format!("/v1/admin/customers/{id}"), &edit).await?
        }
    };
    out.one(&customer, |customer| {
        facts(&[
            ("id", customer.id.to_string()),
            ("email", customer.email.clone()),
            ("name", customer.name.clone().unwrap_or_default()),
            ("organization", customer.organization.clone().unwrap_or_default()),
            ("created", customer.created_at.to_string()),
        ])
    })
}

async fn show(office: &Office, id: &str) -> Result<Customer, Failure> {
    office.get(&format!("/v1/admin/customers/{}", escaped(id)), &Vec::new()).await
}
