import { expect, test } from 'vitest';
import { isReplayNetwork, isStandInProof, refuseStandIn, standInProof } from '#sealer';

const claim = {
  ...{ miner: 1000, number: 7, proofType: 5 },
  ...{ commR: '11'.repeat(32), commD: '22'.repeat(32), ticket: '33'.repeat(32), seed: '44'.repeat(32) },
};

test('what stands in the place of a proof says so in words, and is as long as one', () => {
  const bytes = standInProof(claim);
  expect(Buffer.from(bytes).toString('latin1')).toMatch(/^beepro-replay:not-a-proof:[0-9a-f]{64}\.+$/);
  expect(bytes.length).toBe(192);
  expect(standInProof({ ...claim, proofType: 8 }).length).toBe(1_920);
  expect(isStandInProof(bytes)).toBe(true);
});

test('its first byte is none that a compressed curve point can begin with', () => {
  expect((standInProof(claim)[0] ?? 0xff) & 0x80).toBe(0);
});

test('it is bound to everything that it is about', () => {
  const own = Buffer.from(standInProof(claim)).toString('hex');
  for (const name of Object.keys(claim) as (keyof typeof claim)[]) {
    const other = { ...claim, [name]: typeof claim[name] === 'number' ? 6 : '55'.repeat(32) };
    expect(Buffer.from(standInProof(other)).toString('hex'), name).not.toBe(own);
  }
});

test('real proofs are not taken for stand-ins', () => {
  expect(isStandInProof(Buffer.alloc(192, 0x80))).toBe(false);
  expect(isStandInProof(new Uint8Array())).toBe(false);
});

test.each([
  ['beepro-devnet-replay', true],
  ['beepro-devnet-replay-7', true],
  ['beepro-devnet', false],
  ['beepro-devnet-test', false],
  ['beepro-devnet-replayed', false],
  ['mainnet', false],
  ['calibrationnet', false],
  ['', false],
])('a stand-in on %j is allowed: %j', (network, allowed) => {
  expect(isReplayNetwork(network)).toBe(allowed);
  const refuse = () => refuseStandIn('replay', network);
  if (allowed) refuse();
  else expect(refuse).toThrow(expect.objectContaining({ code: 'SEALER_STAND_IN_REFUSED' }));
  expect(() => refuseStandIn(undefined, network)).not.toThrow();
});
