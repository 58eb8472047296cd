//! The circuits that parameters exist for, and the names of their files.

use anyhow::{bail, Result};
use bellperson::Circuit;
use blstrs::Scalar;
use filecoin_proofs::parameters::{
    public_params, window_post_public_params, winning_post_public_params,
};
use filecoin_proofs::{
    DefaultPieceHasher, PoRepConfig, PoStConfig, PoStType, SectorShapeBase, SectorShapeSub8,
    SectorShapeTop2, SectorSize, SECTOR_SIZE_2_KIB, SECTOR_SIZE_32_GIB, SECTOR_SIZE_512_MIB,
    SECTOR_SIZE_64_GIB, SECTOR_SIZE_8_MIB, WINDOW_POST_CHALLENGE_COUNT, WINDOW_POST_SECTOR_COUNT,
    WINNING_POST_CHALLENGE_COUNT, WINNING_POST_SECTOR_COUNT,
};
use serde::{Deserialize, Serialize};
use storage_proofs_core::api_version::ApiVersion;
use storage_proofs_core::compound_proof::CompoundProof;
use storage_proofs_core::merkle::MerkleTreeTrait;
use storage_proofs_core::parameter_cache::{
    metadata_id, parameter_id, verifying_key_id, CacheEntryMetadata, CacheableParameters,
    ParameterSetMetadata, SRS_KEY_EXT, SRS_SHARED_KEY_NAME, VERSION,
};
use storage_proofs_core::proof::ProofScheme;
use storage_proofs_porep::stacked::{StackedCompound, StackedDrg};
use storage_proofs_post::fallback::{FallbackPoSt, FallbackPoStCompound};
use storage_proofs_update::constants::TreeRHasher;
use storage_proofs_update::{EmptySectorUpdate, EmptySectorUpdateCompound, PublicParams};

/// What a parameter set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Commit 2; interactive, synthetic and non-interactive sealing share one set.
    Porep,
    WinningPost,
    WindowPost,
    /// Replica update (snap deals).
    EmptySectorUpdate,
    /// The reference string of proof aggregation; one file for every sector size.
    Srs,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Porep,
        Kind::WinningPost,
        Kind::WindowPost,
        Kind::EmptySectorUpdate,
        Kind::Srs,
    ];

    /// The name in commands and files, as serde writes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Porep => "porep",
            Kind::WinningPost => "winning-post",
            Kind::WindowPost => "window-post",
            Kind::EmptySectorUpdate => "empty-sector-update",
            Kind::Srs => "srs",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                let names = Kind::ALL.map(Kind::name).join(", ");
                format!("no parameters are called {name:?}; there are {names}")
            })
    }
}

/// Sector sizes (bytes) that Filecoin has published parameters for.
pub const SECTOR_SIZES: [u64; 5] = [
    SECTOR_SIZE_2_KIB,
    SECTOR_SIZE_8_MIB,
    SECTOR_SIZE_512_MIB,
    SECTOR_SIZE_32_GIB,
    SECTOR_SIZE_64_GIB,
];

/// Sector sizes (bytes) that parameters are generated for: those of test networks. For the
/// others a locally generated set would be accepted nowhere.
pub const GENERATED_SECTOR_SIZES: [u64; 2] = [SECTOR_SIZE_2_KIB, SECTOR_SIZE_8_MIB];

/// The names of a parameter set's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileNames {
    /// The parameters or, for [`Kind::Srs`], the reference string.
    pub params: String,
    /// The verifying key; absent for [`Kind::Srs`].
    pub vk: Option<String>,
    /// The metadata; absent for [`Kind::Srs`].
    pub meta: Option<String>,
}

impl FileNames {
    pub fn iter(&self) -> impl Iterator<Item = &String> {
        [Some(&self.params), self.vk.as_ref(), self.meta.as_ref()]
            .into_iter()
            .flatten()
    }

    fn of_circuit(id: &str) -> Self {
        FileNames {
            params: parameter_id(id),
            vk: Some(verifying_key_id(id)),
            meta: Some(metadata_id(id)),
        }
    }

    pub(crate) fn of_srs() -> Self {
        FileNames {
            params: format!("v{VERSION}-{SRS_SHARED_KEY_NAME}.{SRS_KEY_EXT}"),
            vk: None,
            meta: None,
        }
    }
}

/// Receives the circuit of a parameter set, whatever its type.
pub(crate) trait Visitor {
    type Output;
    fn visit<C: Circuit<Scalar>>(
        self,
        names: FileNames,
        meta: CacheEntryMetadata,
        blank: impl Fn() -> C,
    ) -> Result<Self::Output>;
}

/// Names the files without touching the circuit.
pub(crate) struct Names;

impl Visitor for Names {
    type Output = FileNames;
    fn visit<C: Circuit<Scalar>>(
        self,
        names: FileNames,
        _: CacheEntryMetadata,
        _: impl Fn() -> C,
    ) -> Result<FileNames> {
        Ok(names)
    }
}

/// Calls `visitor` with the circuit of a kind other than [`Kind::Srs`] at one of
/// [`GENERATED_SECTOR_SIZES`], which have their Merkle trees' shape in common.
pub(crate) fn visit_small<V: Visitor>(kind: Kind, size: u64, visitor: V) -> Result<V::Output> {
    visit::<SectorShapeBase, V>(kind, size, visitor)
}

/// Names the files of a kind other than [`Kind::Srs`].
pub(crate) fn names_of_circuit(kind: Kind, size: u64) -> Result<FileNames> {
    match size {
        SECTOR_SIZE_2_KIB | SECTOR_SIZE_8_MIB | SECTOR_SIZE_512_MIB => {
            visit::<SectorShapeBase, _>(kind, size, Names)
        }
        SECTOR_SIZE_32_GIB => visit::<SectorShapeSub8, _>(kind, size, Names),
        SECTOR_SIZE_64_GIB => visit::<SectorShapeTop2, _>(kind, size, Names),
        _ => bail!("there are no sectors of {size} bytes"),
    }
}

fn visit<Tree, V: Visitor>(kind: Kind, size: u64, visitor: V) -> Result<V::Output>
where
    Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>,
{
    match kind {
        Kind::Porep => {
            let config = PoRepConfig::new_groth16(size, [0; 32], ApiVersion::V1_1_0);
            let params = public_params::<Tree>(&config)?;
            compound::<StackedCompound<Tree, DefaultPieceHasher>, StackedDrg<'_, Tree, _>, _, V>(
                &params, visitor,
            )
        }
        Kind::WinningPost => {
            let config = post_config(
                PoStType::Winning,
                size,
                WINNING_POST_CHALLENGE_COUNT,
                WINNING_POST_SECTOR_COUNT,
            );
            let params = winning_post_public_params::<Tree>(&config)?;
            compound::<FallbackPoStCompound<Tree>, FallbackPoSt<'_, Tree>, _, V>(&params, visitor)
        }
        Kind::WindowPost => {
            let sectors = WINDOW_POST_SECTOR_COUNT
                .read()
                .ok()
                .and_then(|counts| counts.get(&size).copied());
            let Some(sectors) = sectors else {
                bail!("window PoSt has no partition size for sectors of {size} bytes");
            };
            let config = post_config(PoStType::Window, size, WINDOW_POST_CHALLENGE_COUNT, sectors);
            let params = window_post_public_params::<Tree>(&config)?;
            compound::<FallbackPoStCompound<Tree>, FallbackPoSt<'_, Tree>, _, V>(&params, visitor)
        }
        Kind::EmptySectorUpdate => {
            let params = PublicParams::from_sector_size(size);
            compound::<EmptySectorUpdateCompound<Tree>, EmptySectorUpdate<Tree>, _, V>(
                &params, visitor,
            )
        }
        Kind::Srs => bail!("the reference string of aggregation has no circuit"),
    }
}

fn post_config(typ: PoStType, size: u64, challenges: usize, sectors: usize) -> PoStConfig {
    PoStConfig {
        typ,
        sector_size: SectorSize(size),
        challenge_count: challenges,
        sector_count: sectors,
        priority: false,
        api_version: ApiVersion::V1_2_0,
    }
}

fn compound<'a, Compound, Scheme, C, V>(
    params: &Scheme::PublicParams,
    visitor: V,
) -> Result<V::Output>
where
    Scheme: ProofScheme<'a>,
    C: Circuit<Scalar> + storage_proofs_core::compound_proof::CircuitComponent + Send,
    Compound: CompoundProof<'a, Scheme, C> + CacheableParameters<C, Scheme::PublicParams>,
    Scheme::PublicParams: ParameterSetMetadata + Sync + Send,
    Scheme::PublicInputs: Clone + Sync,
    Scheme::Proof: Sync + Send,
    V: Visitor,
{
    let names = FileNames::of_circuit(&Compound::cache_identifier(params));
    visitor.visit(names, Compound::cache_meta(params), || {
        Compound::blank_circuit(params)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage_proofs_core::parameter_cache::{
        get_parameter_data_from_id, get_srs_parameter_data_from_id,
    };

    #[test]
    fn every_name_is_in_filecoins_list_of_published_files() {
        for size in SECTOR_SIZES {
            for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Srs) {
                let names = names_of_circuit(kind, size).expect("names");
                let vk = names.vk.as_ref().expect("a verifying key");
                for name in [&names.params, vk] {
                    let data = get_parameter_data_from_id(name);
                    let data = data.unwrap_or_else(|| panic!("{name} is not published"));
                    assert_eq!(data.sector_size, size, "{kind:?}");
                }
            }
        }
        let srs = FileNames::of_srs().params;
        assert!(get_srs_parameter_data_from_id(&srs).is_some());
    }
}
