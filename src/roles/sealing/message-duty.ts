import { createMessagePump, feeCaps, type MessageNote, type MessagePump, networkPolicy } from '#chain';
import type { FlightRow, MessageSectorRow, Trx } from '#db';
import { requireEvent } from '#sector';
import type { SealingModules } from './modules.ts';

/** Notes after which sectors that wait for the message may go on. */
const OUTCOMES: readonly MessageNote['what'][] = ['landed', 'final', 'cancelled', 'given-up', 'reverted'];

/** The message pump with this role's settings, log and sectors. */
export function createPump(modules: SealingModules, onOutcome: () => void): MessagePump {
  const { db, chain, signer, settings } = modules;
  return createMessagePump({
    db,
    chain,
    signer,
    rules: {
      confidence: () => settings.get('chain.confidence.final'),
      pushAgainMs: () => settings.get('message.push_interval'),
      replaceAfterMs: () => settings.get('message.replace_after'),
      replacements: () => settings.get('message.replacements'),
      fillGapsAfterMs: () => settings.get('message.fill_gaps_after'),
      caps: (message, head) => feeCaps(settings, message, head),
      policy: () => networkPolicy(Number.POSITIVE_INFINITY),
    },
    bind: bindSectors,
    note: (note) => {
      logNote(modules, note);
      if (OUTCOMES.includes(note.what)) onOutcome();
    },
  });
}

/** With its nonce a pre-commit may be signed: from this commit on its sectors' tickets and data are bound. */
async function bindSectors(
  trx: Trx,
  message: FlightRow,
  members: readonly MessageSectorRow[],
): Promise<void> {
  if (message.purpose !== 'precommit') return;
  for (const member of members) {
    await requireEvent(trx, { miner: member.miner, number: member.number }, { type: 'precommit-bound' });
  }
}

function logNote(modules: SealingModules, note: MessageNote): void {
  if (note.what === 'foreign') {
    const { from, nonces } = note;
    modules.log.warn(
      { event: 'message.foreign', from, nonces },
      `${nonces.length} messages of ${from} are not this database’s`,
    );
    return;
  }
  const { message, what, ...facts } = note;
  const line = {
    event: `message.${what}`,
    message: message.id,
    miner: message.miner,
    purpose: message.purpose,
    ...facts,
  };
  if (
    note.what === 'waits' ||
    note.what === 'retried' ||
    note.what === 'given-up' ||
    note.what === 'cancelling'
  ) {
    modules.log.warn({ ...line, code: note.error.code, error: undefined }, note.error.message);
  } else modules.log.info(line, `${message.purpose} message ${message.id}: ${what}`);
}
