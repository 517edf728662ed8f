import { appendFileSync } from 'node:fs';

// Preloaded by `node --import` into every process of a rehearsal; records in that of IoT Core only. It notes each message where it
// passes, by slice and number, before any counter of the emulator's sees it, one line each: a process that is killed leaves all of them.

const file = process.env.RECORDER_FILE;

if (file !== undefined && process.argv[1]?.endsWith('src/embedded/iot-core/main.ts') === true) {
  const [{ Connection }, { Router }, { ArrivalsQueue }] = await Promise.all([
    import('../../../src/embedded/iot-core/mqtt/connection.ts'),
    import('../../../src/embedded/iot-core/mqtt/router.ts'),
    import('../../../src/embedded/iot-core/queue/arrivals-queue.ts'),
  ]);
  const note = (what: string, text: string): void => {
    const [, slice] = /"slice":(\d+)/.exec(text) ?? [];
    const [, n] = /"n":(\d+)/.exec(text) ?? [];
    if (slice !== undefined && n !== undefined) appendFileSync(file, `${what} ${slice} ${n}\n`);
  };

  const { onFrame, sendPuback } = Connection.prototype;
  Connection.prototype.onFrame = function (bytes, start, body, end) {
    // PUBLISH (3.3): the four upper bits of the first byte are 3.
    if (bytes[start]! >>> 4 === 3) note('sent', bytes.toString('latin1', body, end));
    onFrame.call(this, bytes, start, body, end);
  };
  Connection.prototype.sendPuback = function (packetId) {
    appendFileSync(file, 'acked 0 0\n');
    sendPuback.call(this, packetId);
  };
  const { publish } = Router.prototype;
  Router.prototype.publish = function (...given) {
    const [, bytes, start, end] = given;
    note('taken', bytes.toString('latin1', start, end));
    return publish.apply(this, given);
  };
  const { send } = ArrivalsQueue.prototype;
  ArrivalsQueue.prototype.send = function (body, nowMs) {
    note('queued', body.toString('latin1'));
    return send.call(this, body, nowMs);
  };
}
