import { expect, test } from 'vitest';
import { type IntentContent, type Match, matchForeign, preCommitParams, type SectorWithPieces } from '#chain';
import { addressOfKey, encodeMessage, generateKey, type Message, MINER_METHODS, toBase64 } from '#codec';
import type { ForeignMessageRow, SectorRow } from '#db';

const FROM = addressOfKey(generateKey('secp256k1'), 't');
const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-01-02T00:00:00Z');

const preCommit = (...numbers: number[]): string => {
  const members = numbers.map((number): SectorWithPieces => {
    const sector = { miner: 1000, number, seal_proof: 5, comm_r: '01'.repeat(32), ticket_epoch: 7 };
    return { sector: sector as SectorRow, pieces: [] };
  });
  return toBase64(preCommitParams(members, 1_000));
};

interface Content {
  readonly to: string;
  readonly method: number;
  readonly params: string;
  readonly value?: bigint;
}
const transfer: Content = { to: 't01001', method: 0, params: '', value: 5n };
const sectors = (...numbers: number[]): Content => ({
  to: 't01000',
  method: MINER_METHODS.PreCommitSectorBatch2.number,
  params: preCommit(...numbers),
});

function intent(content: Content, created_at: Date): IntentContent {
  const { to, method, params, value = 0n } = content;
  return { from_address: FROM, to_address: to, method, params, value, created_at };
}

interface Foreign {
  readonly seen: Date;
  readonly settled?: boolean;
  readonly adopted?: boolean;
}
function foreign(
  content: Content | null,
  { seen, settled = false, adopted = false }: Foreign,
): ForeignMessageRow {
  const message: Message | undefined = content
    ? {
        ...{ version: 0, from: FROM, nonce: 3, gasLimit: 1n, gasFeeCap: 2n, gasPremium: 1n },
        to: content.to,
        method: content.method,
        value: content.value ?? 0n,
        params: new Uint8Array(Buffer.from(content.params, 'base64')),
      }
    : undefined;
  return {
    from_address: FROM,
    nonce: 3,
    cid: message ? 'bafy' : null,
    to_address: content?.to ?? null,
    method: content?.method ?? null,
    value: content?.value ?? null,
    content: message ? toBase64(encodeMessage(message)) : null,
    signed: null,
    adopted_by: adopted ? 9 : null,
    seen_at: seen,
    settled_at: settled ? LATE : null,
  };
}

test.each<[string, IntentContent, ForeignMessageRow, Match['is']]>([
  [
    'a transfer that was found after it was wanted was this one',
    intent(transfer, EARLY),
    foreign(transfer, { seen: LATE }),
    'same',
  ],
  [
    'also when its nonce is final already',
    intent(transfer, EARLY),
    foreign(transfer, { seen: LATE, settled: true }),
    'same',
  ],
  [
    'a transfer that is wanted when the same was there already is another one',
    intent(transfer, LATE),
    foreign(transfer, { seen: EARLY }),
    'none',
  ],
  [
    'a transfer of another amount',
    intent(transfer, EARLY),
    foreign({ ...transfer, value: 6n }, { seen: LATE }),
    'none',
  ],
  [
    'a transfer to another',
    intent(transfer, EARLY),
    foreign({ ...transfer, to: 't01002' }, { seen: LATE }),
    'none',
  ],
  [
    'one that another intent has adopted',
    intent(transfer, EARLY),
    foreign(transfer, { seen: LATE, adopted: true }),
    'none',
  ],
  [
    'nobody knows what it did: a transfer waits',
    intent(transfer, EARLY),
    foreign(null, { seen: LATE }),
    'unknown',
  ],
  ['unless it was wanted later', intent(transfer, LATE), foreign(null, { seen: EARLY }), 'none'],
  [
    'the chain itself refuses a second pre-commit',
    intent(sectors(1), EARLY),
    foreign(null, { seen: LATE }),
    'none',
  ],
  ['the same batch', intent(sectors(1, 2), EARLY), foreign(sectors(1, 2), { seen: LATE }), 'same'],
  [
    'the same batch, formed again while it is on its way',
    intent(sectors(1, 2), LATE),
    foreign(sectors(1, 2), { seen: EARLY }),
    'same',
  ],
  [
    'the same batch, formed again when the first is final: it failed',
    intent(sectors(1, 2), LATE),
    foreign(sectors(1, 2), { seen: EARLY, settled: true }),
    'none',
  ],
  [
    'a batch with a sector in common waits',
    intent(sectors(2, 3), LATE),
    foreign(sectors(1, 2), { seen: EARLY }),
    'rival',
  ],
  [
    'until that one is final',
    intent(sectors(2, 3), EARLY),
    foreign(sectors(1, 2), { seen: LATE, settled: true }),
    'none',
  ],
  ['a batch of others', intent(sectors(3), EARLY), foreign(sectors(1, 2), { seen: LATE }), 'none'],
  [
    'a batch of another miner',
    intent(sectors(1), EARLY),
    foreign({ ...sectors(1), to: 't01001' }, { seen: LATE }),
    'none',
  ],
])('%s', (_what, wanted, other, is) => {
  expect(matchForeign(wanted, [other]).is).toBe(is);
});

test('the same message is found behind a rival', () => {
  const rival = foreign(sectors(1), { seen: LATE });
  const same = foreign(sectors(1, 2), { seen: LATE });
  expect(matchForeign(intent(sectors(1, 2), EARLY), [rival, same])).toEqual({ is: 'same', foreign: same });
});
