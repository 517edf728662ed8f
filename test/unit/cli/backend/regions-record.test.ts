import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrderOfTime } from '../../../../src/cli/backend/regions-record.ts';
import { randomCases } from '../../../support/effort.ts';

async function* listed<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

it('what Regions counted is read in the order of time, each of its items once', async () => {
  const times = fc.array(fc.nat(50), { maxLength: 20 }).map((list) => list.toSorted((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(fc.array(times, { maxLength: 4 }), async (lists) => {
      const items = lists.map((list, region) => list.map((second, i) => ({ region, i, second })));
      const read: { region: number; i: number; second: number }[] = [];
      for await (const item of inOrderOfTime(items.map(listed), ({ second }) => second)) read.push(item);
      expect(read.map(({ second }) => second)).toEqual(lists.flat().toSorted((a, b) => a - b));
      for (const [region, own] of items.entries())
        expect(read.filter((item) => item.region === region)).toEqual(own);
    }),
    randomCases(),
  );
});
