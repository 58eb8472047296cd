//! A piece's bytes: a part of a file, zero-filled to its padded size.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Outcome, SealError};
use crate::files;
use crate::run::RunContext;
use crate::sector::pieces::{least_padded, padded_to_payload, require_padded_size};
use crate::values::AbsPath;
use crate::watch::while_watching;

/// Which bytes make the piece.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRef {
    pub path: AbsPath,
    #[serde(default)]
    pub offset: u64,
    /// Payload bytes; the rest of the file when absent.
    pub size: Option<u64>,
    pub padded_size: Option<u64>,
}

/// A checked source: sizes are known, nothing has been read.
#[derive(Clone, Debug)]
pub struct Source {
    path: AbsPath,
    offset: u64,
    pub size: u64,
    pub padded_size: u64,
}

impl SourceRef {
    pub fn check(&self) -> Outcome<Source> {
        let path = self.path.as_path();
        let length = files::size_of(path)?;
        files::require_size(path, length)?;
        let rest = length
            .checked_sub(self.offset)
            .ok_or_else(|| SealError::wrong_size(path, self.offset, length))?;
        let size = self.size.unwrap_or(rest);
        if size > rest {
            let expected = self.offset.saturating_add(size);
            return Err(SealError::wrong_size(path, expected, length));
        }
        if size == 0 {
            return Err(SealError::bad_request(format!(
                "{}: a piece has at least one byte",
                path.display()
            )));
        }
        let padded_size = self.padded_size.unwrap_or_else(|| least_padded(size));
        require_padded_size(padded_size)?;
        if padded_to_payload(padded_size) < size {
            return Err(SealError::bad_request(format!(
                "{size} bytes do not fit a padded size of {padded_size}"
            )));
        }
        Ok(Source {
            path: self.path.clone(),
            offset: self.offset,
            size,
            padded_size,
        })
    }
}

impl Source {
    /// Hands the piece's bytes, exactly as many as its padded size asks for, to `consume`, and
    /// reports progress. A file that became shorter meanwhile is `wrong_size`.
    pub fn consume<T>(
        &self,
        context: &RunContext,
        consume: impl FnOnce(Box<dyn Read>) -> Outcome<T>,
    ) -> Outcome<T> {
        let path = self.path.as_path();
        let mut file = File::open(path).map_err(|error| SealError::io(path, &error))?;
        file.seek(SeekFrom::Start(self.offset))
            .map_err(|error| SealError::io(path, &error))?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner: file.take(self.size),
            count: Arc::clone(&count),
        };
        let bytes = counted
            .chain(io::repeat(0))
            .take(padded_to_payload(self.padded_size));
        let result = while_watching(
            Duration::from_secs(1),
            || context.advance("read", count.load(Ordering::Relaxed), self.size),
            || consume(Box::new(bytes)),
        )?;
        let read = count.load(Ordering::Relaxed);
        if read != self.size {
            return Err(SealError::wrong_size(path, self.size, read));
        }
        Ok(result)
    }
}

struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
