import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AwsAccessError, plainError, withPlainErrors } from '../../../src/aws/plain-errors.ts';

/** Answers every request with one error, in the wire shape of the service that is asked. */
let answer: { status: number; body: string; headers?: Record<string, string> };
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => outgoing.writeHead(answer.status, answer.headers).end(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const region = 'eu-west-1';
const settings = () => ({
  region,
  endpoint: url,
  maxAttempts: 1,
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
const inQuery = (code: string, message: string) => ({
  status: 403,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});
const inJson = (code: string, message: string) => ({
  status: 400,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});
const inS3 = (status: number, code: string) => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<Error><Code>${code}</Code><Message>Access Denied</Message></Error>`,
});

const describeStack = () =>
  withPlainErrors(new CloudFormationClient(settings()), region).send(
    new DescribeStacksCommand({ StackName: 'stampede-dev' }),
  );
const describeExecution = () =>
  withPlainErrors(new SFNClient(settings()), region).send(
    new DescribeExecutionCommand({ executionArn: 'arn:aws:states:eu-west-1:1:execution:stampede-dev:x' }),
  );
const getObject = () =>
  withPlainErrors(new S3Client({ ...settings(), forcePathStyle: true }), region).send(
    new GetObjectCommand({ Bucket: 'runs', Key: 'runs/x/plan.json' }),
  );
const publish = () =>
  withPlainErrors(new IoTDataPlaneClient(settings()), region).send(
    new PublishCommand({ topic: 'stampede-control/x', retain: true }),
  );

async function faultOf(call: () => Promise<unknown>): Promise<AwsAccessError> {
  const fault = await call().catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(AwsAccessError);
  const { exitCode, hint } = fault as AwsAccessError;
  expect(exitCode).toBe(2);
  expect(hint).toBeTruthy();
  return fault as AwsAccessError;
}

describe('faults of access, in plain words', () => {
  it.each([
    ['CloudFormation', describeStack, inQuery('ExpiredToken', 'The security token is expired')],
    ['Step Functions', describeExecution, inJson('ExpiredTokenException', 'The security token is expired')],
  ])('says that credentials have expired (%s)', async (_service, call, error) => {
    answer = error;
    expect((await faultOf(call)).message).toContain('the AWS credentials have expired');
  });

  it('says that the credentials are unknown, and where', async () => {
    answer = inQuery('InvalidClientTokenId', 'The security token included in the request is invalid');
    expect((await faultOf(describeStack)).message).toBe(
      'AWS does not know these credentials in eu-west-1 (InvalidClientTokenId at cloudformation:DescribeStacks)',
    );
  });

  it.each([
    [
      describeStack,
      inQuery(
        'AccessDenied',
        'User: arn:aws:iam::1:user/x is not authorized to perform: cloudformation:DescribeStacks on resource: y',
      ),
      'not allowed: cloudformation:DescribeStacks, as arn:aws:iam::1:user/x',
    ],
    [describeExecution, inJson('AccessDeniedException', 'no'), 'not allowed: states:DescribeExecution'],
    [
      getObject,
      inS3(403, 'AccessDenied'),
      'not allowed: s3:GetObject (or s3:ListBucket, for what is not there)',
    ],
    [publish, inJson('ForbiddenException', 'no'), 'not allowed: iot:Publish with iot:RetainPublish'],
  ])('names the action that is not allowed (%#)', async (call, error, message) => {
    answer = error;
    expect((await faultOf(call)).message).toBe(message);
  });

  it('says that AWS cannot be reached', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const fault = plainError(error, {
      client: 'CloudFormationClient',
      command: 'DescribeStacksCommand',
      region,
    });
    expect(fault?.message).toBe(
      'AWS cannot be reached in eu-west-1: connect ECONNREFUSED 127.0.0.1:9 (cloudformation:DescribeStacks)',
    );
  });

  it('leaves all else as it is', async () => {
    answer = inS3(404, 'NoSuchKey');
    await expect(getObject()).rejects.toBeInstanceOf(NoSuchKey);
  });
});
