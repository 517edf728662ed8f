import { describe, expect, it } from '@jest/globals';
import { NetworkChanges } from '../../../../src/device/network/network-changes.ts';

describe('changes of a network', () => {
  it('count in the order of their instants, in whatever order they are learned of', () => {
    const changes = new NetworkChanges({ reset: 1 });
    changes.add('none', 30);
    changes.add({ loss: 0.1 }, 40);
    changes.add({ duplicate: 0.5 }, 20);
    expect(changes.conditions).toEqual({ reset: 1 });
    changes.reach(20);
    expect(changes.conditions).toEqual({ reset: 1, duplicate: 0.5 });
    changes.reach(40);
    expect(changes.conditions).toEqual({ loss: 0.1 });
  });

  it('at one instant count in the order in which they come', () => {
    const changes = new NetworkChanges();
    changes.add({ loss: 0.1 }, 10);
    changes.add({ loss: 0.2 }, 10);
    changes.reach(10);
    expect(changes.conditions).toEqual({ loss: 0.2 });
  });

  it('that are learned of late change what is in force, and what comes after', () => {
    const changes = new NetworkChanges();
    changes.add({ loss: 0.1 }, 30);
    changes.add({ corrupt: 0.1 }, 50);
    changes.reach(30);
    changes.add({ duplicate: 0.5 }, 20);
    changes.reach(20);
    expect(changes.conditions).toEqual({ loss: 0.1, duplicate: 0.5 });
    changes.reach(50);
    expect(changes.conditions).toEqual({ loss: 0.1, duplicate: 0.5, corrupt: 0.1 });
  });
});
