import { LotusError } from '../../lotus-error.ts';
import { ACTORS_VERSION, NETWORK_VERSION } from '../../policy.ts';
import { defineHandlers } from '../handlers.ts';
import { ACTOR_CODES, ACTOR_MANIFEST } from './actor-codes.ts';

export const NODE_HANDLERS = defineHandlers({
  Version: ({ chain }) => ({
    version: `1.36.2+beepro-devnet+actors.v${ACTORS_VERSION}`,
    apiVersion: 131_840,
    blockDelay: blockDelay(chain.options.blockTimeMs),
  }),
  ID: ({ peerId }) => peerId,
  AuthVerify: ({ tokens }, token) => {
    const allowed = tokens.verify(token);
    if (!allowed) throw new LotusError('JWT Verification failed: jwt: invalid signature');
    return allowed;
  },
  NetAddrsListen: ({ peerId }) => ({ id: peerId, addrs: [] }),
  NetPeers: () => [],
  NodeStatus: ({ chain }) => ({
    syncStatus: { epoch: chain.head.height, behind: 0 },
    peerStatus: { peersToPublishMsgs: 0, peersToPublishBlocks: 0 },
    chainStatus: { blocksPerTipsetLast100: 0, blocksPerTipsetLastFinality: 0 },
  }),
  SyncState: () => ({ activeSyncs: [], vmApplied: 0 }),
  StateNetworkName: ({ networkName }) => networkName,
  StateNetworkVersion: () => NETWORK_VERSION,
  StateGetNetworkParams: ({ chain, networkName }) => ({
    networkName,
    blockDelaySecs: blockDelay(chain.options.blockTimeMs),
    consensusMinerMinPower: 2_048n,
    preCommitChallengeDelay: chain.options.terms.policy.preCommitChallengeDelay,
    genesisTimestamp: chain.options.genesisTimestamp,
  }),
  StateActorCodeCIDs: (_context, version) => {
    if (version !== NETWORK_VERSION)
      throw new LotusError(`getting actor code CIDs: unsupported network version ${version}`);
    return ACTOR_CODES;
  },
  StateActorManifestCID: () => ACTOR_MANIFEST,
});

/** The API counts whole seconds; a chain faster than that still says one. */
function blockDelay(blockTimeMs: number): number {
  return Math.max(1, Math.round(blockTimeMs / 1000));
}
