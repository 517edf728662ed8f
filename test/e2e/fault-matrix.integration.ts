import { describeMatrix, type Row } from '../support/run/fault-matrix.ts';

// Every fault of the service and every quota of publishes and connects, over each way in and out; the signals to our own processes are
// in process-matrix.integration.ts.

const throttling = (quota: string): readonly string[] => ['--quota', quota, '--force'];
// Signed requests take a busy machine longer than MQTT: an answer must not come too late to count.
const https = { connect: { protocol: 'https' }, publish: { ackTimeout: '20s' } };

const rows: readonly Row[] = [
  { name: 'no-fault' },
  { name: 'drop-deliveries', faults: { dropDeliveries: 0.1 } },
  { name: 'duplicate-deliveries', faults: { duplicateDeliveries: 0.1 } },
  { name: 'late-deliveries', faults: { deliveryDelay: 300 } },
  { name: 'quiet-queue-held', faults: { queueHoldMs: 3000 } },
  { name: 'drop-acks', faults: { dropAcks: 0.1 } },
  { name: 'late-acks', faults: { ackDelay: 300 } },
  { name: 'disconnects', faults: { disconnectPerMinute: 1 }, known: { connectsHinderedBy: ['endpoint'] } },
  { name: 'refused-connects', faults: { refuseConnects: 0.3 }, known: { connectsHinderedBy: ['endpoint'] } },
  { name: 'clock-ahead', faults: { clockOffsetMs: 50 }, known: { clocksAheadMs: [50, 50] } },
  {
    name: 'clock-behind-and-echoes',
    faults: { clockOffsetMs: -50 },
    profile: { echo: { fraction: 1 } },
    known: { clocksAheadMs: [-50, -50] },
  },
  { name: 'late-echoes', profile: { echo: { fraction: 1 } }, faults: { outboundDelay: 300 } },
  { name: 'qos-0-drop-deliveries', profile: { publish: { qos: 0 } }, faults: { dropDeliveries: 0.1 } },
  { name: 'https', profile: https },
  { name: 'https-late-acks', profile: https, faults: { ackDelay: 300, dropDeliveries: 0.1 } },
  { name: 'https-publish-quota', profile: https, args: throttling('publishIn=40') },
  { name: 'stream', args: ['--subscriber', 'stream'] },
  {
    name: 'stream-drop-and-duplicate-deliveries',
    args: ['--subscriber', 'stream'],
    faults: { dropDeliveries: 0.1, duplicateDeliveries: 0.1 },
  },
  {
    name: 'connects-quota',
    args: throttling('connects=5'),
    known: { connectsHinderedBy: ['endpoint', 'quota'] },
  },
  {
    name: 'connections-quota',
    args: throttling('connections=30'),
    known: { connectsHinderedBy: ['endpoint', 'quota'] },
  },
  { name: 'publishes-per-connection-quota', args: throttling('publishesPerConnection=1') },
  { name: 'rule-evaluations-quota', args: throttling('ruleEvaluations=40') },
  { name: 'publish-quota', args: throttling('publishIn=40') },
  {
    name: 'publish-quota-answered',
    profile: { connect: { client: 'device-sdk', ratePerSecond: 400 } },
    args: [...throttling('publishIn=40'), '--throttle-answer', 'puback'],
  },
  {
    name: 'publish-quota-disconnected',
    args: [...throttling('publishIn=40'), '--throttle-answer', 'disconnect'],
    known: { connectsHinderedBy: ['endpoint'] },
  },
];

describeMatrix(rows);
