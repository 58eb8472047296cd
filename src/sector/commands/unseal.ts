import type { SectorId } from '#core';
import { insertSectorEvent, lockSector } from '#db';
import type { UnsealRequest } from '#pieces';
import { startRun } from '../apply.ts';
import { commitAndPublish, type SectorModules } from '../change.ts';

/**
 * Asks for a run that unseals a range of a landed sector into `request.out`, on any worker that takes the phase. The
 * run's input names `out`: its retries, which are runs of their own, are found by it.
 * @throws BeeproError `NOT_FOUND`
 */
export async function requestUnseal(
  modules: SectorModules,
  id: SectorId,
  request: UnsealRequest,
): Promise<void> {
  await commitAndPublish(modules, async (trx) => {
    await lockSector(trx, id);
    const { out, offset, size } = request;
    await insertSectorEvent(trx, { ...id, event: 'unseal-requested', data: { out, offset, size } });
    const job = await startRun(trx, id, null, { phase: 'unseal', delayMs: 0, input: { ...request } });
    return { jobs: job ? [job] : [] };
  });
}
