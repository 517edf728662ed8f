import { region } from './arns.ts';
import { AwsError } from './aws-error.ts';
import type { GatewayService } from './gateway-service.ts';
import type { Credentials } from './request-signature.ts';
import { checkClaim, SignatureError, type SignatureProblem, verifySignature } from './sigv4.ts';

type Codes = Readonly<Record<SignatureProblem, string>>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
const jsonCodes: Codes = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  key: 'UnrecognizedClientException',
  token: 'UnrecognizedClientException',
  scope: 'InvalidSignatureException',
  time: 'InvalidSignatureException',
  payload: 'InvalidSignatureException',
  mismatch: 'InvalidSignatureException',
};

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html */
const queryCodes: Codes = {
  missing: 'MissingAuthenticationToken',
  incomplete: 'IncompleteSignature',
  key: 'InvalidClientTokenId',
  token: 'InvalidClientTokenId',
  scope: 'SignatureDoesNotMatch',
  time: 'SignatureDoesNotMatch',
  payload: 'SignatureDoesNotMatch',
  mismatch: 'SignatureDoesNotMatch',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const s3Codes: Codes = {
  missing: 'AccessDenied',
  incomplete: 'AccessDenied',
  key: 'InvalidAccessKeyId',
  token: 'InvalidToken',
  scope: 'AuthorizationHeaderMalformed',
  time: 'RequestTimeTooSkewed',
  payload: 'XAmzContentSHA256Mismatch',
  mismatch: 'SignatureDoesNotMatch',
};

const codesOf: Readonly<Record<string, Codes>> = { s3: s3Codes, cloudformation: queryCodes };

/**
 * The service behind Signature Version 4. Before the body is read, its sender has to name an access key that exists, which
 * cannot be guessed: no one else makes this process hold a body.
 * @param scope that requests are to be signed for
 * @param keys by access key id
 */
export function signedService(
  service: GatewayService,
  scope: string,
  keys: ReadonlyMap<string, Credentials>,
): GatewayService {
  const terms = { region, services: [scope] };
  const credentialsOf = (id: string): Credentials | undefined => keys.get(id);
  const checked = <T>(check: () => T): T => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      throw new AwsError((codesOf[scope] ?? jsonCodes)[error.problem], error.message, 403);
    }
  };
  return {
    ...service,
    admit(head) {
      checked(() => checkClaim(head, credentialsOf, terms, Date.now()));
      service.admit?.(head);
    },
    async handle(request) {
      checked(() => verifySignature(request, credentialsOf, terms, Date.now()));
      return service.handle(request);
    },
  };
}
