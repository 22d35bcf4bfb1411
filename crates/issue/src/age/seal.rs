//! Writing such a file.

use std::io::{self, Write};

use super::{PIECE, Pieces, TAG, WORK_FACTOR, header};
use crate::Secret;

/// Random bytes, new for every file.
pub struct Entropy {
    /// Goes into the passphrase's key.
    pub salt: [u8; 16],
    /// The key of the file.
    pub file_key: Secret<[u8; 16]>,
    /// Goes into the key of what the file holds.
    pub nonce: [u8; 16],
}

/// Seals what is written to it. [`Sealed::finish`] completes the file; without it, it does not open.
pub struct Sealed<W: Write> {
    to: W,
    pieces: Pieces,
    piece: Vec<u8>,
}

impl<W: Write> Sealed<W> {
    /// Writes the header.
    pub fn new(to: W, passphrase: &Secret<Vec<u8>>, entropy: &Entropy) -> io::Result<Self> {
        Self::with_work(to, passphrase, entropy, WORK_FACTOR)
    }

    /// With another amount of work than [`WORK_FACTOR`].
    pub fn with_work(
        mut to: W,
        passphrase: &Secret<Vec<u8>>,
        entropy: &Entropy,
        work: u8,
    ) -> io::Result<Self> {
        let refused = |_| io::Error::other("the file could not be sealed");
        let Entropy { salt, file_key, nonce } = entropy;
        let head = header::write(passphrase, salt, file_key, work).map_err(refused)?;
        to.write_all(head.as_bytes())?;
        to.write_all(nonce)?;
        let pieces = Pieces::of(file_key, nonce).map_err(refused)?;
        Ok(Self { to, pieces, piece: Vec::with_capacity(PIECE + TAG) })
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        self.pieces
            .seal(&mut self.piece, last)
            .map_err(|_| io::Error::other("the file could not be sealed"))?;
        self.to.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }

    /// Writes the last piece and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not before more comes: the last piece is a full one where the length comes out so.
        if self.piece.len() == PIECE && !bytes.is_empty() {
            self.put(false)?;
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
