import type { ChainIdentityTable, ChainNodeTable, SeenTipsetTable } from './chain.ts';
import type {
  ForeignMessageTable,
  MessageNodeTable,
  MessageSectorTable,
  MessageTable,
  MessageVersionTable,
  SenderTable,
} from './messages.ts';
import type { MiningHistoryTable, OwnBlockTable } from './mining.ts';
import type {
  BatchQueueTable,
  MinerActivityTable,
  MinerTable,
  ParamsTrustTable,
  PledgeDecisionTable,
  QueuePauseTable,
  SettingHistoryTable,
  SettingTable,
  SettingVersionTable,
} from './operators.ts';
import type { OutboxTable, PhaseRunTable, PieceTable, SectorEventTable, SectorTable } from './sectors.ts';
import type { LandedFileTable, StoragePathTable } from './storage.ts';
import type { LeaseTable, WorkerTable } from './workers.ts';

/** Every table by its name. */
export interface Tables {
  own_block: OwnBlockTable;
  mining_history: MiningHistoryTable;
  chain_identity: ChainIdentityTable;
  chain_node: ChainNodeTable;
  miner: MinerTable;
  miner_activity: MinerActivityTable;
  pledge_decision: PledgeDecisionTable;
  batch_queue: BatchQueueTable;
  setting: SettingTable;
  setting_history: SettingHistoryTable;
  setting_version: SettingVersionTable;
  worker: WorkerTable;
  lease: LeaseTable;
  sector: SectorTable;
  sector_event: SectorEventTable;
  phase_run: PhaseRunTable;
  outbox: OutboxTable;
  piece: PieceTable;
  message: MessageTable;
  message_version: MessageVersionTable;
  message_sector: MessageSectorTable;
  message_node: MessageNodeTable;
  foreign_message: ForeignMessageTable;
  sender: SenderTable;
  storage_path: StoragePathTable;
  landed_file: LandedFileTable;
  queue_pause: QueuePauseTable;
  params_trust: ParamsTrustTable;
  seen_tipset: SeenTipsetTable;
}
