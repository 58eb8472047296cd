import { type Command, Option } from 'commander';
import { SECTOR_SIZES, type SectorSizeName } from '#core';
import {
  countArgument,
  durationArgument,
  type ListenAddress,
  listenArguments,
  shareArgument,
} from '../arguments.ts';
import { type LogOptions, runRole, withLogFile } from '../run-role.ts';

/** The name and seed under which proofs may be kept and used again (`BEEPRO_C2_MEMO_DIR`). */
const TEST_NETWORK = 'beepro-devnet-test';

interface DevnetCommand extends LogOptions {
  readonly state?: string;
  readonly nodes?: number;
  readonly listen?: readonly ListenAddress[];
  readonly ownWallets?: true;
  /** ms. */
  readonly gossipDelay?: number;
  /** ms. */
  readonly blockTime?: number;
  readonly sectorSize?: SectorSizeName;
  readonly seed?: string;
  readonly network?: string;
  readonly nullRounds?: number;
  readonly constantRandomness?: true;
  readonly testNetwork?: true;
  readonly acceptReplayProofs?: true;
  readonly provingPeriod?: number;
  readonly deadlines?: number;
}

export function registerDevnet(program: Command): void {
  configureDevnet(program.command('devnet'))
    .description('an embedded Filecoin chain that speaks the API of Lotus and verifies proofs, until Ctrl-C')
    .addHelpText(
      'after',
      `
The folder of the chain gets the files api (its address) and token (an admin token); api-1 and token-1 and so on are
those of further nodes. A chain that is there goes on where it stood; what it began with cannot be changed.

Example:
  beepro devnet --state /tmp/chain --block-time 2s
  beepro setting set chain.nodes "$(cat /tmp/chain/api) token=file:/tmp/chain/token"`,
    );
}

/** The options and the action of `devnet`, which is also `run devnet`. */
export function configureDevnet(command: Command): Command {
  return withLogFile(command)
    .option('--state <dir>', 'the folder of the chain (devnet in the state folder)')
    .option('--nodes <n>', 'endpoints over the one chain, each a node of its own (1)', countArgument)
    .option(
      '--listen <host:port,…>',
      'where, for each of the nodes (127.0.0.1 and free ports)',
      listenArguments,
    )
    .option('--own-wallets', 'a wallet for each node, and the keys of genesis in the first alone')
    .option(
      '--gossip-delay <duration>',
      'until a message has come from one node to the others, such as 200ms (at once)',
      durationArgument,
    )
    .option('--block-time <duration>', 'time between two epochs, such as 500ms or 4s (4s)', durationArgument)
    .addOption(
      new Option('--sector-size <size>', 'of its miner t01000 (2KiB)').choices(
        SECTOR_SIZES.filter((size) => size === '2KiB' || size === '8MiB'),
      ),
    )
    .option('--seed <text>', 'keys and randomness follow from it (random)')
    .option('--network <name>', 'what the chain calls itself (beepro-devnet)')
    .option(
      '--proving-period <epochs>',
      'a whole number of epochs for each deadline; lookback, cutoff and dispute window scale with it (2880)',
      countArgument,
    )
    .option('--deadlines <count>', 'deadlines of a proving period, at least 3 (48)', countArgument)
    .option('--null-rounds <share>', 'share of epochs without a block, 0 to below 1 (0)', shareArgument)
    .option('--constant-randomness', 'tickets and seeds depend on the seed and the sector alone: for tests')
    .option('--test-network', `short for --network ${TEST_NETWORK} --seed test --constant-randomness`)
    .option(
      '--accept-replay-proofs',
      'take what the replay sealer gives in the place of proofs; the chain is named beepro-devnet-replay',
    )
    .action((options: DevnetCommand) =>
      runRole('devnet', options, async (log) => {
        const { runDevnet } = await import('../run-devnet.ts');
        const { testNetwork, ...rest } = options;
        const preset = { network: TEST_NETWORK, seed: 'test', constantRandomness: true } as const;
        return runDevnet(testNetwork ? { ...preset, ...rest } : rest, log);
      }),
    );
}
