import { describe, expect, it } from '@jest/globals';
import { fleetPoints } from '../../../src/live/fleet-points.ts';
import { noMessages } from '../../../src/measure/slice-result.ts';

const tags = { run: 'r', group: 'g', protocol: 'mqtt', stage: '1' };
const at = { tags, timestampNs: '7000000001' };
const ofDevices = (delivered: number, offline: number) => ({
  messages: { ...noMessages, sent: 99 },
  fleet: { commands: { delivered, offline } },
});

describe('the points of commands and presence', () => {
  it('are what was added at devices, with all fields the first time and none where nothing changed', () => {
    const change = { ...at, isBackend: false };
    const [first, more, same, fewer] = [
      fleetPoints({ ...change, before: undefined, now: ofDevices(0, 0) }),
      fleetPoints({ ...change, before: ofDevices(0, 0), now: ofDevices(5, 0) }),
      fleetPoints({ ...change, before: ofDevices(5, 2), now: ofDevices(5, 2) }),
      fleetPoints({ ...change, before: ofDevices(5, 2), now: ofDevices(7, 0) }),
    ];
    expect(first).toEqual([{ measurement: 'stampede_command', ...at, fields: { delivered: 0, offline: 0 } }]);
    expect(more).toMatchObject([{ fields: { delivered: 5 } }]);
    expect(same).toEqual([]);
    // A session kept what was offline.
    expect(fewer).toMatchObject([{ fields: { delivered: 2, offline: -2 } }]);
  });

  it('have the publishes of a backend, and its replies', () => {
    const before = {
      messages: { ...noMessages, sent: 3, acked: 3 },
      fleet: { commands: { replied: 1, timed_out: 0 } },
    };
    const now = {
      messages: { ...noMessages, sent: 5, acked: 4 },
      fleet: { commands: { replied: 2, timed_out: 1 } },
    };
    const { echoed: _, ...noPublishes } = noMessages;
    const change = { ...at, isBackend: true };
    expect(fleetPoints({ ...change, before: undefined, now: before })).toMatchObject([
      { fields: { ...noPublishes, sent: 3, acked: 3, replied: 1, timed_out: 0 } },
    ]);
    expect(fleetPoints({ ...change, before, now })).toMatchObject([
      { fields: { sent: 2, acked: 1, replied: 1, timed_out: 1 } },
    ]);
  });

  it('have the events of an observer, and none of a slice that has neither', () => {
    const messages = noMessages;
    const now = { messages, fleet: { presence: { connects: 4, disconnects: 0 } } };
    expect(fleetPoints({ ...at, isBackend: false, before: undefined, now })).toEqual([
      { measurement: 'stampede_presence', ...at, fields: { connects: 4, disconnects: 0 } },
    ]);
    expect(fleetPoints({ ...at, isBackend: false, before: undefined, now: { messages, fleet: {} } })).toEqual(
      [],
    );
  });
});
