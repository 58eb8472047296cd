import {
  encodeParams,
  encodeSignedMessage,
  idAddress,
  type Message,
  MINER_METHODS,
  type SignedMessage,
  sealedCid,
  signedMessageCid,
  signingBytes,
  signWithKey,
  toBase64,
  toHex,
} from '#codec';
import type { CidString, Epoch, SectorNumber } from '#core';
import { type Database, insertMessage, insertMessageVersion, saveMiner } from '#db';
import * as world from './world.ts';

const HOLDS = 'Removed';
const CHUNK = 250;
/** A SNARK of a 32 GiB sector: 1,920 bytes. */
const PROOF = 'ab'.repeat(1_920);
/** Pushed: it lands with the next block. */
const PENDING: Epoch = Number.POSITIVE_INFINITY;
const SEALED_COMM_D = '11'.repeat(32);

interface Row {
  readonly miner: number;
  readonly number: SectorNumber;
  readonly place: world.Place;
  precommitMessage: number | null;
  commitMessage: number | null;
}

export interface Populated {
  readonly sectors: number;
  readonly messages: number;
  readonly nextNonce: number;
  /** By CID, with the tipset that executed each: what the nodes are told. */
  readonly landed: readonly (readonly [CidString, Epoch])[];
}

/** Fills the tables from the made-up world. What is due is held back until {@link release}. */
export async function populate(
  database: Database,
  settings: readonly (readonly [string, string, string])[],
): Promise<Populated> {
  const { kysely } = database;
  for (const id of world.MINERS) {
    await saveMiner(kysely, {
      id,
      network: 'bench',
      sector_size: '32GiB',
      owner: 't0101',
      worker: world.SENDER,
    });
    for (const activity of ['precommit', 'commit'])
      await kysely.insertInto('miner_activity').values({ miner: id, activity }).ignore().execute();
  }
  for (const [name, scope, value] of settings)
    await kysely.insertInto('setting').values({ name, scope, value }).execute();
  const rows = allRows();
  await insertSectors(database, rows);
  const messages = await insertMessages(database, rows);
  await linkMessages(database, rows);
  // Its head before this one: the chain has been followed up to here.
  await kysely
    .insertInto('seen_tipset')
    .values({ height: world.HEAD - 1, tipset: world.tipsetAt(world.HEAD - 1) })
    .execute();
  return { sectors: rows.length, ...messages };
}

function allRows(): Row[] {
  return world.MINERS.flatMap((miner) => {
    const count = world.countsOf(miner).reduce((sum, [, members]) => sum + members, 0);
    return Array.from({ length: count }, (_, number) => {
      const place = world.placeOf(miner, number);
      if (!place) throw new Error(`sector ${number} has no place`);
      return { miner, number, place, precommitMessage: null, commitMessage: null };
    });
  });
}

const isDue = ({ miner, place }: Pick<Row, 'miner' | 'place'>) => miner === world.BUSY && place.group === 0;

async function insertSectors(database: Database, rows: readonly Row[]): Promise<void> {
  for (let from = 0; from < rows.length; from += CHUNK)
    await database.kysely
      .insertInto('sector')
      .values(rows.slice(from, from + CHUNK).map(sectorValues))
      .execute();
}

function sectorValues(row: Row) {
  const { miner, number, place } = row;
  const { state } = place;
  const ticketEpoch = world.TICKET_EPOCH + 10 * (number % 20);
  // A landed pre-commit is not known of until it is looked at.
  const known = state === 'PreCommitWait' ? undefined : world.precommitEpochOf(miner, place);
  const isProven = state === 'CommitBatching' || state === 'CommitWait';
  const seedEpoch = isProven && known !== undefined ? known + world.CHALLENGE_DELAY : null;
  return {
    ...{ miner, number, kind: 'cc' as const, seal_proof: 8, recoveries: '{}' },
    state: isDue(row) ? (HOLDS as 'Removed') : state,
    ticket: toHex(world.ticketOf(miner, ticketEpoch)),
    ticket_epoch: ticketEpoch,
    comm_d: SEALED_COMM_D,
    comm_r: toHex(world.commROf(miner, number)),
    precommit_epoch: known ?? null,
    precommit_bound_at: state === 'PreCommitBatching' ? null : new Date(),
    seed_epoch: seedEpoch,
    seed: seedEpoch === null ? null : toHex(world.seedOf(miner, seedEpoch)),
    proof: isProven ? PROOF : null,
    proof_at: isProven ? new Date() : null,
    landed_at: isProven ? new Date() : null,
    cleared_at: isProven ? new Date() : null,
    worker: isProven ? null : 'host-a',
  };
}

/** One message for each group that waits for one, and one, final, for each group that rests on one. */
async function insertMessages(database: Database, rows: readonly Row[]): Promise<Omit<Populated, 'sectors'>> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.place.state === 'PreCommitBatching') continue;
    const key = `${row.place.state} ${row.miner} ${row.place.group}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  // What has landed comes first: nonces are used in their order.
  const ordered = [...groups.values()].toSorted((a, b) => rank(a[0]) - rank(b[0]));
  const landed: (readonly [CidString, Epoch])[] = [];
  let nonce = world.FIRST_NONCE;
  let out = 0;
  for (const members of ordered) {
    const [first] = members;
    if (!first) continue;
    // Mempools take so many of a sender ahead of the chain; the others wait for their nonce.
    if (rank(first) === ON_THE_WAY && ++out > MOST_OUT) {
      await insertIntentOf(database, first, members);
      continue;
    }
    const { cid, execution } = await insertMessageOf(database, first, members, nonce);
    nonce += 1;
    landed.push([cid, execution]);
  }
  await database.kysely
    .insertInto('sender')
    .values({ address: world.SENDER, next_nonce: nonce })
    .onDuplicateKeyUpdate({ next_nonce: nonce })
    .execute();
  return { messages: ordered.length, nextNonce: nonce, landed };
}

/** The rank of what is on its way, and how many of a sender are at one time. */
const ON_THE_WAY = 2;
const MOST_OUT = 4;

/** Old messages, then the two that have landed, then those that are on their way. */
function rank(row: Row | undefined): number {
  if (!row) return 0;
  if (row.place.state === 'WaitSeed' || row.place.state === 'CommitBatching') return 0;
  return isDue(row) ? 1 : ON_THE_WAY;
}

async function insertIntentOf(database: Database, first: Row, members: readonly Row[]): Promise<void> {
  const isCommit = first.place.state === 'CommitWait';
  const { message } = signedMessage(first.miner, members, isCommit, 0);
  const id = await insertMessage(
    database.kysely,
    {
      ...{ miner: first.miner, purpose: isCommit ? 'commit' : 'precommit', from_address: world.SENDER },
      ...{ to_address: message.to, method: message.method, value: 0n, params: toBase64(message.params) },
      ...{ max_fee: 10n ** 18n, gas_limit: 60_000_000, estimated_epoch: world.HEAD },
    },
    members.map(({ miner, number }) => ({ miner, number })),
  );
  for (const member of members) {
    if (isCommit) member.commitMessage = id;
    else member.precommitMessage = id;
  }
}

async function insertMessageOf(
  database: Database,
  first: Row,
  members: readonly Row[],
  nonce: number,
): Promise<{ cid: CidString; execution: Epoch }> {
  const isCommit = first.place.state === 'CommitWait';
  const inclusion = isCommit
    ? world.activationOf(first.miner, first.place)
    : world.precommitEpochOf(first.miner, first.place);
  const signed = signedMessage(first.miner, members, isCommit, nonce);
  const cid = signedMessageCid(signed);
  const isFinal = inclusion !== undefined && first.place.state !== 'PreCommitWait';
  const gas = { gas_limit: 60_000_000, gas_fee_cap: 100_000n, gas_premium: 50_000n };
  const state = inclusion === undefined ? 'pushed' : isFinal ? 'final' : 'landed';
  const result = await database.kysely
    .insertInto('message')
    .values({
      ...{ miner: first.miner, purpose: isCommit ? 'commit' : 'precommit', ...gas, nonce, cid, state },
      ...{ from_address: world.SENDER, to_address: signed.message.to, method: signed.message.method },
      ...{ value: 0n, params: toBase64(signed.message.params), max_fee: 10n ** 18n },
      ...(inclusion === undefined
        ? {}
        : { inclusion_epoch: inclusion, execution_epoch: inclusion + 1, exit_code: 0, gas_used: 50_000_000 }),
      pushed_at: new Date(),
      landed_at: inclusion === undefined ? null : new Date(),
      final_at: isFinal ? new Date() : null,
    })
    .executeTakeFirstOrThrow();
  const id = Number(result.insertId);
  const version = { message_id: id, cid, ...gas, signed: toBase64(encodeSignedMessage(signed)) };
  await insertMessageVersion(database.kysely, version);
  const exitCode = inclusion === undefined ? null : 0;
  await database.kysely
    .insertInto('message_sector')
    .values(
      members.map(({ miner, number }, position) => ({
        ...{ message_id: id, miner, number, position, exit_code: exitCode },
      })),
    )
    .execute();
  for (const member of members) {
    if (isCommit) member.commitMessage = id;
    else member.precommitMessage = id;
  }
  return { cid, execution: inclusion === undefined ? PENDING : inclusion + 1 };
}

function signedMessage(
  miner: number,
  members: readonly Row[],
  isCommit: boolean,
  nonce: number,
): SignedMessage {
  const method = isCommit ? MINER_METHODS.ProveCommitSectors3 : MINER_METHODS.PreCommitSectorBatch2;
  const message: Message = {
    ...{ version: 0, to: idAddress(miner, 't'), from: world.SENDER, nonce, value: 0n },
    ...{ gasLimit: 60_000_000n, gasFeeCap: 100_000n, gasPremium: 50_000n, method: method.number },
    params: isCommit ? commitParams(members) : preCommitParams(members),
  };
  return { message, signature: signWithKey(world.KEY, signingBytes(message)) };
}

function preCommitParams(members: readonly Row[]): Uint8Array {
  return encodeParams(MINER_METHODS.PreCommitSectorBatch2, {
    sectors: members.map(({ miner, number }) => ({
      ...{ sealProof: 8, sectorNumber: number, dealIds: [], unsealedCid: null },
      sealedCid: sealedCid(world.commROf(miner, number)),
      sealRandEpoch: world.TICKET_EPOCH,
      expiration: world.HEAD + 1_500_000,
    })),
  });
}

function commitParams(members: readonly Row[]): Uint8Array {
  const proof = new Uint8Array(1_920).fill(0xab);
  return encodeParams(MINER_METHODS.ProveCommitSectors3, {
    sectorActivations: members.map(({ number }) => ({ sectorNumber: number, pieces: [] })),
    sectorProofs: members.map(() => proof),
    aggregateProof: new Uint8Array(),
    aggregateProofType: null,
    requireActivationSuccess: false,
    requireNotificationSuccess: false,
  });
}

async function linkMessages(database: Database, rows: readonly Row[]): Promise<void> {
  const byMessage = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.miner} ${row.precommitMessage} ${row.commitMessage}`;
    byMessage.set(key, [...(byMessage.get(key) ?? []), row]);
  }
  for (const members of byMessage.values()) {
    const [first] = members;
    if (!first || (first.precommitMessage === null && first.commitMessage === null)) continue;
    const numbers = members.map(({ number }) => number);
    await database.kysely
      .updateTable('sector')
      .set({ precommit_message: first.precommitMessage, commit_message: first.commitMessage })
      .where('miner', '=', first.miner)
      .where('number', 'in', numbers)
      .execute();
  }
}

/** What is due is there from now on. Returns how many sectors that are. */
export async function release(database: Database): Promise<number> {
  const due = allRows().filter(isDue);
  for (const { miner, number, place } of due)
    await database.kysely
      .updateTable('sector')
      .set({ state: place.state })
      .where('miner', '=', miner)
      .where('number', '=', number)
      .execute();
  return due.length;
}
