import { join } from 'node:path';
import type { Environment, Settings } from '#config';

/** Where copies of added pieces lie: `piece.store`, else in the state folder of a single host. */
export function pieceStoreFolder(settings: Settings, environment: Environment): string {
  return settings.get('piece.store') || join(environment.stateDir, 'pieces');
}
