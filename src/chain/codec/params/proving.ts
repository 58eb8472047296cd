import { postProofSchema } from '../block.ts';
import { array, bitField, bool, bytes, int, nothing, type SchemaValue, tuple, uint } from '../schema.ts';
import type { ActorMethod } from './method.ts';

/** Field order of the miner actor's types. Source: builtin-actors v18 `actors/miner/src/types.rs`. */

const submitParams = tuple({
  deadline: uint,
  partitions: array(tuple({ index: uint, skipped: bitField })),
  proofs: array(postProofSchema),
  chainCommitEpoch: int,
  chainCommitRand: bytes,
});

const declaration = tuple({ deadline: uint, partition: uint, sectors: bitField });
/** Some sectors of one partition, declared faulty, recovered or terminated. */
export type SectorDeclaration = SchemaValue<typeof declaration>;

const extension = tuple({
  deadline: uint,
  partition: uint,
  /** Sectors without verified claims. */
  sectors: bitField,
  sectorsWithClaims: array(
    tuple({ sectorNumber: uint, maintainClaims: array(uint), dropClaims: array(uint) }),
  ),
  newExpiration: int,
});

const method = <P, R>(definition: Omit<ActorMethod<P, R>, 'actor'>): ActorMethod<P, R> => ({
  actor: 'storageminer',
  ...definition,
});

export type SubmitWindowedPoStParams = SchemaValue<typeof submitParams>;
export type ExpirationExtension2 = SchemaValue<typeof extension>;

export const PROVING_METHODS = {
  SubmitWindowedPoSt: method({
    number: 5,
    name: 'SubmitWindowedPoSt',
    params: submitParams,
    returns: nothing,
  }),
  TerminateSectors: method({
    number: 9,
    name: 'TerminateSectors',
    params: tuple({ terminations: array(declaration) }),
    /** False: early terminations are left; the method is called again without sectors. */
    returns: tuple({ done: bool }),
  }),
  DeclareFaults: method({
    number: 10,
    name: 'DeclareFaults',
    params: tuple({ faults: array(declaration) }),
    returns: nothing,
  }),
  DeclareFaultsRecovered: method({
    number: 11,
    name: 'DeclareFaultsRecovered',
    params: tuple({ recoveries: array(declaration) }),
    returns: nothing,
  }),
  CompactPartitions: method({
    number: 19,
    name: 'CompactPartitions',
    params: tuple({ deadline: uint, partitions: bitField }),
    returns: nothing,
  }),
  CompactSectorNumbers: method({
    number: 20,
    name: 'CompactSectorNumbers',
    params: tuple({ maskSectorNumbers: bitField }),
    returns: nothing,
  }),
  DisputeWindowedPoSt: method({
    number: 24,
    name: 'DisputeWindowedPoSt',
    params: tuple({ deadline: uint, postIndex: uint }),
    returns: nothing,
  }),
  ExtendSectorExpiration2: method({
    number: 32,
    name: 'ExtendSectorExpiration2',
    params: tuple({ extensions: array(extension) }),
    returns: nothing,
  }),
} as const;
