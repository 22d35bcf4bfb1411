-- Releases that came out in the same second have an order, too, and a list of them is in it without being sorted.

DROP INDEX releases_published;
CREATE INDEX releases_published ON releases (product_id, state, published_at, id);
