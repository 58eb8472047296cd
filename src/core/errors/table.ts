import { BATCH_ERRORS } from './batch.ts';
import { CHAIN_ERRORS } from './chain.ts';
import { DATABASE_ERRORS } from './database.ts';
import type { ErrorDefinition } from './define.ts';
import { DEVICE_ERRORS } from './device.ts';
import { DEVNET_ERRORS } from './devnet.ts';
import { GENERAL_ERRORS } from './general.ts';
import { LOCAL_ERRORS } from './local.ts';
import { MESSAGE_ERRORS } from './message.ts';
import { MINING_ERRORS } from './mining.ts';
import { PARAMS_ERRORS } from './params.ts';
import { PIECE_ERRORS } from './piece.ts';
import { QUEUE_ERRORS } from './queue.ts';
import { SEALER_ERRORS } from './sealer.ts';
import { SECTOR_ERRORS } from './sector.ts';
import { SETTING_ERRORS } from './setting.ts';
import { STORAGE_ERRORS } from './storage.ts';
import { WALLET_ERRORS } from './wallet.ts';
import { WEB_ERRORS } from './web.ts';
import { WORKER_ERRORS } from './worker.ts';

const ALL = {
  ...GENERAL_ERRORS,
  ...BATCH_ERRORS,
  ...CHAIN_ERRORS,
  ...DATABASE_ERRORS,
  ...DEVICE_ERRORS,
  ...DEVNET_ERRORS,
  ...MESSAGE_ERRORS,
  ...MINING_ERRORS,
  ...LOCAL_ERRORS,
  ...PARAMS_ERRORS,
  ...PIECE_ERRORS,
  ...QUEUE_ERRORS,
  ...SEALER_ERRORS,
  ...SECTOR_ERRORS,
  ...SETTING_ERRORS,
  ...STORAGE_ERRORS,
  ...WALLET_ERRORS,
  ...WEB_ERRORS,
  ...WORKER_ERRORS,
};

export type ErrorCode = keyof typeof ALL;

/** Every error code of the project; `docs/errors.md` is held to it by a test. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorDefinition>> = ALL;
