import {
  type BatchReturn,
  type BitField,
  type ExpirationExtension2,
  MINER_METHODS,
  POWER_METHODS,
  type ProveCommitSectors3Params,
  type SectorDeclaration,
  type SectorPreCommitInfo,
  type SubmitWindowedPoStParams,
  toBase64,
} from '#codec';
import type { CreateMinerParams } from '../../actors/power/create-miner.ts';
import { LotusError } from '../../lotus-error.ts';

/** Go's JSON of empty lists and byte strings in structures that came from CBOR. */
const bytes = (value: Uint8Array): string | null => (value.length === 0 ? null : toBase64(value));
const list = <T>(values: readonly T[]): readonly T[] | null => (values.length === 0 ? null : values);
const link = (cid: string): { '/': string } => ({ '/': cid });

function preCommit(sector: SectorPreCommitInfo): unknown {
  return {
    SealProof: sector.sealProof,
    SectorNumber: sector.sectorNumber,
    SealedCID: link(sector.sealedCid),
    SealRandEpoch: sector.sealRandEpoch,
    DealIDs: list(sector.dealIds),
    Expiration: sector.expiration,
    UnsealedCid: sector.unsealedCid === null ? null : link(sector.unsealedCid),
  };
}

function proveCommit(params: ProveCommitSectors3Params): unknown {
  const pieces = (all: ProveCommitSectors3Params['sectorActivations'][number]['pieces']) =>
    list(
      all.map((piece) => ({
        CID: link(piece.cid),
        Size: piece.size,
        VerifiedAllocationKey:
          piece.verifiedAllocationKey === null
            ? null
            : { Client: piece.verifiedAllocationKey.client, ID: piece.verifiedAllocationKey.id },
        Notify: list(
          piece.notify.map(({ address, payload }) => ({ Address: address, Payload: bytes(payload) })),
        ),
      })),
    );
  return {
    SectorActivations: list(
      params.sectorActivations.map((activation) => ({
        SectorNumber: activation.sectorNumber,
        Pieces: pieces(activation.pieces),
      })),
    ),
    SectorProofs: list(params.sectorProofs.map(bytes)),
    AggregateProof: bytes(params.aggregateProof),
    AggregateProofType: params.aggregateProofType,
    RequireActivationSuccess: params.requireActivationSuccess,
    RequireNotificationSuccess: params.requireNotificationSuccess,
  };
}

function windowPoSt(params: SubmitWindowedPoStParams): unknown {
  return {
    Deadline: params.deadline,
    Partitions: list(
      params.partitions.map(({ index, skipped }) => ({ Index: index, Skipped: skipped.toJson() })),
    ),
    Proofs: list(
      params.proofs.map(({ postProof, proofBytes }) => ({
        PoStProof: postProof,
        ProofBytes: bytes(proofBytes),
      })),
    ),
    ChainCommitEpoch: params.chainCommitEpoch,
    ChainCommitRand: bytes(params.chainCommitRand),
  };
}

function declarations(all: readonly SectorDeclaration[]): unknown {
  return list(
    all.map(({ deadline, partition, sectors }) => ({
      Deadline: deadline,
      Partition: partition,
      Sectors: sectors.toJson(),
    })),
  );
}

function extension(one: ExpirationExtension2): unknown {
  return {
    Deadline: one.deadline,
    Partition: one.partition,
    Sectors: one.sectors.toJson(),
    SectorsWithClaims: list(
      one.sectorsWithClaims.map(({ sectorNumber, maintainClaims, dropClaims }) => ({
        SectorNumber: sectorNumber,
        MaintainClaims: list(maintainClaims),
        DropClaims: list(dropClaims),
      })),
    ),
    NewExpiration: one.newExpiration,
  };
}

/** Decoded parameters as Lotus' `StateDecodeParams` prints them. @throws LotusError for methods it does not know */
export function paramsAsGoJson(name: string, params: unknown): unknown {
  switch (name) {
    case MINER_METHODS.PreCommitSectorBatch2.name:
      return { Sectors: list((params as { sectors: SectorPreCommitInfo[] }).sectors.map(preCommit)) };
    case MINER_METHODS.ProveCommitSectors3.name:
      return proveCommit(params as ProveCommitSectors3Params);
    case MINER_METHODS.WithdrawBalance.name:
      return { AmountRequested: (params as { amountRequested: bigint }).amountRequested.toString() };
    case MINER_METHODS.SubmitWindowedPoSt.name:
      return windowPoSt(params as SubmitWindowedPoStParams);
    case MINER_METHODS.DisputeWindowedPoSt.name: {
      const { deadline, postIndex } = params as { deadline: number; postIndex: number };
      return { Deadline: deadline, PoStIndex: postIndex };
    }
    case MINER_METHODS.DeclareFaults.name:
      return { Faults: declarations((params as { faults: SectorDeclaration[] }).faults) };
    case MINER_METHODS.DeclareFaultsRecovered.name:
      return { Recoveries: declarations((params as { recoveries: SectorDeclaration[] }).recoveries) };
    case MINER_METHODS.TerminateSectors.name:
      return { Terminations: declarations((params as { terminations: SectorDeclaration[] }).terminations) };
    case MINER_METHODS.ExtendSectorExpiration2.name:
      return {
        Extensions: list((params as { extensions: ExpirationExtension2[] }).extensions.map(extension)),
      };
    case MINER_METHODS.CompactPartitions.name: {
      const { deadline, partitions } = params as { deadline: number; partitions: BitField };
      return { Deadline: deadline, Partitions: partitions.toJson() };
    }
    case POWER_METHODS.CreateMiner.name: {
      const { owner, worker, windowPoStProofType, peer, multiaddrs } = params as CreateMinerParams;
      return {
        Owner: owner,
        Worker: worker,
        WindowPoStProofType: windowPoStProofType,
        Peer: bytes(peer),
        Multiaddrs: list(multiaddrs.map(bytes)),
      };
    }
    default:
      throw new LotusError(`getting params type: method ${name} is not decoded here`);
  }
}

/** Decoded return values as `StateWaitMsg` prints them; null for what is not decoded. */
export function returnAsGoJson(name: string, value: unknown): unknown {
  switch (name) {
    case MINER_METHODS.ProveCommitSectors3.name: {
      const { successCount, failCodes } = value as BatchReturn;
      return {
        SuccessCount: successCount,
        FailCodes: list(failCodes.map(({ index, code }) => ({ Idx: index, Code: code }))),
      };
    }
    case POWER_METHODS.CreateMiner.name: {
      const { idAddress, robustAddress } = value as { idAddress: string; robustAddress: string };
      return { IDAddress: idAddress, RobustAddress: robustAddress };
    }
    case MINER_METHODS.WithdrawBalance.name:
      return (value as bigint).toString();
    case MINER_METHODS.TerminateSectors.name:
      return { Done: (value as { done: boolean }).done };
    default:
      return null;
  }
}
