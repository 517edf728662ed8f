import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  GetPolicyCommand,
  IoTClient,
  ListCertificatesCommand,
  ListPoliciesCommand,
} from '@aws-sdk/client-iot';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createFleetCertificate } from '../../../src/worker/fleet-certificate.ts';
import { runCli } from '../../support/cli/run-cli.ts';
import { type Moto, startMoto } from '../../support/stack/python-tools.ts';

// Against moto, which emulates AWS IoT's control plane and Secrets Manager; the stack is one of outputs alone.

let moto: Moto;
const settings = () => ({
  endpoint: moto.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
});
const certs = (...args: string[]) => runCli(['certs', ...args, '--stage', 'dev'], moto.environment);
const left = async () => ({
  certificates: (await new IoTClient(settings()).send(new ListCertificatesCommand({}))).certificates?.length,
  policies: (await new IoTClient(settings()).send(new ListPoliciesCommand({}))).policies?.length,
  secrets: (await new SecretsManagerClient(settings()).send(new ListSecretsCommand({}))).SecretList?.length,
});
const nothing = { certificates: 0, policies: 0, secrets: 0 };

beforeAll(async () => {
  moto = await startMoto();
  const output = (Value: string) => ({ Value });
  const template = {
    Resources: { RunBucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'stampede-runs-1' } } },
    Outputs: {
      RunBucketName: output('stampede-runs-1'),
      StateMachineArn: output('arn:aws:states:us-east-1:123456789012:stateMachine:stampede-dev'),
      TopicFilter: output('stampede/+/telemetry/#'),
      RuleName: output('arrivals'),
    },
  };
  await new CloudFormationClient(settings()).send(
    new CreateStackCommand({ StackName: 'stampede-dev', TemplateBody: JSON.stringify(template) }),
  );
}, 300_000);
afterAll(() => moto.close());

describe('stampede certs', () => {
  it('makes one certificate with its policy and its secret, once, and removes all of it', async () => {
    expect(await certs('create')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('stampede-dev/fleet-certificate'),
    });
    const { SecretString = '{}' } = await new SecretsManagerClient(settings()).send(
      new GetSecretValueCommand({ SecretId: 'stampede-dev/fleet-certificate' }),
    );
    expect(JSON.parse(SecretString)).toEqual({
      certificate: expect.stringContaining('BEGIN CERTIFICATE'),
      privateKey: expect.stringContaining('PRIVATE KEY'),
    });
    const { policyDocument = '{}' } = await new IoTClient(settings()).send(
      new GetPolicyCommand({ policyName: 'stampede-dev-fleet' }),
    );
    const arn = 'arn:aws:iot:us-east-1:123456789012';
    expect(JSON.parse(policyDocument).Statement).toContainEqual({
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: [
        `${arn}:topic/stampede/*/telemetry/*`,
        `${arn}:topic/$aws/rules/arrivals/*`,
        `${arn}:topic/stampede-commands/*`,
      ],
    });
    expect(await certs('create')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists already'),
    });
    expect(await left()).toEqual({ certificates: 1, policies: 1, secrets: 1 });

    expect(await certs('delete')).toMatchObject({ code: 0, stdout: expect.stringContaining('removed') });
    expect(await left()).toEqual(nothing);
    expect(await certs('delete')).toMatchObject({ code: 0, stdout: 'there was nothing to remove\n' });
  });

  it('takes everything back where a step fails', async () => {
    const secrets = new SecretsManagerClient(settings());
    secrets.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'CreateSecretCommand') throw new Error('no room for secrets');
          return next(args);
        },
      { step: 'initialize', name: 'failing' },
    );
    const scope = {
      partition: 'aws',
      region: 'us-east-1',
      accountId: '1',
      topicFilter: 'stampede/#',
      ruleName: 'r',
    };
    await expect(
      createFleetCertificate({ stackName: 'stampede-dev', flags: '--stage dev' }, scope, {
        iot: new IoTClient(settings()),
        secrets,
      }),
    ).rejects.toThrow('no room for secrets');
    expect(await left()).toEqual(nothing);
  });
});
