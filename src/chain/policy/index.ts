export { EPOCHS_IN_DAY, EPOCHS_IN_HOUR, type NetworkPolicy, networkPolicy } from './network-policy.ts';
export {
  expirationRange,
  lastPreCommitEpoch,
  lastProveCommitEpoch,
  seedEpoch,
  ticketEpoch,
} from './sealing-epochs.ts';
