import { idAddress } from '#codec';
import { type ActorId, BeeproError, formatFil } from '#core';
import { countSectorsByState, listBlockedBatches, listMiners } from '#db';
import { requireMiner } from './account-message.ts';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { type MinerAccount, readMinerMoney, standingText, tryMinerMoney } from './miner-accounts.ts';
import { formatBytes, toJson } from './output/index.ts';

/** The miners with their sectors here, and their money on chain where a node answers. */
export async function listMinerLines(context: CliContext, options: JsonOption): Promise<void> {
  const db = context.database.kysely;
  const [miners, counts] = await Promise.all([listMiners(db), countSectorsByState(db)]);
  const [chain, settings] = [await context.chain(), await context.settings()];
  const rows = await Promise.all(
    miners.map(async (row) => {
      const own = counts.filter((count) => count.miner === row.id);
      const sum = (of: typeof own) => of.reduce((total, count) => total + Number(count.sectors), 0);
      const money = await tryMinerMoney(chain, settings, row);
      const isKnown = !(money instanceof BeeproError);
      return {
        ...row,
        sectors: sum(own),
        proving: sum(own.filter(({ state }) => state === 'Proving')),
        parked: sum(own.filter(({ state }) => state === 'Parked')),
        available: isKnown ? money.available : null,
        feeDebt: isKnown ? money.standing.feeDebt : null,
        blocked: standingText(money),
        unknown: isKnown ? null : money.message,
        accounts: isKnown ? money.accounts : [],
      };
    }),
  );
  printRows(
    rows,
    [
      { title: 'MINER', value: (row) => `t0${row.id}` },
      { title: 'NETWORK', value: (row) => row.network },
      { title: 'SIZE', value: (row) => row.sector_size, align: 'right' },
      { title: 'SECTORS', value: (row) => row.sectors, align: 'right' },
      { title: 'PROVING', value: (row) => row.proving, align: 'right' },
      { title: 'PARKED', value: (row) => row.parked, align: 'right' },
      { title: 'AVAILABLE', value: (row) => fil(row.available), align: 'right' },
      { title: 'DEBT', value: (row) => fil(row.feeDebt), align: 'right' },
      { title: 'BLOCKED', value: (row) => row.blocked },
      { title: 'SENDER', value: (row) => row.sender ?? row.worker },
    ],
    { ...options, none: 'No miner yet. Add one with: beepro miner add t01000' },
  );
  const unknown = rows.find((row) => row.unknown !== null);
  if (unknown && !options.json) printLine(`What the chain has is not known: ${unknown.unknown}`);
}

/** @throws BeeproError `MINER_UNKNOWN`, `CHAIN_…` */
export async function showMiner(context: CliContext, id: ActorId, options: JsonOption): Promise<void> {
  const db = context.database.kysely;
  const miner = await requireMiner(context, id);
  const address = idAddress(id, 't');
  const payer = miner.sender ?? miner.worker;
  const [chain, settings] = [await context.chain(), await context.settings()];
  const [states, waits, money, power, count, deadline, balance] = await Promise.all([
    countSectorsByState(db, id),
    listBlockedBatches(db, id),
    readMinerMoney(chain, settings, miner),
    chain.stateMinerPower(address, []),
    chain.stateMinerSectorCount(address, []),
    chain.stateMinerProvingDeadline(address, []),
    chain.walletBalance(payer),
  ]);
  const { epoch, available, accounts, standing } = money;
  const { blocked, ...facts } = standing;
  if (options.json) {
    const chainFacts = { epoch, power, available, sectors: count, deadline, senderBalance: balance };
    const stands = { ...facts, blocked: blocked && { code: blocked.code, message: blocked.message } };
    printLine(toJson({ miner, states, waits, chain: { ...chainFacts, standing: stands, accounts } }));
    return;
  }
  const { rawBytePower, qualityAdjPower } = power.minerPower;
  printFacts(
    {
      miner: address,
      network: miner.network,
      'sector size': miner.sector_size,
      owner: miner.owner,
      worker: miner.worker,
      sender: payer,
      'sender balance': formatFil(balance),
      'available balance': formatFil(available),
      'fee debt': formatFil(standing.feeDebt),
      'consensus fault':
        standing.faultUntil === undefined ? 'none that counts' : `until epoch ${standing.faultUntil}`,
      'stands still': waits.map((row) => `${row.activity}: ${row.blocked_message}`).join('; ') || 'nothing',
      power: `${formatBytes(Number(rawBytePower))} raw, ${formatBytes(Number(qualityAdjPower))} adjusted`,
      'sectors on chain': `${count.live} live, ${count.active} active, ${count.faulty} faulty`,
      deadline: `${deadline.index} (closes at epoch ${deadline.close})`,
      epoch,
    },
    options,
  );
  printLine('');
  printAccounts(accounts, {});
  printLine('');
  printRows(
    states,
    [
      { title: 'STATE', value: (row) => row.state },
      { title: 'SECTORS', value: (row) => Number(row.sectors), align: 'right' },
    ],
    { none: 'No sector yet.' },
  );
}

/** The accounts of a miner, what each is to it and what it sends. @throws BeeproError `MINER_UNKNOWN`, `CHAIN_…` */
export async function listControl(context: CliContext, id: ActorId, options: JsonOption): Promise<void> {
  const miner = await requireMiner(context, id);
  const money = await readMinerMoney(await context.chain(), await context.settings(), miner);
  const { newWorker, workerChangeEpoch } = money.info;
  if (options.json) {
    printLine(toJson({ accounts: money.accounts, newWorker, workerChangeEpoch, epoch: money.epoch }));
    return;
  }
  printAccounts(money.accounts, options);
  if (newWorker === null) return;
  printLine(
    `\n${newWorker} becomes the worker at epoch ${workerChangeEpoch} (now ${money.epoch}), once it is confirmed: beepro miner control confirm-worker ${idAddress(id, 't')}`,
  );
}

function printAccounts(accounts: readonly MinerAccount[], options: JsonOption): void {
  printRows(
    accounts,
    [
      { title: 'ADDRESS', value: (row) => row.address },
      { title: 'IS', value: (row) => row.roles.join(', ') || 'nothing to the miner' },
      { title: 'SENDS', value: (row) => row.sends.join(', ') },
      { title: 'BALANCE', value: (row) => fil(row.balance), align: 'right' },
    ],
    { ...options, none: 'No address.' },
  );
}

function fil(amount: bigint | null): string | null {
  return amount === null ? null : formatFil(amount);
}
