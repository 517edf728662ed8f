import { measureInProcess } from '../measured-process.ts';
import type { Connects, ConnectsReport, Load, LoadReport, RunnerClient, RunnerLoad } from './load.ts';

const runLoad = new URL('./run-load.ts', import.meta.url);
const runRawSockets = new URL('./run-raw-sockets.ts', import.meta.url);
const runConnects = new URL('./run-connects.ts', import.meta.url);

export function measureLoad(load: RunnerLoad): Promise<LoadReport> {
  return measureInProcess(runLoad, load);
}

export function measureRawSockets(load: Load): Promise<LoadReport> {
  return measureInProcess(runRawSockets, load);
}

export function measureConnects(connects: Connects): Promise<ConnectsReport> {
  return measureInProcess(runConnects, connects);
}

/** As the table calls them. */
export const clientNames: Readonly<Record<RunnerClient, string>> = {
  dense: 'dense',
  'device-sdk': 'device-sdk',
  'mqtt-js': 'MQTT.js',
};

export const clients = Object.keys(clientNames) as readonly RunnerClient[];
