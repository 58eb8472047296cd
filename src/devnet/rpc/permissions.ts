import type { LotusMethod } from '#chain';
import type { Permission } from './auth.ts';

/** Methods that need more than `read`. Source: the `perm` tags of Lotus `api/api_full.go`. */
const BEYOND_READ: { readonly [M in LotusMethod]?: Permission } = {
  MpoolPush: 'write',
  MinerCreateBlock: 'write',
  SyncSubmitBlock: 'write',
  WalletNew: 'write',
  WalletHas: 'write',
  WalletList: 'write',
  WalletDefaultAddress: 'write',
  WalletSign: 'sign',
  WalletSignMessage: 'sign',
  MpoolPushMessage: 'sign',
};

export function permissionFor(method: LotusMethod): Permission {
  return BEYOND_READ[method] ?? 'read';
}
