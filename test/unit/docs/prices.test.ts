import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { prices } from '../../../src/targets/aws-iot/prices.ts';

const text = await readFile(path.resolve(import.meta.dirname, '../../../docs/deploy.md'), 'utf8');
const flat = text.replaceAll(/\s+/g, ' ');
const usd = (amount: number, decimals = 2) => `$${amount.toFixed(decimals)}`;

describe('the prices in docs/deploy.md', () => {
  const shards = 25;
  const shardsHour = shards * prices.kinesisShardHour;
  const perHour = 20_000 * 3_600;
  const tenMinutes = 20_000 * 600;
  // Each message is sent, received and deleted; the last two in batches of ten.
  const requestsPerMessage = 1.2;

  it.each([
    ['a shard', `$${prices.kinesisShardHour} an hour for each shard`],
    ['idle shards', `${shards} shards are ${usd(shardsHour)} an hour, ${usd(shardsHour * 24, 0)} a day`],
    ['a month of them', `${usd(shardsHour * 730, 0)} a month`],
    ['a stream on demand', `On demand ${usd(prices.kinesisOnDemandHour)} an hour`],
    ['the queue', `some ${usd(Math.round(perHour * requestsPerMessage * prices.sqsRequest), 0)} an hour`],
    ['records of the stream', `${usd(perHour * prices.kinesisPutUnit)} of PUT units`],
    ['IoT messages', `some ${usd(tenMinutes * prices.iotMessage[0].usdPerUnit, 0)} of IoT messaging`],
    ['a million of them', `${usd(1e6 * prices.iotMessage[0].usdPerUnit)} a million`],
    [
      'rule and action',
      `${usd(tenMinutes * (prices.iotRuleTriggered + prices.iotRuleAction))} of the rule and its action`,
    ],
  ])('are those of the forecast: %s', (_what, sentence) => {
    expect(flat).toContain(sentence);
  });
});
