import type { ChainApi, TipSet } from '#chain';
import {
  decodeParams,
  decodeReturnOf,
  exitCodesOf,
  type Message,
  type MessageReceipt,
  MINER_METHODS,
} from '#codec';
import { type CidString, type SectorId, sectorName } from '#core';
import { type Executor, listMessages, listMessageVersions, listSectorEvents } from '#db';

/** A message of the chain with what became of it. */
export interface LandedMessage {
  readonly cid: CidString;
  readonly message: Message;
  readonly receipt: MessageReceipt;
}

/**
 * What the chain itself says of what was sent, from its head down to genesis: no sector landed twice for one purpose, no
 * nonce of ours without a message of ours, no gas paid for failures; and of the log: nothing was ever parked.
 */
export async function chainViolations(
  db: Executor,
  chain: ChainApi,
  sectors: readonly SectorId[],
): Promise<string[]> {
  const landed = await landedMessages(chain);
  return [
    ...doubledSectors(landed),
    ...(await strangeNonces(db, landed)),
    ...wastedGas(landed),
    ...(await everParked(db, sectors)),
  ];
}

export async function landedMessages(chain: ChainApi): Promise<LandedMessage[]> {
  const landed: LandedMessage[] = [];
  let tipSet: TipSet = await chain.chainHead();
  while (tipSet.height > 0) {
    const [block] = tipSet.cids;
    if (block === undefined) break;
    const messages = (await chain.chainGetParentMessages(block)) ?? [];
    const receipts = messages.length === 0 ? [] : await chain.chainGetParentReceipts(block);
    messages.forEach(({ cid, message }, index) => {
      const receipt = receipts[index];
      if (receipt) landed.push({ cid, message, receipt });
    });
    tipSet = await chain.chainGetTipSet(tipSet.blocks[0]?.parents ?? []);
  }
  return landed;
}

/** Each sector at most once in a pre-commit, and once in a prove-commit, that succeeded for it. */
export function doubledSectors(landed: readonly LandedMessage[]): string[] {
  const seen = new Map<string, CidString>();
  const violations: string[] = [];
  for (const { cid, message, receipt } of landed) {
    for (const what of successes(message, receipt)) {
      const before = seen.get(what);
      if (before !== undefined) violations.push(`${what} landed with ${before} and with ${cid}`);
      seen.set(what, cid);
    }
  }
  return violations;
}

function successes(message: Message, receipt: MessageReceipt): string[] {
  const { PreCommitSectorBatch2, ProveCommitSectors3 } = MINER_METHODS;
  if (receipt.exitCode !== 0) return [];
  const { params } = decodeParams('storageminer', message.method, message.params, 't');
  if (message.method === PreCommitSectorBatch2.number) {
    const { sectors } = params as { sectors: readonly { sectorNumber: number }[] };
    return sectors.map(({ sectorNumber }) => `pre-commit of ${message.to} ${sectorNumber}`);
  }
  if (message.method === ProveCommitSectors3.number) {
    const { sectorActivations } = params as { sectorActivations: readonly { sectorNumber: number }[] };
    const returned = decodeReturnOf(ProveCommitSectors3, receipt.return, 't');
    const codes = exitCodesOf(returned, sectorActivations.length) ?? [];
    return sectorActivations
      .filter((_, index) => codes[index] === 0)
      .map(({ sectorNumber }) => `prove-commit of ${message.to} ${sectorNumber}`);
  }
  return [];
}

/** What landed under our nonces is what we signed for them, and no nonce was given twice. */
async function strangeNonces(db: Executor, landed: readonly LandedMessage[]): Promise<string[]> {
  const rows = await listMessages(db, { limit: 10_000 });
  const violations: string[] = [];
  const ours = new Set<CidString>();
  const given = new Set<string>();
  for (const row of rows) {
    if (row.nonce === null) continue;
    const slot = `nonce ${row.nonce} of ${row.from_address}`;
    if (given.has(slot)) violations.push(`${slot} was given to two messages`);
    given.add(slot);
    for (const { cid } of await listMessageVersions(db, row.id)) ours.add(cid);
  }
  for (const { cid, message } of landed)
    if (given.has(`nonce ${message.nonce} of ${message.from}`) && !ours.has(cid))
      violations.push(`${cid} has nonce ${message.nonce} of ours, and is not ours`);
  return violations;
}

export function wastedGas(landed: readonly LandedMessage[]): string[] {
  return landed
    .filter(({ receipt }) => receipt.exitCode !== 0 && receipt.gasUsed > 0)
    .map(
      ({ cid, receipt }) =>
        `${cid} failed with exit code ${receipt.exitCode} and used ${receipt.gasUsed} gas`,
    );
}

async function everParked(db: Executor, sectors: readonly SectorId[]): Promise<string[]> {
  const events = await Promise.all(sectors.map((id) => listSectorEvents(db, id)));
  return events
    .flat()
    .filter(({ to_state }) => to_state === 'Parked')
    .map((event) => `${sectorName(event)} was parked in between`);
}
