import type { LoadProfile } from '../profile/load-profile.ts';
import type { InputError } from '../shared/errors.ts';

/** What a device's connection is, as far as its network depends on it. */
interface ConnectionToCheck {
  readonly client: LoadProfile['connect']['client'];
  /** Of its endpoint; undefined: it is not known. */
  readonly scheme: string | undefined;
  /** Whether it goes through a network. */
  readonly isShaped: boolean;
}

/** Devices of the Device SDK go through their network by a proxy, and it has one over TLS alone. */
export function lacksProxy({ client, scheme, isShaped }: ConnectionToCheck): boolean {
  return isShaped && client === 'device-sdk' && scheme === 'mqtt';
}

/** @param path of the setting that names the client @returns nothing where a proxy is not needed, or there is one */
export function checkProxy(connection: ConnectionToCheck, path: string): InputError[] {
  if (!lacksProxy(connection)) return [];
  return [
    {
      path,
      message: 'is "device-sdk", whose connections without TLS can go through no network',
      hint: 'set it to "dense", or connect over TLS',
    },
  ];
}
