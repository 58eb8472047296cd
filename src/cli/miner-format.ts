import { idAddress } from '#codec';
import { type ActorId, BeeproError, formatFil } from '#core';
import { countSectorsByState, findMiner } from '#db';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatBytes, toJson } from './output/index.ts';

/** @throws BeeproError `MINER_UNKNOWN`, `CHAIN_…` */
export async function showMiner(context: CliContext, id: ActorId, options: JsonOption): Promise<void> {
  const db = context.database.kysely;
  const miner = await findMiner(db, id);
  const address = idAddress(id, 't');
  if (!miner) throw new BeeproError('MINER_UNKNOWN', { miner: address });
  const payer = miner.sender ?? miner.worker;
  const chain = await context.chain();
  const [states, head, power, available, count, deadline, balance] = await Promise.all([
    countSectorsByState(db, id),
    chain.chainHead(),
    chain.stateMinerPower(address, []),
    chain.stateMinerAvailableBalance(address, []),
    chain.stateMinerSectorCount(address, []),
    chain.stateMinerProvingDeadline(address, []),
    chain.walletBalance(payer),
  ]);
  const onChain = { epoch: head.height, power, available, sectors: count, deadline, senderBalance: balance };
  if (options.json) {
    printLine(toJson({ miner, states, chain: onChain }));
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
      power: `${formatBytes(Number(rawBytePower))} raw, ${formatBytes(Number(qualityAdjPower))} adjusted`,
      'sectors on chain': `${count.live} live, ${count.active} active, ${count.faulty} faulty`,
      deadline: `${deadline.index} (closes at epoch ${deadline.close})`,
      epoch: head.height,
    },
    options,
  );
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
