import { expect, test } from 'vitest';
import { BeeproError } from '#core';
import {
  type InspectedFile,
  judge,
  neededFiles,
  type ParameterState,
  requireUsable,
  type TrustRecord,
  type TrustStore,
  trustFile,
} from '#params';

const STATES: readonly ParameterState[] = [
  'missing',
  'published-verified',
  'generated',
  'unknown',
  'corrupt',
];

const mainnet = { name: 'mainnet', embedded: false };
const calibration = { name: 'calibrationnet', embedded: false };
const liar = { name: 'mainnet', embedded: true };
const embedded = { name: 'beepro-devnet', embedded: true };
const other = { name: 'localnet-1', embedded: false };

/** Per network, without and with a trust record: which of {@link STATES} may be used. */
test.each([
  [mainnet, false, ['missing', 'yes', 'not-published', 'not-published', 'corrupt']],
  [mainnet, true, ['missing', 'yes', 'not-published', 'not-published', 'corrupt']],
  [calibration, false, ['missing', 'yes', 'not-published', 'not-published', 'corrupt']],
  [calibration, true, ['missing', 'yes', 'not-published', 'not-published', 'corrupt']],
  [liar, true, ['missing', 'yes', 'not-published', 'not-published', 'corrupt']],
  [embedded, false, ['missing', 'yes', 'yes', 'yes', 'corrupt']],
  [other, false, ['missing', 'yes', 'not-trusted', 'not-trusted', 'corrupt']],
  [other, true, ['missing', 'yes', 'yes', 'yes', 'corrupt']],
] as const)('%o trusted %s', (network, trusted, expected) => {
  const records = trusted ? [{ network: network.name, file: 'f', digest: 'd' }] : [];
  const verdicts = STATES.map((state) => {
    const verdict = judge(network, { name: 'f', state, digest: 'd' }, records);
    return verdict.allowed ? 'yes' : verdict.reason;
  });
  expect(verdicts).toEqual(expected);
});

test.each<[string, TrustRecord]>([
  ['another network', { network: 'localnet-2', file: 'f', digest: 'd' }],
  ['another file', { network: 'localnet-1', file: 'g', digest: 'd' }],
  ['earlier content', { network: 'localnet-1', file: 'f', digest: 'e' }],
])('trust in %s does not count', (_, record) => {
  const verdict = judge(other, { name: 'f', state: 'generated', digest: 'd' }, [record]);
  expect(verdict).toEqual({ allowed: false, reason: 'not-trusted' });
});

const [params, vk] = neededFiles({ sizes: ['2KiB'] });
if (!params || !vk) throw new Error('2KiB has parameters');

function inspected(state: ParameterState, file = params): InspectedFile {
  if (!file) throw new Error('no file');
  return { file, state, ...(state !== 'missing' && { bytes: 1, digest: 'd' }) };
}

test('a folder is refused with every file that is refused', () => {
  const use = () => requireUsable('/p', mainnet, [inspected('generated'), inspected('missing', vk)], []);
  expect(use).toThrow(BeeproError);
  expect(use).toThrow(params.name);
  expect(use).toThrow(`${vk.name} is missing`);
  expect(() => requireUsable('/p', embedded, [inspected('generated')], [])).not.toThrow();
  expect(() => requireUsable('/p', mainnet, [], [])).not.toThrow();
});

test('files of one set from several set-ups are refused even on the embedded devnet', () => {
  const mixed = [inspected('published-verified'), inspected('generated', vk)];
  expect(() => requireUsable('/p', embedded, mixed, [])).toThrow('another set-up');
});

class MemoryTrust implements TrustStore {
  readonly records: (TrustRecord & { who: string })[] = [];
  async list(network: string) {
    return this.records.filter((record) => record.network === network);
  }
  async put(record: TrustRecord & { who: string }) {
    this.records.push(record);
  }
  async remove() {
    return false;
  }
}

test('trust holds the content of the moment and who gave it', async () => {
  const store = new MemoryTrust();
  await trustFile(store, other, inspected('generated'), '/p', 'operator');
  expect(store.records).toEqual([{ network: 'localnet-1', file: params.name, digest: 'd', who: 'operator' }]);
  const verdict = judge(
    other,
    { name: params.name, state: 'generated', digest: 'd' },
    await store.list('localnet-1'),
  );
  expect(verdict.allowed).toBe(true);
});

test.each([
  [mainnet, 'generated', 'PARAMS_TRUST_REFUSED'],
  [calibration, 'unknown', 'PARAMS_TRUST_REFUSED'],
  [other, 'corrupt', 'PARAMS_TRUST_REFUSED'],
  [other, 'missing', 'PARAMS_ABSENT'],
] as const)('trust on %o of a %s file is refused', async (network, state, code) => {
  const store = new MemoryTrust();
  const trust = trustFile(store, network, inspected(state), '/p', 'operator');
  await expect(trust).rejects.toMatchObject({ code });
  expect(store.records).toEqual([]);
});
