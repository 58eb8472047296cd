import { isSectorSize, type PerSectorSize, SECTOR_SIZES } from '#core';
import { type SettingType, ValueError } from './setting-type.ts';

/** Values by sector size: `32GiB=64GiB, 64GiB=128GiB`. Empty: none is given for any size. */
export function perSectorSize<T>(of: SettingType<T>): SettingType<PerSectorSize<T>> {
  return {
    name: `${of.name} by sector size`,
    range: `SIZE=VALUE, separated by commas; sizes: ${SECTOR_SIZES.join(', ')}${of.range ? `; ${of.range}` : ''}`,
    parse: (text) => {
      const values: Partial<Record<(typeof SECTOR_SIZES)[number], T>> = {};
      for (const entry of text.split(',').map((one) => one.trim())) {
        if (entry === '') continue;
        const [size = '', value, ...more] = entry.split('=').map((part) => part.trim());
        if (value === undefined || more.length > 0)
          throw new ValueError('it must be SIZE=VALUE, such as 32GiB=64GiB, 64GiB=128GiB');
        if (!isSectorSize(size)) throw new ValueError(`"${size}" must be one of ${SECTOR_SIZES.join(', ')}`);
        if (values[size] !== undefined) throw new ValueError(`${size} is given twice`);
        values[size] = of.parse(value);
      }
      return values;
    },
    format: (values) =>
      SECTOR_SIZES.flatMap((size) => {
        const value = values[size];
        return value === undefined ? [] : `${size}=${of.format(value)}`;
      }).join(', '),
  };
}
