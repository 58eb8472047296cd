import { readdirSync, readFileSync } from 'node:fs';
import { type Fleet, parseFleet } from '../fleets/fleet-schema.ts';
import { type Profile, parseProfile } from '../fleets/profile-schema.ts';

const FOLDER = new URL('../fleets/', import.meta.url);

/** In the order in which the benchmark shows them. */
export const FLEET_NAMES = [
  'one-gpu',
  'pc1-6',
  'workspace',
  'two-gpus',
  'mixed-33',
  'pc1-and-c2',
  'thousand',
] as const;

/** @throws Error when the file is missing, ZodError when it does not fit */
export function readFleet(name: string): Fleet {
  return parseFleet(JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')));
}

export function readProfiles(): Map<string, Profile> {
  const folder = new URL('profiles/', FOLDER);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const profiles = names.map((name) => parseProfile(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))));
  return new Map(profiles.map((profile) => [profile.name, profile]));
}
