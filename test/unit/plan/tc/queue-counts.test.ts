import { describe, expect, it } from '@jest/globals';
import { countQueues, nothingCounted } from '../../../../src/plan/tc/queue-counts.ts';

/** What iproute2 6.1 writes of a tree of two devices, of which `run --netem` made one. */
const written = `[{"kind":"htb","handle":"1:","root":true,"refcnt":3,"options":{"r2q":10,"default":"0","direct_packets_stat":12,"direct_qlen":1000},"bytes":9000,"packets":90,"drops":3,"overlimits":7,"requeues":0,"backlog":0,"qlen":0},{"kind":"pfifo","handle":"100:","parent":"1:1","options":{"limit":10000},"bytes":5000,"packets":50,"drops":1,"overlimits":0,"requeues":0,"backlog":0,"qlen":0},{"kind":"pfifo","handle":"101:","parent":"1:2","options":{"limit":10000},"bytes":3000,"packets":28,"drops":2,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}]`;

describe('countQueues', () => {
  it('adds up the queues of devices, without the root, which has the measurement’s packets too', () => {
    expect(countQueues(written)).toEqual({ bytes: 8_000, packets: 78, dropped: 3 });
  });

  it('counts nothing where there are no queues', () => {
    expect(countQueues('')).toEqual(nothingCounted);
    expect(countQueues('[{"kind":"noqueue","handle":"0:","root":true,"options":{}}]')).toEqual(
      nothingCounted,
    );
  });

  it('takes a queue without counts for what it cannot read', () => {
    expect(() => countQueues('[{"kind":"netem","parent":"1:1"}]')).toThrow(TypeError);
  });
});
