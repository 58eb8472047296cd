//! Seals a committed-capacity sector of 2 KiB, which needs no parameters up to commit 1.

use std::fs::File;
use std::path::{Path, PathBuf};

use filecoin_proofs_api::seal::{
    add_piece, seal_commit_phase1, seal_pre_commit_phase1, seal_pre_commit_phase2,
    SealCommitPhase1Output, SealPreCommitPhase2Output,
};
use filecoin_proofs_api::{PieceInfo, RegisteredSealProof, SectorId, UnpaddedBytesAmount};

pub const PROVER: [u8; 32] = [1; 32];
pub const TICKET: [u8; 32] = [2; 32];
pub const SEED: [u8; 32] = [3; 32];
pub const PROOF: RegisteredSealProof = RegisteredSealProof::StackedDrg2KiBV1_1;
const CONTENT: UnpaddedBytesAmount = UnpaddedBytesAmount(2032);

pub struct Sealed {
    pub sector: SectorId,
    pub cache: PathBuf,
    pub replica: PathBuf,
    pub pieces: Vec<PieceInfo>,
    pub output: SealPreCommitPhase2Output,
}

pub fn seal(dir: &Path, number: u64) -> Sealed {
    let sector = SectorId::from(number);
    let dir = dir.join(number.to_string());
    let cache = dir.join("cache");
    std::fs::create_dir_all(&cache).expect("a cache folder");
    let (staged, replica) = (dir.join("unsealed"), dir.join("sealed"));
    let content = vec![number as u8; 2032];
    let target = File::create(&staged).expect("a staged file");
    let (piece, _) = add_piece(PROOF, &content[..], target, CONTENT, &[]).expect("a piece");
    File::create(&replica).expect("a replica");
    let pieces = vec![piece];
    let first = seal_pre_commit_phase1(
        PROOF, &cache, &staged, &replica, PROVER, sector, TICKET, &pieces,
    )
    .expect("pre-commit 1");
    let output = seal_pre_commit_phase2(first, &cache, &replica).expect("pre-commit 2");
    Sealed {
        sector,
        cache,
        replica,
        pieces,
        output,
    }
}

impl Sealed {
    #[allow(dead_code)]
    pub fn commit1(&self) -> SealCommitPhase1Output {
        seal_commit_phase1(
            &self.cache,
            &self.replica,
            PROVER,
            self.sector,
            TICKET,
            SEED,
            self.output.clone(),
            &self.pieces,
        )
        .expect("commit 1")
    }
}
