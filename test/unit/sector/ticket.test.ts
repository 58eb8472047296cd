import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SectorFacts, sharedTicketEpoch, ticketExpired, ticketFor } from '#sector';

const RULES = { lookback: 900, maxAge: 3_780 };
const sector = (change: Partial<SectorFacts> = {}) =>
  ({
    ticket: null,
    ticket_epoch: null,
    precommit_message: null,
    precommit_epoch: null,
    precommit_bound_at: null,
    ...change,
  }) as SectorFacts;

describe('the ticket of a sector', () => {
  it.each([
    ['none yet', sector(), 10_007, { use: 'new', epoch: 9_100 }],
    ['none yet, on a young chain', sector(), 532, { use: 'new', epoch: -370 }],
    ['young enough', sector({ ticket: 'aa', ticket_epoch: 9_000 }), 10_000, { use: 'own' }],
    ['young enough to the last', sector({ ticket: 'aa', ticket_epoch: 9_000 }), 12_720, { use: 'own' }],
    [
      'too old for what follows',
      sector({ ticket: 'aa', ticket_epoch: 9_000 }),
      12_721,
      { use: 'new', epoch: 11_820 },
    ],
    [
      'old, but a pre-commit names it',
      sector({ ticket: 'aa', ticket_epoch: 9_000, precommit_message: 3 }),
      20_000,
      { use: 'own' },
    ],
  ] as const)('%s', (_case, facts, head, expected) => {
    expect(ticketFor(facts, head, RULES, 60)).toEqual(expected);
  });

  it('is deep enough to be final, and all that start within ten epochs share it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6_000_000 }), fc.nat(100), (head, later) => {
        const epoch = sharedTicketEpoch(head, RULES);
        expect(head - epoch).toBeGreaterThanOrEqual(RULES.lookback);
        expect(head - epoch).toBeLessThan(RULES.lookback + 10);
        const next = sharedTicketEpoch(head + later, RULES);
        expect((next - epoch) % 10).toBe(0);
        expect(Math.abs(next - epoch - later)).toBeLessThan(10);
      }),
    );
  });

  it('is expired beyond its age, unless it is bound', () => {
    const old = { ticket: 'aa', ticket_epoch: 9_000 };
    expect(ticketExpired(sector(old), 12_780, RULES)).toBe(false);
    expect(ticketExpired(sector(old), 12_781, RULES)).toBe(true);
    expect(ticketExpired(sector({ ...old, precommit_epoch: 10_000 }), 20_000, RULES)).toBe(false);
  });
});
