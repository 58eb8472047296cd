export { type DeclaredDevice, type DeclaredDevices, deviceIds, devices } from './devices.ts';
export { type ApiInfo, nodeUrl, parseApiInfo } from './node-address.ts';
export { type ChainNode, chainNodes } from './nodes.ts';
export { decimal, integer } from './numbers.ts';
export { perSectorSize } from './per-sector-size.ts';
export { bytes, duration, epochs, fil } from './quantities.ts';
export { type SettingType, ValueError } from './setting-type.ts';
export { flag, oneOf, text } from './words.ts';
