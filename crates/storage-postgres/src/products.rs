//! Products.

use crate::params;
use async_trait::async_trait;
use licentia_model::{Meter, Product, ProductSecret};
use licentia_storage::Result;
use licentia_storage::products::Products;
use uuid::Uuid;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO products (id, code, name, key_prefix, scheme, enforcement, heartbeat_s, grace_s,
                              default_plan, profile, sunset, project_seed, created_at, updated_at, warning, trial_once_per, upgrade)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    UPDATE = "
        UPDATE products
        SET name = $2, key_prefix = $3, scheme = $4, enforcement = $5, heartbeat_s = $6, grace_s = $7,
            default_plan = $8, profile = $9, sunset = $10, project_seed = $11, created_at = $12, updated_at = $13,
            warning = $14, trial_once_per = $15, upgrade = $16
        WHERE id = $1";
    BY_ID = "SELECT * FROM products WHERE id = $1";
    BY_CODE = "SELECT * FROM products WHERE code = $1";
    ALL = "SELECT * FROM products ORDER BY code";
    BY_PREFIX = "SELECT * FROM products WHERE key_prefix = $1 ORDER BY code";
    INSERT_SECRET = "
        INSERT INTO product_secrets (id, product_id, sealed, created_at) VALUES ($1, $2, $3, $4)";
    SECRETS = "SELECT * FROM product_secrets WHERE product_id = $1 ORDER BY created_at DESC, id";
    DELETE_SECRET = "DELETE FROM product_secrets WHERE id = $1";
    DELETE_METERS = "DELETE FROM meters WHERE product_id = $1";
    INSERT_METER = "INSERT INTO meters (product_id, name, unit, scale) VALUES ($1, $2, $3, $4)";
    METERS = "SELECT * FROM meters WHERE product_id = $1 ORDER BY name";
}

#[async_trait]
impl Products for PostgresTransaction {
    async fn insert_product(&mut self, product: &Product) -> Result<()> {
        let params = params![
            product.id,
            product.code,
            product.name,
            product.key_prefix,
            product.scheme.as_str(),
            product.enforcement.as_str(),
            product.heartbeat_s,
            product.grace_s,
            product.default_plan,
            product.profile.map(|profile| profile.as_str()),
            json(&product.sunset)?,
            product.project_seed,
            product.created_at,
            product.updated_at,
            json(&product.warning)?,
            json(&product.trial_once_per)?,
            json(&product.upgrade)?,
        ];
        self.write_one("product", INSERT, params).await
    }

    async fn update_product(&mut self, product: &Product) -> Result<()> {
        let params = params![
            product.id,
            product.name,
            product.key_prefix,
            product.scheme.as_str(),
            product.enforcement.as_str(),
            product.heartbeat_s,
            product.grace_s,
            product.default_plan,
            product.profile.map(|profile| profile.as_str()),
            json(&product.sunset)?,
            product.project_seed,
            product.created_at,
            product.updated_at,
            json(&product.warning)?,
            json(&product.trial_once_per)?,
            json(&product.upgrade)?,
        ];
        self.write_one("product", UPDATE, params).await
    }

    async fn product(&mut self, id: Uuid) -> Result<Option<Product>> {
        self.one("products", BY_ID, params![id], product).await
    }

    async fn product_by_code(&mut self, code: &str) -> Result<Option<Product>> {
        self.one("products", BY_CODE, params![code], product).await
    }

    async fn products(&mut self) -> Result<Vec<Product>> {
        self.all("products", ALL, &[], product).await
    }

    async fn replace_meters(&mut self, product_id: Uuid, meters: &[Meter]) -> Result<()> {
        self.write(DELETE_METERS, params![product_id]).await?;
        for meter in meters {
            self.write_one(
                "meter",
                INSERT_METER,
                params![product_id, meter.name, meter.unit, meter.scale],
            )
            .await?;
        }
        Ok(())
    }

    async fn insert_product_secret(&mut self, secret: &ProductSecret) -> Result<()> {
        let params = params![secret.id, secret.product_id, secret.sealed, secret.created_at,];
        self.write_one("product secret", INSERT_SECRET, params).await
    }

    async fn product_secrets(&mut self, product_id: Uuid) -> Result<Vec<ProductSecret>> {
        self.all("product_secrets", SECRETS, params![product_id], product_secret).await
    }

    async fn delete_product_secret(&mut self, id: Uuid) -> Result<()> {
        self.write_one("product secret", DELETE_SECRET, params![id]).await
    }

    async fn products_by_prefix(&mut self, key_prefix: &str) -> Result<Vec<Product>> {
        self.all("products", BY_PREFIX, params![key_prefix], product).await
    }

    async fn meters(&mut self, product_id: Uuid) -> Result<Vec<Meter>> {
        self.all("meters", METERS, params![product_id], meter).await
    }
}

fn product(row: &Columns<'_>) -> Result<Product> {
    Ok(Product {
        id: row.uuid("id")?,
        code: row.plain("code")?,
        name: row.plain("name")?,
        key_prefix: row.plain("key_prefix")?,
        scheme: row.word("scheme")?,
        enforcement: row.word("enforcement")?,
        heartbeat_s: row.number("heartbeat_s")?,
        grace_s: row.number("grace_s")?,
        default_plan: row.plain("default_plan")?,
        profile: row.optional("profile", Columns::word)?,
        sunset: row.json("sunset")?,
        warning: row.json("warning")?,
        trial_once_per: row.json("trial_once_per")?,
        upgrade: row.json("upgrade")?,
        project_seed: row.plain("project_seed")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
    })
}

fn product_secret(row: &Columns<'_>) -> Result<ProductSecret> {
    Ok(ProductSecret {
        id: row.uuid("id")?,
        product_id: row.uuid("product_id")?,
        sealed: row.plain("sealed")?,
        created_at: row.plain("created_at")?,
    })
}

fn meter(row: &Columns<'_>) -> Result<Meter> {
    Ok(Meter { name: row.plain("name")?, unit: row.plain("unit")?, scale: row.number("scale")? })
}
