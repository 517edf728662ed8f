import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { AccountQuotas } from '../../../../src/embedded/iot-core/account-quotas.ts';
import { openGate } from '../../../../src/embedded/iot-core/mqtt/access.ts';
import type { Broker } from '../../../../src/embedded/iot-core/mqtt/broker.ts';
import { type Channel, Connection } from '../../../../src/embedded/iot-core/mqtt/connection.ts';
import { VirtualClock } from '../../../device/virtual-clock.ts';
import { roomyLimits } from '../fixture.ts';

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

function open() {
  const channel = new StuckChannel();
  const broker = {
    clock: new VirtualClock(),
    quotas: new AccountQuotas(roomyLimits, 1),
    flushSoon() {},
  } as unknown as Broker;
  return { channel, connection: new Connection(broker, channel, openGate, 0) };
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

  it('is not written to while the weather holds it, and then is', () => {
    const { channel, connection } = open();
    connection.hold('weather', true);
    connection.send(pingresp);
    connection.flush();
    expect(channel.writableLength).toBe(0);
    connection.hold('weather', false);
    connection.flush();
    expect(channel.writableLength).toBe(2);
  });
});
