import { describe, expect, it } from '@jest/globals';
import { NetworkChanges } from '../../../../src/device/network/network-changes.ts';

describe('changes of a network', () => {
  it('count in the order of their instants, in whatever order they are learned of', () => {
    const changes = new NetworkChanges({ reset: 1 });
    changes.add('none', 30);
    changes.add({ loss: 0.1 }, 40);
    changes.add({ duplicate: 0.5 }, 20);
    expect(changes.conditions).toEqual({ loss: 0.1 });
  });

  it('at one instant count in the order in which they come', () => {
    const changes = new NetworkChanges();
    changes.add({ loss: 0.1 }, 10);
    changes.add({ loss: 0.2 }, 10);
    expect(changes.conditions).toEqual({ loss: 0.2 });
  });
});
