export { DeviceKeeper } from './device-keeper.ts';
export { type DeviceSettings, type HeldSeat, HostDevices } from './host-devices.ts';
export { onDevice } from './sealer-environment.ts';
