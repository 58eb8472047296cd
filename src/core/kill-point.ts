/**
 * Named places between two steps where a crash must lose nothing. `KILL_POINTS` is the list of record: a test
 * checks that every transition, outbox and message step has one, and the chaos runs kill at each.
 */
export const KILL_POINTS = [
  'claim.before-commit',
  'claim.after-commit',
  'run.intent-journalled',
  'run.sealer-spawned',
  'run.sealer-requested',
  'run.result-journalled',
  'accept.before-commit',
  'accept.after-commit',
  'accept.published',
  'accept.completed',
  'outbox.before-publish',
  'outbox.after-publish',
  'outbox.marked',
  'landing.copied',
  'landing.verified',
  'landing.recorded',
  'transition.before-commit',
  'transition.after-commit',
  'message.intent-committed',
  'message.nonce-committed',
  'message.signed',
  'message.stored',
  'message.pushed',
  'message.marked-pushed',
  'message.landed',
  'message.finalised',
] as const;

/** Those on the way of a block, which no sealing comes past. */
export const MINING_KILL_POINTS = [
  'mining.claimed',
  'mining.watermarked',
  'mining.signed',
  'mining.submitted',
] as const;

/**
 * Passed only where something has gone out of its way: a message that is stuck, cancelled, forgotten or missing. Their
 * tests bring that about; in an ordinary life they are not reached.
 */
export const RARE_KILL_POINTS = [
  'message.adopted',
  'message.replace-committed',
  'message.cancel-committed',
  'message.gap-filled',
] as const;

export type KillPoint = (typeof KILL_POINTS | typeof MINING_KILL_POINTS | typeof RARE_KILL_POINTS)[number];

/**
 * Kills this process with SIGKILL when the environment names this point: `BEEPRO_KILL_AT=accept.before-commit`,
 * or `accept.before-commit#3` for the third passing. Costs one comparison otherwise.
 */
export function killPoint(name: KillPoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.passings -= 1;
  if (armed.passings > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is asynchronous: nothing may run between here and death.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const armed = readArmed(process.env.BEEPRO_KILL_AT);

function readArmed(text: string | undefined): { name: string; passings: number } | undefined {
  if (!text) return undefined;
  const [name = '', count] = text.split('#');
  return { name, passings: count === undefined ? 1 : Number(count) };
}
