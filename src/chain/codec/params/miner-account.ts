import { address, array, bigInt, bytes, int, nothing, type SchemaValue, tuple } from '../schema.ts';
import { type ActorMethod, actorMethod } from './method.ts';

/** Creating a miner, its addresses and its money. Source: builtin-actors v18 `actors/{miner,power}/src/types.rs`. */

const method = <P, R>(definition: Omit<ActorMethod<P, R>, 'actor'>): ActorMethod<P, R> => ({
  actor: 'storageminer',
  ...definition,
});

export const MINER_ACCOUNT_METHODS = {
  ControlAddresses: method({
    number: 2,
    name: 'ControlAddresses',
    params: nothing,
    returns: tuple({ owner: address, worker: address, controlAddresses: array(address) }),
  }),
  ChangeWorkerAddress: method({
    number: 3,
    name: 'ChangeWorkerAddress',
    params: tuple({ newWorker: address, newControlAddresses: array(address) }),
    returns: nothing,
  }),
  ChangePeerID: method({
    number: 4,
    name: 'ChangePeerID',
    params: tuple({ newId: bytes }),
    returns: nothing,
  }),
  ReportConsensusFault: method({
    number: 15,
    name: 'ReportConsensusFault',
    /** Two block headers, as stored, that contradict each other; `headerExtra` witnesses parent-grinding, else empty. */
    params: tuple({ header1: bytes, header2: bytes, headerExtra: bytes }),
    returns: nothing,
  }),
  WithdrawBalance: method({
    number: 16,
    name: 'WithdrawBalance',
    params: tuple({ amountRequested: bigInt }),
    /** attoFIL withdrawn. */
    returns: bigInt,
  }),
  ChangeMultiaddrs: method({
    number: 18,
    name: 'ChangeMultiaddrs',
    params: tuple({ newMultiaddrs: array(bytes) }),
    returns: nothing,
  }),
  ConfirmChangeWorkerAddress: method({
    number: 21,
    name: 'ConfirmChangeWorkerAddress',
    params: nothing,
    returns: nothing,
  }),
  RepayDebt: method({ number: 22, name: 'RepayDebt', params: nothing, returns: nothing }),
  ChangeOwnerAddress: method({
    number: 23,
    name: 'ChangeOwnerAddress',
    params: address,
    returns: nothing,
  }),
  ChangeBeneficiary: method({
    number: 30,
    name: 'ChangeBeneficiary',
    params: tuple({ newBeneficiary: address, newQuota: bigInt, newExpiration: int }),
    returns: nothing,
  }),
} as const;

const createMinerParams = tuple({
  owner: address,
  worker: address,
  /** Registered window PoSt proof number. */
  windowPoStProofType: int,
  peer: bytes,
  multiaddrs: array(bytes),
});
const createMinerReturn = tuple({ idAddress: address, robustAddress: address });
export type CreateMinerParams = SchemaValue<typeof createMinerParams>;
export type CreateMinerReturn = SchemaValue<typeof createMinerReturn>;

export const POWER_METHODS = {
  CreateMiner: actorMethod({
    actor: 'storagepower',
    number: 2,
    name: 'CreateMiner',
    params: createMinerParams,
    returns: createMinerReturn,
  }),
} as const;
