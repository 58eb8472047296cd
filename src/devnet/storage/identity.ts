import { randomBytes } from 'node:crypto';
import { BeeproError } from '#core';
import { DEFAULT_ECONOMY } from '../actors/economy.ts';
import { defaultGenesis } from '../genesis/genesis-spec.ts';
import type { ChainIdentity, DevnetOptions } from '../options.ts';
import { DEFAULT_POLICY } from '../policy.ts';
import { readStateJson, writeStateJson } from '../state/state-json.ts';
import type { StateFolder } from './state-folder.ts';

const FILE = 'chain.json';
const DEFAULT_BLOCK_TIME_MS = 4_000;

/**
 * The identity of the folder's chain, or of a new one.
 * @throws BeeproError `DEVNET_GENESIS_DIFFERS` when an option contradicts what is kept
 */
export function identityIn(folder: StateFolder, options: DevnetOptions): ChainIdentity {
  const identity = folder.parse(FILE, readIdentity);
  if (identity === undefined) {
    const made = newIdentity(options);
    folder.write(FILE, writeStateJson(made));
    return made;
  }
  const asked: Partial<Record<keyof ChainIdentity, unknown>> = {
    seed: options.seed,
    networkName: options.networkName,
    blockTimeMs: options.blockTimeMs,
    nullRounds: options.nullRounds,
    constantRandomness: options.constantRandomness,
    genesis: options.genesis,
    policy: options.policy && { ...identity.policy, ...options.policy },
    economy: options.economy && { ...identity.economy, ...options.economy },
  };
  for (const [field, value] of Object.entries(asked)) {
    const [was, is] = [identity[field as keyof ChainIdentity], value].map(writeStateJson);
    if (value !== undefined && was !== is)
      throw new BeeproError('DEVNET_GENESIS_DIFFERS', { path: folder.path, field, kept: was, asked: is });
  }
  return identity;
}

/** A chain made before a rule had a number keeps today's default. */
function readIdentity(text: string): ChainIdentity {
  const kept = readStateJson(text) as ChainIdentity;
  // Executed by today's rules, what was never proven would be faulty, and the chain another.
  if (kept.policy.wPoStDisputeWindow === undefined)
    throw new Error('it was made before window PoSts counted, by other rules than now');
  return {
    ...kept,
    policy: { ...DEFAULT_POLICY, ...kept.policy },
    economy: { ...DEFAULT_ECONOMY, ...kept.economy },
  };
}

function newIdentity(options: DevnetOptions): ChainIdentity {
  const blockTimeMs = options.blockTimeMs ?? DEFAULT_BLOCK_TIME_MS;
  if (!(blockTimeMs >= 1 && blockTimeMs <= 3_600_000))
    throw new BeeproError('INPUT_INVALID', { what: 'the block time', detail: `${blockTimeMs} ms` });
  const nullRounds = options.nullRounds ?? 0;
  if (!(nullRounds >= 0 && nullRounds < 1))
    throw new BeeproError('INPUT_INVALID', { what: 'the share of null rounds', detail: String(nullRounds) });
  return {
    seed: options.seed ?? randomBytes(16).toString('hex'),
    networkName: options.networkName ?? 'beepro-devnet',
    blockTimeMs,
    nullRounds,
    constantRandomness: options.constantRandomness ?? false,
    policy: { ...DEFAULT_POLICY, ...options.policy },
    economy: { ...DEFAULT_ECONOMY, ...options.economy },
    genesis: options.genesis ?? defaultGenesis(),
    genesisTimestamp: options.genesisTimestamp ?? Math.floor(Date.now() / 1000),
  };
}
