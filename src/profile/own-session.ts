import type { ConnectSettings } from './load-profile.ts';

/** How Stampede's own clients connect beside the devices: the same way, with ids and a session of their own, and without a will. */
export function withOwnSession(connect: ConnectSettings, cleanStart: boolean): ConnectSettings {
  const { sessionExpirySeconds: _, will: _will, identity: _identity, ...shared } = connect;
  return { ...shared, cleanStart };
}
