import { chooseExpiration, collateralRules, minerStanding, resolveSender, withMargin } from '#chain';
import { idAddress, sealedCid } from '#codec';
import type { Settings } from '#config';
import {
  type ActorId,
  type AddressString,
  type AttoFil,
  type SectorNumber,
  type SectorState,
  sealProofById,
  toBeeproError,
} from '#core';
import { countSectorsOnTheirWay, type Executor, listMiners, listNumbersOnTheirWay, type MinerRow } from '#db';
import { sealProofOf } from '#sector';
import type { ChainView, ChainViewer } from './chain-view.ts';
import type { SealingModules } from './modules.ts';

/** Sectors that have yet to bring their deposit, and the pledge beyond it. */
const OWES_ALL: readonly SectorState[] = [
  ...(['Packing', 'AddPiece', 'PreCommit1', 'PreCommit2', 'PreCommitBatching', 'PreCommitWait'] as const),
];
/** Sectors whose deposit is on chain: what is left is the pledge beyond it. */
const OWES_REST: readonly SectorState[] = [
  ...(['WaitSeed', 'Commit1', 'Commit2', 'ClearCache', 'CommitBatching', 'CommitWait'] as const),
];
export const ON_THE_WAY: readonly SectorState[] = [...OWES_ALL, ...OWES_REST];

/** A miner's money at one moment. All amounts are of what messages bring, their margin included. */
export interface MinerMoney {
  readonly miner: ActorId;
  readonly wallet: AddressString;
  readonly walletBalance: AttoFil;
  /** What collateral may be taken of: nothing of the miner's where `collateral.source` is its sender. */
  readonly available: AttoFil;
  /** False: `collateral.source` takes nothing from the wallet. */
  readonly usesWallet: boolean;
  /** Why the chain would take no pre-commit now, though the money is there. */
  readonly blocked?: string;
  /** What one sector brings in all, and what it still brings once its pre-commit is on chain. */
  readonly cost: AttoFil;
  readonly rest: AttoFil;
  /** What the sectors owed that were on their way when the balances were asked. */
  readonly owed: AttoFil;
  /** Sectors from this number up, less those that were there already, came later: each owes its whole cost. */
  readonly from: SectorNumber;
  readonly known: ReadonlySet<SectorNumber>;
}

export type LedgerEntry = MinerMoney | { readonly miner: ActorId; readonly unknown: string };

/**
 * Reads what the chain has for each miner. The sectors are counted before the balances are asked: a message that
 * lands in between is then paid and still owed, which errs on the safe side.
 */
export async function readLedger(
  modules: SealingModules,
  viewer: ChainViewer,
  miners: readonly ActorId[],
): Promise<LedgerEntry[]> {
  const rows = (await listMiners(modules.db.kysely)).filter(({ id }) => miners.includes(id));
  const knownNumbers = new Map<ActorId, SectorNumber[]>();
  for (const { id: miner, next_sector_number: from } of rows)
    knownNumbers.set(miner, await listNumbersOnTheirWay(modules.db.kysely, ON_THE_WAY, { miner, from }));
  const counts = await countSectorsOnTheirWay(modules.db.kysely, ON_THE_WAY);
  let view: ChainView;
  try {
    view = await viewer.view();
  } catch (error) {
    return rows.map(({ id }) => ({ miner: id, unknown: unknownMoney(error) }));
  }
  const balances = new Map<AddressString, Promise<AttoFil>>();
  const balanceOf = (wallet: AddressString): Promise<AttoFil> => {
    const asked = balances.get(wallet) ?? modules.chain.walletBalance(wallet);
    balances.set(wallet, asked);
    return asked;
  };
  const read = async (row: MinerRow): Promise<LedgerEntry> => {
    try {
      const from = row.next_sector_number;
      const known = new Set(knownNumbers.get(row.id));
      const wallet = await resolveSender(modules.chain, payerOf(modules.settings, row));
      const { source } = collateralRules(modules.settings, row.id);
      const [available, walletBalance, price, { blocked }] = await Promise.all([
        modules.chain.stateMinerAvailableBalance(idAddress(row.id, 't'), [...view.key]),
        balanceOf(wallet),
        sectorPrice(modules, view, row),
        minerStanding(modules, view, row.id),
      ]);
      const of = (states: readonly SectorState[]): bigint =>
        BigInt(
          counts
            .filter(({ miner, state }) => miner === row.id && states.includes(state))
            .reduce((sum, { sectors }) => sum + sectors, 0),
        );
      const owed = of(OWES_ALL) * price.cost + of(OWES_REST) * price.rest;
      return {
        ...{ miner: row.id, wallet, walletBalance, owed, usesWallet: source !== 'miner-only' },
        available: source === 'sender' && available > 0n ? 0n : available,
        ...{ ...price, from, known },
        ...(blocked ? { blocked: blocked.message } : {}),
      };
    } catch (error) {
      return { miner: row.id, unknown: unknownMoney(error) };
    }
  };
  return Promise.all(rows.map(read));
}

/** What a miner's sectors owe now: those that were counted with the balances, and all that have come since. */
export async function owedNow(executor: Executor, money: MinerMoney): Promise<AttoFil> {
  const numbers = await listNumbersOnTheirWay(executor, ON_THE_WAY, money);
  const newer = numbers.filter((number) => !money.known.has(number));
  return money.owed + BigInt(newer.length) * money.cost;
}

/** Who pays for a miner's pre-commits, as the operator wrote it: the first choice where there are several. */
export function payerOf(settings: Pick<Settings, 'get'>, row: MinerRow): AddressString {
  return settings.get('sender.precommit', { miner: row.id })[0] ?? row.sender ?? row.worker;
}

/**
 * The deposit comes with the pre-commit, the pledge less the deposit with the prove-commit, each with its margin to
 * spare. What a sector holds is not known yet: the pledge is that of committed capacity.
 */
async function sectorPrice(
  modules: SealingModules,
  view: ChainView,
  row: MinerRow,
): Promise<{ cost: AttoFil; rest: AttoFil }> {
  const proof = sealProofOf(modules, row);
  const life = modules.settings.get('sector.lifetime', { miner: row.id });
  const info = {
    sealProof: proof,
    sectorNumber: row.next_sector_number,
    sealedCid: sealedCid(new Uint8Array(32)),
    sealRandEpoch: Math.max(0, view.head - view.policy.ticketLookback),
    dealIds: [],
    expiration: chooseExpiration(view.policy, view.head, view.challengeDelay, life),
    unsealedCid: null,
  };
  const key = [...view.key];
  const [deposit, pledge] = await Promise.all([
    modules.chain.stateMinerPreCommitDepositForPower(idAddress(row.id, 't'), info, key),
    modules.chain.stateMinerInitialPledgeForSector(life, sealProofById(proof)?.bytes ?? 0, 0, key),
  ]);
  const rules = collateralRules(modules.settings, row.id);
  const rest = pledge > deposit ? withMargin(pledge - deposit, rules) : 0n;
  return { cost: withMargin(deposit, rules) + rest, rest };
}

function unknownMoney(error: unknown): string {
  return `its money is not known: ${toBeeproError(error).message}`;
}
