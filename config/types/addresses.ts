import type { AddressString } from '#core';
import { type SettingType, ValueError } from './setting-type.ts';

/** What an address looks like; whether its checksum is right is found out where it is used, with its own error. */
const FORM = /^[tf](0\d{1,19}|[13][a-z2-7]{38,90})$/;

/** Accounts: `t0100`, `f1…`, `t3…`, several separated by commas or blanks, the preferred first. */
export function accountAddresses(): SettingType<readonly AddressString[]> {
  return {
    name: 'list of addresses',
    range: 'accounts (t0…, t1…, t3…) separated by commas',
    parse: (text) => {
      const addresses = text.split(/[\s,]+/).filter((address) => address !== '');
      const wrong = addresses.find((address) => !FORM.test(address));
      if (wrong !== undefined)
        throw new ValueError(
          `"${wrong.slice(0, 90)}" must be the address of an account, such as t0100 or t3…`,
        );
      return [...new Set(addresses)];
    },
    format: (addresses) => addresses.join(', '),
  };
}
