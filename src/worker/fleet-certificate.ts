import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  DeleteCertificateCommand,
  DeleteConflictException,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachPolicyCommand,
  type IoTClient,
  ListPolicyVersionsCommand,
  ListTargetsForPolicyCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  ResourceNotFoundException as SecretNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { exitCodes, messageOf, StampedeError } from '../shared/errors.ts';
import { type DevicePolicyScope, devicePolicy } from './device-policy.ts';

/**
 * One X.509 certificate for the whole fleet of a stage, with which `connect.auth: x509` comes in: the certificate and its
 * policy in AWS IoT, certificate and key as JSON (`certificate`, `privateKey`, PEM) in Secrets Manager.
 */
export interface FleetCertificateNames {
  readonly policy: string;
  readonly secret: string;
}

/** The stack whose devices use the certificate. */
export interface CertificateOwner {
  /** `stampede-dev`: names begin with it. */
  readonly stackName: string;
  /** To name the stack on the command line: `--stage dev`. */
  readonly flags: string;
}

function fleetCertificateNames({ stackName }: Pick<CertificateOwner, 'stackName'>): FleetCertificateNames {
  return { policy: `${stackName}-fleet`, secret: `${stackName}/fleet-certificate` };
}

export interface CertificateClients {
  readonly iot: IoTClient;
  readonly secrets: SecretsManagerClient;
}

/** The stage already has a certificate for its devices. */
export class FleetCertificateExistsError extends StampedeError {
  constructor(what: string, { flags }: CertificateOwner) {
    super('FleetCertificateExists', `${what} exists already; nothing was made`, {
      hint: `it can be used as it is; for a new one: npx stampede certs delete ${flags}, then create`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/** Something is left that could not be taken back. */
export class LeftBehindError extends StampedeError {
  constructor(left: readonly string[], { flags }: CertificateOwner, cause: unknown) {
    const why = messageOf(cause);
    super('LeftBehind', `${why}; left behind: ${left.join(', ')}`, {
      hint: `npx stampede certs delete ${flags} removes it${left.some(isCertificate) ? `; a certificate that has no policy any more: ${byHand}` : ''}`,
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}

const byHand =
  'aws iot update-certificate --new-status INACTIVE --certificate-id ID, then aws iot delete-certificate --certificate-id ID';
const isCertificate = (what: string): boolean => what.startsWith('certificate ');

export interface FleetCertificate {
  readonly certificateId: string;
  readonly names: FleetCertificateNames;
}

/**
 * Makes the certificate, all of it or nothing.
 * @throws FleetCertificateExistsError; LeftBehindError where a failure could not be undone
 */
export async function createFleetCertificate(
  owner: CertificateOwner,
  scope: DevicePolicyScope,
  { iot, secrets }: CertificateClients,
): Promise<FleetCertificate> {
  const names = fleetCertificateNames(owner);
  if (await secretExists(secrets, names.secret)) {
    throw new FleetCertificateExistsError(`secret ${names.secret}`, owner);
  }
  /** What was made so far, with how to take it back; the last one first. */
  const made: { readonly what: string; undo(): Promise<unknown> }[] = [];
  try {
    await iot
      .send(
        new CreatePolicyCommand({
          policyName: names.policy,
          policyDocument: JSON.stringify(devicePolicy(scope)),
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof ResourceAlreadyExistsException)) throw error;
        throw new FleetCertificateExistsError(`IoT policy ${names.policy}`, owner);
      });
    made.unshift({
      what: `IoT policy ${names.policy}`,
      undo: () => iot.send(new DeletePolicyCommand({ policyName: names.policy })),
    });

    const {
      certificateId = '',
      certificateArn,
      certificatePem,
      keyPair,
    } = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    made.unshift({ what: `certificate ${certificateId}`, undo: () => deleteCertificate(iot, certificateId) });

    const attachment = { policyName: names.policy, target: certificateArn };
    await iot.send(new AttachPolicyCommand(attachment));
    made.unshift({ what: 'its attachment', undo: () => iot.send(new DetachPolicyCommand(attachment)) });

    await secrets.send(
      new CreateSecretCommand({
        Name: names.secret,
        Description: `Stampede: certificate ${certificateId}, for the virtual devices of stack ${owner.stackName}`,
        SecretString: JSON.stringify({ certificate: certificatePem, privateKey: keyPair?.PrivateKey }),
      }),
    );
    return { certificateId, names };
  } catch (cause) {
    const left: string[] = [];
    for (const { what, undo } of made) await undo().catch(() => left.push(what));
    if (left.length > 0) throw new LeftBehindError(left, owner, cause);
    throw cause;
  }
}

/**
 * Removes whatever there is of it: the whole, a half, nothing.
 * @returns a sentence on what was removed
 * @throws LeftBehindError
 */
export async function deleteFleetCertificate(
  owner: CertificateOwner,
  { iot, secrets }: CertificateClients,
  sleep: (ms: number) => Promise<unknown>,
): Promise<string[]> {
  const names = fleetCertificateNames(owner);
  const removed: string[] = [];
  for (const target of await targetsOf(iot, names.policy)) {
    const certificateId = target.split(':cert/')[1];
    const isOurs = certificateId !== undefined;
    // Deactivate it first: it then admits no client, whatever fails after this.
    if (isOurs) await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    await iot.send(new DetachPolicyCommand({ policyName: names.policy, target }));
    if (!isOurs) continue;
    await iot.send(new DeleteCertificateCommand({ certificateId })).catch((cause: unknown) => {
      throw new LeftBehindError([`certificate ${certificateId}`], owner, cause);
    });
    removed.push(`certificate ${certificateId}`);
  }
  if (await deletePolicy(iot, names.policy, sleep)) removed.push(`IoT policy ${names.policy}`);
  if (await secretExists(secrets, names.secret)) {
    await secrets.send(new DeleteSecretCommand({ SecretId: names.secret, ForceDeleteWithoutRecovery: true }));
    removed.push(`secret ${names.secret}`);
  }
  return removed;
}

async function secretExists(client: SecretsManagerClient, name: string): Promise<boolean> {
  try {
    await client.send(new DescribeSecretCommand({ SecretId: name }));
    return true;
  } catch (error) {
    if (error instanceof SecretNotFoundException) return false;
    throw error;
  }
}

async function deleteCertificate(iot: IoTClient, certificateId: string): Promise<void> {
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  await iot.send(new DeleteCertificateCommand({ certificateId }));
}

async function targetsOf(iot: IoTClient, policyName: string): Promise<string[]> {
  const targets: string[] = [];
  let marker: string | undefined;
  try {
    do {
      const page = await iot.send(new ListTargetsForPolicyCommand({ policyName, marker }));
      targets.push(...(page.targets ?? []));
      marker = page.nextMarker;
    } while (marker !== undefined && marker !== '');
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
  return targets;
}

/** AWS IoT may take a while to see that a policy is attached to nothing any more. */
const conflictRetries = 5;
const conflictRetryMs = 2_000;

/** @returns whether there was one */
async function deletePolicy(
  iot: IoTClient,
  policyName: string,
  sleep: (ms: number) => Promise<unknown>,
): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    try {
      const { policyVersions = [] } = await iot.send(new ListPolicyVersionsCommand({ policyName }));
      for (const { versionId, isDefaultVersion } of policyVersions) {
        if (isDefaultVersion !== true) {
          await iot.send(new DeletePolicyVersionCommand({ policyName, policyVersionId: versionId }));
        }
      }
      await iot.send(new DeletePolicyCommand({ policyName }));
      return true;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return false;
      if (!(error instanceof DeleteConflictException) || tries >= conflictRetries) throw error;
      await sleep(conflictRetryMs);
    }
  }
}
