import { type ConfiguredSigner, createSigner, transfer } from '#chain';
import { isKeyAddress, parseAddress, withPrefix } from '#codec';
import { type ActorId, type AddressString, type AttoFil, BeeproError, formatFil } from '#core';
import { listMiners } from '#db';
import { requireMiner, type SendOptions, sendAccountMessage } from './account-message.ts';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { tryMinerMoney } from './miner-accounts.ts';
import { toJson } from './output/index.ts';

/** A key, as `wallet list` shows it. */
interface WalletLine {
  readonly address: AddressString;
  readonly kind: 'secp256k1' | 'bls';
  /** Undefined: no signer of the setting holds it. */
  readonly signer: string | undefined;
  readonly balance: AttoFil | null;
  /** `t01000: worker, sends commit`. */
  readonly roles: readonly string[];
}

async function withSigner<T>(
  context: CliContext,
  work: (signer: ConfiguredSigner) => Promise<T>,
): Promise<T> {
  const signer = createSigner(await context.settings(), await context.chain());
  try {
    return await work(signer);
  } finally {
    await signer.close();
  }
}

/** Keys that signers hold, and those that the miners need and nobody here holds. */
export async function listWallet(context: CliContext, options: JsonOption): Promise<void> {
  const holdings = await withSigner(context, (signer) => signer.holdings());
  const roles = await rolesByAddress(context);
  const signers = new Map<AddressString, string>();
  for (const { signer, addresses } of holdings)
    for (const address of addresses.map(bare)) if (!signers.has(address)) signers.set(address, signer);
  const addresses = [...new Set([...signers.keys(), ...roles.byAddress.keys()])].filter(isKeyAddress);
  const lines = await Promise.all(
    addresses.map(
      async (address): Promise<WalletLine> => ({
        address: roles.isMainnet ? withPrefix(address, 'f') : address,
        kind: parseAddress(address).protocol === 3 ? 'bls' : 'secp256k1',
        signer: signers.get(address),
        balance: await balanceOf(context, address),
        roles: roles.byAddress.get(address) ?? [],
      }),
    ),
  );
  const away = holdings.flatMap(({ away: error }) => (error ? [error.message] : []));
  if (options.json) {
    printLine(toJson({ keys: lines.map((line) => ({ ...line, signer: line.signer ?? null })), away }));
    return;
  }
  printRows(
    lines,
    [
      { title: 'ADDRESS', value: (row) => row.address },
      { title: 'KIND', value: (row) => row.kind },
      { title: 'SIGNER', value: (row) => row.signer ?? 'nobody' },
      {
        title: 'BALANCE',
        value: (row) => (row.balance === null ? null : formatFil(row.balance)),
        align: 'right',
      },
      { title: 'ROLE', value: (row) => row.roles.join('; ') },
    ],
    { none: 'No key. Make one with: beepro wallet new bls' },
  );
  for (const error of [...away, ...roles.unknown]) printLine(`Not known: ${error}`);
}

/** Addresses are compared with one prefix. */
function bare(address: AddressString): AddressString {
  return withPrefix(address, 't');
}

async function rolesByAddress(context: CliContext): Promise<{
  readonly byAddress: ReadonlyMap<AddressString, readonly string[]>;
  readonly isMainnet: boolean;
  readonly unknown: readonly string[];
}> {
  const [chain, settings] = [await context.chain(), await context.settings()];
  const miners = await listMiners(context.database.kysely);
  const byAddress = new Map<AddressString, string[]>();
  const unknown = new Set<string>();
  for (const miner of miners) {
    const money = await tryMinerMoney(chain, settings, miner);
    if (money instanceof BeeproError) {
      unknown.add(money.message);
      continue;
    }
    for (const { address, roles, sends, balance } of money.accounts) {
      // Named in a setting, and no address: `miner control list` shows it.
      if (balance === null) continue;
      const sender = sends.length > 0 ? [`sends ${sends.join(' and ')}`] : [];
      const text = `t0${miner.id}: ${[...roles, ...sender].join(', ')}`;
      byAddress.set(bare(address), [...(byAddress.get(bare(address)) ?? []), text]);
    }
  }
  return { byAddress, isMainnet: miners.some(({ network }) => network === 'mainnet'), unknown: [...unknown] };
}

/** Null where the chain cannot be asked. */
async function balanceOf(context: CliContext, address: AddressString): Promise<AttoFil | null> {
  try {
    return await (await context.chain()).walletBalance(address);
  } catch {
    return null; // why is told once, beside the roles
  }
}

/** @throws BeeproError `CHAIN_…` */
export async function showBalances(
  context: CliContext,
  address: AddressString | undefined,
  options: JsonOption,
): Promise<void> {
  const asked =
    address === undefined
      ? await withSigner(context, async (signer) => (await signer.holdings()).flatMap((one) => one.addresses))
      : [address];
  for (const one of asked) parseAddress(one);
  const chain = await context.chain();
  const rows = await Promise.all(
    [...new Set(asked)].map(async (one) => ({ address: one, balance: await chain.walletBalance(one) })),
  );
  printRows(
    rows,
    [
      { title: 'ADDRESS', value: (row) => row.address },
      { title: 'BALANCE', value: (row) => formatFil(row.balance), align: 'right' },
    ],
    { ...options, none: 'No key is held.' },
  );
}

/** @throws BeeproError `ADDRESS_MALFORMED`, `WALLET_KEY_MISSING`, `CONFIRMATION_MISSING` */
export async function sendFil(
  context: CliContext,
  {
    from,
    to,
    amount,
  }: { readonly from: AddressString; readonly to: AddressString; readonly amount: AttoFil },
  options: SendOptions & { readonly miner: ActorId },
): Promise<void> {
  parseAddress(to);
  if (!isKeyAddress(from))
    throw new BeeproError('ADDRESS_MALFORMED', { text: from, detail: 'a sender must be a key address' });
  const isHeld = await withSigner(context, (signer) => signer.has(from));
  if (!isHeld) throw new BeeproError('WALLET_KEY_MISSING', { address: from });
  const miner = await requireMiner(context, options.miner);
  await sendAccountMessage(context, miner, transfer(to, amount), options, from);
}
