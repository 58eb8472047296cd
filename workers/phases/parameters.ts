import { listTrustedParams } from '#db';
import { inspectFiles, neededFiles, proofNetwork, requireUsable } from '#params';
import type { PhaseContext } from './phase.ts';

/**
 * Refuses proof parameters that this network's sectors must not be proven with, before 100 CPU-seconds go into a
 * proof that nobody accepts. Digests are remembered by size, time and inode, so only a new file is read whole.
 * @throws BeeproError `PARAMS_REFUSED`
 */
export async function requireParameters(context: PhaseContext, folder: string): Promise<void> {
  const files = neededFiles({
    sizes: [context.proof.size],
    aggregation: context.proof.variant === 'non-interactive',
  }).filter((file) => file.kind === 'porep' || file.kind === 'srs');
  const onProgress = (name: string, done: number, total: number) =>
    context.progress({ step: `checking ${name}`, done, total, fraction: done / total });
  const inspected = await inspectFiles(folder, files, { onProgress, signal: context.signal });
  const trusted = await listTrustedParams(context.database.kysely, context.network);
  requireUsable(folder, proofNetwork(context.network), inspected, trusted);
}
