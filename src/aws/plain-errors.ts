import { exitCodes, StampedeError } from '../shared/errors.ts';

/** A request to AWS failed for lack of credentials, permission or network. The user can correct it: bad usage, not a stack trace. */
export class AwsAccessError extends StampedeError {
  constructor(message: string, hint: string, cause: unknown) {
    super('AwsAccess', message, { hint, exitCode: exitCodes.badUsage, cause });
  }
}

/** The request that failed. */
export interface AwsCall {
  /** As the SDK names it: `SFNClient`. */
  readonly client: string;
  /** `DescribeExecutionCommand`. */
  readonly command: string;
  readonly region: string;
}

interface MiddlewareStack {
  add(
    middleware: (
      next: (args: unknown) => Promise<unknown>,
      context: { readonly clientName?: string; readonly commandName?: string },
    ) => (args: unknown) => Promise<unknown>,
    options: { readonly step: 'initialize'; readonly name: string; readonly priority: 'high' },
  ): void;
}

/** Makes a client's errors of access (credentials, permissions, network) say what to do. Other errors are unchanged. */
export function withPlainErrors<Client extends object>(client: Client, region: string): Client {
  const { middlewareStack } = client as { readonly middlewareStack: MiddlewareStack };
  middlewareStack.add(
    (next, { clientName = '', commandName = '' }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          throw plainError(error, { client: clientName, command: commandName, region }) ?? error;
        }
      },
    { step: 'initialize', name: 'plainFaults', priority: 'high' },
  );
  return client;
}

/** Undefined for what is no matter of access. */
export function plainError(error: unknown, call: AwsCall): AwsAccessError | undefined {
  if (!(error instanceof Error) || error instanceof StampedeError) return undefined;
  const { name } = error;
  const action = actionOf(error, call);
  const say = (message: string, hint: string): AwsAccessError => new AwsAccessError(message, hint, error);
  if (noCredentials.has(name)) {
    const why = /any providers/.test(error.message) ? '' : `: ${firstLine(error.message)}`;
    return say(
      `there are no AWS credentials${why}`,
      'set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in (aws sso login, aws configure); `aws sts get-caller-identity` shows whose they are',
    );
  }
  if (expired.has(name)) {
    return say(
      `the AWS credentials have expired (${action})`,
      'sign in again (aws sso login, or a new session token), then the same command',
    );
  }
  if (unknownCredentials.has(name)) {
    return say(
      `AWS does not know these credentials in ${call.region} (${name} at ${action})`,
      'check AWS_PROFILE, the access key and its session token, the clock of this machine, and that the account has the Region enabled',
    );
  }
  if (denied.has(name)) {
    const who = /User: (\S+)/.exec(error.message)?.[1];
    return say(
      `not allowed: ${action}${who === undefined ? '' : `, as ${who}`}`,
      'allow it for the identity that runs this; docs/deploy.md lists what the command line needs',
    );
  }
  if (name === 'NotSupportedByEmbeddedAws') {
    return say(firstLine(error.message), 'this takes a stack on AWS: unset AWS_ENDPOINT_URL');
  }
  if (isNetworkFault(error)) {
    return say(
      `AWS cannot be reached in ${call.region}: ${reasonOf(error)} (${action})`,
      'check the Region (--region), the network, and AWS_ENDPOINT_URL where it is set',
    );
  }
  return undefined;
}

const noCredentials: ReadonlySet<string> = new Set(['CredentialsProviderError', 'TokenProviderError']);
const expired: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'TokenRefreshRequired',
]);
const unknownCredentials: ReadonlySet<string> = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'InvalidToken',
  'AuthFailure',
  'IncompleteSignature',
  'OptInRequired',
]);
/** IoT uses another text for this error. */
const denied: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ForbiddenException',
  'UnauthorizedException',
  'UnauthorizedOperation',
]);
const networkCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** IAM's prefix of a service, by the SDK's client; the others are their client's name in small letters. */
const prefixes: Readonly<Record<string, string>> = {
  SFNClient: 'states',
  S3Client: 's3',
  IoTClient: 'iot',
  IoTDataPlaneClient: 'iot',
  ServiceQuotasClient: 'servicequotas',
};

/** Where IAM has another name for it than the API, or more than one permission is needed. */
const actions: Readonly<Record<string, string>> = {
  // Without s3:ListBucket, S3 answers 403 instead of 404 for a missing object.
  's3:GetObject': 's3:GetObject (or s3:ListBucket, for what is not there)',
  's3:ListObjectsV2': 's3:ListBucket',
  'iot:Publish': 'iot:Publish with iot:RetainPublish',
};

/** `states:StartExecution`: as AWS itself says, or as the call is named. */
function actionOf({ message }: Error, { client, command }: AwsCall): string {
  const named = /not authorized to perform:? (\w+:\w+)/i.exec(message)?.[1];
  if (named !== undefined) return named;
  const prefix = prefixes[client] ?? client.replace(/Client$/, '').toLowerCase();
  const action = `${prefix}:${command.replace(/Command$/, '')}`;
  return actions[action] ?? action;
}

function isNetworkFault(error: Error): boolean {
  return error.name === 'TimeoutError' || networkCodes.has(codeOf(error));
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Node's error of several addresses tried has a code and no message. */
function reasonOf(error: Error): string {
  return firstLine(error.message) || codeOf(error);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
