import { readFleet, readProfiles } from './fleet-files.ts';
import { type SimulationResult, simulate } from './simulate.ts';

/** One simulation, as a thread is asked for it. */
export interface Task {
  readonly fleet: string;
  readonly failing: boolean;
  readonly policy: 'beepro' | 'lotus';
  readonly seed: number;
}

export function runTask({ fleet, failing, policy, seed }: Task): SimulationResult {
  return simulate({ fleet: readFleet(fleet), profiles: readProfiles(), failing, policy, seed });
}
