//! The folder of parameter files: atomic writes, its lock, and the record of what was made here.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use fs2::FileExt;
use serde::{Deserialize, Serialize};

use crate::circuits::Kind;

/// The file that records the parameter files generated in its folder.
pub const RECORDS_FILE: &str = "beepro-params.json";
const LOCK_FILE: &str = ".beepro-params.lock";
const TEMPORARY_PREFIX: &str = ".beepro-tmp-";

/// Where a parameter file came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Generated on this machine: worth nothing outside test networks.
    Generated,
    /// Fetched, and verified against the published digest.
    Published,
}

/// What is known of a parameter file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub origin: Origin,
    pub kind: Kind,
    /// Bytes; 0 for the reference string of aggregation, which serves every size.
    pub sector_size: u64,
    /// Bytes of the file.
    pub size: u64,
    /// The first 16 bytes of its BLAKE2b-512 in hexadecimal, as in Filecoin's `parameters.json`.
    pub digest: String,
    /// Seconds since 1970.
    pub created: u64,
    /// Program and version that made it.
    pub tool: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Records {
    version: u32,
    files: BTreeMap<String, Record>,
}

const RECORDS_VERSION: u32 = 1;

/// The records of a folder; none when it has no such file.
pub fn records(dir: &Path) -> Result<BTreeMap<String, Record>> {
    let path = dir.join(RECORDS_FILE);
    match fs::read(&path) {
        Ok(bytes) => {
            let records: Records = serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not a record of parameters", path.display()))?;
            Ok(records.files)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// A folder held for writing: one process at a time.
pub struct Store {
    dir: PathBuf,
    _lock: File,
}

impl Store {
    /// Opens a folder, making it if need be, and waits until no other process holds it.
    /// What an interrupted run left behind is removed.
    pub fn open(dir: &Path, waiting: impl FnOnce()) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let path = dir.join(LOCK_FILE);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot write to {}", dir.display()))?;
        if lock.try_lock_exclusive().is_err() {
            waiting();
            lock.lock_exclusive()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with(TEMPORARY_PREFIX) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Store {
            dir: dir.to_owned(),
            _lock: lock,
        })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn exists(&self, name: &str) -> bool {
        self.dir.join(name).exists()
    }

    /// Bytes that may still be written to the folder's file system.
    pub fn available(&self) -> io::Result<u64> {
        fs2::available_space(&self.dir)
    }

    /// Begins a file that appears under `name` only when it is published.
    pub fn begin(&self, name: &str) -> Result<Pending> {
        let temporary = self.dir.join(format!("{TEMPORARY_PREFIX}{name}"));
        let file = File::create(&temporary)
            .with_context(|| format!("cannot write {}", temporary.display()))?;
        Ok(Pending {
            name: name.to_owned(),
            target: self.dir.join(name),
            temporary,
            file: BufWriter::with_capacity(1 << 20, file),
            digest: blake2b_simd::State::new(),
            size: 0,
        })
    }

    /// Makes finished files appear, in the order given, and records them.
    ///
    /// The records go first: a crash in between leaves records of files that are not there yet,
    /// never a file of unknown origin.
    pub fn publish(
        &self,
        files: Vec<Pending>,
        kind: Kind,
        sector_size: u64,
    ) -> Result<Vec<Record>> {
        let mut all = records(&self.dir)?;
        let created = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut finished = Vec::new();
        for file in files {
            let name = file.name.clone();
            let (temporary, target, size, digest) = file.finish()?;
            let record = Record {
                origin: Origin::Generated,
                kind,
                sector_size,
                size,
                digest,
                created,
                tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            };
            all.insert(name, record.clone());
            finished.push((temporary, target, record));
        }
        self.write_records(all)?;
        let mut out = Vec::new();
        for (temporary, target, record) in finished {
            fs::rename(&temporary, &target)
                .with_context(|| format!("cannot name {}", target.display()))?;
            out.push(record);
        }
        File::open(&self.dir)?.sync_all()?;
        Ok(out)
    }

    /// Removes a file, then the record of it.
    pub fn remove(&self, name: &str) -> Result<()> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            _ => {}
        }
        let mut all = records(&self.dir)?;
        if all.remove(name).is_some() {
            self.write_records(all)?;
        }
        Ok(File::open(&self.dir)?.sync_all()?)
    }

    fn write_records(&self, files: BTreeMap<String, Record>) -> Result<()> {
        let mut file = self.begin(RECORDS_FILE)?;
        let records = Records {
            version: RECORDS_VERSION,
            files,
        };
        serde_json::to_writer_pretty(&mut file, &records)?;
        let (temporary, target, _, _) = file.finish()?;
        Ok(fs::rename(temporary, target)?)
    }
}

/// A file being written; what is written to it is hashed on the way.
pub struct Pending {
    name: String,
    target: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    digest: blake2b_simd::State,
    size: u64,
}

impl Pending {
    fn finish(self) -> Result<(PathBuf, PathBuf, u64, String)> {
        let file = self.file.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        let digest = self.digest.finalize().to_hex()[..32].to_owned();
        Ok((self.temporary, self.target, self.size, digest))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
