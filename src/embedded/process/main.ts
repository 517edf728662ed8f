/** The embedded-AWS process: every service but IoT Core, which it starts in a process of its own. */
import { messageOf, StampedeError } from '../../shared/errors.ts';
import { publishAddress } from '../gateway/addresses.ts';
import type { InfluxServer } from '../influxdb/influxdb-relay.ts';
import { startIotCoreProcess } from '../iot/iot-core-process.ts';
import { surviveLostOutput, watchDescriptors } from './child-process.ts';
import { type EmbeddedAwsSettings, type OpenEmbeddedAws, openEmbeddedAws } from './embedded-aws.ts';
import {
  type EmbeddedAwsArguments,
  type FromEmbeddedAws,
  relayVariable,
  type ToEmbeddedAws,
} from './process-messages.ts';

surviveLostOutput();
const { stopGraceMs, passedVariables, ...shown } = JSON.parse(
  process.argv[2] ?? '{}',
) as EmbeddedAwsArguments;
const relay = process.env[relayVariable];
const settings: EmbeddedAwsSettings = {
  ...shown,
  functionVariables: Object.fromEntries(
    passedVariables.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ),
  ...(relay === undefined ? {} : { influx: JSON.parse(relay) as InfluxServer }),
};

const reported = new Set<string>();
const opening = openEmbeddedAws(settings, startIotCoreProcess, reportTrouble);
let isEnding = false;
let withdrawAddress = (): void => undefined;

process.on('message', ({ kind }: ToEmbeddedAws) => {
  if (kind === 'close') void end(0);
});
process.on('disconnect', () => void end(stopGraceMs));
process.on('SIGTERM', () => void end(stopGraceMs));

try {
  const { environment, stateMachineArn, adminUrl, adminToken, logDirectory, broken } = await opening;
  withdrawAddress = publishAddress(settings.runsDirectory, {
    pid: process.pid,
    environment,
    stateMachineArn,
  });
  watchDescriptors('embedded AWS', reportTrouble);
  post({ kind: 'ready', environment, stateMachineArn, adminUrl, adminToken, logDirectory });
  void broken.then((what) => {
    if (!isEnding) post({ kind: 'broken', what });
  });
} catch (error) {
  const hint = error instanceof StampedeError ? error.hint : undefined;
  const message = messageOf(error);
  console.error(error);
  post({ kind: 'failed', message, ...(hint === undefined ? {} : { hint }) });
  process.exit(1);
}

/** Ends running load tests within their time limit, then kills every child, so that no process outlives this one. */
async function end(graceMs: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  try {
    const embedded: OpenEmbeddedAws = await opening;
    if (graceMs > 0) await embedded.stop(graceMs);
    await embedded.close();
  } catch (error) {
    console.error(error);
  }
  withdrawAddress();
  process.exit(0);
}

/** Reports each trouble once: a disk that stays full is not reported with every write. */
function reportTrouble(what: string): void {
  if (reported.has(what)) return;
  reported.add(what);
  post({ kind: 'trouble', what });
}

function post(message: FromEmbeddedAws): void {
  // The callback keeps a closed channel to the parent from being an unhandled error.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
