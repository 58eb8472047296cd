import { parseArgs } from 'node:util';
import { BeeproError, type SectorSizeName } from '#core';

export interface DemoOptions {
  /** Sectors without data; that of the file comes beside them. */
  readonly sectors: number;
  readonly sectorSize: SectorSizeName;
  /** A file to seal, prove, unseal and compare. */
  readonly file: string | undefined;
  /** CPU devices that the worker's PC2 and C2 run on side by side; undefined: none, its limits alone count. */
  readonly devices: number | undefined;
  /** Kill one of the chain's nodes and stall another midway. */
  readonly faults: boolean;
  /** Leave everything running at the end. */
  readonly keep: boolean;
}

/** A first look at two sectors is spared what a fleet must bear. */
const FAULTS_FROM = 4;

/** @throws BeeproError `INPUT_INVALID` */
export function readDemoOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      sectors: { type: 'string', default: '2' },
      'sector-size': { type: 'string', default: '2KiB' },
      file: { type: 'string' },
      devices: { type: 'string' },
      'no-faults': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const sectors = Number(values.sectors);
  if (!Number.isSafeInteger(sectors) || sectors < 1 || sectors > 1000) {
    throw new BeeproError('INPUT_INVALID', { what: '--sectors', detail: 'it is a number from 1 to 1000' });
  }
  const sectorSize = values['sector-size'];
  if (sectorSize !== '2KiB' && sectorSize !== '8MiB') {
    throw new BeeproError('INPUT_INVALID', { what: '--sector-size', detail: 'it is 2KiB or 8MiB' });
  }
  const devices = values.devices === undefined ? undefined : Number(values.devices);
  if (devices !== undefined && (!Number.isSafeInteger(devices) || devices < 1 || devices > 64)) {
    throw new BeeproError('INPUT_INVALID', { what: '--devices', detail: 'it is a number from 1 to 64' });
  }
  const faults = sectors >= FAULTS_FROM && !values['no-faults'];
  return { sectors, sectorSize, file: values.file, devices, faults, keep: values.keep };
}
