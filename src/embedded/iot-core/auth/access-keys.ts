import { region } from '../../gateway/arns.ts';
import { AwsError } from '../../gateway/aws-error.ts';
import type { SignedRequest } from '../../gateway/request-signature.ts';
import { SignatureError, verifySignature } from '../../gateway/sigv4.ts';
import { type Access, fullAccess } from '../mqtt/access.ts';
import { Permissions } from '../policies/permissions.ts';
import { type Policy, parsePolicy } from '../policies/policy.ts';
import type { PolicyClient } from '../policies/policy-variables.ts';
import type { AccessKeySettings } from '../settings.ts';

interface AccessKey extends AccessKeySettings {
  /** Undefined: none was set, everything is allowed. */
  readonly parsed: readonly Policy[] | undefined;
}

/** A request that is refused, in the form of the data plane's own refusals. */
export function forbidden(message: string): AwsError {
  return new AwsError('ForbiddenException', message, 403);
}

/** The account's access keys, with what the policies of each allow. */
export class AccessKeys {
  readonly #today: () => number;
  readonly #byId: ReadonlyMap<string, AccessKey>;

  /** @param today what signatures are dated by: epoch milliseconds @throws PolicyError */
  constructor(settings: readonly AccessKeySettings[], today: () => number) {
    this.#today = today;
    this.#byId = new Map(
      settings.map((key) => {
        const parsed = key.policies?.map((document) =>
          parsePolicy(`of the access key ${key.accessKeyId}`, document),
        );
        return [key.accessKeyId, { ...key, parsed }];
      }),
    );
  }

  /**
   * Verifies the signature of a request.
   * @param services that it may be signed for
   * @returns what its sender may do, as that client
   * @throws AwsError `ForbiddenException`
   */
  accessOf(request: SignedRequest, services: readonly string[]): (client: PolicyClient) => Access {
    try {
      const { parsed } = verifySignature(
        request,
        (id) => this.#byId.get(id),
        { region, services },
        this.#today(),
      );
      return (client) => (parsed === undefined ? fullAccess : new Permissions(parsed, client));
    } catch (error) {
      if (error instanceof SignatureError) throw forbidden(error.message);
      throw error;
    }
  }
}
