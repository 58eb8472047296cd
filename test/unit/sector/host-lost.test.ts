import { describe, expect, it, test } from 'vitest';
import { SECTOR_STATES, type SectorState } from '#core';
import {
  type EventOf,
  HOST_LOST,
  type Rehoming,
  rehome,
  type SectorFacts,
  TABLE,
  transition,
} from '../../../src/sector/machine/index.ts';
import { play } from './machine-model.ts';
import { sectorFacts } from './sector-facts.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const RULES = { now: NOW, retry: { triesPercent: 100, backoffPercent: 100 } };
const LOST: EventOf<'host-lost'> = { type: 'host-lost', worker: 'a', commit2Elsewhere: false };
const STAKE = { deposit: '0.1 FIL', due: 1_000, head: 500 };
const IN_TIME = { ...LOST, stake: { ...STAKE, needed: 500 } };
const TOO_LATE = { ...LOST, stake: { ...STAKE, needed: 501 } };

const SEALED = { worker: 'a', ticket: 'tt', ticket_epoch: 1, comm_d: 'dd', comm_r: 'rr' } as const;
const BOUND = { ...SEALED, precommit_message: 1, precommit_bound_at: NOW } as const;
const ON_CHAIN = { ...BOUND, precommit_epoch: 5 } as const;
const SEEDED = { ...ON_CHAIN, seed: 'ss', seed_epoch: 7 } as const;
const C1 = { commit1_output: { path: '/nvme/c1.json', sha256: '00' } };
const SHARED = { commit1_output: { path: '/nvme/c1.json', sha256: '00', shared: '/share/c1.json' } };
const LANDED = { landed_at: NOW } as const;
const PROVEN = { proof: 'pp', proof_at: NOW } as const;

type Facts = Partial<SectorFacts>;
/** Where it stands, what is known, what happens: what becomes of it, and where it is then with which runs. */
type Case = readonly [SectorState, string, Facts, EventOf<'host-lost'>, Rehoming, SectorState, string[]];

const CASES: readonly Case[] = [
  ['PreCommit1', 'fresh', { worker: 'a', comm_d: 'dd' }, LOST, 'begun-anew', 'AddPiece', ['add-piece']],
  ['PreCommit1', 'redone', BOUND, LOST, 'sealed-again', 'AddPiece', ['add-piece']],
  ['PreCommit1', 'redone, in time', ON_CHAIN, IN_TIME, 'sealed-again', 'AddPiece', ['add-piece']],
  ['PreCommit1', 'redone, too late', ON_CHAIN, TOO_LATE, 'parked', 'Parked', []],
  ['PreCommit2', 'fresh', { ...SEALED, comm_r: null }, LOST, 'begun-anew', 'AddPiece', ['add-piece']],
  ['PreCommit2', 'redone, too late', ON_CHAIN, TOO_LATE, 'parked', 'Parked', []],
  ['PreCommitBatching', 'sealed', SEALED, LOST, 'begun-anew', 'AddPiece', ['add-piece']],
  [
    'PreCommitWait',
    'assigned',
    { ...SEALED, precommit_message: 1 },
    LOST,
    'sealed-again',
    'AddPiece',
    ['add-piece'],
  ],
  ['PreCommitWait', 'signed', BOUND, LOST, 'sealed-again', 'AddPiece', ['add-piece']],
  ['WaitSeed', 'in time', ON_CHAIN, IN_TIME, 'sealed-again', 'AddPiece', ['add-piece']],
  ['WaitSeed', 'landed', { ...ON_CHAIN, ...LANDED }, IN_TIME, 'sealed-again', 'AddPiece', ['add-piece']],
  ['WaitSeed', 'too late', ON_CHAIN, TOO_LATE, 'parked', 'Parked', []],
  ['Commit1', 'in time', SEEDED, IN_TIME, 'sealed-again', 'AddPiece', ['add-piece']],
  ['Commit1', 'too late', SEEDED, TOO_LATE, 'parked', 'Parked', []],
  [
    'Commit2',
    'landed, C1 lost',
    { ...SEEDED, ...C1, ...LANDED },
    IN_TIME,
    'sealed-again',
    'AddPiece',
    ['add-piece'],
  ],
  ['Commit2', 'landed, C1 lost, too late', { ...SEEDED, ...C1, ...LANDED }, TOO_LATE, 'parked', 'Parked', []],
  [
    'Commit2',
    'landed, C1 shared',
    { ...SEEDED, ...SHARED, ...LANDED, active: ['commit2'] },
    TOO_LATE,
    'commit2-elsewhere',
    'Commit2',
    ['commit2'],
  ],
  [
    'Commit2',
    'landed, C2 runs elsewhere',
    { ...SEEDED, ...C1, ...LANDED, active: ['commit2'] },
    { ...TOO_LATE, commit2Elsewhere: true },
    'commit2-elsewhere',
    'Commit2',
    ['commit2'],
  ],
  ['Commit2', 'not landed', { ...SEEDED, ...SHARED }, IN_TIME, 'sealed-again', 'AddPiece', ['add-piece']],
  [
    'Commit2',
    'proven, not landed',
    { ...SEEDED, ...C1, ...PROVEN },
    IN_TIME,
    'sealed-again',
    'AddPiece',
    ['add-piece'],
  ],
  [
    'ClearCache',
    'proven and landed',
    { ...SEEDED, ...C1, ...PROVEN, ...LANDED, active: ['clear-cache'] },
    TOO_LATE,
    'goes-on',
    'CommitBatching',
    [],
  ],
  [
    'Removing',
    'with landed files',
    { ...SEALED, ...LANDED },
    LOST,
    'removed-elsewhere',
    'Removing',
    ['remove-files'],
  ],
  ['Removing', 'without', SEALED, LOST, 'removed-elsewhere', 'Removed', []],
  ['Parked', 'from PreCommit1', { ...SEALED, parked_from: 'PreCommit1' }, LOST, 'stays-parked', 'Parked', []],
  [
    'Parked',
    'from Commit1, too late',
    { ...SEEDED, parked_from: 'Commit1' },
    TOO_LATE,
    'parked',
    'Parked',
    [],
  ],
];

const parked = { parked_code: 'INTERNAL', parked_reason: 'by the test' };

function facts([state, , more]: Case): SectorFacts {
  return sectorFacts({ state, active: [], ...(state === 'Parked' ? parked : {}), ...more });
}

describe('a sector whose host is lost', () => {
  test.each(CASES)('%s, %s', (...one) => {
    const [state, , , event, rehoming, to, active] = one;
    const sector = facts(one);
    expect(rehome(sector, event, RULES)).toMatchObject({ rehoming });
    const outcome = transition(sector, event, RULES);
    expect('ok' in outcome).toBe(true);
    const after = play(sector, event).sector;
    expect([after.state, after.active]).toEqual([to, active]);
    // Only the return of the host helps what is parked for it; everything else is nobody's now.
    expect(after.worker).toBe(rehoming === 'parked' ? 'a' : null);
    if (rehoming === 'parked') {
      expect(after).toMatchObject({ parked_code: HOST_LOST });
      expect(after.parked_reason).toMatch(/deposit of 0.1 FIL .* epoch 1000.* 501 epochs/);
    }
    if (rehoming === 'goes-on' || rehoming === 'commit2-elsewhere') expect(after.cleared_at).toEqual(NOW);
    if (rehoming === 'sealed-again') {
      expect([after.ticket, after.comm_d, after.comm_r, after.precommit_message]).toEqual([
        sector.ticket,
        sector.comm_d,
        sector.comm_r,
        sector.precommit_message,
      ]);
    }
    // The second word of it changes nothing.
    expect('refused' in transition(after, event, RULES), state).toBe(true);
  });

  it('has a case here for every state that a worker holds files in', () => {
    const tried = new Set(CASES.map(([state]) => state));
    const handled = SECTOR_STATES.filter((state) => TABLE[state].on['host-lost']);
    expect(handled.filter((state) => !tried.has(state))).toEqual([]);
    expect(SECTOR_STATES.filter((state) => !handled.includes(state))).toEqual([
      ...['Packing', 'AddPiece', 'CommitBatching', 'CommitWait', 'Proving', 'Removed'],
    ]);
  });

  it.each(SECTOR_STATES)('in %s changes nothing when its files are on another worker', (state) => {
    for (const worker of [null, 'b']) {
      const outcome = transition(sectorFacts({ state, worker, parked_from: 'WaitSeed' }), LOST, RULES);
      expect(outcome).toHaveProperty('refused');
    }
  });
});

describe('parked because its host is lost', () => {
  const sector = play(sectorFacts({ state: 'Commit1', ...SEEDED, active: ['commit1'] }), TOO_LATE).sector;

  it('goes on with its files when it is resumed, for then its host is back', () => {
    const { sector: after } = play(sector, { type: 'resume' });
    expect([after.state, after.worker, after.active]).toEqual(['Commit1', 'a', ['commit1']]);
  });

  it('is sealed elsewhere when it is redone', () => {
    const { sector: after } = play(sector, { type: 'redo' });
    expect([after.state, after.worker, after.ticket, after.active]).toEqual([
      'AddPiece',
      null,
      'tt',
      ['add-piece'],
    ]);
  });
});

it('a parked sector without a host starts from what survives when it is resumed', () => {
  const before = sectorFacts({
    state: 'Parked',
    ...SEALED,
    parked_from: 'PreCommit2',
    ...parked,
    active: [],
  });
  const lost = play(before, LOST).sector;
  expect(lost).toMatchObject({ worker: null, parked_from: 'AddPiece', parked_code: 'INTERNAL' });
  const after = play(lost, { type: 'resume' }).sector;
  expect([after.state, after.active]).toEqual(['AddPiece', ['add-piece']]);
});

it('C2 that ends elsewhere after the loss brings the sector to its prove-commit; one that fails, to AddPiece', () => {
  const lost = play(
    sectorFacts({ state: 'Commit2', ...SEEDED, ...SHARED, ...LANDED, active: ['commit2'] }),
    TOO_LATE,
  ).sector;
  const proven = play(lost, { type: 'commit2.done', proof: 'pp' }).sector;
  expect([proven.state, proven.active]).toEqual(['CommitBatching', []]);
  const gone = play(lost, {
    type: 'phase.failed',
    phase: 'commit2',
    code: 'SEALER_FILE_MISSING',
    message: 'the share is empty',
  }).sector;
  expect([gone.state, gone.active, gone.cleared_at]).toEqual(['AddPiece', ['add-piece'], null]);
});
