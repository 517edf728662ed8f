import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTopicName, parseTopicFilter } from '../../../../../src/embedded/iot-core/mqtt/topic-filter.ts';
import { TopicTree } from '../../../../../src/embedded/iot-core/mqtt/topic-tree.ts';
import { randomCases } from '../../../../support/effort.ts';

/** The definition, level by level, with AWS's `#`: it does not take its parent. */
function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return levels.length > i;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

const level = fc.constantFrom('', 'a', 'b', 'c', '$aws');
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'));

describe('TopicTree', () => {
  it('finds the filters that match, after any adding and removing', () => {
    fc.assert(
      fc.property(fc.array(filters), fc.array(filters), topics, (kept, removed, topic) => {
        const tree = new TopicTree<string>();
        for (const filter of [...kept, ...removed]) tree.add(filter, filter);
        for (const filter of removed) if (!kept.includes(filter)) tree.remove(filter, filter);
        const expected = [...new Set(kept)].filter((filter) => matches(filter, topic));
        expect(tree.match(topic).sort()).toEqual(expected.sort());
      }),
      randomCases(),
    );
  });

  it.each([
    ['sensor/#', 'sensor/', true],
    ['sensor/#', 'sensor/temperature/room1', true],
    ['sensor/#', 'sensor', false],
    ['#', '$aws/events/x', false],
    ['$aws/#', '$aws/events/x', true],
    ['+/+', '/finance', true],
    ['+', '/finance', false],
  ])('%s on %s: %s, as the documentation has it', (filter, topic, expected) => {
    const tree = new TopicTree<number>();
    tree.add(filter, 1);
    expect(tree.match(topic)).toEqual(expected ? [1] : []);
  });
});

describe('parseTopicFilter', () => {
  it.each(['a', '/', 'a//b', '+', '#', '+/a/#', '1/2/3/4/5/6/7/8'])('takes %s', (filter) => {
    expect(parseTopicFilter(filter)).toEqual({ filter, hasWildcard: /[+#]/.test(filter) });
  });

  it.each(['', 'a#', '#/a', 'a/#/b', '+a', 'a/b+', '1/2/3/4/5/6/7/8/9', 'x'.repeat(257)])(
    'refuses %s',
    (filter) => {
      expect(parseTopicFilter(filter)).toBeUndefined();
    },
  );

  it('takes shared subscriptions apart, and leaves their prefix out of the limits', () => {
    expect(parseTopicFilter('$share/g/1/2/3/4/5/6/7/#')).toEqual({
      filter: '1/2/3/4/5/6/7/#',
      shareName: 'g',
      hasWildcard: true,
    });
    for (const bad of ['$share/', '$share/g', '$share/g/', '$share//a', '$share/g+/a', '$share/#/a']) {
      expect(parseTopicFilter(bad)).toBeUndefined();
    }
  });
});

describe('isTopicName', () => {
  it('is what may be published to', () => {
    expect(['a', '/', 'a/b c/é', '$aws/rules/r', '$aws/rules/r/1/2/3/4/5/6/7/8'].every(isTopicName)).toBe(
      true,
    );
    expect(
      ['', 'a/+', '#', 'a\0b', '1/2/3/4/5/6/7/8/9', 'é'.repeat(129), '$aws/x', '$SYS/x', '$aws/rules/'].some(
        isTopicName,
      ),
    ).toBe(false);
  });
});
