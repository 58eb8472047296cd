import type { ChainApi } from '#chain';
import {
  decodeSignedMessage,
  fromBase64,
  idAddress,
  prefixOf,
  sealedCommitment,
  signedMessageCid,
  toBase64,
  toHex,
} from '#codec';
import { type SectorId, sectorName } from '#core';
import {
  type Executor,
  listDoubledMessages,
  listDoubledRuns,
  listSectors,
  listSignedVersions,
  listStrayRuns,
  listSurplusResults,
  listWrongAcceptances,
  listWrongLandings,
  type SectorRow,
} from '#db';

/** One contradiction between the rows, or between rows and chain. */
export interface Violation {
  readonly rule:
    | 'one-acceptance'
    | 'no-surplus-result'
    | 'no-stray-run'
    | 'one-run-a-phase'
    | 'one-landing'
    | 'one-nonce-an-intent'
    | 'one-message-a-sector'
    | 'chain-agrees';
  /** What contradicts it: a sector, a run, a message. */
  readonly about: string;
  readonly detail: string;
}

/**
 * Checks, by SQL and by chain, that nothing was done twice and nothing was lost: one accepted result a run and phase,
 * one landing a sector, one nonce an intent, and every proving sector on chain as the database has it. Empty: all is well.
 */
export async function audit(db: Executor, chain: ChainApi): Promise<Violation[]> {
  return [...(await auditRows(db)), ...(await auditMessages(db)), ...(await auditChain(db, chain))];
}

async function auditRows(db: Executor): Promise<Violation[]> {
  const [acceptances, surplus, stray, doubled, landings, messages] = await Promise.all([
    listWrongAcceptances(db),
    listSurplusResults(db),
    listStrayRuns(db),
    listDoubledRuns(db),
    listWrongLandings(db),
    listDoubledMessages(db),
  ]);
  return [
    ...acceptances.map((row) =>
      violation(
        'one-acceptance',
        row,
        `${row.phase} run ${row.run_id} (attempt ${row.attempt}, claim ${row.claim}) was accepted ${row.accepted} times, ${row.accepted_by_claim} by its claim`,
      ),
    ),
    ...surplus.map((row) =>
      violation(
        'no-surplus-result',
        row,
        `${row.phase} has ${row.done} results for ${row.wanted} transitions`,
      ),
    ),
    ...stray.map((row) =>
      violation('no-stray-run', row, `${row.phase} run ${row.id} is still ${row.status}`),
    ),
    ...doubled.map((row) => violation('one-run-a-phase', row, `${row.runs} unfinished runs of ${row.phase}`)),
    ...landings.map((row) =>
      violation('one-landing', row, `${row.landings} landings, ${row.recorded} of them accepted`),
    ),
    ...messages.map((row) =>
      violation('one-message-a-sector', row, `${row.messages} ${row.purpose} messages succeeded`),
    ),
  ];
}

/** Every signed version says what its intent says, under its one nonce: they differ in gas alone. */
async function auditMessages(db: Executor): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const { message, version } of await listSignedVersions(db)) {
    const about = `message ${message.id}, version ${version.cid}`;
    const wrong = (detail: string) => found.push({ rule: 'one-nonce-an-intent', about, detail });
    // Taken over from the chain, which keeps no signature.
    if (version.signed === '') continue;
    const bytes = fromBase64(version.signed);
    if (!bytes) {
      wrong('its signed bytes are damaged');
      continue;
    }
    const signed = decodeSignedMessage(bytes, prefixOf(message.from_address));
    const content = signed.message;
    if (signedMessageCid(signed) !== version.cid) wrong('its bytes have another CID');
    if (content.nonce !== message.nonce)
      wrong(`its nonce is ${content.nonce}, the intent has ${message.nonce}`);
    const { from_address: from } = message;
    // What frees a nonce is a transfer of nothing to the sender.
    const wanted = version.is_cancel ? { to_address: from, method: 0, value: 0n, params: '' } : message;
    const same =
      content.from === from &&
      content.to === wanted.to_address &&
      content.method === wanted.method &&
      content.value === wanted.value &&
      toBase64(content.params) === wanted.params;
    if (!same) wrong('its content is not that of the intent');
  }
  return found;
}

async function auditChain(db: Executor, chain: ChainApi): Promise<Violation[]> {
  const found: Violation[] = [];
  for (let after: SectorId | undefined; ; ) {
    const sectors = await listSectors(db, { states: ['Proving'], after, limit: 500 });
    for (const sector of sectors) {
      const detail = await chainDifference(chain, sector);
      if (detail) found.push(violation('chain-agrees', sector, detail));
    }
    after = sectors.at(-1);
    if (!after) return found;
  }
}

async function chainDifference(chain: ChainApi, sector: SectorRow): Promise<string | undefined> {
  const info = await chain.stateSectorGetInfo(idAddress(sector.miner, 't'), sector.number, []);
  if (!info) return 'it is not on chain';
  const commR = toHex(sealedCommitment(info.sealedCid));
  if (commR !== sector.comm_r) return `the chain has CommR ${commR}, the database ${sector.comm_r}`;
  if (info.sealProof !== sector.seal_proof) return `the chain has seal proof ${info.sealProof}`;
  if (info.expiration !== sector.expiration) return `the chain has expiration ${info.expiration}`;
  if (info.activation !== sector.activation_epoch) return `the chain has activation ${info.activation}`;
  return undefined;
}

function violation(rule: Violation['rule'], id: SectorId, detail: string): Violation {
  return { rule, about: sectorName(id), detail };
}
