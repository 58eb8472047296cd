import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SECTOR_STATES } from '#core';
import {
  isBound,
  RECOVERIES,
  type SectorEvent,
  type SectorFacts,
} from '../../../src/sector/machine/index.ts';
import { play } from './machine-model.ts';
import { sectorFacts } from './sector-facts.ts';

const hex = fc.constantFrom('aa', 'bb');
const code = fc.constantFrom(
  'CHAIN_UNREACHABLE',
  'WORKER_CRASHED',
  'SECTOR_TICKET_EXPIRED',
  'SECTOR_SEED_MOVED',
  'SEALER_REPLICA_NOT_FRESH',
  'SEALER_CACHE_CORRUPT',
  'SEALER_PROOF_INVALID',
  'SEALER_DATA_MISMATCH',
  'SEALER_NO_SPACE',
  'INPUT_INVALID',
  'TIMED_OUT',
);
const phase = fc.constantFrom(
  ...([
    'add-piece',
    'precommit1',
    'precommit2',
    'commit1',
    'commit2',
    'landing',
    'clear-cache',
    'remove-files',
  ] as const),
);

const failure: fc.Arbitrary<SectorEvent> = fc.record({
  type: fc.constant('phase.failed' as const),
  phase,
  code,
  message: fc.constant('it failed'),
});

const epoch = fc.integer({ min: 1, max: 3 });
const fault = fc.record({ code: fc.constant('CHAIN_EXECUTION_REVERTED'), message: fc.constant('refused') });

/** Mostly what moves a sector forward, so that random lives reach every state. */
const event: fc.Arbitrary<SectorEvent> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'add-piece.done', worker: 'a', commD: 'dd' }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('ticket-drawn' as const), ticket: hex, epoch }) },
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'precommit1.done', commD: 'dd' }) },
  {
    weight: 8,
    arbitrary: fc
      .integer({ min: 0, max: 20 })
      .map((n): SectorEvent => ({ type: 'precommit2.done', commR: n === 0 ? 'other' : 'rr', commD: 'dd' })),
  },
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'precommit-assigned', message: 1 }) },
  { weight: 6, arbitrary: fc.constant<SectorEvent>({ type: 'precommit-bound' }) },
  {
    weight: 8,
    arbitrary: epoch.map((e): SectorEvent => ({ type: 'precommit-landed', precommitEpoch: e, commR: 'rr' })),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('seed-ready' as const),
      seed: hex,
      seedEpoch: epoch,
      precommitEpoch: epoch,
    }),
  },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom({}, { shared: '/share/c1' })
      .map(
        (shared): SectorEvent => ({ type: 'commit1.done', output: { path: '/c1', sha256: '00', ...shared } }),
      ),
  },
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'commit2.done', proof: 'pp' }) },
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'landing.done' }) },
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'clear-cache.done' }) },
  { weight: 8, arbitrary: fc.constant<SectorEvent>({ type: 'commit-assigned', message: 2 }) },
  {
    weight: 3,
    arbitrary: fc.constant<SectorEvent>({
      type: 'commit-landed',
      activationEpoch: 5,
      expiration: 9,
      deadline: 0,
      partition: 0,
    }),
  },
  { weight: 6, arbitrary: failure },
  { weight: 1, arbitrary: fc.constant<SectorEvent>({ type: 'ticket-expired' }) },
  { weight: 1, arbitrary: fault.map((f): SectorEvent => ({ type: 'precommit-withheld', ...f })) },
  { weight: 1, arbitrary: fault.map((f): SectorEvent => ({ type: 'precommit-rejected', ...f })) },
  { weight: 1, arbitrary: fault.map((f): SectorEvent => ({ type: 'commit-withheld', ...f })) },
  { weight: 1, arbitrary: fault.map((f): SectorEvent => ({ type: 'commit-rejected', ...f })) },
  { weight: 1, arbitrary: epoch.map((e): SectorEvent => ({ type: 'precommit-moved', precommitEpoch: e })) },
  { weight: 1, arbitrary: fc.constant<SectorEvent>({ type: 'precommit-gone' }) },
  { weight: 1, arbitrary: fc.constant<SectorEvent>({ type: 'resume' }) },
  { weight: 1, arbitrary: fc.constant<SectorEvent>({ type: 'redo' }) },
  {
    weight: 2,
    arbitrary: fc.record({ elsewhere: fc.boolean(), late: fc.option(fc.boolean()) }).map(
      ({ elsewhere, late }): SectorEvent => ({
        type: 'host-lost',
        worker: 'a',
        commit2Elsewhere: elsewhere,
        ...(late === null ? {} : { stake: { deposit: '1 FIL', due: 10, head: 5, needed: late ? 6 : 5 } }),
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<SectorEvent>({ type: 'pieces-closed' }) },
  { weight: 1, arbitrary: fc.constant<SectorEvent>({ type: 'remove-files.done' }) },
);

/** A life: mostly what comes next where the sector stands, and between it anything at all. */
const life = fc.array(
  fc.oneof({ weight: 4, arbitrary: fc.constant('next' as const) }, { weight: 1, arbitrary: event }),
  {
    minLength: 20,
    maxLength: 200,
  },
);

/** What would happen next if nothing went wrong. */
function nextOf(sector: SectorFacts): SectorEvent {
  switch (sector.state) {
    case 'Packing':
      return { type: 'pieces-closed' };
    case 'AddPiece':
      return { type: 'add-piece.done', worker: 'a', commD: 'dd' };
    case 'PreCommit1':
      return sector.ticket === null
        ? { type: 'ticket-drawn', ticket: 'aa', epoch: 1 }
        : { type: 'precommit1.done', commD: 'dd' };
    case 'PreCommit2':
      return { type: 'precommit2.done', commR: 'rr', commD: 'dd' };
    case 'PreCommitBatching':
      return { type: 'precommit-assigned', message: 1 };
    case 'PreCommitWait':
      return sector.precommit_bound_at === null
        ? { type: 'precommit-bound' }
        : { type: 'precommit-landed', precommitEpoch: 1, commR: 'rr' };
    case 'WaitSeed':
      return { type: 'seed-ready', seed: 'ss', seedEpoch: 2, precommitEpoch: sector.precommit_epoch ?? 0 };
    case 'Commit1':
      return { type: 'commit1.done', output: { path: '/c1', sha256: '00' } };
    case 'Commit2':
      return sector.proof === null ? { type: 'commit2.done', proof: 'pp' } : { type: 'landing.done' };
    case 'ClearCache':
      return { type: 'clear-cache.done' };
    case 'CommitBatching':
      return { type: 'commit-assigned', message: 2 };
    case 'CommitWait':
      return { type: 'commit-landed', activationEpoch: 5, expiration: 9, deadline: 0, partition: 0 };
    case 'Removing':
      return { type: 'remove-files.done' };
    default:
      return { type: 'resume' };
  }
}

describe('the machine, whatever happens', () => {
  it('never has two runs of one phase, and has a run wherever a state needs one', () => {
    fc.assert(
      fc.property(life, (events) => {
        let sector = sectorFacts();
        for (const step of events) {
          const event = step === 'next' ? nextOf(sector) : step;
          sector = play(sector, event).sector;
          expect(new Set(sector.active).size).toBe(sector.active.length);
          expect(sector.active, `${sector.state} after ${event.type}`).toEqual(
            expect.arrayContaining(neededRuns(sector)),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never changes ticket, data or CommR while a pre-commit names them', () => {
    fc.assert(
      fc.property(life, (events) => {
        let sector = sectorFacts();
        for (const step of events) {
          const event = step === 'next' ? nextOf(sector) : step;
          const before = sector;
          sector = play(sector, event).sector;
          if (!isBound(before) || !isBound(sector)) continue;
          expect(sector.ticket).toBe(before.ticket);
          expect(sector.comm_d).toBe(before.comm_d);
          expect(sector.comm_r).toBe(before.comm_r);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never commits a sector that is not landed and proven for the seed it has', () => {
    fc.assert(
      fc.property(life, (events) => {
        let sector = sectorFacts();
        for (const step of events) {
          const event = step === 'next' ? nextOf(sector) : step;
          sector = play(sector, event).sector;
          if (['ClearCache', 'CommitBatching', 'CommitWait', 'Proving'].includes(sector.state)) {
            expect(sector.landed_at).not.toBeNull();
            expect(sector.proof).not.toBeNull();
            expect(sector.seed).not.toBeNull();
          }
          if (sector.state === 'WaitSeed') expect(sector.proof).toBeNull();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts every recovery and never spends more than the table allows', () => {
    fc.assert(
      fc.property(life, (events) => {
        let sector = sectorFacts();
        for (const step of events) {
          const event = step === 'next' ? nextOf(sector) : step;
          sector = play(sector, event).sector;
          for (const [key, tries] of Object.entries(sector.recoveries)) {
            const kind = key.slice(key.indexOf('.') + 1) as keyof typeof RECOVERIES;
            expect(tries).toBeLessThanOrEqual(RECOVERIES[kind].tries);
          }
          if (sector.state === 'Parked') {
            expect(sector.parked_code).toBeTruthy();
            expect(sector.parked_reason).toBeTruthy();
            expect(sector.active.filter((phase) => phase !== 'unseal')).toEqual([]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** No step mends these: an operator who resumes the sector all the same sees it parked for them again. */
const HOPELESS = /^SECTOR_(COMMR_DIFFERS|COMMD_DIFFERS|PRECOMMIT_EXPIRED)$/;

it('every life can still end well: left alone, it comes to Proving or to a reason that no step mends', () => {
  const hasEnded = ({ state, parked_code }: SectorFacts) =>
    state === 'Proving' || (state === 'Parked' && HOPELESS.test(parked_code ?? ''));
  fc.assert(
    fc.property(life, (events) => {
      let sector = sectorFacts();
      for (const step of events) sector = play(sector, step === 'next' ? nextOf(sector) : step).sector;
      for (let steps = 0; steps < 60 && !hasEnded(sector); steps++) {
        sector = play(sector, nextOf(sector)).sector;
      }
      expect(hasEnded(sector), `${sector.state} ${sector.parked_code}`).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('the random lives above reach every state', () => {
  const seen = new Set<string>();
  for (const events of fc.sample(life, { numRuns: 3_000, seed: 7 })) {
    let sector = sectorFacts();
    for (const step of events) {
      const event = step === 'next' ? nextOf(sector) : step;
      sector = play(sector, event).sector;
      seen.add(sector.state);
    }
  }
  // Pieces are collected before, removal is by command: both are outside these lives.
  const outside = ['Packing', 'Removing', 'Removed'];
  expect([...seen].sort()).toEqual(SECTOR_STATES.filter((state) => !outside.includes(state)).toSorted());
});

/** Nothing waits in the queue of a host for files that are on none. */
it('no run needs files that no worker has', () => {
  fc.assert(
    fc.property(life, (events) => {
      let sector = sectorFacts();
      for (const step of events) {
        const event = step === 'next' ? nextOf(sector) : step;
        sector = play(sector, event).sector;
        if (sector.worker !== null) continue;
        const left = sector.active.filter(
          (phase) => !['add-piece', 'commit2', 'remove-files', 'unseal'].includes(phase),
        );
        expect(left, `${sector.state} after ${event.type}`).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

function neededRuns(sector: ReturnType<typeof sectorFacts>): string[] {
  switch (sector.state) {
    case 'AddPiece':
      return ['add-piece'];
    case 'PreCommit1':
      return ['precommit1'];
    case 'PreCommit2':
      return ['precommit2'];
    case 'Commit1':
      return ['commit1'];
    case 'Commit2':
      return [
        ...(sector.proof === null ? ['commit2'] : []),
        ...(sector.landed_at === null ? ['landing'] : []),
      ];
    case 'ClearCache':
      return ['clear-cache'];
    case 'Removing':
      return ['remove-files'];
    default:
      return [];
  }
}
