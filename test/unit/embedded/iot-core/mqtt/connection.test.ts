import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { AccountQuotas } from '../../../../../src/embedded/iot-core/account-quotas.ts';
import { authenticateAnyone } from '../../../../../src/embedded/iot-core/mqtt/access.ts';
import type { BrokerState } from '../../../../../src/embedded/iot-core/mqtt/broker-state.ts';
import { Connection } from '../../../../../src/embedded/iot-core/mqtt/connection.ts';
import type { Channel } from '../../../../../src/embedded/iot-core/mqtt/outgoing-packets.ts';
import type { AccountLimits } from '../../../../../src/targets/aws-iot/quotas.ts';
import { makeVirtualTime, roomyLimits } from '../../../../support/iot-core/fixture.ts';

/** A stream that its reader does not read from: all that is written stays. */
class StuckChannel extends EventEmitter implements Channel {
  destroyed = false;
  writableLength = 0;
  isPaused = false;
  write(bytes: Buffer | string): boolean {
    this.writableLength += bytes.length;
    return false;
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  end(): void {}
  destroy(): void {}
}

function open(limits: Partial<AccountLimits> = {}) {
  const channel = new StuckChannel();
  const { clock, advance } = makeVirtualTime();
  const quotas = new AccountQuotas({ ...roomyLimits, ...limits }, 1);
  const broker = { clock, quotas } as unknown as BrokerState;
  const owner = { flushSoon() {}, onClosed() {}, onGone() {} };
  const connection = new Connection({
    broker,
    owner,
    channel,
    authenticate: authenticateAnyone,
    dispatch() {},
  });
  return { channel, clock, advance, connection };
}

const pingresp = Buffer.from([0xd0, 0]);

describe('Connection', () => {
  it('is not read from while its client reads no answers, whichever they are', () => {
    const { channel, connection } = open();
    for (let answers = 0; !channel.isPaused && answers < 1_000; answers++) {
      for (let i = 0; i < 1_000; i++) connection.send(pingresp);
      connection.flush();
    }
    expect(channel.isPaused).toBe(true);
    expect(channel.writableLength).toBeLessThan(1_100_000);
    channel.writableLength = 0;
    channel.emit('drain');
    expect(channel.isPaused).toBe(false);
  });

  it('is not written to while fault injection holds it, and then is', () => {
    const { channel, connection } = open();
    connection.hold('fault', true);
    connection.send(pingresp);
    connection.flush();
    expect(channel.writableLength).toBe(0);
    connection.hold('fault', false);
    connection.flush();
    expect(channel.writableLength).toBe(2);
  });

  it('is not blamed for a silence that its bytes a second imposed', async () => {
    const { channel, clock, advance, connection } = open({ bytesPerSecondPerConnection: 10 });
    // The beginning of a CONNECT of 1,000 bytes.
    const beginning = Buffer.alloc(210);
    beginning.set([0x10, 0xe5, 0x07]);
    connection.receive(beginning, beginning.length);
    expect(channel.isPaused).toBe(true);
    await advance(15_000);
    expect(connection.hasTimedOut(clock.now())).toBe(false);
    await advance(6_000);
    expect(channel.isPaused).toBe(false);
    expect(connection.hasTimedOut(clock.now())).toBe(false);
    await advance(10_000);
    expect(connection.hasTimedOut(clock.now())).toBe(true);
  });
});
