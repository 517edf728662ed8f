import { expect, it } from '@jest/globals';
import type { Connection } from '../../../../../src/embedded/iot-core/mqtt/connection.ts';
import { Message, type PublishHeaders } from '../../../../../src/embedded/iot-core/mqtt/message.ts';
import type { Router } from '../../../../../src/embedded/iot-core/mqtt/router.ts';
import { Session } from '../../../../../src/embedded/iot-core/mqtt/session.ts';
import { Sessions } from '../../../../../src/embedded/iot-core/mqtt/sessions.ts';
import { VirtualClock } from '../../../../support/device/virtual-clock.ts';

const storage = { clock: new VirtualClock(), perSecond: 10, admit: () => true };

const messageOf = (topic: string, headers: PublishHeaders, publisher?: Session): Message =>
  new Message({
    topic,
    bytes: Buffer.from('x'),
    start: 0,
    end: 1,
    headers,
    publisher,
    clientId: publisher?.clientId,
    nowMs: 0,
  });

it('a message does not overtake one that waits, though there is room again', () => {
  const session = new Session('slow', 0, storage);
  const sent: string[] = [];
  const connection = {
    receiveMaximum: 10,
    hasRoom: true,
    sendQos1: ({ topic }: Message) => sent.push(topic) > 0,
  };
  session.connection = connection as unknown as Connection;
  const deliver = (topic: string) =>
    session.deliver(messageOf(topic, { qos: 1, retain: false }), 1, false, 0);
  deliver('a');
  connection.hasRoom = false;
  deliver('b');
  connection.hasRoom = true;
  deliver('c');
  expect(sent).toEqual(['a']);
  session.sendWaiting(0);
  expect(sent).toEqual(['a', 'b', 'c']);
});

it('a session that has expired holds no messages, even if something still refers to it', () => {
  const sessions = new Sessions({ subscriptions: { removeAll() {} } } as unknown as Router, storage);
  const sent: Message[] = [];
  const connection = {
    receiveMaximum: 10,
    hasRoom: true,
    sendQos1: (message: Message) => sent.push(message) > 0,
  } as unknown as Connection;
  const { session } = sessions.attach({
    clientId: 'sleeper',
    connection,
    cleanStart: true,
    expirySeconds: 60,
    nowMs: 0,
  });
  sessions.detach(session, connection, 0);
  // What it published itself and others keep, a retained message say, holds on to the session.
  const kept = messageOf('kept', { qos: 1, retain: true }, session);
  expect(session.deliver(kept, 1, false, 0)).toBe('stored');
  sessions.sweep(60_000);
  expect(sessions.away).toBe(0);
  session.connection = connection;
  session.sendWaiting(60_000);
  session.resume(60_000);
  expect(sent).toEqual([]);
});
