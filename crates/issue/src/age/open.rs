//! Reading such a file.

use std::io::{self, BufRead, Read};

use super::{OpenError, PIECE, Pieces, TAG, header};
use crate::Secret;

/// The plain bytes of a file.
pub struct Opened<R: BufRead> {
    from: R,
    pieces: Pieces,
    piece: Vec<u8>,
    read: usize,
    ended: bool,
}

impl<R: BufRead> Opened<R> {
    /// Reads the header.
    pub fn new(mut from: R, passphrase: &Secret<Vec<u8>>) -> Result<Self, OpenError> {
        let file_key = header::read(&mut from, passphrase)?;
        let mut nonce = [0; 16];
        from.read_exact(&mut nonce).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => OpenError::Format,
            _ => error.into(),
        })?;
        let pieces = Pieces::of(&file_key, &nonce).map_err(|_| OpenError::Passphrase)?;
        Ok(Self { from, pieces, piece: Vec::new(), read: 0, ended: false })
    }

    fn next(&mut self) -> io::Result<()> {
        self.piece.clear();
        self.read = 0;
        let most = (PIECE + TAG) as u64;
        (&mut self.from).take(most).read_to_end(&mut self.piece)?;
        self.ended = self.from.fill_buf()?.is_empty();
        let opened = self.pieces.open(&mut self.piece, self.ended);
        opened.map_err(|_| {
            self.piece.clear();
            self.ended = true;
            io::Error::new(io::ErrorKind::InvalidData, "the file was changed or cut short")
        })
    }
}

impl<R: BufRead> Read for Opened<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read == self.piece.len() && !self.ended {
            self.next()?;
        }
        let taken = into.len().min(self.piece.len() - self.read);
        into[..taken].copy_from_slice(&self.piece[self.read..self.read + taken]);
        self.read += taken;
        Ok(taken)
    }
}
