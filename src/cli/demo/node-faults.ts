import type { LocalInstallation } from '#local';
import type { Moment } from './watch.ts';

/** Endpoints of the demo's chain. */
export const NODES = 3;
const KILLED = 0;
const STALLED = 1;

/** Midway one node is killed and another stands still; the third carries the rest. */
export function nodeFaults(installation: LocalInstallation, say: (text: string) => void): readonly Moment[] {
  const strike = async (node: number, fault: 'down' | 'stall', what: string): Promise<[]> => {
    await installation.chainControl.fault(node, { [fault]: true });
    say(`fault: chain node ${node} of ${NODES} (${installation.chainApis[node]?.url}) ${what}`);
    return [];
  };
  return [
    { when: 'PreCommit2', act: () => strike(KILLED, 'down', 'is killed: it refuses every connection') },
    {
      when: 'Commit2',
      act: () => strike(STALLED, 'stall', 'stands still: it takes every call and never answers'),
    },
  ];
}
