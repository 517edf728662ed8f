import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { makeLambdaInvoker } from '../../../../../src/embedded/iot-core/queue/lambda-invoker.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';

it('invokes no more at once than it may, and forgets none', async () => {
  let underWay = 0;
  let most = 0;
  const lambda = createServer(async (_request, response) => {
    most = Math.max(most, ++underWay);
    await sleep(20);
    underWay--;
    response.end('"yes"');
  }).listen(0, '127.0.0.1');
  await once(lambda, 'listening');
  const { port } = lambda.address() as AddressInfo;
  const invoker = makeLambdaInvoker(
    { invokeUrl: `http://127.0.0.1:${port}`, functionName: 'authorizer', accessKey: testKey },
    3,
  );
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => invoker.invoke(Buffer.from('{}'))));
  expect(outcomes).toEqual(Array(10).fill({ kind: 'returned', payload: '"yes"' }));
  expect(most).toBe(3);
  invoker.close();
  lambda.close();
});
