/** An embedded Filecoin chain that speaks Lotus' API: for tests, the demo and development. */
export { DEFAULT_ECONOMY, type NetworkEconomy } from './actors/economy.ts';
export { commDOfPieces, zeroCommitment } from './actors/miner/comm-d.ts';
export type { DevnetControl } from './control/devnet-control.ts';
export { type Devnet, type DevnetEndpoint, startDevnet } from './devnet.ts';
export { type Faults, type Lies, NO_FAULTS } from './faults/faults.ts';
export {
  defaultGenesis,
  type GenesisAccount,
  type GenesisMiner,
  type GenesisSpec,
  type PreSealedSector,
} from './genesis/genesis-spec.ts';
export { type PreSealedFiles, type PreSealRequest, preSealSectors } from './genesis/pre-seal.ts';
export type { NodeStanding } from './node/devnet-node.ts';
export type { ChainIdentity, DevnetOptions } from './options.ts';
export { DEFAULT_POLICY, type NetworkPolicy } from './policy.ts';
export type { WindowPoStInput } from './proofs/post-verifier.ts';
export type { AggregateProofInput, SealProofInput, SealVerifier } from './proofs/seal-verifier.ts';
export type { Permission } from './rpc/auth.ts';
export { type ProvingPolicy, shortProving } from './short-proving.ts';
