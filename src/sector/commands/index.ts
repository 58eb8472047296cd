export { type AddMinerRequest, addMiner } from './add-miner.ts';
export { redoSector, removeSector, resumeSector } from './operator.ts';
export {
  insertPledged,
  PLEDGE_ACTIVITY,
  type PledgedSectors,
  type PledgeModules,
  type PledgeOrder,
  type PledgeRequest,
  pledgeSectors,
  sealProofOf,
} from './pledge.ts';
export {
  planRehoming,
  type RehomedSector,
  type RehomeModules,
  type RehomePlan,
  rehomeSectors,
  removeWorker,
  requireGone,
} from './rehome.ts';
export { requestUnseal } from './unseal.ts';
export { type WaitFacts, waitReason, whyWaiting } from './why-waiting.ts';
