import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IoTClient } from '@aws-sdk/client-iot';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  type CertificateClients,
  createFleetCertificate,
  deleteFleetCertificate,
  type FleetCertificate,
} from '../aws/fleet-certificate.ts';
import { withPlainFaults } from '../aws/plain-faults.ts';
import { findStack, StackNotReadyError, stackNameOf } from '../aws/stack.ts';
import { regionOfProfile } from './stack-place.ts';
import type { Stage } from './stage-flags.ts';

/** @throws NoSuchStackError, FleetCertificateExistsError, LeftBehindError, AwsAccessError */
export async function createCertificate({ stage, region: asked }: Stage): Promise<FleetCertificate> {
  const region = asked ?? (await regionOfProfile());
  const cloudFormation = withPlainFaults(new CloudFormationClient({ region }), region);
  const stack = await findStack(stage, region, cloudFormation);
  const { name, topicFilter } = stack;
  if (topicFilter === undefined) {
    throw new StackNotReadyError(name, region, 'it was deployed before it had the output TopicFilter', stage);
  }
  return createFleetCertificate(stage, { ...stack, topicFilter }, clientsOf(region));
}

/** Of a stage that need not be deployed any more. @returns what was removed, in words */
export async function deleteCertificate(
  { stage, region: asked }: Stage,
  sleep: (ms: number) => Promise<unknown>,
): Promise<string[]> {
  stackNameOf(stage);
  return deleteFleetCertificate(stage, clientsOf(asked ?? (await regionOfProfile())), sleep);
}

function clientsOf(region: string): CertificateClients {
  return {
    iot: withPlainFaults(new IoTClient({ region }), region),
    secrets: withPlainFaults(new SecretsManagerClient({ region }), region),
  };
}
