import { decodeAs, exitCodeText, type Message, MINER_METHODS } from '#codec';
import type { SectorNumber } from '#core';
import { EXIT } from '../../actors/actor-error.ts';
import { LOTUS_CODE, LotusError } from '../../lotus-error.ts';

/**
 * Fails the estimate of a batch with a sector that the devnet's operator has told to fail, as if an actor had aborted
 * because of it. @throws LotusError
 */
export function refuseEstimate(refused: ReadonlySet<SectorNumber>, { to, method, params }: Message): void {
  if (refused.size === 0) return;
  const number = sectorsIn(method, params).find((each) => refused.has(each));
  if (number === undefined) return;
  const exit = EXIT.illegalArgument;
  const frame = `00: ${to.replace(/^t/, 'f')} (method ${method}) -- sector ${number} is refused here (${exit})`;
  const error = `message failed with backtrace:\n${frame}\n (RetCode=${exit})`;
  throw new LotusError(
    `message execution failed (exit=[${exitCodeText(exit)}], vm error=[${error}])`,
    LOTUS_CODE.reverted,
    '0x',
  );
}

function sectorsIn(method: number, params: Uint8Array): readonly SectorNumber[] {
  const { PreCommitSectorBatch2: precommit, ProveCommitSectors3: commit } = MINER_METHODS;
  if (method === precommit.number)
    return decodeAs(precommit.params, params, precommit.name, 't').sectors.map((each) => each.sectorNumber);
  if (method === commit.number)
    return decodeAs(commit.params, params, commit.name, 't').sectorActivations.map(
      (each) => each.sectorNumber,
    );
  return [];
}
