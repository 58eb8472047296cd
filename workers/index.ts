export type { AgentSettings } from './agent-settings.ts';
export {
  type ChainFacts,
  type Head,
  LotusFacts,
  type LotusFactsOptions,
  type PreCommitFact,
} from './chain-facts.ts';
export { type DeviceSettings, onDevice } from './devices/index.ts';
export { HostAgent } from './host-agent.ts';
export type { HostAgentModules, HostAgentOptions } from './host-agent-options.ts';
export { HostLease, type HostLeaseOptions } from './host-lease.ts';
export { PHASE_HANDLERS, type PhaseContext, type PhaseHandler } from './phases/index.ts';
export { type UnsealInput, unsealInput } from './phases/unseal.ts';
