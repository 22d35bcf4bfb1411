//! Releases: made as a draft, filled with artifacts, published, and perhaps yanked. Their bytes are the business of
//! whoever has an object store; here is what they are and who may have them.
