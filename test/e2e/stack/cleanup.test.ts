import { GetEventSourceMappingCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { expect, it } from '@jest/globals';
import { disableEventSources } from '../../../stack/cleanup/event-sources.js';
import { emptyRunBucket } from '../../../stack/cleanup/run-bucket.js';

/** A bucket whose listings have a thousand entries at most, and a second that passes when the code waits. */
function makeBucket(writtenInSecond: (second: number) => readonly string[]) {
  const keys = new Set(writtenInSecond(0));
  let second = 0;
  const client = {
    send: async (command: object) => {
      if (command instanceof DeleteObjectsCommand) {
        for (const { Key } of command.input.Delete?.Objects ?? []) keys.delete(Key ?? '');
        return {};
      }
      return { Versions: [...keys].slice(0, 1_000).map((Key) => ({ Key, VersionId: 'null' })) };
    },
  } as unknown as S3Client;
  const pause = async () => {
    second++;
    for (const key of writtenInSecond(second)) keys.add(key);
  };
  return { client, keys, pause, seconds: () => second };
}

it('empties a bucket until nothing has appeared in it for the quiet time', async () => {
  const late: Record<number, string[]> = {
    0: Array.from({ length: 2_500 }, (_, n) => `runs/a/slices/${n}.json`),
    3: ['runs/b/arrivals/1.json'],
    8: ['runs/b/arrivals/2.json'],
  };
  const bucket = makeBucket((second) => late[second] ?? []);
  const notices: string[] = [];

  const runIds = await emptyRunBucket(bucket.client, 'runs', {
    quietSeconds: 6,
    pause: bucket.pause,
    notice: (text) => notices.push(text),
  });

  expect({ left: [...bucket.keys], runIds: [...runIds], seconds: bucket.seconds() }).toEqual({
    left: [],
    runIds: ['a', 'b'],
    seconds: 8 + 7,
  });
  expect(notices.at(-1)).toBe('Emptying the run store (2502 objects)');
});

it('gives up on a bucket that is written to for five minutes', async () => {
  const bucket = makeBucket((second) => [`runs/a/arrivals/${second}.json`]);
  const emptied = emptyRunBucket(bucket.client, 'runs', {
    quietSeconds: 6,
    pause: bucket.pause,
    notice: () => {},
  });
  await expect(emptied).rejects.toThrow(
    'The run store runs is still written to, 300 s after it was emptied.',
  );
  expect(bucket.seconds()).toBe(300);
});

/** Goes through these states, one a second; it can be turned off while it is enabled. */
function makeMapping(states: readonly string[]) {
  let second = 0;
  const updates: number[] = [];
  const stateNow = () => states[Math.min(second, states.length - 1)];
  const client = {
    send: async (command: object) => {
      if (command instanceof GetEventSourceMappingCommand) return { State: stateNow() };
      updates.push(second);
      return {};
    },
  } as unknown as LambdaClient;
  return { client, updates, pause: async () => void second++, seconds: () => second };
}

it('turns a mapping off once Lambda lets it, and waits until it is', async () => {
  const mapping = makeMapping(['Updating', 'Enabled', 'Disabling', 'Disabling', 'Disabled']);
  expect(await disableEventSources(mapping.client, ['u-1'], mapping.pause)).toEqual(['u-1']);
  expect({ updates: mapping.updates, seconds: mapping.seconds() }).toEqual({ updates: [1], seconds: 4 });
});

it('leaves a mapping alone that is off', async () => {
  const mapping = makeMapping(['Disabled']);
  expect(await disableEventSources(mapping.client, ['u-1'], mapping.pause)).toEqual([]);
  expect(mapping.updates).toEqual([]);
});

it('gives up on a mapping that is not off after five minutes', async () => {
  const mapping = makeMapping(['Enabled', 'Disabling']);
  const disabled = disableEventSources(mapping.client, ['u-1'], mapping.pause);
  await expect(disabled).rejects.toThrow('u-1 of measure-latency is not disabled after 300 s');
});
