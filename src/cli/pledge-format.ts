import { idAddress } from '#codec';
import { type ActorId, BeeproError, formatFil } from '#core';
import { type PledgingState, readPledging } from '#sector';
import { type JsonOption, printFacts, printLine } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatDuration, toJson } from './output/index.ts';

/** @throws BeeproError `MINER_UNKNOWN` */
export async function showPledging(
  context: CliContext,
  options: JsonOption & { readonly miner?: ActorId },
): Promise<void> {
  const { miner } = options;
  const states = await readPledging(context.database.kysely, await context.settings(), miner);
  if (miner !== undefined && states.length === 0) {
    throw new BeeproError('MINER_UNKNOWN', { miner: idAddress(miner, 't') });
  }
  if (options.json) {
    printLine(toJson(states));
    return;
  }
  if (states.length === 0) printLine('No miner yet. Add one with: beepro miner add t01000');
  for (const [index, state] of states.entries()) {
    if (index > 0) printLine('');
    printFacts(factsOf(state), options);
  }
}

function factsOf(state: PledgingState): Record<string, unknown> {
  const { decision, maxInFlight, maxParked, floor } = state;
  const facts = decision?.facts ?? {};
  const money = (amount: bigint | undefined): string | undefined =>
    amount === undefined ? undefined : formatFil(amount);
  return {
    miner: `t0${state.miner}`,
    automatic: `${state.enabled ? 'on' : 'off'} (${state.from})`,
    'last decision': decision
      ? `${formatDuration(decision.ageMs)} ago: ${decision.pledged} pledged`
      : 'none: no sealing role has decided yet',
    reason: decision?.reason,
    'last pledged': decision?.lastPledgedAt ?? 'never',
    'in flight': `${facts.inFlight ?? '–'}${facts.parked ? `, ${facts.parked} of them parked` : ''}, at most ${maxInFlight || 'any number'}`,
    'stops at': maxParked === 0 ? 'no number of parked sectors' : `${maxParked} parked sectors`,
    'wait to begin': facts.unbegun,
    'could begin': facts.wanted === undefined ? undefined : `${facts.wanted} on ${facts.hosts} workers`,
    'a sector costs': money(facts.sectorCost),
    available: money(facts.available),
    wallet: facts.wallet && `${money(facts.walletBalance)} in ${facts.wallet}`,
    'owed in flight': money(facts.owed),
    'free to spend': money(facts.free),
    floor: money(floor),
  };
}
