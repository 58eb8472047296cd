/** FIL as Lotus prints it: no point for whole numbers, then the unit. Source: Lotus `types.FIL`. */
export function printWholeFil(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(19, '0');
  const fraction = digits.slice(-18).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -18)}${fraction === '' ? '' : `.${fraction}`} FIL`;
}
