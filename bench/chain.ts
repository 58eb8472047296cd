/**
 * What the chain side costs: a full decision round over 10,000 sectors that wait for the chain, by the real duties on
 * a real database, Redis and three nodes that answer after 50 ms; messages from intent to final; and the calls of a
 * sector's whole life, counted between a real installation and its devnet.
 *
 *   npm run bench:chain -- [--latency 50] [--messages 60] [--no-life] [--json] [--check]
 *
 * CPU is this process' own; the nodes live in another. With --check a missed target fails.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { countLife } from './chain/life.ts';
import { measureRoundsApart } from './chain/rounds-process.ts';
import { type Figure, report } from './report.ts';

const { values } = parseArgs({
  options: {
    latency: { type: 'string', default: '50' },
    messages: { type: 'string', default: '60' },
    'no-life': { type: 'boolean', default: false },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});

const figures: Figure[] = await measureRoundsApart({
  latencyMs: Number(values.latency),
  messages: Number(values.messages),
});
if (!values['no-life']) figures.push(...(await countLife()));
report(`chain, load ${loadavg()[0]?.toFixed(1)} at the end`, figures);
