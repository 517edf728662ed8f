import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Message } from '../../../src/embedded/iot-core/mqtt/message.ts';

// Preloaded by `node --import` into every process of a rehearsal; records in that of IoT Core only. It notes each message where it
// passes, by run, slice and number, before any counter of the emulator's sees it, one line each: a process that is killed leaves all
// of them.

const file = process.env.RECORDER_FILE;

if (file !== undefined && process.argv[1]?.endsWith('src/embedded/iot-core/main.ts') === true) {
  const [{ Server }, { Connection }, { Session }, { Sessions }, { Router }, { ArrivalsQueue }, { Shard }] =
    await Promise.all([
      import('node:http'),
      import('../../../src/embedded/iot-core/mqtt/connection.ts'),
      import('../../../src/embedded/iot-core/mqtt/session.ts'),
      import('../../../src/embedded/iot-core/mqtt/sessions.ts'),
      import('../../../src/embedded/iot-core/mqtt/router.ts'),
      import('../../../src/embedded/iot-core/queue/arrivals-queue.ts'),
      import('../../../src/embedded/iot-core/stream/shard.ts'),
    ]);

  /** `run slice n` of the envelope in a payload, or `run slice.stream n`; undefined where there is none: a control message. */
  const messageOf = (text: string): string | undefined => {
    const [, run] = /"run":"([^"]+)"/.exec(text) ?? [];
    const [, slice] = /"slice":(\d+)/.exec(text) ?? [];
    const [, n] = /"n":(\d+)/.exec(text) ?? [];
    if (run === undefined || slice === undefined || n === undefined) return undefined;
    const [, stream] = /"stream":([1-9]\d*)/.exec(text) ?? [];
    return `${run} ${stream === undefined ? slice : `${slice}.${stream}`} ${n}`;
  };
  const write = (what: string, of: string): void => appendFileSync(file, `${what} ${of} ${Date.now()}\n`);
  const note = (what: string, text: string): string | undefined => {
    const message = messageOf(text);
    if (message !== undefined) write(what, message);
    return message;
  };

  /** What a PUBACK's packet identifier stands for, connection by connection. */
  const unacknowledged = new WeakMap<object, Map<number, string>>();

  const { onFrame, sendPuback } = Connection.prototype;
  Connection.prototype.onFrame = function (frame) {
    const { bytes, start, body, end } = frame;
    // PUBLISH (3.3): the four upper bits of the first byte are 3.
    if (bytes[start]! >>> 4 === 3) {
      const message = note('sent', bytes.toString('latin1', body, end));
      const packetIdAt = body + 2 + bytes.readUInt16BE(body);
      if (message !== undefined && (bytes[start]! & 0b110) === 0b010) {
        const ofConnection = unacknowledged.get(this) ?? new Map<number, string>();
        unacknowledged.set(this, ofConnection.set(bytes.readUInt16BE(packetIdAt), message));
      }
    }
    onFrame.call(this, frame);
  };
  Connection.prototype.sendPuback = function (packetId) {
    const message = unacknowledged.get(this)?.get(packetId);
    if (message !== undefined) write('acked', message);
    sendPuback.call(this, packetId);
  };
  // The session is what a CONNACK of success goes with.
  const { attach, detach } = Sessions.prototype;
  Sessions.prototype.attach = function (attachment) {
    write('connected', attachment.clientId);
    const attached = attach.call(this, attachment);
    if (attached.isResumed) write('resumed', attachment.clientId);
    return attached;
  };
  Sessions.prototype.detach = function (session, connection, nowMs) {
    write('disconnected', session.clientId);
    detach.call(this, session, connection, nowMs);
  };

  const { isCommandTopic } = await import('../../../src/plan/downlinks.ts');
  /** @param clientId of the device that the command is for */
  const noteCommand = (what: string, { topic, payload }: Message, clientId: string | undefined): void => {
    const message = isCommandTopic(topic) ? messageOf(payload.toString('latin1')) : undefined;
    if (message !== undefined) write(what, `${message} ${clientId}`);
  };
  const { deliver } = Session.prototype;
  Session.prototype.deliver = function (message, qos, retain, nowMs) {
    const became = deliver.call(this, message, qos, retain, nowMs);
    if (became === 'stored') noteCommand('kept', message, this.clientId);
    return became;
  };
  const { sendQos1 } = Connection.prototype;
  Connection.prototype.sendQos1 = function (message, retain, packetId, nowMs) {
    const isSent = sendQos1.call(this, message, retain, packetId, nowMs);
    if (isSent) noteCommand('written', message, this.session?.clientId);
    return isSent;
  };

  // HTTPS: a request's body is its payload, the status of its answer the acknowledgement.
  const { emit } = Server.prototype;
  Server.prototype.emit = function (event: string | symbol, ...given: unknown[]) {
    if (event === 'request') watch(given[0] as IncomingMessage, given[1] as ServerResponse);
    return Reflect.apply(emit, this, [event, ...given]) as boolean;
  };
  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'POST' || request.url?.startsWith('/topics/') !== true) return;
    const chunks: Buffer[] = [];
    let message: string | undefined;
    const emitOfRequest = request.emit;
    request.emit = function (event: string | symbol, ...given: unknown[]) {
      if (event === 'data') chunks.push(given[0] as Buffer);
      if (event === 'end') message = note('sent', Buffer.concat(chunks).toString('latin1'));
      return Reflect.apply(emitOfRequest, this, [event, ...given]) as boolean;
    };
    response.once('finish', () => {
      if (message === undefined) return;
      if (response.statusCode === 200) write('acked', message);
      if (response.statusCode === 429) write('throttled', message);
    });
  };

  const { publish } = Router.prototype;
  Router.prototype.publish = function (route, publication) {
    const { bytes, start, end } = publication;
    note('taken', bytes.toString('latin1', start, end));
    return publish.call(this, route, publication);
  };
  const { send } = ArrivalsQueue.prototype;
  ArrivalsQueue.prototype.send = function (body, nowMs) {
    note('queued', body.toString('latin1'));
    return send.call(this, body, nowMs);
  };
  const { put } = Shard.prototype;
  Shard.prototype.put = function (key, data, nowMs) {
    const number = put.call(this, key, data, nowMs);
    if (number !== undefined) note('queued', data.toString('latin1'));
    return number;
  };
}
