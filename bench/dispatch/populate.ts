import { sql } from 'kysely';
import { sealProof } from '#core';
import { type Database, saveMiner } from '#db';

export const MINER = 1000;
/** Named for the replay sealer, as everything that it works for. */
export const NETWORK = 'beepro-devnet-replay';
/** Small ones: hundreds of hosts share this machine's memory and disk, which each is admitted against. */
export const SEAL_PROOF = sealProof('2KiB', 'interactive').id;

const CHUNK = 1_000;

/**
 * Sectors at rest, spread over the hosts, each with three ended runs: the tables have the size that they have in a
 * fleet that works. Numbers from 1 on; new sectors come after them.
 */
export async function populate(
  database: Database,
  hosts: readonly string[],
  sectors: number,
  settings: readonly (readonly [string, string])[],
): Promise<void> {
  const { kysely } = database;
  await saveMiner(kysely, {
    id: MINER,
    network: NETWORK,
    sector_size: '2KiB',
    owner: 't0100',
    worker: 't0101',
  });
  for (const [name, value] of settings) {
    await kysely.insertInto('setting').values({ name, scope: '*', value }).execute();
  }
  const hex = '11'.repeat(32);
  for (let from = 1; from <= sectors; from += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, sectors - from + 1) }, (_, i) => from + i);
    const hostOf = (number: number) => hosts[number % hosts.length] ?? '';
    await kysely
      .insertInto('sector')
      .values(
        numbers.map((number) => ({
          miner: MINER,
          number,
          state: 'WaitSeed' as const,
          kind: 'cc' as const,
          seal_proof: SEAL_PROOF,
          worker: hostOf(number),
          ...{ ticket: hex, ticket_epoch: 4_100, comm_d: hex, comm_r: hex },
          recoveries: '{}',
        })),
      )
      .execute();
    await kysely
      .insertInto('phase_run')
      .values(
        numbers.flatMap((number) =>
          (['add-piece', 'precommit1', 'precommit2'] as const).map((phase) => ({
            ...{ miner: MINER, number, phase, attempt: 1, claim: 1, status: 'done' as const },
            ...{ queue_worker: phase === 'add-piece' ? null : hostOf(number), worker: hostOf(number) },
            input: '{}',
            runnable_at: sql<Date>`NOW(3) - INTERVAL 1 DAY`,
            finished_at: sql<Date>`NOW(3) - INTERVAL 1 DAY`,
          })),
        ),
      )
      .execute();
  }
}
