import { expect, test } from 'vitest';
import { BeeproError } from '#core';
import { InProcessSealers } from '#replay';
import type { SealerReservation } from '#sealer';
import { deferralFor } from '../../../workers/deferral.ts';
import { RunSealer } from '../../../workers/run-sealer.ts';

const profile = {
  ...{ name: 'test', title: 'a machine of tests', source: 'made up', sectorSize: '2KiB' as const },
  phases: {},
};

/** A reservation whose process says that it is a stand-in, as one would whose binary was exchanged under an agent. */
function reservation(onKill: () => void): SealerReservation {
  const real = new InProcessSealers({ profile, speed: 1, seed: '' }).reserve('cpu');
  return { ...real, open: async () => ({ ...(await real.open()), kill: async () => onKill() }) };
}

function sealerFor(network: string, onKill: () => void = () => undefined): RunSealer {
  return new RunSealer({
    reservation: reservation(onKill),
    runId: 1,
    network,
    hostEpoch: () => 1,
    mayEnd: async () => true,
    onProgress: () => undefined,
  });
}

test.each(['mainnet', 'calibrationnet', 'beepro-devnet', ''])(
  'a run of a miner on %j gets nothing from a stand-in, which is ended',
  async (network) => {
    let kills = 0;
    const sealer = sealerFor(network, () => {
      kills += 1;
    });
    await expect(sealer.request('x', 'capabilities', {})).rejects.toMatchObject({
      code: 'SEALER_STAND_IN_REFUSED',
    });
    expect(kills).toBe(1);
  },
);

test('on its own network it answers, and the run knows what it is', async () => {
  const sealer = sealerFor('beepro-devnet-replay');
  expect(sealer.standIn).toBeUndefined();
  expect(await sealer.request('x', 'capabilities', {})).toMatchObject({
    stand_in: 'replay',
    profile: 'test',
  });
  expect(sealer.standIn).toBe('replay');
});

test('being refused spends no try of the sector: the run waits', () => {
  const refused = new BeeproError('SEALER_STAND_IN_REFUSED', { standIn: 'replay', network: 'mainnet' });
  expect(deferralFor(refused)?.reason.code).toBe('SEALER_STAND_IN_REFUSED');
});
