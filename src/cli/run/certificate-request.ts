import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IoTClient } from '@aws-sdk/client-iot';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { findStack, StackNotReadyError, stackNameOf } from '../../aws/find-stack.ts';
import { withPlainErrors } from '../../aws/plain-errors.ts';
import {
  type CertificateClients,
  type CertificateOwner,
  createFleetCertificate,
  deleteFleetCertificate,
  type FleetCertificate,
} from '../../worker/fleet-certificate.ts';
import { regionOfProfile } from '../backend/stack-backend.ts';
import { type Stage, stageArguments } from '../options/stage-flags.ts';

/** @throws NoSuchStackError, FleetCertificateExistsError, LeftBehindError, AwsAccessError */
export async function createCertificate(flags: Stage): Promise<FleetCertificate> {
  const region = flags.region ?? (await regionOfProfile());
  const cloudFormation = withPlainErrors(new CloudFormationClient({ region }), region);
  const stack = await findStack(flags, region, cloudFormation);
  const { topicFilter, ruleName } = stack;
  if (topicFilter === undefined || ruleName === undefined) {
    const missing = topicFilter === undefined ? 'TopicFilter' : 'RuleName';
    throw new StackNotReadyError(flags, region, `it was deployed before it had the output ${missing}`);
  }
  return createFleetCertificate(ownerOf(flags), { ...stack, topicFilter, ruleName }, clientsOf(region));
}

/** Of a stage that need not be deployed any more. @returns a sentence on what was removed */
export async function deleteCertificate(
  flags: Stage,
  sleep: (ms: number) => Promise<unknown>,
): Promise<string[]> {
  const owner = ownerOf(flags);
  return deleteFleetCertificate(owner, clientsOf(flags.region ?? (await regionOfProfile())), sleep);
}

/** @throws InvalidInputError */
function ownerOf(flags: Stage): CertificateOwner {
  return { stackName: stackNameOf(flags), flags: stageArguments(flags) };
}

function clientsOf(region: string): CertificateClients {
  return {
    iot: withPlainErrors(new IoTClient({ region }), region),
    secrets: withPlainErrors(new SecretsManagerClient({ region }), region),
  };
}
