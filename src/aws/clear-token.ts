import { isLoopback } from '../targets/target-check.ts';

/**
 * A warning where InfluxDB's token travels unencrypted: over plain HTTP to another machine.
 * @param url of `INFLUX_URL`; undefined: there is none
 */
export function clearTokenNote(url: string | undefined): string | undefined {
  const { protocol, hostname, origin } = (url && URL.parse(url)) || {};
  if (protocol !== 'http:' || hostname === undefined || isLoopback(hostname)) return undefined;
  return `INFLUX_URL is plain HTTP to another machine: its token and the points travel in clear to ${origin}. Use https://`;
}
