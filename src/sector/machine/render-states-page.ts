import { SECTOR_STATES, type SectorState } from '#core';
import { EVENT_TYPES, EVENTS } from './events.ts';
import { RECOVERIES } from './recovery.ts';
import { TABLE } from './table.ts';

/** `docs/sector-states.md`: the transition table as a drawing and as tables. A test holds the file to it. */
export function renderStatesPage(): string {
  return `# Sector states

The life of a sector, drawn from the one table that decides it (\`src/sector/machine/table.ts\`); a test holds this
page to it. An event that a state does not handle is refused, with its reason, and changes nothing.

${drawing()}

## States

| state | what it does or waits for | handles |
|---|---|---|
${SECTOR_STATES.map(stateLine).join('\n')}

## Recoveries

Tries are counted for each phase (or message) and kind of failure; they are forgotten when that phase succeeds, and
when the operator resumes or redoes the sector. When they are spent the sector is parked with the failure as its
reason. The settings \`sector.retry.tries_percent\` and \`sector.retry.backoff_percent\` scale them.

| kind | meaning | goes on with | tries | pause before the first, the longest |
|---|---|---|---|---|
${Object.entries(RECOVERIES).map(recoveryLine).join('\n')}

## Events and why they are refused elsewhere

| event | refused because |
|---|---|
${EVENT_TYPES.map((type) => `| \`${type}\` | ${EVENTS[type]} |`).join('\n')}
`;
}

/** Edges to Parked, Removing and AddPiece by command come from nearly everywhere: they are told, not drawn. */
const UNDRAWN: readonly string[] = ['park', 'remove', 'redo', 'resume'];

function drawing(): string {
  const lines = SECTOR_STATES.flatMap((from) => edgesOf(from));
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> Packing', '  [*] --> AddPiece', ...lines, '```'].join(
    '\n',
  );
}

function edgesOf(from: SectorState): string[] {
  const byTarget = new Map<string, string[]>();
  for (const type of EVENT_TYPES) {
    const cell = TABLE[from].on[type];
    if (!cell || UNDRAWN.includes(type)) continue;
    for (const to of cell.to) {
      if (to === from) continue;
      byTarget.set(to, [...(byTarget.get(to) ?? []), type]);
    }
  }
  return [...byTarget].map(([to, types]) => `  ${from} --> ${to}: ${types.join(', ')}`);
}

function stateLine(state: SectorState): string {
  const handled = EVENT_TYPES.filter((type) => TABLE[state].on[type] !== undefined);
  return `| ${state} | ${TABLE[state].meaning} | ${handled.map((type) => `\`${type}\``).join(', ') || '–'} |`;
}

function recoveryLine([kind, recovery]: [string, (typeof RECOVERIES)[keyof typeof RECOVERIES]]): string {
  const { baseMs, capMs } = recovery.backoff;
  return `| ${kind} | ${recovery.meaning} | ${recovery.goTo} | ${recovery.tries} | ${pause(baseMs)}, ${pause(capMs)} |`;
}

function pause(ms: number): string {
  if (ms === 0) return 'none';
  return ms < 60_000 ? `${ms / 1_000} s` : `${ms / 60_000} min`;
}
