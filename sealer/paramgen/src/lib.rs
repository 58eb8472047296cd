//! Groth16 parameters for Filecoin's small circuits, generated on the spot.
//!
//! Filecoin's published parameters come from a ceremony in which nobody could keep the secrets.
//! Parameters from here were made by one process that knew them for a moment: they are good for
//! test networks of one's own and for nothing else. Every file made is recorded in the folder's
//! [`RECORDS_FILE`] as generated, so that nobody can mistake it for a published one.

mod circuits;
pub mod cli;
mod curve;
mod failure;
mod fixed_base;
mod groth16;
mod progress;
mod qap;
mod secret;
mod store;

use std::io::Write;
use std::path::Path;

use anyhow::{bail, Context, Result};
use bellperson::groth16::aggregate::setup_fake_srs;
use bellperson::Circuit;
use blstrs::{Bls12, Scalar};
use rand::rngs::OsRng;
use serde::Serialize;
use storage_proofs_core::parameter_cache::CacheEntryMetadata;

pub use circuits::{FileNames, Kind, GENERATED_SECTOR_SIZES, SECTOR_SIZES};
pub use failure::{code_of, Failure};
pub use progress::{Listener, Progress};
pub use store::{records, Origin, Record, RECORDS_FILE};

use circuits::Visitor;
use progress::Meter;
use store::Store;

/// Proofs that one aggregate can hold: the network's maximum of 819 (FIP-0013), padded to a
/// power of two.
const SRS_PROOFS: usize = 1024;

/// Room to leave on the file system beyond the file itself, bytes.
const SPARE_SPACE: u64 = 64 << 20;

/// What came of a generation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    Generated {
        files: Vec<NamedRecord>,
    },
    /// All files were there already, whatever their origin; nothing was touched.
    Present {
        files: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedRecord {
    pub name: String,
    #[serde(flatten)]
    pub record: Record,
}

/// A parameter set as it lies in a folder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    pub kind: Kind,
    /// Bytes; 0 for the reference string of aggregation.
    pub sector_size: u64,
    pub files: Vec<ListedFile>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedFile {
    pub name: String,
    /// Bytes; absent when the file is.
    pub size: Option<u64>,
    /// What was recorded when it was generated; its digest has not been compared.
    pub record: Option<Record>,
}

/// The names of a parameter set's files. `sector_size` is in bytes and ignored for the SRS.
pub fn file_names(kind: Kind, sector_size: u64) -> Result<FileNames> {
    match kind {
        Kind::Srs => Ok(FileNames::of_srs()),
        _ => circuits::names_of_circuit(kind, sector_size),
    }
}

/// Every parameter set of every sector size, with what a folder holds of it.
pub fn list(dir: &Path) -> Result<Vec<Listed>> {
    let records = records(dir)?;
    let sets = SECTOR_SIZES
        .into_iter()
        .flat_map(|size| Kind::ALL.map(|kind| (kind, size)))
        .filter(|(kind, _)| *kind != Kind::Srs)
        .chain([(Kind::Srs, 0)]);
    sets.map(|(kind, sector_size)| {
        let files = file_names(kind, sector_size)?
            .iter()
            .map(|name| ListedFile {
                name: name.clone(),
                size: std::fs::metadata(dir.join(name)).ok().map(|m| m.len()),
                record: records.get(name).cloned(),
            })
            .collect();
        Ok(Listed {
            kind,
            sector_size,
            files,
        })
    })
    .collect()
}

/// Generates the parameter set of a kind and sector size (bytes) in a folder.
///
/// A complete set is left alone. An incomplete one is made anew, unless one of its files was not
/// generated here: that one is not overwritten, and an error says so. One process at a time
/// generates in a folder; others wait. `threads` is the number of threads that compute.
pub fn generate(
    kind: Kind,
    sector_size: u64,
    dir: &Path,
    threads: usize,
    progress: Listener<'_>,
) -> Result<Outcome> {
    let meter = Meter::new(progress);
    if kind != Kind::Srs && !GENERATED_SECTOR_SIZES.contains(&sector_size) {
        bail!(Failure::UnsupportedSize(sector_size));
    }
    let names = file_names(kind, sector_size)?;
    let store = Store::open(dir, || meter.phase("wait"))?;
    if names.iter().all(|name| store.exists(name)) {
        let files = names.iter().cloned().collect();
        return Ok(Outcome::Present { files });
    }
    let records = records(dir)?;
    let foreign = [Some(&names.params), names.vk.as_ref()]
        .into_iter()
        .flatten()
        .find(|name| store.exists(name) && !records.contains_key(*name));
    if let Some(name) = foreign {
        bail!(Failure::ForeignFile(dir.join(name)));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .build()
        .context("cannot start threads")?;
    let files = pool.install(|| match kind {
        Kind::Srs => generate_srs(&store, &names, &meter),
        _ => circuits::visit_small(
            kind,
            sector_size,
            Generate {
                store: &store,
                meter: &meter,
            },
        ),
    })?;
    meter.phase("sync");
    let sector_size = if kind == Kind::Srs { 0 } else { sector_size };
    let records = store.publish(files, kind, sector_size)?;
    let files = names
        .iter()
        .cloned()
        .zip(records)
        .map(|(name, record)| NamedRecord { name, record })
        .collect();
    Ok(Outcome::Generated { files })
}

/// Removes a parameter file, of which nothing is left to do if it is not there, and its record.
pub fn remove(dir: &Path, name: &str) -> Result<()> {
    let known = list(dir)?
        .iter()
        .any(|set| set.files.iter().any(|file| file.name == name));
    if !known {
        bail!(Failure::UnknownFile(name.to_owned()));
    }
    Store::open(dir, || ())?.remove(name)
}

fn generate_srs(
    store: &Store,
    names: &FileNames,
    meter: &Meter<'_>,
) -> Result<Vec<store::Pending>> {
    meter.phase("srs");
    let srs = setup_fake_srs::<Bls12, _>(&mut OsRng, SRS_PROOFS);
    let mut file = store.begin(&names.params)?;
    srs.write(&mut file)?;
    Ok(vec![file])
}

struct Generate<'a> {
    store: &'a Store,
    meter: &'a Meter<'a>,
}

impl Visitor for Generate<'_> {
    type Output = Vec<store::Pending>;

    fn visit<C: Circuit<Scalar>>(
        self,
        names: FileNames,
        meta: CacheEntryMetadata,
        blank: impl Fn() -> C,
    ) -> Result<Self::Output> {
        let mut params = self.store.begin(&names.params)?;
        let key = groth16::generate(blank, &mut params, self.meter, |size| {
            let available = self.store.available()?;
            if available < size + SPARE_SPACE {
                bail!(Failure::NoSpace {
                    dir: self.store.dir().to_owned(),
                    needed: size + SPARE_SPACE,
                    available,
                });
            }
            Ok(())
        })?;
        let mut files = vec![params];
        if let Some(name) = &names.vk {
            let mut file = self.store.begin(name)?;
            file.write_all(&key)?;
            files.push(file);
        }
        if let Some(name) = &names.meta {
            let mut file = self.store.begin(name)?;
            serde_json::to_writer(&mut file, &meta)?;
            files.push(file);
        }
        Ok(files)
    }
}
