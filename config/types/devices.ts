import { formatCoreSet, parseCoreSet } from '#core';
import { type SettingType, ValueError } from './setting-type.ts';

/** A device as the operator names it. */
export interface DeclaredDevice {
  /** A GPU's UUID as `nvidia-smi -L` shows it, or `cpu:NAME` for cores that stand for one. */
  readonly id: string;
  readonly kind: 'gpu' | 'cpu';
  /** Cores that its sealers may use; a GPU without them uses all. */
  readonly cores: readonly number[] | undefined;
  /** Undefined: as many as worker.device_slots says. */
  readonly slots: number | undefined;
}

/** `auto`: the GPUs that `nvidia-smi` finds. */
export type DeclaredDevices = 'auto' | 'none' | readonly DeclaredDevice[];

const GPU_ID = /^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CPU_ID = /^cpu:[A-Za-z0-9_.-]{1,32}$/;
const MOST_SLOTS = 64;

/** `auto`, `none`, or devices separated by commas: `GPU-… slots=2, cpu:0 cores=0-3,8`. */
export function devices(): SettingType<DeclaredDevices> {
  return {
    name: 'devices',
    range:
      'auto, none, or GPU-UUID and cpu:NAME cores=SET, each with slots=N if need be, separated by commas',
    parse: (text) => {
      const word = text.trim();
      if (word === 'auto' || word === 'none') return word;
      return checked(entriesOf(word).map(parseDevice));
    },
    format: (value) => (typeof value === 'string' ? value : value.map(formatDevice).join(', ')),
  };
}

/** Ids of devices, separated by commas; empty: none. */
export function deviceIds(): SettingType<readonly string[]> {
  return {
    name: 'list of devices',
    range: 'GPU-UUID or cpu:NAME, separated by commas',
    parse: (text) => {
      const ids = entriesOf(text).map(parseId);
      return [...new Set(ids.map(({ id }) => id))];
    },
    format: (ids) => ids.join(', '),
  };
}

/** Commas within a core set stand before digits, those between devices before a name. */
function entriesOf(text: string): string[] {
  return text
    .split(/[,\s]+(?=[A-Za-z]+[:-])/)
    .map((entry) => entry.replace(/[,\s]+$/, '').trim())
    .filter((entry) => entry !== '');
}

function parseDevice(entry: string): DeclaredDevice {
  const [name = '', ...options] = entry.split(/\s+/);
  const { id, kind } = parseId(name);
  let cores: readonly number[] | undefined;
  let slots: number | undefined;
  for (const option of options) {
    const [, key, value = ''] = /^(cores|slots)=(.*)$/.exec(option) ?? [];
    if (key === 'cores' && cores === undefined) cores = readCores(id, value);
    else if (key === 'slots' && slots === undefined) slots = readSlots(id, value);
    else throw new ValueError(`after ${id} only cores=SET and slots=N may stand, once each, not "${option}"`);
  }
  if (kind === 'cpu' && cores === undefined) {
    throw new ValueError(`${id} needs its cores, such as ${id} cores=0-3`);
  }
  return { id, kind, cores, slots };
}

function parseId(text: string): { id: string; kind: DeclaredDevice['kind'] } {
  const gpu = text
    .replace(/^gpu-/i, 'GPU-')
    .replace(/^GPU-.*/, (uuid) => `GPU-${uuid.slice(4).toLowerCase()}`);
  if (GPU_ID.test(gpu)) return { id: gpu, kind: 'gpu' };
  if (CPU_ID.test(text)) return { id: text, kind: 'cpu' };
  throw new ValueError(
    `"${text}" must be auto, none, a GPU's UUID as nvidia-smi -L shows it, or cpu:NAME with cores=SET`,
  );
}

function readCores(id: string, text: string): readonly number[] {
  const cores = parseCoreSet(text);
  if (!cores) throw new ValueError(`the cores of ${id} must be a set such as 0-3,8, not "${text}"`);
  return cores;
}

function readSlots(id: string, text: string): number {
  const slots = Number(text);
  if (!/^[+-]?\d+$/.test(text) || slots < 1 || slots > MOST_SLOTS) {
    throw new ValueError(`the slots of ${id} must be a whole number from 1 to ${MOST_SLOTS}, not "${text}"`);
  }
  return slots;
}

function checked(list: readonly DeclaredDevice[]): readonly DeclaredDevice[] {
  if (list.length === 0) throw new ValueError('it must be auto, none, or a list of devices');
  const owners = new Map<number, string>();
  const seen = new Set<string>();
  for (const { id, kind, cores } of list) {
    if (seen.has(id)) throw new ValueError(`two devices must not have one id: ${id}`);
    seen.add(id);
    for (const core of kind === 'cpu' ? (cores ?? []) : []) {
      const owner = owners.get(core);
      if (owner !== undefined)
        throw new ValueError(`core ${core} must not belong to both ${owner} and ${id}`);
      owners.set(core, id);
    }
  }
  return list;
}

function formatDevice({ id, cores, slots }: DeclaredDevice): string {
  return [
    id,
    ...(cores ? [`cores=${formatCoreSet(cores)}`] : []),
    ...(slots === undefined ? [] : [`slots=${slots}`]),
  ].join(' ');
}
