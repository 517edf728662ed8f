import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventBatch } from '../../../../../src/embedded/iot-core/queue/event-batch.ts';
import { makeRecordTemplate } from '../../../../../src/embedded/iot-core/queue/sqs-record.ts';
import { maxEventBytes } from '../../../../../src/plan/queue-readers.ts';
import { anyCharacter } from '../../../../support/any-character.ts';
import { randomCases } from '../../../../support/effort.ts';
import type { SqsRecord } from '../../../../support/iot-core/fixture.ts';

const template = makeRecordTemplate('arrivals');
const sentAtMs = 1_700_000_000_123;

function fill(batch: EventBatch, bodies: readonly string[]): void {
  for (const [n, text] of bodies.entries()) {
    const body = Buffer.from(text);
    expect(batch.append(body, n, sentAtMs + n)).toBe(true);
  }
}

function recordsOf(event: Buffer): SqsRecord[] {
  return (JSON.parse(event.toString()) as { Records: SqsRecord[] }).Records;
}

describe('EventBatch', () => {
  it('is the event Lambda makes of SQS messages', () => {
    const batch = new EventBatch(template, 10);
    fill(batch, ['{"n":1}']);
    expect(recordsOf(batch.receive())).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-\d{12}$/),
        receiptHandle: expect.any(String),
        body: '{"n":1}',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: `${sentAtMs}`,
          SenderId: expect.any(String),
          ApproximateFirstReceiveTimestamp: `${sentAtMs}`,
        },
        messageAttributes: {},
        md5OfBody: createHash('md5').update('{"n":1}').digest('hex'),
        eventSource: 'aws:sqs',
        eventSourceARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:\d{12}:arrivals$/),
        awsRegion: 'us-east-1',
      },
    ]);
  });

  it('carries any JSON, and after failures leaves what failed', () => {
    const bodies = fc.array(
      fc.json({ stringUnit: anyCharacter }).map((text) => `{\n\t"x" : ${text}\r}`),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(19)), (sent, picks) => {
        const batch = new EventBatch(template, 20);
        fill(batch, sent);
        const all = recordsOf(batch.receive());
        expect(all.map(({ body }) => body)).toEqual(sent);
        expect([...batch.indexById().keys()]).toEqual(all.map(({ messageId }) => messageId));
        expect(new Set(all.map(({ messageId }) => messageId)).size).toBe(sent.length);
        const kept = [...new Set(picks)].filter((place) => place < sent.length).sort((a, b) => a - b);
        if (kept.length === 0) return;
        batch.keep(kept);
        const again = recordsOf(batch.receive());
        expect(again.map(({ messageId }) => messageId)).toEqual(kept.map((place) => all[place]!.messageId));
        expect(again.map(({ body }) => body)).toEqual(kept.map((place) => sent[place]));
        expect(again.every(({ attributes }) => attributes.ApproximateReceiveCount === '2')).toBe(true);
        batch.clear();
        fill(batch, ['{}']);
        expect(recordsOf(batch.receive())).toMatchObject([
          { body: '{}', attributes: { ApproximateReceiveCount: '1' } },
        ]);
      }),
      randomCases(),
    );
  });

  it('moves its oldest records into other batches, as they are but for the instant', () => {
    const texts = fc.array(fc.json({ stringUnit: anyCharacter }), { minLength: 1, maxLength: 50 });
    const cuts = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 20 }), room: fc.integer({ min: 1, max: 8 }) }),
      {
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(texts, cuts, (sent, moves) => {
        const waiting = new EventBatch(template, 50);
        fill(waiting, sent);
        const unmoved = new EventBatch(template, 50);
        fill(unmoved, sent);
        const all = recordsOf(unmoved.receive());
        let next = 0;
        for (const { count, room } of moves) {
          const target = new EventBatch(template, room);
          const moved = waiting.moveTo(target, count, sentAtMs + 60_000);
          expect(moved).toBe(Math.min(count, room, sent.length - next));
          expect([waiting.records, target.records]).toEqual([sent.length - next - moved, moved]);
          if (moved === 0) continue;
          expect(recordsOf(target.receive())).toEqual(
            all.slice(next, next + moved).map((record) => ({
              ...record,
              attributes: {
                ...record.attributes,
                ApproximateFirstReceiveTimestamp: `${sentAtMs + 60_000}`,
              },
            })),
          );
          next += moved;
        }
      }),
      randomCases(),
    );
  });

  it('takes no more by a move than 6 MB', () => {
    const body = Buffer.from(JSON.stringify('"'.repeat(50_000)));
    const target = new EventBatch(template, 10_000);
    let n = 0;
    for (;;) {
      const waiting = new EventBatch(template, 1);
      waiting.append(body, n++, sentAtMs);
      if (waiting.moveTo(target, 1, sentAtMs) === 0) break;
    }
    const event = target.receive();
    expect(recordsOf(event)).toHaveLength(n - 1);
    expect(event.length).toBeLessThanOrEqual(maxEventBytes);
    expect(event.length).toBeGreaterThan(maxEventBytes - 110_000);
  });

  it('ends at its records, and at 6 MB', () => {
    const batch = new EventBatch(template, 10_000);
    const body = Buffer.from(JSON.stringify('"'.repeat(50_000)));
    let records = 0;
    while (batch.append(body, records, sentAtMs)) records++;
    const event = batch.receive();
    expect(event.length).toBeLessThanOrEqual(maxEventBytes);
    expect(event.length).toBeGreaterThan(maxEventBytes - 2 * 200_000);
    expect(recordsOf(event)).toHaveLength(records);
    const few = new EventBatch(template, 2);
    fill(few, ['1', '2']);
    expect(few.isFull).toBe(true);
    expect(few.append(body, 3, sentAtMs)).toBe(false);
  });
});
