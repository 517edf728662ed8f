import { describe, expect, it } from '@jest/globals';
import { topicFilterMatches, topicRootOf } from '../../../../src/targets/aws-iot/match-topic-filter.ts';

// The examples of MQTT 5, sections 4.7.1.2, 4.7.1.3 and 4.7.2, but for the parent of `#`, which AWS IoT Core leaves out.
describe('topicFilterMatches', () => {
  it.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['#', 'sport'],
    ['sport/#', 'sport/'],
    ['sport/tennis/+', 'sport/tennis/player1'],
    ['sport/+', 'sport/'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['$SYS/monitor/+', '$SYS/monitor/Clients'],
  ])('%s matches %s', (filter, topic) => {
    expect(topicFilterMatches(filter, topic)).toBe(true);
  });

  it.each([
    ['sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['sport/+', 'sport'],
    ['sport/#', 'sport'],
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['stampede/dev/#', 'stampede/dev2/run'],
    ['+', '/finance'],
    ['#', '$SYS/monitor'],
    ['+/monitor/Clients', '$SYS/monitor/Clients'],
    ['stampede/+/telemetry', 'stampede/a/b/telemetry'],
  ])('%s does not match %s', (filter, topic) => {
    expect(topicFilterMatches(filter, topic)).toBe(false);
  });
});

describe('topicRootOf', () => {
  it.each([
    ['stampede/dev/#', 'stampede/dev'],
    ['acme-stampede/prod/#', 'acme-stampede/prod'],
    ['fleet/+/telemetry/#', 'fleet'],
    ['fleet/telemetry', 'fleet/telemetry'],
    ['#', 'stampede'],
    ['+/telemetry', 'stampede'],
  ])('of %s is %s', (filter, root) => {
    expect(topicRootOf(filter)).toBe(root);
  });
});
