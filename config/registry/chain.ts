import { chainNodes, duration, epochs, integer } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const CHAIN_SETTINGS = defineSettings({
  'chain.nodes': {
    type: chainNodes(),
    default: '',
    scope: 'global',
    doc: 'The Lotus nodes (v1 JSON-RPC), best first, as URL (http, https, ws, wss) or multiaddr, each with a reference to its API token: http://10.0.0.5:1234/rpc/v1 token=file:/etc/beepro/lotus.token. A secret that holds TOKEN:ADDRESS is named alone: env:FULLNODE_API_INFO. `beepro chain add` and `remove` change one at a time.',
  },
  'chain.timeout': {
    type: duration({ min: 100, max: 600_000 }),
    default: '30s',
    scope: 'global',
    doc: 'How long one call to a node may take before another node is asked.',
  },
  'chain.max_lag': {
    type: epochs({ min: 1, max: 900 }),
    default: '5',
    scope: 'global',
    doc: 'How many epochs a node may be behind the chain before nothing is asked of it. Null rounds count, so fewer than 3 would put healthy nodes out.',
  },
  'chain.probe_interval': {
    type: duration({ min: 100, max: 300_000 }),
    default: '5s',
    scope: 'global',
    doc: 'How often each process that uses the chain looks at the health of each node.',
  },
  'chain.probe_timeout': {
    type: duration({ min: 50, max: 60_000 }),
    default: '5s',
    scope: 'global',
    doc: 'How long a look at a node’s health may take; a node that does not answer within it gets no calls.',
  },
  'chain.breaker.failures': {
    type: integer({ min: 1, max: 1_000 }),
    default: '3',
    scope: 'global',
    doc: 'After how many failed calls in a row a node gets none for a while. A call that ends by its time-out needs no second one.',
  },
  'chain.breaker.backoff': {
    type: duration({ min: 10, max: 600_000 }),
    default: '1s',
    scope: 'global',
    doc: 'For how long a node that failed gets no calls, the first time; each failure that follows doubles it.',
  },
  'chain.breaker.max_backoff': {
    type: duration({ min: 100, max: 3_600_000 }),
    default: '1m',
    scope: 'global',
    doc: 'The longest time for which a node that failed is not looked at again.',
  },
  'chain.max_calls': {
    type: integer({ min: 1, max: 10_000, unit: 'calls' }),
    default: '32',
    scope: 'global',
    doc: 'How many calls each process has under way at one node; others wait their turn, urgent ones first.',
  },
  'chain.max_waiting': {
    type: integer({ min: 1, max: 1_000_000, unit: 'calls' }),
    default: '5000',
    scope: 'global',
    doc: 'How many calls of a process may wait for one node; beyond it a call fails with CHAIN_BUSY and is made again later.',
  },
  'chain.retries': {
    type: integer({ min: 0, max: 20 }),
    default: '2',
    scope: 'global',
    doc: 'How many further nodes a call is given to whose node failed. What could be done twice by that is never given to another.',
  },
  'chain.poll_interval': {
    type: duration({ min: 50, max: 300_000 }),
    default: '5s',
    scope: 'global',
    doc: 'How often the chain is looked at although no new head was announced.',
  },
  'chain.confidence.precommit': {
    type: epochs({ min: 1, max: 900 }),
    default: '10',
    scope: 'global',
    doc: 'How deep a pre-commit must lie before a sector’s layers may be cleared, from which Commit1 could be made again.',
  },
  'chain.confidence.seed': {
    type: epochs({ min: 6, max: 900 }),
    default: '6',
    scope: 'global',
    doc: 'How many epochs after the seed’s the seed is read, so that a short reorg does not throw proofs away.',
  },
  'chain.confidence.commit': {
    type: epochs({ min: 1, max: 900 }),
    default: '15',
    scope: 'global',
    doc: 'How deep a prove-commit must lie before its sectors count as proving, and the stored copies of their pieces may go.',
  },
  'chain.confidence.final': {
    type: epochs({ min: 1, max: 900 }),
    default: '15',
    scope: 'global',
    doc: 'How deep a message must lie before its outcome counts as final: a failure has its consequences, and a nonce is used up.',
  },
});
