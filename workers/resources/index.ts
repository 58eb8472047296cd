export { type CpuFacts, cpuTopology, readCpuTopology, type TopologyPlaces } from './cpu-topology.ts';
export { HeldSectors, type SectorHere, type SectorsHere } from './held-sectors.ts';
export {
  type HostMemory,
  type MemoryPlaces,
  parseMeminfo,
  readHostMemory,
  withinGroup,
} from './host-memory.ts';
export { type HardwareFacts, HostResources, type ResourceViews } from './host-resources.ts';
export { idleMemory } from './idle-memory.ts';
export { type MemoryFacts, memoryView, type ScratchFacts, scratchView } from './resource-views.ts';
export { type DiskAnswer, type DiskLook, WorkspaceDisk } from './workspace-disk.ts';
