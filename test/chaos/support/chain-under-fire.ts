import { chainViolations } from './chain-audit.ts';
import { NODES } from './node-strikes.ts';
import { sealUnderFire, type UnderFire } from './sealing-under-fire.ts';

export interface ChainUnderFireOptions {
  readonly sectors: number;
  readonly withinMs?: number;
  readonly say?: (text: string) => void;
}

/**
 * Seals over a chain of three nodes while `attack` does its worst to them. At the end all is well again with the nodes,
 * and the chain is read from its head down: nothing lost, nothing sent twice, nothing parked for what went away.
 */
export async function sealOverBadNodes(
  options: ChainUnderFireOptions,
  attack: (fire: UnderFire) => Promise<void>,
): Promise<void> {
  await sealUnderFire(
    {
      ...options,
      nodes: NODES,
      settings: [
        ['chain.timeout', '*', '1s'],
        ['chain.poll_interval', '*', '500ms'],
        ['batch.precommit.wait', '*', '2s'],
        ['batch.commit.wait', '*', '2s'],
      ],
      verify: async ({ installation, modules, sectors }) => {
        await installation.chainControl.heal();
        const violations = await chainViolations(modules.db.kysely, modules.chain, sectors);
        if (violations.length > 0) throw new Error(`on chain: ${violations.join('\n')}`);
      },
    },
    attack,
  );
}
