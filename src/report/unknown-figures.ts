import { formatCount, formatElapsed, formatPlural } from '../shared/format.ts';
import type { Report } from './report-model.ts';

/** Over HTTP no device has a connection of its own: it is ready for its requests, whether or not one finds a connection. */
export function wordForConnected({ protocol }: Report): 'connected' | 'ready' {
  return protocol === 'https' ? 'ready' : 'connected';
}

/** `400 of 400 devices connected and 3 reconnects`; `300 of 400 devices connected, 100 not known` */
export function describeDevices(report: Report): string {
  const { devices, slices } = report;
  const { connected, planned, reconnects } = devices;
  const unknown = devices.unknown ?? 0;
  const atLeast = slices.died > 0 && reconnects > 0 ? 'at least ' : '';
  return [
    `${formatCount(connected)} of ${formatPlural(planned, 'device')} ${wordForConnected(report)}`,
    unknown > 0 ? `, ${formatCount(unknown)} not known` : '',
    reconnects > 0 ? ` and ${atLeast}${formatPlural(reconnects, 'reconnect')}` : '',
  ].join('');
}

/** Figures that a slice's records alone give. */
const byRecords = 'the rates by second, their peaks, the throughput and the Lambda seconds';

/** What slices that died left unknown, a sentence each; empty where none did. */
export function describeUnknown(report: Report): string[] {
  const { slices, messages, devices, knownUntil = [], timeline } = report;
  if (slices.died === 0) return [];
  const blank = slices.died - knownUntil.length;
  const since = (at: number) => formatElapsed(at - timeline.publishAt);
  const unknownDevices = devices.unknown ?? 0;
  const first = knownUntil[0] ?? 0;
  const instant = (at: number) =>
    at < timeline.publishAt
      ? `${formatElapsed(timeline.publishAt - at)} before publishing began`
      : `${since(at)} after publishing began`;
  const last = knownUntil.at(-1) ?? 0;
  return [
    ...(blank > 0
      ? [
          `${formatPlural(blank, 'slice')} left no record: of ${blank === 1 ? 'it' : 'them'} only arrivals are known, and ${byRecords} are without ${blank === 1 ? 'it' : 'them'}.`,
        ]
      : []),
    ...(knownUntil.length === 1
      ? [
          `1 slice that died is known up to its last record, ${instant(first)}: from there on, ${byRecords} are without it.`,
        ]
      : []),
    ...(knownUntil.length > 1
      ? [
          `${formatPlural(knownUntil.length, 'slice')} that died are known up to their last records, the first ${instant(first)}, the last ${instant(last)}: from there on, ${byRecords} are without them.`,
        ]
      : []),
    ...(report.load === undefined
      ? []
      : ['What users of slices that died started after that is not known, but for what arrived.']),
    ...(unknownDevices > 0
      ? [`Whether ${formatPlural(unknownDevices, 'device')} of them connected is not known.`]
      : []),
    ...((messages.sendUnknown ?? 0) > 0
      ? [
          `Whether ${formatPlural(messages.sendUnknown, 'message')} of them left is not known; none of those arrived.`,
        ]
      : []),
    ...((messages.ackUnknown ?? 0) > 0
      ? [`What was answered to ${formatPlural(messages.ackUnknown, 'message')} of them is not known.`]
      : []),
  ];
}
