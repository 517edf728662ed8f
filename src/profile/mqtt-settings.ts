import type * as z from 'zod';
import type { connect } from './device-schema.ts';
import { propertySettings } from './property-schema.ts';

/** Settings of `connect`, by what they have a meaning for: connections over MQTT alone, or requests over HTTPS too. */
const connectSettings: Readonly<Record<keyof NonNullable<z.input<typeof connect>>, 'mqtt' | 'any'>> = {
  protocol: 'any',
  client: 'mqtt',
  version: 'mqtt',
  auth: 'any',
  username: 'any',
  password: 'any',
  ca: 'any',
  cert: 'any',
  key: 'any',
  alpn: 'any',
  serverName: 'any',
  insecure: 'any',
  ratePerSecond: 'mqtt',
  keepAlive: 'mqtt',
  cleanStart: 'mqtt',
  sessionExpiry: 'mqtt',
  identity: 'mqtt',
  will: 'mqtt',
  timeout: 'any',
  backoff: 'mqtt',
};

/** Those that have no meaning over HTTPS, as keys of `connect`. */
export const mqttConnectSettings: readonly string[] = Object.entries(connectSettings)
  .filter(([, protocols]) => protocols === 'mqtt')
  .map(([key]) => key);

/** The same of `publish`. */
export const mqttPublishSettings: readonly string[] = Object.keys(propertySettings);
