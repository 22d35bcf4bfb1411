//! The status list: the state of a million keys in two bits each, compressed (draft-ietf-oauth-status-list).
//!
//! A licence says its place in one (`status.status_list.idx`). It is exact, unlike a filter: nobody who paid is taken
//! for revoked. The inflated size is capped before anything is inflated.

use base64ct::{Base64UrlUnpadded, Encoding};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;
use crate::verify::Verified;
use crate::{Invalid, MAX_FILE_BYTES};

/// Entries of one list.
pub const ENTRIES: u32 = 1 << 20;
/// Bits of an entry in the lists made here.
pub const BITS: u8 = 2;
/// The best compression; a list is made once an hour and read by many.
const LEVEL: u8 = 10;

/// Claims of a `statuslist+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusList {
    /// The authority.
    pub iss: String,
    /// Where the list is, as licences name it.
    pub sub: String,
    /// When it was signed.
    pub iat: i64,
    /// From when on it is no news.
    pub exp: i64,
    /// One counter with the revocation list.
    pub seq: u64,
    /// The list itself.
    pub status_list: Packed,
}

/// A list as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Bits of an entry: 1, 2, 4 or 8.
    pub bits: u8,
    /// The entries from the lowest bit of the first byte on, compressed with zlib, base64url.
    pub lst: String,
}

impl Document for StatusList {
    const TYP: &'static str = "statuslist+jwt";
    const PURPOSE: Purpose = Purpose::Revocation;
    /// A list that does not compress at all is larger than any that is made here.
    const MAX_BYTES: usize = 2 * MAX_FILE_BYTES;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// In force.
    Valid = 0,
    /// Revoked.
    Revoked = 1,
    /// Suspended.
    Suspended = 2,
}

/// A list that can be looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    bits: u8,
    bytes: Vec<u8>,
}

impl Statuses {
    /// One in which all is valid.
    #[must_use]
    pub fn valid() -> Self {
        Self { bits: BITS, bytes: vec![0; ENTRIES as usize * usize::from(BITS) / 8] }
    }

    /// Inflates the list of a signed document.
    pub fn of(list: &Verified<StatusList>) -> Result<Self, Invalid> {
        Self::unpack(&list.status_list)
    }

    /// Inflates a list.
    pub fn unpack(packed: &Packed) -> Result<Self, Invalid> {
        let bits = packed.bits;
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(Invalid::Malformed("its entries have a width that is not known"));
        }
        let most = ENTRIES as usize * usize::from(bits) / 8;
        let deflated = Base64UrlUnpadded::decode_vec(&packed.lst)
            .map_err(|_| Invalid::Malformed("its entries are not base64url"))?;
        let bytes = decompress_to_vec_zlib_with_limit(&deflated, most)
            .map_err(|_| Invalid::Malformed("its entries cannot be inflated, or are too many"))?;
        Ok(Self { bits, bytes })
    }

    /// Compresses it.
    #[must_use]
    pub fn pack(&self) -> Packed {
        let deflated = compress_to_vec_zlib(&self.bytes, LEVEL);
        Packed { bits: self.bits, lst: Base64UrlUnpadded::encode_string(&deflated) }
    }

    /// The number at a place; `None` where the list is shorter.
    #[must_use]
    pub fn value(&self, idx: u32) -> Option<u8> {
        let (byte, shift, mask) = self.place(idx);
        Some(self.bytes.get(byte)? >> shift & mask)
    }

    /// The state at a place. A place that the list does not have, and a number that is not known here, are no reason to
    /// refuse anybody.
    #[must_use]
    pub fn status(&self, idx: u32) -> Status {
        match self.value(idx) {
            Some(1) => Status::Revoked,
            Some(2) => Status::Suspended,
            _ => Status::Valid,
        }
    }

    /// Sets a place of a list of [`BITS`].
    pub fn set(&mut self, idx: u32, status: Status) {
        let (byte, shift, mask) = self.place(idx);
        if let Some(byte) = self.bytes.get_mut(byte) {
            *byte = *byte & !(mask << shift) | (status as u8) << shift;
        }
    }

    fn place(&self, idx: u32) -> (usize, u32, u8) {
        let bits = u32::from(self.bits);
        let bit = u64::from(idx) * u64::from(bits);
        let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let shift = u32::try_from(bit % 8).unwrap_or(0);
        (byte, shift, u8::MAX >> (8 - bits))
    }
}
