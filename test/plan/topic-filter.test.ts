import { describe, expect, it } from '@jest/globals';
import { topicFilterMatches } from '../../src/plan/topic-filter.ts';

// The examples of MQTT 5, sections 4.7.1.2, 4.7.1.3 and 4.7.2.
describe('topicFilterMatches', () => {
  it.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['#', 'sport'],
    ['sport/#', 'sport'],
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
    ['+', '/finance'],
    ['#', '$SYS/monitor'],
    ['+/monitor/Clients', '$SYS/monitor/Clients'],
    ['stampede/+/telemetry', 'stampede/a/b/telemetry'],
  ])('%s does not match %s', (filter, topic) => {
    expect(topicFilterMatches(filter, topic)).toBe(false);
  });
});
