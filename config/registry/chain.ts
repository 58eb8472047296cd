import { chainNodes, duration, epochs } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const CHAIN_SETTINGS = defineSettings({
  'chain.nodes': {
    type: chainNodes(),
    default: '',
    scope: 'global',
    doc: 'The Lotus nodes (v1 JSON-RPC), best first, each with a reference to its API token: http://10.0.0.5:1234/rpc/v1 token=file:/etc/beepro/lotus.token.',
  },
  'chain.timeout': {
    type: duration({ min: 100, max: 600_000 }),
    default: '30s',
    scope: 'global',
    doc: 'How long one call to a node may take before another node is asked.',
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
