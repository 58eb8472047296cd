import { createHash } from 'node:crypto';
import type { ActorId, SectorNumber } from '#core';
import type { SectorRow } from '#db';

/** One member with everything that its proof is about; hex as in its row. */
export interface AggregateMember {
  readonly number: SectorNumber;
  readonly commR: string;
  readonly commD: string;
  readonly ticket: string;
  readonly seed: string;
  readonly proof: string;
}

/** What an aggregate is made of. Members in the order of the message. */
export interface AggregateInput {
  readonly miner: ActorId;
  readonly sealProof: number;
  readonly members: readonly AggregateMember[];
}

/** The input of these sectors; undefined when one of them lacks a part, or their seal proofs differ. */
export function aggregateInput(sectors: readonly SectorRow[]): AggregateInput | undefined {
  const [first] = sectors;
  if (!first || sectors.some((sector) => sector.seal_proof !== first.seal_proof)) return undefined;
  const members = sectors.flatMap((sector): AggregateMember[] => {
    const { number, comm_r: commR, comm_d: commD, ticket, seed, proof } = sector;
    if (commR === null || commD === null || ticket === null || seed === null || proof === null) return [];
    return [{ number, commR, commD, ticket, seed, proof }];
  });
  if (members.length !== sectors.length) return undefined;
  return { miner: first.miner, sealProof: first.seal_proof, members };
}

/** Names an aggregate by all that it depends on: another seed, proof or order is another aggregate. */
export function aggregateDigest({ miner, sealProof, members }: AggregateInput): string {
  const hash = createHash('sha256').update(`${miner} ${sealProof}\n`);
  for (const { number, commR, commD, ticket, seed, proof } of members) {
    hash.update(`${number} ${commR} ${commD} ${ticket} ${seed} ${proof}\n`);
  }
  return hash.digest('hex');
}
