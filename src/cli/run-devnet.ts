import { join, resolve } from 'node:path';
import { readEnvironment } from '#config';
import { BeeproError, type SectorSizeName, toBeeproError } from '#core';
import { DEFAULT_POLICY, defaultGenesis, shortProving, startDevnet } from '#devnet';
import type { Logger } from '#log';
import { FOLDER_VARIABLE, resolveParameterFolder } from '#params';
import type { RunningRole } from '#roles';
import type { ListenAddress } from './arguments.ts';

export interface DevnetRequest {
  readonly state?: string;
  readonly nodes?: number;
  readonly listen?: readonly ListenAddress[];
  readonly ownWallets?: boolean;
  /** ms. */
  readonly gossipDelay?: number;
  /** ms. */
  readonly blockTime?: number;
  readonly sectorSize?: SectorSizeName;
  readonly seed?: string;
  readonly network?: string;
  readonly nullRounds?: number;
  readonly constantRandomness?: boolean;
  readonly acceptReplayProofs?: boolean;
  /** Epochs. */
  readonly provingPeriod?: number;
  readonly deadlines?: number;
}

/** Nothing when nothing was asked, so that a chain that is there keeps its own. */
function provingPolicy({ provingPeriod, deadlines }: DevnetRequest) {
  if (provingPeriod === undefined && deadlines === undefined) return {};
  const { wPoStPeriodDeadlines, wPoStChallengeWindow } = DEFAULT_POLICY;
  const count = deadlines ?? wPoStPeriodDeadlines;
  return { policy: shortProving(provingPeriod ?? count * wPoStChallengeWindow, count) };
}

/** Starts the embedded chain and says where its address and token stand. @throws BeeproError `DEVNET_…` */
export async function runDevnet(request: DevnetRequest, log: Logger): Promise<RunningRole> {
  const { stateDir: ownState, sealerBin } = readEnvironment();
  const { state, listen, blockTime, sectorSize, seed, network, nullRounds, constantRandomness } = request;
  const { acceptReplayProofs, nodes, ownWallets, gossipDelay } = request;
  // Before the chain's folder gets its identity.
  if (sealerBin === undefined) throw new BeeproError('DEVNET_NO_SEALER');
  const stateDir = resolve(state ?? join(ownState, 'devnet'));
  // Its sealer inherits it: it must look where `beepro params` puts the files.
  process.env[FOLDER_VARIABLE] ??= (await resolveParameterFolder()).path;
  const devnet = await startDevnet({
    stateDir,
    sealer: { bin: sealerBin },
    ...(nodes !== undefined && { nodes }),
    ...(listen && { listen }),
    ...(ownWallets !== undefined && { ownWallets }),
    ...(gossipDelay !== undefined && { gossipDelayMs: gossipDelay }),
    ...(blockTime !== undefined && { blockTimeMs: blockTime }),
    ...(sectorSize && { genesis: defaultGenesis(sectorSize) }),
    ...(seed !== undefined && { seed }),
    ...(network !== undefined && { networkName: network }),
    ...(nullRounds !== undefined && { nullRounds }),
    ...(constantRandomness !== undefined && { constantRandomness }),
    ...(acceptReplayProofs !== undefined && { acceptReplayProofs }),
    ...provingPolicy(request),
    onBlockFailure: (failure) => {
      const error = toBeeproError(failure);
      log.error({ event: 'devnet.block-failed', code: error.code, err: error }, error.message);
    },
  });
  const { identity, miners, accounts, url } = devnet;
  const files = { addressFile: join(stateDir, 'api'), tokenFile: join(stateDir, 'token') };
  log.info(
    { event: 'devnet.listening', url, ...files, network: identity.networkName, miners, accounts },
    `${identity.networkName} at ${url}; its address is in ${files.addressFile}, an admin token in ${files.tokenFile}`,
  );
  for (const node of devnet.nodes.slice(1))
    log.info(
      { event: 'devnet.listening', url: node.url, node: node.index },
      `node ${node.index} at ${node.url}`,
    );
  if (acceptReplayProofs) {
    log.warn(
      { event: 'devnet.replay', network: identity.networkName },
      `${identity.networkName} takes the marks of stand-ins for proofs: nothing on it is proven`,
    );
  }
  return {
    // Its clock tries again by itself whatever a block met.
    failed: new Promise<BeeproError>(() => undefined),
    stop: () => devnet.stop(),
  };
}
