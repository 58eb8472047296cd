import { BitField, decodeParams, decodeReturn, exitCodeText, fromBase64, prefixOf, toHex } from '#codec';
import { BeeproError, formatFil, isBeeproError } from '#core';
import {
  type Database,
  findMessage,
  listMessageNodes,
  listMessageSectors,
  listMessageVersions,
  type MessageRow,
} from '#db';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import { fil, methodName, stateText, waitText } from './message-format.ts';
import { shorten, toJson } from './output/index.ts';
import { formatSector } from './sector-format.ts';

/** @throws BeeproError `NOT_FOUND` */
export async function showMessage(database: Database, id: number, options: JsonOption): Promise<void> {
  const db = database.kysely;
  const message = await findMessage(db, id);
  if (!message) throw new BeeproError('NOT_FOUND', { what: 'message', name: String(id) });
  const [versions, nodes, sectors] = await Promise.all([
    listMessageVersions(db, id),
    listMessageNodes(db, id),
    listMessageSectors(db, id),
  ]);
  const params = decodedParams(message);
  const returned = decodedReturn(message);
  if (options.json) {
    printLine(
      toJson({ message, params: plain(params), returned: plain(returned), versions, nodes, sectors }),
    );
    return;
  }
  const { params: _params, return_value: _return, signs_cancel: _signs, ...facts } = message;
  printFacts(
    {
      ...facts,
      miner: `t0${message.miner}`,
      method: methodName(message.method),
      state: stateText(message),
      value: formatFil(message.value),
      max_fee: formatFil(message.max_fee),
      fee_needed: fil(message.fee_needed),
      gas_fee_cap: fil(message.gas_fee_cap),
      gas_premium: fil(message.gas_premium),
      exit_code: message.exit_code === null ? null : exitCodeText(message.exit_code),
      waits: waitText(message, new Date()),
    },
    options,
  );
  printBlock('parameters', params, message.params);
  if (message.return_value) printBlock('return value', returned, message.return_value);
  printLine('');
  printRows(
    versions,
    [
      { title: 'VERSION', value: (row) => row.cid },
      { title: 'KIND', value: (row) => (row.is_cancel ? 'frees the nonce' : 'as wanted') },
      { title: 'GAS LIMIT', value: (row) => row.gas_limit, align: 'right' },
      { title: 'FEE CAP', value: (row) => formatFil(row.gas_fee_cap), align: 'right' },
      { title: 'PREMIUM', value: (row) => formatFil(row.gas_premium), align: 'right' },
      { title: 'SIGNED', value: (row) => row.created_at.toISOString() },
    ],
    { none: 'It has not been signed.' },
  );
  if (nodes.length > 0) {
    printLine('');
    printRows(
      nodes,
      [
        { title: 'NODE', value: (row) => row.node },
        { title: 'VERSION', value: (row) => row.cid },
        { title: 'HAS IT', value: (row) => (row.has_it ? 'yes' : 'no') },
        { title: 'WHY NOT', value: (row) => row.error_code },
        { title: 'AT', value: (row) => row.updated_at.toISOString() },
      ],
      { none: '' },
    );
  }
  printLine('');
  printRows(
    sectors,
    [
      { title: 'SECTOR', value: formatSector },
      { title: 'EXIT', value: (row) => (row.exit_code === null ? null : exitCodeText(row.exit_code)) },
    ],
    { none: 'It speaks for no sector.' },
  );
}

/** Undefined for a method that is not known here, or bytes that do not fit it. */
function decodedParams(message: MessageRow): unknown {
  const bytes = fromBase64(message.params);
  if (!bytes || message.method === 0 || bytes.length === 0) return undefined;
  return known(
    () => decodeParams('storageminer', message.method, bytes, prefixOf(message.to_address)).params,
  );
}

function decodedReturn(message: MessageRow): unknown {
  const bytes = message.return_value === null ? undefined : fromBase64(message.return_value);
  if (!bytes || bytes.length === 0) return undefined;
  return known(() => decodeReturn('storageminer', message.method, bytes, prefixOf(message.to_address)).value);
}

function known(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (isBeeproError(error, 'NOT_FOUND') || isBeeproError(error, 'CBOR_MALFORMED')) return undefined;
    throw error;
  }
}

function printBlock(title: string, decoded: unknown, raw: string): void {
  if (decoded === undefined && raw === '') return;
  printLine('');
  printLine(decoded === undefined ? `${title} (base64)  ${shorten(raw, 24)}` : title);
  if (decoded !== undefined) printLine(toJson(brief(plain(decoded))));
}

/** As JSON knows it: bitfields as their numbers, bytes as hex. */
function plain(value: unknown): unknown {
  if (value instanceof BitField) return [...value];
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

const LONG_TEXT = 80;

/** For people: a proof's beginning and end are enough. */
function brief(value: unknown): unknown {
  if (typeof value === 'string') return value.length > LONG_TEXT ? shorten(value, 24) : value;
  if (Array.isArray(value)) return value.map(brief);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, brief(item)]));
}
